"""A map from one PBX's numbers and names to another's, as a CSV that people keep beside a move.

    old,new,kind
    1xx,2xx,
    800,8800,
    +442079460800,+493023125800,
    Sales,Vertrieb,groups

A row without a kind is about numbers: one of the PBX's own, a telephone number, or a range of its own. Each ``x`` of a
range is a digit, and a last ``*`` is one digit or more: ``1*,21*``. A row with a kind renames an entity of that kind.
All rows apply at once, to what the source has: ``100,101`` beside ``101,102`` moves both, and none twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ...errors import Hint, InvalidArgument
from ...local.csv_rows import CsvRows

NUMBERS = ""
"""The kind of a row about numbers."""
_SIZE = 4 * 2**20  # bytes of a map
_LONGEST = 200  # characters of a number or a name
_NUMBER = re.compile(r"\+?[0-9*#]+|[0-9]+x+|[0-9]+\*")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]+")
_HINT = Hint("The columns are old, new and kind, as in: 100,200, or: Sales,Vertrieb,groups")


class Renaming(NamedTuple):
    """One row of a map: what it is called on the source and on the target. ``line`` is its place in the file."""

    line: int
    kind: str
    old: str
    new: str


class _Range(NamedTuple):
    """Numbers that begin alike: ``1xx`` has the beginning ``1`` and two digits more, ``1*`` any number of them."""

    line: int
    old: str
    new: str
    digits: int | None

    def of(self, number: str) -> str | None:
        """Return the new number of one within the range."""
        rest = number.removeprefix(self.old)
        is_within = number.startswith(self.old) and rest.isdecimal() and len(rest) == (self.digits or len(rest))
        return self.new + rest if is_within else None


class RenameMap:
    """What numbers and names of one PBX are on another one. Without rows it changes nothing.

    ``name`` is the file, for messages.

    Raises InvalidArgument, with each fault and its line, for rows that give one thing two new names or two things the
    same one, and for ranges that don't fit together.
    """

    def __init__(self, renamings: Collection[Renaming] = (), name: str = "the map") -> None:
        self.name = name
        self._names: dict[str, dict[str, str]] = {}
        self._ranges: list[_Range] = []
        self._lines: dict[tuple[str, str], int] = {}
        faults = list(self._add_all(renamings))
        if faults:
            raise InvalidArgument("\n".join(faults), hint=_HINT)
        self._ranges.sort(key=lambda each: -len(each.old))  # the longest beginning knows best

    def __bool__(self) -> bool:
        return bool(self._lines)

    @classmethod
    def read(cls, path: Path | str) -> RenameMap:
        """Read the CSV of a map: columns ``old`` and ``new``, and ``kind`` where names change.

        Raises InvalidArgument for a file that can't be read, another format, and what the class raises.
        """
        path = Path(path)
        try:
            with path.open("rb") as source:
                content = source.read(_SIZE + 1)
        except OSError as problem:
            raise InvalidArgument(f"{path} can't be read: {problem.strerror}.") from None
        if len(content) > _SIZE:
            raise InvalidArgument(f"{path} has more than {_SIZE // 2**20} MB, which no map of numbers needs.")
        rows = CsvRows([content], str(path), hint=str(_HINT.text))
        titles = [title.lower() for title in rows.header]
        if not {"old", "new"} <= set(titles) or not set(titles) <= {"old", "new", "kind"}:
            raise InvalidArgument(f"{path} has the columns {', '.join(rows.header) or 'none'}.", hint=_HINT)
        renamings = []
        for line, record in rows.records():
            cells = {title.lower(): cell.strip() for title, cell in record.items()}
            renamings.append(Renaming(line, cells.get("kind", NUMBERS), cells["old"], cells["new"]))
        return cls(renamings, str(path))

    def number(self, number: str) -> str:
        """Return what one of the PBX's own numbers is on the target: by its own row, else by a range."""
        exact = self._names.get(NUMBERS, {}).get(number)
        if exact is not None:
            return exact
        return next((new for each in self._ranges if (new := each.of(number)) is not None), number)

    def outside(self, number: str) -> str:
        """Return what a telephone number is on the target; no range applies to it."""
        return self._names.get(NUMBERS, {}).get(number, number)

    def named(self, kind: str, key: str) -> str:
        """Return what an entity of a kind that goes by a name is called on the target."""
        return self._names.get(kind, {}).get(key, key)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of which something is renamed."""
        return frozenset(self._names) - {NUMBERS}

    def unused(self, numbers: Collection[str], names: Mapping[str, Collection[str]]) -> Iterator[str]:
        """Yield a sentence for each row that is about nothing on the source: ``numbers`` are all that stand there,
        ``names`` its entities by kind."""
        for (kind, old), line in sorted(self._lines.items(), key=lambda item: item[1]):
            there = names.get(kind, ()) if kind else numbers
            is_range = kind == NUMBERS and old not in self._names.get(NUMBERS, {})
            if is_range:
                same = [each for each in self._ranges if each.line == line]
                is_there = any(each.of(number) is not None for each in same for number in there)
            else:
                is_there = old in there
            if not is_there:
                what = f"{kind}/{old}" if kind else old
                yield f"{self.name}, line {line}: the source has no {what}."

    def _add_all(self, renamings: Collection[Renaming]) -> Iterator[str]:
        """Take all rows in; yield what is wrong with each."""
        heirs: dict[tuple[str, str], int] = {}
        for each in renamings:
            place = f"{self.name}, line {each.line}: "
            fault = _fault(each)
            if not fault and (line := self._lines.get((each.kind, each.old))):
                fault = f"line {line} has {each.old!r} already."
            if not fault and (line := heirs.get((each.kind, each.new))):
                fault = f"line {line} makes something else {each.new!r} already; two can't become one."
            if fault:
                yield place + fault
                continue
            self._lines[each.kind, each.old] = each.line
            heirs[each.kind, each.new] = each.line
            if each.kind == NUMBERS and _is_range(each.old):
                digits = each.old.count("x") or None
                self._ranges.append(_Range(each.line, each.old.rstrip("x*"), each.new.rstrip("x*"), digits))
            else:
                self._names.setdefault(each.kind, {})[each.old] = each.new


def _fault(each: Renaming) -> str:
    """Return what is wrong with a row by itself; "" for nothing."""
    for column, text in (("old", each.old), ("new", each.new)):
        if not text:
            return f"{column} is empty."
        if len(text) > _LONGEST or not _TEXT.fullmatch(text):
            return f"{column} is not one line of at most {_LONGEST} characters."
        if each.kind == NUMBERS and not _NUMBER.fullmatch(text):
            return f"{text!r} is not a number or a range such as 1xx; a name needs its kind, such as groups."
    if each.kind == NUMBERS:
        ends = [re.sub(r"^[^x*]+", "", text) if _is_range(text) else "" for text in (each.old, each.new)]
        if ends[0] != ends[1]:
            return f"{each.old!r} and {each.new!r} don't end alike; a range becomes one of as many numbers."
    return ""


def _is_range(text: str) -> bool:
    """Whether a number stands for several: ``1xx``, ``1*``; a code such as ``*777`` or ``**`` doesn't."""
    return re.fullmatch(r"[0-9]+(x+|\*)", text) is not None
