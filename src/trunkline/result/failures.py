"""Error answers, explained: what happened, to which item, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..catalog import load, nearest
from ..catalog.descriptions.codes import code
from ..errors import (
    BadRequest,
    BrokenAnswer,
    Conflict,
    Facts,
    Forbidden,
    Hint,
    NotFound,
    PbxError,
    PreconditionFailed,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
)
from ..printable import printable
from .origin import is_from_pbx, may_be_from_pbx
from .response import Asked, HttpResponse, is_json, not_the_api, parsed

_ON_ONE = ("get", "update", "delete")


def explain(asked: Asked, response: HttpResponse) -> PbxError | TransportError:
    """Return the error of an answer whose status is not 2xx."""
    status = response.status
    if status < 400 or _is_foreign(response):
        return broken_answer(asked, response)
    kind, message, hint = _explained(asked, response)
    facts: Facts = {
        "hint": hint,
        "status": status,
        "codes": codes_of(response),
        "reason": _said(response),
        "retry_after": response.retry_after,
        "method": asked.action.method,
        "path": asked.path,
    }
    if status == 408:
        facts["processed"] = None
    return kind(message, **facts)


def _is_foreign(response: HttpResponse) -> bool:
    """Whether an error is not the PBX's own. Who says 429 or 5xx makes no difference: nothing is known after either."""
    status = response.status
    if status in (404, 412):  # taken as proof of what the PBX holds, so they must be recognisable
        return not is_from_pbx(response)
    if status in (401, 403):
        return not may_be_from_pbx(response)
    return response.content_type == "text/html" and status != 429 and status < 500


def broken_answer(asked: Asked, response: HttpResponse) -> BrokenAnswer:
    """Return the error for an answer to this action that the 3CX did not send; after a write, what is not known."""
    error = not_the_api(asked.server, response)
    message, hint = error.message, error.hint
    if response.status >= 400 and response.content_type != "text/html":
        message = f"{asked.server} answered {asked.action.id} with a {response.status} that does not come from the 3CX."
        hint = Hint(_FOREIGN.get(response.status, _FOREIGN[404]))
    if asked.action.method != "GET":
        hint = hint.after(UNKNOWN)
    return error.replace(message, hint=hint, method=asked.action.method, path=asked.path)


_FOREIGN = {
    401: "Something in front of the 3CX asks for credentials of its own: check the address, and the gateway or proxy.",
    403: "A gateway or firewall in front of the 3CX may have answered: check the address, and what it lets through.",
    404: "A gateway or proxy in front of the 3CX may have answered: check the address, and the route to the 3CX.",
}
UNKNOWN = "It is not known whether the PBX carried it out: look before you send it again."


def _explained(asked: Asked, response: HttpResponse) -> tuple[type[PbxError], str, Hint | str]:
    status, server, action = response.status, asked.server, asked.action
    match status:
        case 400 | 422:
            said = _said(response)
            hint = _fields_of(said) or _next_step(asked, response)
            return BadRequest, f"{server} refused {action.id}: {said}.", hint
        case 401:
            return (
                SignInError,
                f"{server} did not accept the access token for {action.id}.",
                "Check that the API key is still valid: Admin console, Integrations, API.",
            )
        case 403:
            return Forbidden, *_not_allowed(asked, response)
        case 404:
            return NotFound, *_missing(asked)
        case 408:
            return PbxError, f"{server} did not wait for {action.id} to end (408).", _after_failure(asked, response)
        case 409:
            return Conflict, f"{server} refused {action.id}: {_said(response)}.", "Read the entity again and retry."
        case 412:
            return PreconditionFailed, *_changed(asked)
        case 429:
            return TooManyRequests, f"{server} asks to slow down ({action.id}).", _after_failure(asked, response)
        case _ if status >= 500:
            detail = f": {_said(response)}" if is_json(response) and response.body else ""
            return (
                ServerError,
                f"{server} failed at {action.id} with status {status}{detail}.",
                _after_failure(asked, response),
            )
    return PbxError, f"{server} answered {action.id} with status {status}: {_said(response)}.", _see(asked)


def _see(asked: Asked) -> Hint:
    return Hint("See what it takes.", "actions.show", {"action": asked.action.id})


def _next_step(asked: Asked, response: HttpResponse) -> Hint:
    """Return what 3CX's codes ask for, each step once, and an action that helps with the last."""
    known = [found for each in codes_of(response).values() if (found := code(each))]
    known.sort(key=lambda each: bool(each.action))
    steps = " ".join(dict.fromkeys(each.next for each in known))
    if known and known[-1].action:
        return Hint(steps, known[-1].action)
    return _see(asked).after(steps) if not known or any(each.about_field for each in known) else Hint(steps)


def _fields_of(said: str) -> str:
    """Return what is nearest to a field that a filter, a selection or an order names and a type lacks, in OData's
    words.
    """
    found = re.search(r"property named '([^']+)' on type '([^']+)'", said)
    if found is None or found[2] not in load().types:
        return ""
    fields = load().fields(found[2])
    return (nearest(found[1], iter(fields)) or f" {found[2]} has {', '.join(fields)}.").strip()


def subject(asked: Asked) -> str:
    """Return what the action is about: ``fax with Id 42``, or the action's name where it has no key."""
    keys = printable(" and ".join(f"{name} {value}" for name, value in asked.values.items()))
    if asked.action.kind in _ON_ONE and keys:
        return f"{asked.action.noun} with {keys}"
    return f"{asked.action.id} ({keys})" if keys else asked.action.id


def _missing(asked: Asked) -> tuple[str, Hint | str]:
    if asked.action.kind in _ON_ONE and asked.values:
        hint = _by(asked, "list", "See what exists.")
        if list(asked.values) == ["Id"] and asked.action.kind != "delete":
            number = {"Number": str(asked.values["Id"])}
            by_number = _by(asked, "get_by_number", "An Id is not an extension number. Look for that.", number)
            hint = by_number if by_number.action else hint
        return f"No {subject(asked)} on {asked.server}.", hint
    return (
        f"{asked.server} has nothing at {asked.path}.",
        "What it names does not exist, or a value is spelled in a way 3CX does not take, or this version lacks it.",
    )


def _changed(asked: Asked) -> tuple[str, Hint]:
    return (
        f"The {subject(asked)} on {asked.server} is not as the If-Match value says: it changed since. "
        "Nothing was done.",
        _by(asked, "get", "Read it again with its ETag, and decide again.", asked.values),
    )


def _by(asked: Asked, verb: str, text: str, arguments: Mapping[str, Any] = MappingProxyType({})) -> Hint:
    """Return a hint with another action of the same resource, where it has that."""
    action = load().resources[asked.action.resource].get(verb)
    return Hint(text, action.id, arguments) if action else Hint(text)


def _not_allowed(asked: Asked, response: HttpResponse) -> tuple[str, Hint]:
    """Explain a 403. One without a code may mean that the PBX blocks this address (docs/pbx.md, Signing in)."""
    why = "this client lacks the right"
    if codes_of(response):
        return f"{asked.server} did not allow {asked.action.id}: {why} ({_said(response)}).", _rights(asked)
    return (
        f"{asked.server} did not allow {asked.action.id}: {why}, or the PBX blocks this machine's address.",
        _rights(asked, _BLOCKED),
    )


_BLOCKED = "If every action is refused so, look at the PBX's IP blacklist: failed sign-ins get an address onto it."


def _rights(asked: Asked, also: str = "") -> Hint:
    return Hint(
        f"Give the client the role {asked.action.role}; one in the department System Wide counts as a user and may do "
        f"nothing. {also} Check what the client may do.".replace("  ", " "),
        "doctor",
    )


def _unknown(response: HttpResponse) -> str:
    """Return what to do after a write that may have been carried out."""
    after = response.retry_after
    return UNKNOWN if not after else f"{UNKNOWN} It asks to wait for {after:g} seconds."


def _wait(response: HttpResponse) -> str:
    after = response.retry_after
    return "Try again in a moment." if after is None else f"Try again after {after:g} seconds."


def _after_failure(asked: Asked, response: HttpResponse) -> Hint | str:
    """Return what to do after a 408, 429 or 5xx. None of them proves that a write was not carried out."""
    if asked.action.method != "GET":
        return _unknown(response)
    return (
        _wait(response)
        if response.status in (408, 429, 502, 503, 504)
        else _see(asked).after("The PBX's own log may say why.")
    )


def codes_of(response: HttpResponse) -> dict[str, str]:
    """3CX's codes by field, from ``error.details``; the code of an error without fields has the key ``""``."""
    error = _error(response)
    details = error.get("details")
    found: dict[str, str] = {}
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            found[str(detail.get("target") or "")] = str(detail.get("message") or detail.get("code") or "")
    message = str(error.get("message") or "")
    if not found and message.startswith("WARNINGS."):
        found[""] = message
    return found


def _said(response: HttpResponse) -> str:
    """Return what the answer says, in one line: 3CX's codes in words with the code beside them, else its message."""
    codes = codes_of(response)
    if codes:
        message = "; ".join(_in_words(field, code) for field, code in codes.items())
    else:
        message = str(_error(response).get("message") or "")
    return printable(" ".join(message.split()).removesuffix(".")) or "it gave no reason"


def _in_words(field: str, name: str) -> str:
    known = code(name)
    if known is None:
        return f"{field}: {name}" if field else name
    return f"{known.clause(field)} ({name})"


def _error(response: HttpResponse) -> dict[str, Any]:
    if not is_json(response):
        return {}
    try:
        document = parsed(response.body)
    except ValueError:
        return {}
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {}
