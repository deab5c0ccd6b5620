"""What a fault does to one request, and how that is written in JSON.

``{"status": 429, "retry_after": 2}``, ``{"reset": "after"}``, ``{"delay": 1.5}``: one kind with its value, and
options beside it. ``when`` says whether the fault comes before the request takes effect, so that it never does, or
after it, so that only the answer is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ..variants import NotAllowed

Check = Callable[[Any], str]


def _one_of(*allowed: object) -> Check:
    return lambda value: "" if value in allowed else " or ".join(map(repr, allowed))


def _number(lowest: float, highest: float, what: str, kind: type = float) -> Check:
    def check(value: Any) -> str:
        numbers = int if kind is int else (int, float)
        right = isinstance(value, numbers) and not isinstance(value, bool) and lowest <= value <= highest
        return "" if right else what

    return check


def _is(kind: type | tuple[type, ...], what: str) -> Check:
    return lambda value: "" if isinstance(value, kind) else what


def _headers(value: Any) -> str:
    right = isinstance(value, dict) and all(
        isinstance(text, str) and text.isascii() and text.isprintable() and (key.replace("-", "").isalnum())
        for key, text in value.items()
    )
    return "" if right else "an object of header names and texts"


def _cycle(value: Any) -> str:
    right = (
        isinstance(value, dict)
        and {"up", "down"} <= value.keys() <= {"up", "down", "unit"}
        and not any(_SECONDS(value[name]) or not value[name] for name in ("up", "down"))
        and value.get("unit", "seconds") in ("seconds", "requests")
    )
    return "" if right else 'an object such as {"up": 5, "down": 2, "unit": "seconds" or "requests"}'


_HOUR = 3600
_SECONDS = _number(0, _HOUR, "a number of seconds from 0 to 3600")
_TRUE = _one_of(True)
_SIDE = _one_of("before", "after")


class Kind(NamedTuple):
    """One kind of fault: what its value may be and is when left out, on which side it comes, its own options."""

    check: Check
    default: Any
    sides: tuple[str, ...]
    options: Mapping[str, Check] = MappingProxyType({})


_BEFORE, _AFTER, _EITHER = ("before",), ("after",), ("before", "after")

KINDS: dict[str, Kind] = {
    "status": Kind(
        _number(200, 599, "a status from 200 to 599", int),
        500,
        _EITHER,
        {
            "body": _is((str, dict, list), "text, or JSON"),
            "content_type": _is(str, "text"),
            "headers": _headers,
            "retry_after": _number(0, _HOUR, "a whole number of seconds from 0 to 3600", int),
            "retry_after_form": _one_of("seconds", "date"),
            "proxy": _TRUE,
        },
    ),
    "html": Kind(_TRUE, True, _EITHER),
    "reset": Kind(_SIDE, "before", _EITHER),
    "close": Kind(_SIDE, "before", _EITHER),
    "stall": Kind(_one_of("headers", "silence"), "headers", ("after", "before")),
    "half_body": Kind(_number(0, 1, "a part from 0 to 1"), 0.5, _AFTER, {"chunked": _is(bool, "true or false")}),
    "garbage": Kind(_TRUE, True, _AFTER),
    "content_type": Kind(_is(str, "text"), "text/plain", _AFTER),
    "content_length": Kind(_number(-(2**20), 2**20, "a number of bytes to add", int), 10, _AFTER),
    "trickle": Kind(_SECONDS, 0.01, _AFTER, {"piece": _number(1, 2**20, "a number of bytes from 1 up", int)}),
    "flap": Kind(_cycle, {"up": 5, "down": 2}, _BEFORE),
    "delay": Kind(_SECONDS, 1.0, _EITHER),
    "drop_tokens": Kind(_one_of("own", "all"), "own", _BEFORE),
}
_MODIFIERS: dict[str, Check] = {
    "when": _SIDE,
    "delay": _SECONDS,
    "jitter": _SECONDS,
    "drop_tokens": _one_of("own", "all"),
}


@dataclass(frozen=True)
class Fault:
    """What happens to a request that a rule struck. ``delay`` and ``jitter`` are seconds, on the side of ``when``."""

    kind: str
    value: Any
    when: str
    delay: float = 0.0
    jitter: float = 0.0
    drop_tokens: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def takes_effect(self) -> bool:
        """Whether the request is carried out at all."""
        return self.when == "after" or self.kind in ("delay", "drop_tokens")

    @property
    def name(self) -> str:
        """As the journal shows it: ``reset after``, ``status 503 before``."""
        shown = f" {self.value}" if self.kind in ("status", "stall", "content_type") else ""
        return f"{self.kind}{shown} {self.when}"


def read_fault(given: object) -> Fault:
    """Return the fault of a rule's ``do``: an object, or the bare name of a kind. NotAllowed says what is wrong."""
    if isinstance(given, str):
        given = {given: KINDS[given].default} if given in KINDS else {given: None}
    if not isinstance(given, dict) or not given:
        raise NotAllowed("do: an object with one kind of fault is expected, or its name.", KINDS)
    kind = _kind_of(given)
    rule = KINDS[kind]
    allowed = {**_MODIFIERS, **rule.options, kind: rule.check}
    for name, value in given.items():
        if name not in allowed:
            raise NotAllowed(f"do: {kind!r} has no option {name!r}.", sorted(allowed.keys() - {kind}))
        expected = allowed[name](value)
        if expected:
            raise NotAllowed(f"do: {name}: {value!r} is not {expected}.")
    value = given[kind]
    side = value if kind in ("reset", "close") else given.get("when", rule.sides[0])
    if side not in rule.sides or given.get("when", side) != side:
        raise NotAllowed(f"do: {kind!r} can't come {given.get('when')!r}.", rule.sides)
    return Fault(
        kind,
        value,
        side,
        delay=given.get("delay", 0.0),
        jitter=given.get("jitter", 0.0),
        drop_tokens=given.get("drop_tokens", ""),
        options={name: given[name] for name in rule.options if name in given},
    )


def _kind_of(given: Mapping[str, Any]) -> str:
    """Return the one kind that is named; a delay or dropped tokens may stand beside another kind, or alone."""
    named = [name for name in given if name in KINDS]
    own = [name for name in named if name not in _MODIFIERS]
    # "content_type" is an option of a status, and a kind of its own.
    if len(own) > 1 and "status" in own:
        own = [name for name in own if name not in KINDS["status"].options]
    chosen = own or [name for name in ("delay", "drop_tokens") if name in named][:1]
    if len(chosen) != 1:
        said = " and ".join(map(repr, own)) if own else f"{', '.join(map(repr, given))}"
        raise NotAllowed(f"do: exactly one kind of fault is expected, not {said}.", KINDS)
    return chosen[0]
