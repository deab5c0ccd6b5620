"""A call as a node of n8n: JSON that its editor takes when it is pasted onto the canvas. No secret stands in it.

Names and shapes are those of the package in ``integrations/n8n`` (`nodes/Trunkline/parameters.ts` reads them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..catalog import Action
from ..catalog.names import display_words
from ..catalog.secret import has_mask, masked
from ..odata import OPTIONS

NODE = "n8n-nodes-trunkline.trunkline"
_SENT_LISTS = ("select", "expand")


def as_n8n(action: Action, arguments: Mapping[str, Any]) -> str:
    """Return the JSON of one node, without a credential: the editor offers those that are there.

    Secrets are masked, and the node refuses to send a mask.
    """
    node = {
        "parameters": _parameters(action, masked(dict(arguments))),
        "name": display_words(action.operation_id),
        "type": NODE,
        "typeVersion": 1,
        "position": [0, 0],
    }
    document = {"nodes": [node], "connections": {}}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _parameters(action: Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "resource": display_words(action.tag),
        "operation": display_words(action.operation_id),
    }
    for name in action.params:
        if name in arguments:
            value = _plain(arguments[name])
            is_key = name in action.keys
            parameters[name] = {"__rl": True, "mode": "id", "value": value} if is_key else value
    if "if_match" in arguments:
        parameters["If-Match"] = _plain(arguments["if_match"])
    options = {name: _option(name, arguments[name]) for name in OPTIONS if name in arguments}
    if action.answer_kind == "list" and "top" in action.query and "top" not in action.params:
        top = options.pop("top", None)
        parameters |= {"returnAll": True} if top is None else {"returnAll": False, "limit": top}
    if options:
        parameters["options"] = options
    return parameters | _body(action, arguments.get("body"))


def _option(name: str, value: Any) -> Any:
    if name in _SENT_LISTS and isinstance(value, str) and "(" not in value:
        return [part.strip() for part in value.split(",")]
    return _plain(value)


def _body(action: Action, body: Mapping[str, Any] | None) -> dict[str, Any]:
    if body is None:
        return {}
    if action.kind == "upload":
        return {"binaryProperty": "data"}
    if body and all(_is_plain(value) for value in body.values()):
        return {"fields": {name: _plain(value) for name, value in body.items()}}
    return {"bodyMode": "json", "bodyJson": msgspec.json.format(msgspec.json.encode(body), indent=2).decode()}


def _is_plain(value: Any) -> bool:
    """Whether the node's own input for a field can hold a value: none of them has null, and empty text is unset."""
    return isinstance(value, str | bool | int | float) and value != "" and not has_mask(value)


def _plain(value: Any) -> Any:
    """Return a value that n8n takes for itself: a text that begins with ``=`` would be an expression."""
    if isinstance(value, str) and value.startswith("="):
        return f"={{{{ {msgspec.json.encode(value).decode()} }}}}"
    return value
