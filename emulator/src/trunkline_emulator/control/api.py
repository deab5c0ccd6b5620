"""``/_emulator``: the emulator's controls over HTTP, for tests in any language. A thin cover over controls.py.

Who may use it is decided in access.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from ..evidence import REFUSALS
from ..messages import Request, Response
from ..variants import NotAllowed, choices
from . import presets
from .faults import KINDS

if TYPE_CHECKING:
    from ..app import Emulator

PATH = b"/_emulator"

Handler = Callable[["Emulator", "Given"], Any]


class Given:
    """What a control request brought: its JSON, its query, and what follows its path."""

    def __init__(self, request: Request, tail: str) -> None:
        self._request = request
        self.tail = tail
        self.query = dict(parse_qsl(request.query.decode("latin-1")))

    def json(self) -> Any:
        try:
            return msgspec.json.decode(self._request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotAllowed(f"The body is not valid JSON: {error}.") from None

    def fields(self, **kinds: type | tuple[type, ...]) -> dict[str, Any]:
        """Return the body, an object with some of these fields, each of its type. NotAllowed for anything else."""
        content = self.json() if self._request.body else {}
        if not isinstance(content, dict):
            raise NotAllowed("The body is to be an object.", kinds)
        for name, value in content.items():
            if name not in kinds:
                raise NotAllowed(f"There is no field {name!r} here.", kinds)
            if not isinstance(value, kinds[name]) or isinstance(value, bool):
                raise NotAllowed(f"{name}: {value!r} is of the wrong type.")
        return content

    def whole(self, name: str, default: int) -> int:
        """Return a number in the query."""
        text = self.query.get(name, str(default))
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise NotAllowed(f"{name}: {text!r} is not a whole number from 0 up.")
        return int(text)

    @property
    def text(self) -> str:
        return self._request.body.decode("utf-8", "replace")

    @property
    def media_type(self) -> str:
        return self._request.headers.get("content-type", "").partition(";")[0].strip().lower()


def serves(request: Request) -> bool:
    """Whether a path is one of the controls."""
    return request.path == PATH or request.path.startswith(PATH + b"/")


def refused(why: str) -> Response:
    """Return the answer to somebody who may not use the controls."""
    return _mistake(403, NotAllowed(why))


def answer(emulator: Emulator, request: Request) -> Response:
    """Return the answer to a control request: JSON, and for mistakes what is wrong and what would be allowed."""
    name, _, tail = request.path[len(PATH) + 1 :].decode("latin-1").partition("/")
    if name == "tokens" and tail == "revoke":
        name, tail = "tokens/revoke", ""
    methods = _TABLE.get(name)
    if methods is None or (tail and name != "faults"):
        return _mistake(
            404, NotAllowed(f"/_emulator/{name} is not there.", (f"/_emulator/{known}" for known in _TABLE))
        )
    handler = methods.get(request.method)
    if handler is None:
        found = _mistake(405, NotAllowed(f"{request.method} is not possible here.", sorted(methods)))
        found.headers["Allow"] = ", ".join(sorted(methods))
        return found
    if request.refused:
        return _mistake(request.refused, NotAllowed("The request is too large."))
    try:
        content = handler(emulator, Given(request, tail))
    except NotAllowed as problem:
        return _mistake(400, problem)
    except RecursionError:
        return _mistake(400, NotAllowed("The body is nested too deeply."))
    if content is None:
        return Response(204)
    return Response(200, msgspec.json.encode(content), {"Content-Type": "application/json"})


def _mistake(status: int, problem: NotAllowed) -> Response:
    content: dict[str, Any] = {"error": problem.message}
    if problem.allowed:
        content["allowed"] = problem.allowed
    return Response(status, msgspec.json.encode(content), {"Content-Type": "application/json"})


def _about(emulator: Emulator, given: Given) -> Any:
    return {
        "version": emulator.version,
        "seed": emulator.seed,
        "strict": emulator.strict,
        "clock_skew": emulator.clock.skew,
        "variants": emulator.variants.as_dict(),
        "faults": len(emulator.faults),
        "controls": [
            f"{method} {(PATH.decode() + '/' + name).rstrip('/')}"
            for name, methods in _TABLE.items()
            for method in methods
        ],
    }


def _load_seed(emulator: Emulator, given: Given) -> None:
    """``{"seed": "demo"}``, or ``{"rows": {"Fax": […]}}``."""
    fields = given.fields(seed=str, rows=dict)
    if len(fields) != 1:
        raise NotAllowed("Either a seed or rows are expected.", ("seed", "rows"))
    emulator.load_seed(*fields.values())


def _restore(emulator: Emulator, given: Given) -> None:
    emulator.restore(given.json())


def _show_faults(emulator: Emulator, given: Given) -> Any:
    return {"faults": emulator.faults, "kinds": list(KINDS), "presets": list(presets.PRESETS)}


def _add_faults(emulator: Emulator, given: Given) -> Any:
    """Return a rule, a list of them, or short text as ``text/plain``; a list is taken whole or not at all."""
    content = given.text if given.media_type == "text/plain" else given.json()
    rules = content if isinstance(content, list) else [content]
    known = emulator.faults
    added: list[int] = []
    try:
        added.extend(emulator.add_fault(rule) for rule in rules)
    except NotAllowed:
        kept = {rule["id"] for rule in known}
        for rule in emulator.faults:
            if rule["id"] not in kept:
                emulator.remove_fault(rule["id"])
        raise
    return {"ids": added}


def _remove_faults(emulator: Emulator, given: Given) -> None:
    if not given.tail:
        emulator.clear_faults()
        return
    if not (given.tail.isascii() and given.tail.isdecimal() and len(given.tail) < 19):
        raise NotAllowed(f"{given.tail!r} is not the id of a fault.", [str(rule["id"]) for rule in emulator.faults])
    emulator.remove_fault(int(given.tail))


def _seed_faults(emulator: Emulator, given: Given) -> None:
    fields = given.fields(seed=int)
    if not fields:
        raise NotAllowed("A seed is expected.", ("seed",))
    emulator.seed_faults(fields["seed"])


def _show_variants(emulator: Emulator, given: Given) -> Any:
    return {"variants": emulator.variants.as_dict(), "choices": choices()}


def _vary(emulator: Emulator, given: Given) -> Any:
    content = given.json()
    if not isinstance(content, Mapping):
        raise NotAllowed("An object with some variants is expected.", choices())
    return {"variants": emulator.vary(content).as_dict()}


def _show_journal(emulator: Emulator, given: Given) -> Any:
    for name in given.query:
        if name not in ("since", "operation", "limit"):
            raise NotAllowed(f"The journal has no option {name!r}.", ("since", "operation", "limit"))
    limit = given.whole("limit", 1000)
    entries = emulator.read_journal(
        since=given.whole("since", 0), operation=given.query.get("operation", ""), limit=limit
    )
    return {"entries": [entry.as_dict() for entry in entries]}


def _show_clients(emulator: Emulator, given: Given) -> Any:
    return {"clients": [{"client_id": name, "roles": roles} for name, roles in emulator.clients.items()]}


def _add_client(emulator: Emulator, given: Given) -> None:
    fields = given.fields(client_id=str, api_key=str, roles=list)
    roles = fields.get("roles", [])
    if not fields.get("client_id") or not fields.get("api_key") or not all(isinstance(role, str) for role in roles):
        raise NotAllowed("client_id and api_key are expected, and roles are texts.", ("client_id", "api_key", "roles"))
    emulator.add_client(fields["client_id"], fields["api_key"], roles=tuple(roles))


def _revoke(emulator: Emulator, given: Given) -> Any:
    return {"revoked": emulator.revoke_tokens(given.fields(client_id=str).get("client_id"))}


def _set_clock(emulator: Emulator, given: Given) -> Any:
    fields = given.fields(skew=(int, float))
    if not fields:
        raise NotAllowed("How many seconds this PBX is ahead is expected.", ("skew",))
    emulator.skew_clock(fields["skew"])
    return _show_clock(emulator, given)


def _show_clock(emulator: Emulator, given: Given) -> Any:
    return {"skew": emulator.clock.skew, "now": emulator.clock.now().isoformat(timespec="seconds")}


def _show_evidence(emulator: Emulator, given: Given) -> Any:
    refusals = [{"claim": claim, **fact.as_dict()} for claim, fact in REFUSALS.items()]
    return {"actions": emulator.evidence, "refusals": refusals}


_TABLE: dict[str, dict[str, Handler]] = {
    "": {"GET": _about},
    "reset": {"POST": lambda emulator, given: emulator.reset()},
    "seed": {"POST": _load_seed},
    "snapshot": {"GET": lambda emulator, given: emulator.snapshot(), "PUT": _restore},
    "faults": {"GET": _show_faults, "POST": _add_faults, "PATCH": _seed_faults, "DELETE": _remove_faults},
    "variants": {"GET": _show_variants, "PATCH": _vary},
    "journal": {"GET": _show_journal, "DELETE": lambda emulator, given: emulator.clear_journal()},
    "clients": {"GET": _show_clients, "POST": _add_client},
    "tokens/revoke": {"POST": _revoke},
    "clock": {"GET": _show_clock, "POST": _set_clock},
    "evidence": {"GET": _show_evidence},
}
