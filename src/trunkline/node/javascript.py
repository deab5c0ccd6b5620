"""The sandbox that runs a template's JavaScript: QuickJS without files, network or process, bounded in time and memory.

One context serves all items of a thread. What expressions can reach is frozen (prelude.js), so that nothing of one
item is left for another; a context that was stopped, or that has work left to do later, is thrown away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ..errors import InvalidArgument
from .zones import transitions

TIME_LIMIT = 0.5  # seconds of CPU
MEMORY_LIMIT = 32 * 1024 * 1024  # bytes, beside the items themselves
_KEPT = 1000  # compiled expressions

_LATER = re.compile("promise|async|await|import", re.I)  # what leaves work behind that is never done
_CHAIN = r"[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*|\s*(?:\?\.)?\[(?:\"[^\"\\]*\"|'[^'\\]*'|\d+)\]|\(\))*"
_READING = re.compile(r"TypeError: cannot read property '(.*)' of (undefined|null)")


class Given(NamedTuple):
    """What an expression is given.

    ``item`` and ``outside`` are JSON, empty where the expression names nothing of them. ``json`` is the item's own, for
    messages; ``now`` is in milliseconds since 1970.
    """

    json: Mapping[str, Any]
    item: str
    position: int
    now: float
    zone: str
    outside: str
    items: Sequence[Mapping[str, Any]]


class Source:
    """One expression: its text, and which names it mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names = tuple(sorted(set(re.findall(r"\$\w+", text))))
        self.calls_items = re.search(r"\$items\s*\(", text) is not None
        self.all_items = "$items" in self.names or "$input" in self.names
        self.later = _LATER.search(text) is not None


class _Sandbox:
    def __init__(self) -> None:
        import quickjs  # most runs need none

        self.problems = quickjs.JSException
        self.context = quickjs.Context()
        self.context.set_memory_limit(MEMORY_LIMIT)
        self.door: Callable[..., Any] = self.context.eval(_prelude())
        self.context.set_time_limit(TIME_LIMIT)
        self.compiled: dict[str, Callable[..., Any]] = {}
        self.items: Sequence[Mapping[str, Any]] | None = None
        self.known = 0

    def run(self, source: Source, given: Given) -> str:
        """The value as JSON, or ``undefined``."""
        if source.all_items and (self.items is not given.items or self.known != len(given.items)):
            self._load(given.items)
        function = self.compiled.get(source.text)
        if function is None:
            if len(self.compiled) >= _KEPT:
                self.compiled.clear()
            function = self.door("compile", source.text, ",".join(source.names), source.calls_items)
            self.compiled[source.text] = function
        # A zone is loaded when it is asked for: the sandbox says which one it lacks, and the expression runs again.
        for _ in range(8):
            problem: Exception | None = None
            answer = ""
            try:
                answer = function(given.item, given.position, given.now, given.zone, given.outside)
            except self.problems as caught:
                problem = caught
            missing = self.door("missingZone")
            if missing is None or not self._add_zone(missing):
                break
        if problem is not None:
            raise problem
        return answer

    def _add_zone(self, name: str) -> bool:
        try:
            table = transitions(name)
        except InvalidArgument:
            return False
        self.door("addZone", name, *(self.context.parse_json(msgspec.json.encode(row).decode()) for row in table))
        return True

    def _load(self, items: Sequence[Mapping[str, Any]]) -> None:
        """All items go in once; the limits then count what an expression adds to them."""
        self.context.set_time_limit(-1)
        self.context.set_memory_limit(-1)
        self.door("setItems", msgspec.json.encode([without_content(item) for item in items]).decode())
        self.context.set_memory_limit(self.context.memory()["malloc_size"] + MEMORY_LIMIT)
        self.context.set_time_limit(TIME_LIMIT)
        self.items, self.known = items, len(items)


@lru_cache(maxsize=1)
def _prelude() -> str:
    return Path(__file__).with_name("prelude.js").read_text(encoding="utf-8")


_own = threading.local()


def run(source: Source, given: Given) -> str:
    """An expression's value as JSON, or ``undefined``; ValueError says in words why there is none."""
    sandbox: _Sandbox | None = getattr(_own, "sandbox", None)
    if sandbox is None:
        sandbox = _own.sandbox = _Sandbox()
    try:
        return sandbox.run(source, given)
    except sandbox.problems as problem:
        text = str(problem).splitlines()[0]
        if text.startswith("InternalError"):
            _own.sandbox = None
        raise ValueError(_explained(text, source, given)) from None
    finally:
        if source.later:
            _own.sandbox = None


def without_content(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item whose files are described but not contained, as n8n shows them to expressions."""
    if not item.get("binary"):
        return item
    files = {
        name: {key: value for key, value in about.items() if key != "data"} for name, about in item["binary"].items()
    }
    return {**item, "binary": files}


def _explained(text: str, source: Source, given: Given) -> str:
    """QuickJS's message, with the name that it leaves out."""
    if text == "InternalError: interrupted":
        return f"ran longer than {TIME_LIMIT:g} s and was stopped"
    if text == "InternalError: out of memory":
        return f"used more than {MEMORY_LIMIT // 2**20} MB and was stopped"
    if reading := _READING.match(text):
        owner = _culprit(source, given, rf"({_CHAIN})\s*(?:\.\s*|\[\s*[\"']?){re.escape(reading[1])}\b", reading[2])
        if owner:
            return f"failed: {owner} is {reading[2]}, so it has no {reading[1]}"
        return f"failed: what should have {reading[1]} is {reading[2]}"
    if text == "TypeError: not a function" and (owner := _culprit(source, given, rf"({_CHAIN})\s*\(", "no function")):
        return f"failed: {owner} is no function"
    lost = re.match(r"ReferenceError: (\S+) is not defined", text)
    if lost and lost[1] in given.json:
        return f"failed: {lost[1]} is not defined; the item's field is $json.{lost[1]}"
    if text == "RangeError: the value is NaN" and (owner := undefined_name(source, given)):
        return f"failed: the value is NaN, since {owner} is undefined"
    return f"failed: {text}"


def undefined_name(source: Source, given: Given) -> str:
    """The first ``$json.…`` or the like in an expression that is undefined; "" if there is none."""
    return _culprit(source, given, rf"(\${_CHAIN})", "undefined", sure=True)


def _culprit(source: Source, given: Given, pattern: str, wanted: str, *, sure: bool = False) -> str:
    """The shortest part of a chain of names that is undefined, null or no function, found by asking for each.

    Where none can be asked for and only one fits, it must be that; unless the answer has to be ``sure``.
    """
    sandbox = getattr(_own, "sandbox", None) or _Sandbox()
    found = [match[1] for match in re.finditer(pattern, source.text)]
    for chain in found:
        ends = [m.start() for m in re.finditer(r"\s*(?:\?\.|\.|\[|\()", chain)] + [len(chain)]
        prefixes = [chain] if wanted == "no function" else [chain[:end] for end in ends if end]
        for prefix in prefixes:
            probe = (
                f'typeof ({prefix}) === "function" ? "a function" : ({prefix}) === null ? "null" : typeof ({prefix})'
            )
            try:
                kind = sandbox.run(Source(probe), given)
            except Exception:  # noqa: S112 - a name inside a function of the expression can't be asked for
                continue
            if kind == f'"{wanted}"' or (wanted == "no function" and kind != '"a function"'):
                return prefix.strip()
    return found[0].strip() if len(found) == 1 and not sure else ""
