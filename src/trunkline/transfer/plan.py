"""What an import would do: rows of a CSV beside what a PBX holds, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from ..catalog import Catalog, TypeSpec, load
from ..catalog.secret import MASK
from ..client import AsyncPbx
from ..errors import BadRequest, InvalidArgument, UsageError, VersionMismatch
from .cells import as_written, cleared, completed, key_part, parsed, same
from .headers import Column, chosen_key, columns_of, fields_of
from .kinds import Kind
from .sheet import Line, Sheet

Row = Mapping[str, Any]
Key = tuple[str, ...]
_WHOLE = "Rights"  # of a department's member; it is lost unless it is written back (PBX.md, Requests)
_SHOWN = 20  # mistakes of a file that are told at once


class Step(NamedTuple):
    """One thing to do. ``line`` is that of the file, None for a removal; ``id`` is None for what is to be added.

    ``new`` are the fields to send, ``old`` what they hold now; ``guard`` is what must still be so when it is done.
    """

    do: Literal["add", "change", "remove"]
    line: int | None
    key: str
    id: Any
    name: str
    old: dict[str, Any]
    new: dict[str, Any]
    guard: dict[str, Any]


class Plan(NamedTuple):
    """What is to be done, in the order of the file, removals last. ``present``: how many the PBX holds.

    ``alike``: how many rows are there already. ``notes`` say what is left out. ``key``: the fields that matched.
    """

    kind: Kind
    key: Key
    steps: list[Step]
    present: int
    alike: int
    notes: list[str]

    def count(self, do: str) -> int:
        return sum(step.do == do for step in self.steps)


class Wishes(NamedTuple):
    """How a CSV is to be understood; see `headers.columns_of` and `headers.chosen_key`.

    ``clear_empty``: an empty cell empties the field instead of leaving it as it is. ``remove_missing``: what the PBX
    holds and the file doesn't is to be removed.
    """

    key: tuple[str, ...] = ()
    renamed: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()
    clear_empty: bool = False
    remove_missing: bool = False


class Import:
    """A CSV that was read and understood, before a PBX is asked anything.

        plan = await Import(sheet, CONTACTS, Wishes(key=("Email",))).plan(pbx)

    Raises UsageError for columns that are no fields, for a key that is missing or empty, for rows with the same key.
    """

    def __init__(self, sheet: Sheet, kind: Kind, wishes: Wishes = Wishes(), catalog: Catalog | None = None) -> None:  # noqa: B008 - immutable
        self.sheet, self.kind, self.wishes = sheet, kind, wishes
        catalog = catalog or load()
        self.columns = columns_of(sheet.header, kind, catalog, renamed=wishes.renamed, ignored=wishes.ignored)
        self.key = chosen_key(kind, self.columns, wishes.key, catalog)
        self._key_places = [next(c.place for c in self.columns if c.path == (name,)) for name in self.key]
        self.lines = self._keyed()

    def _keyed(self) -> dict[int, Key | None]:
        """The key of each line by its number; None for a row that has no Id because the PBX gives it."""
        found: dict[int, Key | None] = {}
        first: dict[Key, int] = {}
        wrong = []
        by_given = set(self.key) <= set(self.kind.given)
        for line in self.sheet.lines:
            parts = [line.cells[place].strip() for place in self._key_places]
            key = self.key_of(parts)
            if not any(parts) and by_given:
                found[line.number] = None
            elif not all(parts):
                wrong.append(f"line {line.number}: {' and '.join(self.key)} is empty, but rows are matched by it.")
            elif key in first:
                wrong.append(f"line {line.number}: {self.shown_key(line)} stands in line {first[key]} already.")
            else:
                found[line.number] = key
                first[key] = line.number
        refuse(self.sheet, wrong)
        return found

    def key_of(self, parts: Sequence[str]) -> Key:
        """Cells as they are matched: what can't be changed must be the same to the letter."""
        pairs = zip(self.key, parts, strict=True)
        return tuple(part.strip() if name in self.kind.fixed else key_part(part) for name, part in pairs)

    def shown_key(self, line: Line) -> str:
        parts = (f"{n} {line.cells[p].strip()}" for n, p in zip(self.key, self._key_places, strict=True))
        return ", ".join(part for part in parts if not part.endswith(" "))

    @property
    def compared(self) -> list[Column]:
        """The columns that are compared and sent."""
        return [column for column in self.columns if column.field not in self.kind.given]

    async def plan(self, pbx: AsyncPbx, progress: Callable[[int], object] = lambda _: None) -> Plan:
        """Read what the PBX holds, and say what differs. ``progress`` gets the number of rows read so far.

        Raises InvalidArgument with a line for each mistake of the file, and what the PBX's answers raise.
        """
        present: list[Row] = []
        lister = f"{self.kind.resource}.list"
        try:
            async for page in pbx.call(lister, **self.reading(load())).pages():
                present += page.rows
                progress(len(present))
        except BadRequest:
            self._check_version(pbx.catalog)
            raise
        return _Comparison(self, present, pbx.catalog).plan()

    def _check_version(self, catalog: Catalog) -> None:
        """VersionMismatch names the columns that this version of 3CX has no fields for."""
        type_name = self.kind.type_name(catalog)
        unknown = [column.field for column in self.columns if column.field not in catalog.fields(type_name)]
        if unknown:
            said = ", ".join(f"{field} ({load().elsewhere(type_name, field)})" for field in dict.fromkeys(unknown))
            raise VersionMismatch(
                f"This PBX runs {catalog.version}, whose {self.kind.resource} lack {said}.",
                hint="--ignore-column leaves a column out.",
            )

    def reading(self, catalog: Catalog, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """The options ``select`` and ``expand`` for what is compared, or for some fields of it."""
        known = catalog.fields(self.kind.type_name(catalog))
        wanted = [*dict.fromkeys(column.field for column in self.compared)] if fields is None else fields
        key = catalog.key(self.kind.type_name(catalog))
        plain = [name for name in (*key, *self.key, *self.kind.names, *wanted) if not known[name].navigation]
        expand = [self._expansion(name, known[name], catalog) for name in wanted if known[name].navigation]
        return {"select": list(dict.fromkeys(plain)), **({"expand": expand} if expand else {})}

    def _expansion(self, name: str, spec: TypeSpec, catalog: Catalog) -> str:
        """``Groups($expand=Rights)``: what any cell of the column speaks of, and what must be written back."""
        place = next(column.place for column in self.columns if column.field == name)
        spoken = {field for line in self.sheet.lines for field in _names_in(line.cells[place])} | {_WHOLE}
        return _expanded(name, spec, spoken, catalog)


def _expanded(name: str, spec: TypeSpec, spoken: set[str], catalog: Catalog) -> str:
    inner = [
        _expanded(field, one, spoken, catalog)
        for field, one in catalog.fields(spec.name).items()
        if one.navigation and field in spoken
    ]
    return f"{name}($expand={','.join(inner)})" if inner else name


def _names_in(text: str) -> set[str]:
    try:
        return set(_names(msgspec.json.decode(text))) if text.strip() else set()
    except msgspec.DecodeError:
        return set()  # said when the cell is read


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(one)


def refuse(sheet: Sheet, wrong: Sequence[str]) -> None:
    """Raise InvalidArgument with the mistakes of a file, if there are any."""
    if wrong:
        more = [f"… and {len(wrong) - _SHOWN} more."] if len(wrong) > _SHOWN else []
        said = "\n  ".join([*wrong[:_SHOWN], *more])
        raise InvalidArgument(f"{sheet.name} can't be imported as it is:\n  {said}", hint="Nothing was sent.")


class _Comparison:
    """The rows of a file beside those of a PBX."""

    def __init__(self, imported: Import, present: Sequence[Row], catalog: Catalog) -> None:
        self.imported, self.present, self.catalog = imported, present, catalog
        self.kind = imported.kind
        self.fields = list(fields_of(imported.compared))
        self.wrong: list[str] = []
        self.by_key: dict[Key, list[Row]] = {}
        self.keyless = 0
        for row in present:
            if (key := self._key_of(row)) is None:
                self.keyless += 1
            else:
                self.by_key.setdefault(key, []).append(row)
        self._indexes: dict[tuple[str, ...], dict[Any, list[Row]]] = {}

    def _key_of(self, row: Row) -> Key | None:
        parts = [as_written(name, row.get(name)).strip() for name in self.imported.key]
        return self.imported.key_of(parts) if all(parts) else None

    def plan(self) -> Plan:
        steps: list[Step] = []
        kept: set[Any] = set()
        newcomers: list[tuple[Line, dict[str, Any]]] = []
        alike = 0
        for line in self.imported.sheet.lines:
            key = self.imported.lines[line.number]
            found = self.by_key.get(key, []) if key is not None else []
            kept.update(row["Id"] for row in found)
            if len(found) > 1:
                ids = ", ".join([*(str(row["Id"]) for row in found[:5]), *["…"] * (len(found) > 5)])
                self._say(line, f"{len(found)} {self.kind.resource} have {self.imported.shown_key(line)}: Ids {ids}.")
            elif found:
                step = self._change(line, found[0])
                alike += step is None
                steps += [step] if step else []
            elif key is not None and set(self.imported.key) <= set(self.kind.given):
                self._say(
                    line,
                    f"the PBX has none with {self.imported.shown_key(line)}. Leave it empty for one to add, or take "
                    "another --key.",
                )
            else:
                newcomers.append((line, self._values(line)))
        for line, values in newcomers:
            if self.imported.lines[line.number] is None and (there := self._there(values, kept)) is not None:
                kept.add(there)
                alike += 1
            else:
                steps.append(Step("add", line.number, self.imported.shown_key(line), None, "", {}, values, {}))
        self._refuse_twins(newcomers)
        refuse(self.imported.sheet, self.wrong)
        steps.sort(key=lambda step: step.line or 0)
        if self.imported.wishes.remove_missing:
            steps += [self._removal(row) for row in self.present if row["Id"] not in kept and self._key_of(row)]
        return Plan(self.kind, self.imported.key, steps, len(self.present), alike, self._notes())

    def _say(self, line: Line, what: str) -> None:
        self.wrong.append(f"line {line.number}: {what}")

    def _change(self, line: Line, row: Row) -> Step | None:
        new: dict[str, Any] = {}
        for field, columns in self.fields:
            for column in columns if field not in self.imported.key else ():  # they match, however they are written
                try:
                    if (found := self._differing(line, column, row, new.get(field, row.get(field)))) is not None:
                        new[field] = found[0]
                except UsageError as problem:
                    self._say(line, _about(column, problem))
        for field in self.kind.fixed:
            if field in new:
                self._say(line, f"{field} can't be changed, from {row.get(field)} to {new[field]}.")
        if not new:
            return None
        old = {field: row.get(field) for field in new}
        guard = {name: row.get(name) for name in ("Id", *self.imported.key, *new)}
        return Step("change", line.number, self.imported.shown_key(line), row["Id"], self._name(row), old, new, guard)

    def _differing(self, line: Line, column: Column, row: Row, whole: Any) -> tuple[Any] | None:
        """The field's new value as a whole, in a tuple; None if the cell changes nothing.

        ``whole`` is the field as it is, with what cells before this one have changed of it.
        """
        text = line.cells[column.place]
        present: Any = row
        for name in column.path:
            present = present.get(name) if isinstance(present, Mapping) else None
        if text == as_written(column.path[-1], present) or text.strip() == MASK:
            return None
        if not text.strip():
            if not self.imported.wishes.clear_empty or present in (None, "", []):
                return None
            value = cleared(column.spec)
        else:
            value = self._parsed(text, column)
            if same(value, present):
                return None
            value = completed(value, present)
        return (_placed(whole, column.path[1:], value),)

    def _parsed(self, text: str, column: Column) -> Any:
        return parsed(text, column.spec, column.path, self.kind.action(self.catalog, "create"), self.catalog)

    def _values(self, line: Line) -> dict[str, Any]:
        """The fields of an entity to add: what stands in the row; the PBX fills the rest."""
        values: dict[str, Any] = {}
        for field, columns in self.fields:
            for column in columns:
                text = line.cells[column.place].strip()
                if not text or text == MASK:
                    continue
                try:
                    values[field] = _placed(
                        values.get(field), column.path[1:], completed(self._parsed(text, column), None)
                    )
                except UsageError as problem:
                    self._say(line, _about(column, problem))
        return values

    def _there(self, values: dict[str, Any], kept: set[Any]) -> Any:
        """The Id of an entity that nothing else in the file means and that has these values; None if there is none.

        So that an import that was cut short doesn't add again what has no key of its own yet.
        """
        plain = {name: value for name, value in values.items() if not isinstance(value, dict | list)}
        names = tuple(plain)
        if not names:
            return None
        if names not in self._indexes:
            index: dict[Any, list[Row]] = {}
            for row in self.present:
                index.setdefault(tuple(row.get(name) for name in names), []).append(row)
            self._indexes[names] = index
        found = self._indexes[names].get(tuple(plain.values()), [])
        return next((row["Id"] for row in found if row["Id"] not in kept and same(values, row)), None)

    def _refuse_twins(self, newcomers: Sequence[tuple[Line, dict[str, Any]]]) -> None:
        """Rows that are to be added must differ: after a crash nobody could tell which of them was."""
        first: dict[bytes, int] = {}
        for line, values in newcomers:
            if self.imported.lines[line.number] is None:
                before = first.setdefault(msgspec.json.encode(values, order="sorted"), line.number)
                if before != line.number:
                    self._say(line, f"this is line {before} again, and neither has an Id.")

    def _removal(self, row: Row) -> Step:
        known = {name: row.get(name) for name in (*self.imported.key, *self.kind.names)}
        key = ", ".join(f"{name} {row.get(name)}" for name in self.imported.key)
        return Step("remove", None, key, row["Id"], self._name(row), known, {}, {"Id": row["Id"], **known})

    def _name(self, row: Row) -> str:
        return " ".join(str(row[name]) for name in self.kind.names if row.get(name))

    def _notes(self) -> list[str]:
        notes = []
        left = [
            c.title for c in self.imported.columns if c.field in self.kind.given and c.field not in self.imported.key
        ]
        if left:
            notes.append(f"Not compared, for only the PBX sets it: {', '.join(left)}.")
        lines = self.imported.sheet.lines
        if hidden := [c.title for c in self.imported.compared if any(MASK in line.cells[c.place] for line in lines)]:
            notes.append(f"What is masked in the file stays as it is: {', '.join(hidden)}.")
        if self.imported.wishes.remove_missing and self.keyless:
            notes.append(
                f"Never removed, for they have no {' and '.join(self.imported.key)}: {self.kind.some(self.keyless)}."
            )
        return notes


def _about(column: Column, problem: UsageError) -> str:
    said = re.sub(r" of \w+\.create\b", "", problem.message)  # a column is of no action
    return said if said.startswith(column.field) else f"{column.title} {said}"


def _placed(whole: Any, path: Sequence[str], value: Any) -> Any:
    """``whole`` with a value at a path within it; the value itself where the path is empty."""
    if not path:
        return value
    within = dict(whole) if isinstance(whole, Mapping) else {}
    return {**within, path[0]: _placed(within.get(path[0]), path[1:], value)}
