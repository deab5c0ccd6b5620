"""Write an example of each of the newest version's actions, with the request that the Python client would send.

python tools/n8n_examples.py FILE

The tests of integrations/n8n read the file: their node must send the same. It is a list of objects. ``given`` is what
somebody fills in: ``parameters`` by 3CX's names, ``options``, ``body``, ``ifMatch`` and ``file`` (``fileName``, and its
``content`` as base64), each only where the action takes it. ``request`` is what goes out first: ``method``, ``target``
below ``/xapi/v1``, ``headers`` and ``body``, which is the JSON value, not its text. No list is counted: the node has
an answer of its own for that.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trunkline import catalog as catalogs
from trunkline.catalog import Action, Catalog, TypeSpec, names
from trunkline.request import bind
from trunkline.transfer.call_log import ACTIONS as CALL_LOG
from trunkline.transport.paging import first_request

_NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
_VALUES: dict[str, Any] = {
    "Boolean": True,
    "Byte": 7,
    "Int16": 42,
    "Int32": 42,
    "Int64": 4200000000,
    "Single": 1.5,
    "Double": 1.5,
    "Decimal": 1.5,
    "Date": "2026-09-01",
    "TimeOfDay": "09:00:00",
    "Duration": "PT30S",
    "Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "Any": {"any": "thing"},
}
_FILE = b"RIFF\x24\x00\x00\x00WAVEfmt "


def examples() -> Iterator[dict[str, Any]]:
    """Yield the example of each action, in the order of the catalog."""
    catalog = catalogs.load(catalogs.load().editions[-1].version)
    last = len(catalog.editions) - 1
    for action in catalog.actions:
        if action.until is None and action.since <= last:
            given = _given(catalog, action)
            yield {
                "id": action.id,
                "operation": names.display_words(action.operation_id),
                "given": given,
                "request": _request(catalog, action, given),
            }


def _given(catalog: Catalog, action: Action) -> dict[str, Any]:
    given: dict[str, Any] = {
        "parameters": {p.name: _value(catalog, p.name, p.type, key=p.name in action.keys) for p in action.parameters}
    }
    if options := _options(catalog, action):
        given["options"] = options
    if action.kind == "upload":
        given["file"] = {"fileName": "Grüße 1.wav", "content": base64.b64encode(_FILE).decode()}
    elif action.body is not None:
        given["body"] = _body(catalog, action)
    if action.if_match:
        given["ifMatch"] = 'W/"1"'
    return given


def _options(catalog: Catalog, action: Action) -> dict[str, Any]:
    spec = action.answer_type
    fields = catalog.fields(spec.name) if spec is not None and spec.name in catalog.types else {}
    plain = [name for name, field in fields.items() if _is_plain(catalog, field)]
    nested = [name for name, field in fields.items() if field.navigation]
    found: dict[str, Any] = {
        "top": 5,
        "skip": 2,
        "search": "" if action.id in CALL_LOG else "O'Brien & Söhne",  # which the node reads in larger pages then
        "select": ",".join(plain[:3]),
        "orderby": f"{plain[0]} desc" if plain else "",
        "expand": nested[0] if nested else "",
    }
    return {name: value for name, value in found.items() if name in action.query and value != ""}


def _body(catalog: Catalog, action: Action) -> dict[str, Any]:
    """Return a body with each field that somebody can set: of an entity, not its own key where the path has it."""
    fields = catalog.spec_fields(action.body)
    taken = {*action.keys} if isinstance(action.body, str) else set()
    return {name: _value(catalog, name, spec) for name, spec in fields.items() if name not in taken}


def _value(catalog: Catalog, name: str, spec: TypeSpec, *, key: bool = False, depth: int = 0) -> Any:
    if spec.name in catalog.enums:
        one: Any = catalog.enum_values(spec.name)[-1]
    elif spec.name in catalog.types:
        inner = catalog.fields(spec.name)
        one = {
            each: _value(catalog, each, inner[each], depth=depth + 1)
            for each in inner
            if _is_plain(catalog, inner[each]) or (depth == 0 and not inner[each].navigation)
        }
    elif spec.name == "DateTimeOffset":
        ends = re.search(r"To$|end|until", name, re.IGNORECASE)
        one = "2026-09-30T23:59:59Z" if ends else "2026-09-01T00:00:00Z"
    elif spec.name in _VALUES:
        one = _VALUES[spec.name]
    else:
        one = _text(name, key=key)[: spec.max_length]
    return [one] if spec.collection else one


def _text(name: str, *, key: bool) -> str:
    if name.startswith("callTimeFilter"):
        return "0:00:0"
    if "timezone" in name.lower():
        return "Europe/London"
    return "o'brien/ü ..%2F?#" if key else f"{name}: 'ä & b' +1%"


def _is_plain(catalog: Catalog, spec: TypeSpec) -> bool:
    return not (spec.collection or spec.navigation or spec.name in catalog.types)


def _request(catalog: Catalog, action: Action, given: dict[str, Any]) -> dict[str, Any]:
    arguments = {**given["parameters"], **given.get("options", {})}
    if "body" in given:
        arguments["body"] = given["body"]
    if "ifMatch" in given:
        arguments["if_match"] = given["ifMatch"]
    if "file" in given:
        arguments["file"] = (given["file"]["fileName"], base64.b64decode(given["file"]["content"]))
    request = first_request(bind(catalog, action, (), arguments, _NOW))
    found: dict[str, Any] = {"method": request.method, "target": request.target, "headers": dict(request.headers)}
    if isinstance(request.body, bytes):
        found["body"] = msgspec.json.decode(request.body)
    return found


def main() -> None:
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(list(examples())))


if __name__ == "__main__":
    main()
