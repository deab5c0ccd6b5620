"""A template's JavaScript, evaluated in a process of its own (worker.py) that can be ended from outside.

A message to another process costs more than most expressions, so items are evaluated ahead: one message has the values
for the next items of a run as well. A value that was evaluated ahead counts only where the item, the other things that
the expression is given, and the time (to a second) are still what they were (docs/adr/0016).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ..errors import InvalidArgument
from . import worker_process
from .scan import AmbiguousComment, end_of_expression
from .worker import MEMORY_LIMIT, TIME_LIMIT
from .zones import transitions

_AHEAD = 256  # items at most
_MESSAGE = 1 << 20  # characters of items in one message at most
_FRESH = 1000.0  # milliseconds for which a value that was evaluated ahead may stand

_LATER = re.compile("promise|async|await|import", re.I)  # what leaves work behind that is never done
_CHAIN = r"[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*|\s*(?:\?\.)?\[(?:\"[^\"\\]*\"|'[^'\\]*'|\d+)\]|\(\))*"
_READING = re.compile(r"TypeError: cannot read property '(.*)' of (undefined|null)")
# Methods of n8n's that plain objects have: as properties they would shadow fields of the same names (functions.js).
_METHODS = (
    "isEmpty|isNotEmpty|hasField|removeField|removeFieldsContaining|keepFieldsContaining|compact|urlEncode|keys|values|"
    "toJsonString|isWeekend"
)
_CALL = re.compile(rf"\.\s*(?:{_METHODS})\s*\(")
_METHOD = re.compile(_METHODS)
_ARGUMENTS = re.compile(r"\s{0,100}\(")
_DOT = re.compile(r"(?<!\.)(\?)?\.\s*\Z")  # not the last of three, which spread
_OF_EMPTY = ("isEmpty", "isNotEmpty")  # n8n lets null have these
_SEARCHED = 2_000  # characters of a failed expression, since the search takes the square of them
_PROBES = 40  # questions about a failed expression at most


class Given(NamedTuple):
    """What an expression is given.

    ``outside`` is JSON, empty where the expression names nothing of it; ``now`` is in milliseconds since 1970.
    """

    items: Sequence[Mapping[str, Any]]
    position: int
    now: float
    zone: str
    outside: str


class Source:
    """One expression: its text, and which names it mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.code = _with_methods(text)
        self.names = tuple(sorted(set(re.findall(r"\$\w+", text))))
        self.calls_items = re.search(r"\$items\s*\(", text) is not None
        self.all_items = "$items" in self.names or "$input" in self.names
        self.whole_item = not {"$item", "$input", "$binary"}.isdisjoint(self.names)
        self.later = _LATER.search(text) is not None

    def item_text(self, item: Mapping[str, Any]) -> str:
        """Return what the expression may see of an item, as JSON; "" if it names nothing of it."""
        if self.whole_item:
            return msgspec.json.encode(without_content(item)).decode()
        return msgspec.json.encode({"json": item["json"]}).decode() if "$json" in self.names else ""


def _with_methods(text: str) -> str:
    """Return an expression with calls such as ``.keys(`` as ``[$$.keys](``: what functions.js calls these methods."""
    if _CALL.search(text) is None:
        return text
    words: list[re.Match[str]] = []
    try:
        if end_of_expression(text + "\n}}", 0, words) < 0:
            return text
    except AmbiguousComment:
        return text
    code, at = [], 0
    for word in words:
        if _METHOD.fullmatch(word[0]) is None or _ARGUMENTS.match(text, word.end()) is None:
            continue
        dot = _DOT.search(text, max(at, word.start() - 100), word.start())
        if dot is not None:
            code += [text[at : dot.start()], "?." if dot[1] else "", f"[$$.{word[0]}]"]
            at = word.end()
    return "".join([*code, text[at:]])


class _Ahead:
    """Answers for an item and some that follow it."""

    def __init__(self, given: Given, count: int, texts: list[str], answers: list[str]) -> None:
        self._given = given
        self._count = count
        self._answers = dict(enumerate(zip(texts, answers, strict=False), given.position))
        self._used = 0

    def answer(self, given: Given, text: str) -> str | None:
        """Return the answer for an item, if it was evaluated with all that it is given now."""
        kept = self._answers.get(given.position)
        mine = self._given
        if (
            kept is None
            or kept[0] != text
            or given.items is not mine.items
            or abs(given.now - mine.now) > _FRESH
            or given.outside != mine.outside
            or given.zone != mine.zone
            or len(given.items) != self._count
        ):
            return None
        self._used += 1
        return kept[1]

    def next_size(self) -> int:
        """How many items to evaluate at once next: twice as many if most of these were of use."""
        return min(_AHEAD, 2 * len(self._answers)) if 2 * self._used >= len(self._answers) else 1


class Evaluation:
    """The evaluation of one expression, item by item."""

    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self._ahead: _Ahead | None = None

    def run(self, given: Given) -> str:
        """Return the expression's value as JSON, or ``undefined``. Any thread may call it.

        Raises ValueError, which says in words why there is no value, and ConfigurationError if JavaScript can't be
        evaluated here at all.
        """
        text = self.source.item_text(given.items[given.position])
        answer = self._known(given, text)
        if answer is None:
            with worker_process.lock():
                answer = self._known(given, text) or self._asked(given, text)  # another thread may have asked
        if answer[0] == "=":
            return answer[1:]
        raise ValueError(_explained(msgspec.json.decode(answer[1:]), self.source, given))

    def _known(self, given: Given, text: str) -> str | None:
        ahead = self._ahead  # once: other threads change it
        return ahead.answer(given, text) if ahead else None

    def _asked(self, given: Given, text: str) -> str:
        size = self._ahead.next_size() if self._ahead else 1
        self._ahead = None
        texts = self._texts(given, text, size)
        answers = _ask(self.source, given, texts)
        if not answers and len(texts) > 1:  # one of them ended the worker
            answers = _ask(self.source, given, texts[:1])
        if not answers:
            return _ENDED_TOO_LATE
        if len(answers) > 1 or size == 1:
            self._ahead = _Ahead(given, len(given.items), texts, answers)
        return answers[0]

    def _texts(self, given: Given, text: str, size: int) -> list[str]:
        texts, room = [text], _MESSAGE - len(text)
        for position in range(given.position + 1, min(given.position + size, len(given.items))):
            try:
                texts.append(self.source.item_text(given.items[position]))
            except (ValueError, TypeError, OverflowError, RecursionError):  # it fails when its turn comes
                break
            room -= len(texts[-1])
            if room < 0:
                break
        return texts


_ENDED_TOO_LATE = '!"InternalError: interrupted"'


def _ask(source: Source, given: Given, texts: list[str]) -> list[str]:
    """Return the worker's answers for items from a position on, at least one; none if the worker had to be ended."""
    died = False
    for _ in range(8):  # zones are loaded as they are asked for
        request = {"do": "evaluate", "source": source.code, **_seen(source, given)}
        try:
            worker = worker_process.worker()
            if source.all_items and (worker.items is not given.items or worker.count != len(given.items)):
                everything = msgspec.json.encode([without_content(item) for item in given.items]).decode()
                worker.ask({"do": "items"}, [everything])
                worker.items, worker.count = given.items, len(given.items)
            answers = worker.ask(request, texts)
            if answers[-1][0] == "?":
                _add_zone(worker, msgspec.json.decode(answers.pop()[1:]))
        except worker_process.Ended as ended:
            if ended.too_long:
                return []
            if died:
                return [f'!"InternalError: ended with {ended.code}"']
            died = True  # it may have been ended from outside, between two requests
            continue
        if answers:
            return answers
    return ['!"RangeError: it needs too many time zones"']


def _seen(source: Source, given: Given) -> dict[str, Any]:
    """Return what a request to the worker says of the names in an expression and of what they stand for."""
    return {
        "names": source.names,
        "calls_items": source.calls_items,
        "later": source.later,
        "position": given.position,
        "now": given.now,
        "zone": given.zone,
        "outside": given.outside,
    }


def _add_zone(worker: worker_process.WorkerProcess, name: str) -> None:
    try:
        starts, offsets = transitions(name)
    except InvalidArgument:
        worker.ask({"do": "zone", "name": name}, [])
    else:
        worker.ask({"do": "zone", "name": name}, [msgspec.json.encode(row).decode() for row in (starts, offsets)])


def without_content(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item whose files are described but not contained, as n8n shows them to expressions."""
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
    if text.startswith("(Failed obtaining"):
        return "failed: it threw a value that has no text"
    if ended := re.fullmatch(r"InternalError: ended with (.*)", text):
        return f"failed: the process that evaluates templates ended unexpectedly, with exit code {ended[1]}"
    if text == "half a character":
        return "gave text that ends in half a character"
    if reading := _READING.match(text):
        owner = _culprit(source, given, rf"({_CHAIN})\s*(?:\.\s*|\[\s*[\"']?){re.escape(reading[1])}\b", reading[2])
        if owner:
            instead = "; $ifEmpty(value, other) takes what may be missing" if reading[1] in _OF_EMPTY else ""
            return f"failed: {owner} is {reading[2]}, so it has no {reading[1]}{instead}"
        return f"failed: what should have {reading[1]} is {reading[2]}"
    if text == "TypeError: not a function" and (owner := _culprit(source, given, rf"({_CHAIN})\s*\(", "no function")):
        return f"failed: {owner} is not a function"
    lost = re.match(r"ReferenceError: (\S+) is not defined", text)
    if lost and lost[1] in given.items[given.position]["json"]:
        return f"failed: {lost[1]} is not defined; the item's field is $json.{lost[1]}"
    if text == "RangeError: the value is NaN" and (owner := undefined_name(source, given)):
        return f"failed: the value is NaN, since {owner} is undefined"
    return f"failed: {text}"


def undefined_name(source: Source, given: Given) -> str:
    """Return the first path such as ``$json.…`` in an expression that is undefined; "" if there is none."""
    return _culprit(source, given, rf"(\${_CHAIN})", "undefined", sure=True)


def _culprit(source: Source, given: Given, pattern: str, wanted: str, *, sure: bool = False) -> str:
    """Return the shortest part of a chain of names that is undefined, null or no function, found by asking for each.

    Where none can be asked for and only one fits, it must be that; unless the answer has to be ``sure``.
    """
    chains = [match[1] for match in re.finditer(pattern, source.text[:_SEARCHED])]
    prefixes = []
    for chain in chains:
        ends = [m.start() for m in re.finditer(r"\s*(?:\?\.|\.|\[|\()", chain)] + [len(chain)]
        prefixes += [chain] if wanted == "no function" else [chain[:end] for end in ends if end]
    for prefix, kind in zip(prefixes, _kinds(source, given, prefixes[:_PROBES]), strict=False):
        if kind == wanted or (wanted == "no function" and kind not in ("a function", "")):
            return prefix.strip()
    return chains[0].strip() if len(chains) == 1 and not sure else ""


def _kinds(source: Source, given: Given, expressions: list[str]) -> list[str]:
    """Return what each expression is for an item: its ``typeof``, ``null``, or "" where it can't be asked for."""
    if not expressions:
        return []
    probes = [
        f'typeof ({one}) === "function" ? "a function" : ({one}) === null ? "null" : typeof ({one})'
        for one in map(_with_methods, expressions)
    ]
    request = {"do": "probe", "sources": probes, **_seen(source, given)}
    try:
        with worker_process.lock():
            answers = worker_process.worker().ask(request, [source.item_text(given.items[given.position])])
    except worker_process.Ended:
        return []
    return [msgspec.json.decode(answer) for answer in answers]
