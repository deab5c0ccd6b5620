"""Which requests a fault hits: rules, tried in order, and their counting.

``{"match": {"method": "DELETE", "path": "/Fax*", "every": 3}, "do": {"reset": "after"}}``. The first rule that
strikes is taken; a rule counts only the requests that no earlier rule took. With one seed and one order of requests
the same requests are hit each time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from random import Random
from typing import Any
from urllib.parse import unquote

import msgspec

from trunkline.catalog import load, nearest

from ..variants import NotAllowed
from . import presets
from .faults import Fault, read_fault

_EMPTY: Mapping[str, Any] = {}


@dataclass
class Asked:
    """What rules look at: a path as sent; operation and client are found only where a rule wants them."""

    method: str
    raw_path: bytes
    find_operation: Callable[[], tuple[str, ...]]
    find_client: Callable[[], str]

    @property
    def path(self) -> str:
        """Decoded, and without ``/xapi/v1``."""
        text = unquote(self.raw_path.decode("latin-1"))
        return text.removeprefix("/xapi/v1") if text.startswith("/xapi/v1/") else text


@dataclass(frozen=True)
class Match:
    """Which requests: None or "" is any. ``path`` is a pattern with ``*``, or a regular expression from its ``^`` on.

    Of the requests that fit, ``after`` are let pass, then every ``every``-th is hit with ``probability``, until
    ``times`` were.
    """

    method: str = ""
    path: str = ""
    operation: str = ""
    client: str | None = None
    after: int = 0
    times: int | None = None
    every: int = 1
    probability: float = 1.0


_WHOLE = "a whole number from {} up"
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "method": (lambda v: isinstance(v, str) and v.isalpha(), "the name of a method"),
    "path": (lambda v: isinstance(v, str) and v[:1] in ("/", "*", "^"), "a path such as '/Fax*', or '^' and a pattern"),
    "operation": (lambda v: isinstance(v, str) and v != "", "the operationId or id of an action"),
    "client": (lambda v: isinstance(v, str), "a client id"),
    "after": (lambda v: type(v) is int and v >= 0, _WHOLE.format(0)),
    "times": (lambda v: type(v) is int and v >= 1, _WHOLE.format(1)),
    "every": (lambda v: type(v) is int and v >= 1, _WHOLE.format(1)),
    "probability": (lambda v: type(v) in (int, float) and 0 <= v <= 1, "a number from 0 to 1"),
}


@dataclass
class Rule:
    """One rule at work: how many requests it has ``seen`` that fit, and how many of them it ``hit``."""

    id: int
    match: Match
    fault: Fault
    source: Mapping[str, Any]
    seed: int
    seen: int = 0
    hit: int = 0
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        path = self.match.path
        self._path = re.compile(path if path.startswith("^") else translate(path)) if path else None
        self._chance = Random(f"{self.seed}/{self.id}")  # noqa: S311
        self._wait = Random(f"{self.seed}/{self.id}/jitter")  # noqa: S311

    def strikes(self, asked: Asked) -> bool:
        """Count a request; whether this rule hits it."""
        if not self._fits(asked):
            return False
        self.seen += 1
        number = self.seen - self.match.after
        if number <= 0 or number % self.match.every or self.hit == self.match.times or not self._down(number):
            return False
        if self.match.probability < 1 and self._chance.random() >= self.match.probability:
            return False
        self.hit += 1
        return True

    def _fits(self, asked: Asked) -> bool:
        match = self.match
        if match.method and match.method.upper() != asked.method:
            return False
        if self._path and not self._path.match(asked.path):
            return False
        if match.client is not None and match.client != asked.find_client():
            return False
        return not match.operation or match.operation in asked.find_operation()

    def _down(self, number: int) -> bool:
        """Return a server that flaps is down in the second part of each cycle; every other fault has none."""
        if self.fault.kind != "flap":
            return True
        up, down = self.fault.value["up"], self.fault.value["down"]
        by_requests = self.fault.value.get("unit") == "requests"
        at = number - 1 if by_requests else time.monotonic() - self.began
        return bool(at % (up + down) >= up)

    def delay(self) -> float:
        """Seconds to wait this time, before the request takes effect or after."""
        jitter = self.fault.jitter
        base = self.fault.value if self.fault.kind == "delay" else self.fault.delay
        return float(base + (self._wait.uniform(0, jitter) if jitter else 0.0))

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, **self.source, "seen": self.seen, "hit": self.hit}


class Faults:
    """The rules of one emulator."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.rules: tuple[Rule, ...] = ()
        self._last = 0

    def add(self, given: str | Mapping[str, Any]) -> Rule:
        """Add a rule: an object, JSON, or short text such as ``reset-after:0.05``. NotAllowed says what is wrong."""
        source = read_source(given)
        rule = Rule(self._last + 1, *_read_rule(source), source, self.seed)
        self._last = rule.id
        self.rules = (*self.rules, rule)
        return rule

    def remove(self, number: int) -> None:
        """NotAllowed if no rule has this id."""
        kept = tuple(rule for rule in self.rules if rule.id != number)
        if len(kept) == len(self.rules):
            raise NotAllowed(f"No fault has the id {number}.", [str(rule.id) for rule in self.rules])
        self.rules = kept

    def clear(self) -> None:
        self.rules = ()
        self._last = 0

    def restart(self, seed: int | None = None) -> None:
        """Count, and draw, from the beginning."""
        self.seed = self.seed if seed is None else seed
        self.rules = tuple(Rule(rule.id, rule.match, rule.fault, rule.source, self.seed) for rule in self.rules)

    def strike(self, asked: Asked) -> Rule | None:
        """Return the first rule that hits a request."""
        return next((rule for rule in self.rules if rule.strikes(asked)), None)


def read_source(given: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a rule as an object, from JSON or short text. NotAllowed says what is wrong."""
    if isinstance(given, str):
        if not given.lstrip().startswith("{"):
            return presets.read(given)
        try:
            given = msgspec.json.decode(given, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise NotAllowed(f"The fault is not valid JSON: {error}.") from None
    return given


def _read_rule(source: object) -> tuple[Match, Fault]:
    if not isinstance(source, Mapping):
        raise NotAllowed("A fault is an object with 'do', and 'match' where it doesn't hit every request.")
    for name in source:
        if name not in ("match", "do"):
            raise NotAllowed(f"A fault has no field {name!r}.", ("match", "do"))
    if "do" not in source:
        raise NotAllowed("A fault needs 'do'.", ("match", "do"))
    return _read_match(source.get("match", _EMPTY)), read_fault(source["do"])


def _read_match(given: object) -> Match:
    if not isinstance(given, Mapping):
        raise NotAllowed("match: an object is expected.", _FIELDS)
    for name, value in given.items():
        if name not in _FIELDS:
            raise NotAllowed(f"match: there is no field {name!r}.", _FIELDS)
        fits, expected = _FIELDS[name]
        if not fits(value):
            raise NotAllowed(f"match: {name}: {value!r} is not {expected}.")
    try:
        re.compile(given.get("path", "") if given.get("path", "").startswith("^") else "")
    except re.error as error:
        raise NotAllowed(f"match: path: {given['path']!r} is not a pattern: {error}.") from None
    if given.get("operation"):
        operation_of(given["operation"])
    return Match(**given)


def operation_of(name: str) -> str:
    """Return the operationId of an action by that or by its id.

    NotAllowed for a slip, which would hit and show nothing.
    """
    actions = load().actions
    found = next((action.operation_id for action in actions if name in (action.operation_id, action.id)), None)
    if found is None:
        near = nearest(name, (action.id for action in actions), (action.operation_id for action in actions))
        raise NotAllowed(f"operation: no action is called {name!r}.{near}")
    return found
