"""The rows of a CSV beside those of a PBX: what differs, what is new, what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..catalog import Catalog
from ..catalog.secret import MASK, SECRET
from ..errors import Hint, UsageError
from ..local.characters import has_invisible, trimmed, visible
from ..local.csv_rows import Line
from .addresses import DANGERS
from .cells import as_written, cleared, completed, key_part, left_out, parsed, same
from .headers import Column, fields_of
from .names import Names, is_name
from .plan import Key, Plan, Row
from .sheet import NOTHING_SENT, refuse
from .steps import Addition, Change, ImportStep, Removal

if TYPE_CHECKING:
    from .importing import Import


class Comparison:
    """The rows of a file beside those of a PBX."""

    def __init__(
        self,
        imported: Import,
        present: Sequence[Row],
        catalog: Catalog,
        url: str,
        names: Names,
        within: Sequence[Row] | None = None,
    ) -> None:
        """``within``: the rows that a filter limits the import to, by their Ids; None for all of ``present``."""
        self.names = names
        self._within = {row["Id"] for row in (present if within is None else within)}
        self._outside: list[str] = []
        self.imported, self.present, self.catalog, self.url = imported, present, catalog, url
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
        in_file = set(imported.keys)
        self._longer = {tuple(map(_shortened, key)): key for key in self.by_key if key not in in_file}
        self._dropped: list[str] = []
        self._left_out: list[str] = []
        self._hidden: list[str] = []
        self._hidden_keys: list[str] = []
        self._hint = Hint(NOTHING_SENT)
        self._skipped: dict[str, list[str]] = {}
        self._still_kept: list[str] = []
        self._around_kept: list[str] = []
        self._indexes: dict[tuple[str, ...], dict[Any, list[Row]]] = {}

    def _key_of(self, row: Row) -> Key | None:
        parts = [trimmed(as_written(name, row.get(name))) for name in self.imported.key]
        return self.imported.key_of(parts) if all(parts) else None

    def plan(self) -> Plan:
        steps: list[ImportStep] = []
        kept: set[Any] = set()
        newcomers: list[tuple[Line, Key | None, dict[str, Any]]] = []
        alike = 0
        is_list = self.imported.sheet.adds_only  # which no spreadsheet wrote
        for line, key in zip(self.imported.sheet.lines, self.imported.keys, strict=True):
            found = self.by_key.get(key, []) if key is not None else []
            found = [row for row in found if row["Id"] in self._within] or found
            kept.update(row["Id"] for row in found)
            if len(found) > 1:
                ids = ", ".join([*(str(row["Id"]) for row in found[:5]), *["…"] * (len(found) > 5)])
                self._say(line, f"{len(found)} {self.kind.resource} have {self.imported.shown_key(line)}: Ids {ids}.")
            elif found and found[0]["Id"] not in self._within:
                self._outside.append(f"line {line.number} {_short(self.imported, line)}")
            elif found:
                step = self._change(line, found[0])
                alike += step is None
                steps += [step] if step else []
            elif key is not None and set(self.imported.key) <= set(self.kind.given):
                self._say(
                    line,
                    f"the PBX has none with {self.imported.shown_key(line)}. Leave it empty for one to add, or take "
                    "another key.",
                )
            elif key is not None and (longer := self._longer.get(key)) is not None and not is_list:
                known = visible(", ".join(longer))
                self._say(
                    line,
                    f"{self.imported.shown_key(line)} is new, but the PBX has {known}: a spreadsheet drops "
                    "the + or 0 in front of a number. Format the column as text and enter it again.",
                )
            else:
                values = self._values(line)
                if self._is_safe(line, {**self._defaults(), **values}):
                    newcomers.append((line, key, values))
        for line, key, values in newcomers:
            if key is None and (there := self._there(values, kept)) is not None:
                kept.add(there)
                alike += 1
            else:
                new = {**values, **{name: one for name, one in self._defaults().items() if name not in values}}
                steps.append(Addition(self.imported, self.imported.shown_key(line), line=line.number, new=new))
        self._compare_with_kept(steps)
        self._refuse_twins(newcomers)
        refuse(self.imported.sheet.name, self.wrong, self._hint)
        steps.sort(key=lambda step: step.line or 0)
        if self.imported.wishes.remove_missing:
            steps += [self._removal(row) for row in self.present if row["Id"] not in kept and self._is_removable(row)]
        return Plan(self.kind, self.imported.key, steps, len(self._within), alike, self._notes(), self.url)

    def _compare_with_kept(self, steps: Sequence[ImportStep]) -> None:
        """Note which new values concern what the PBX holds and no import removes, such as an allowed address."""
        if self.kind.holds is None:
            return
        (name,) = self.kind.forms
        for row in filter(self.kind.is_kept, self.present):
            for step in steps:
                is_blocked = not self.kind.is_kept(step.new) and step.id != row["Id"]
                if is_blocked and self.kind.holds(str(step.new.get(name)), str(row.get(name))):
                    self._around_kept.append(f"line {step.line} {step.new[name]} holds {row[name]}")

    def _defaults(self) -> dict[str, Any]:
        return {**self.kind.defaults, **self.imported.wishes.defaults}

    def _is_removable(self, row: Row) -> bool:
        return row["Id"] in self._within and self._key_of(row) is not None and not self.kind.is_kept(row)

    def _is_safe(self, line: Line, values: Mapping[str, Any]) -> bool:
        """Whether a row may be sent; if not, it is refused, or left out where that is wanted."""
        dangers = self.kind.dangers(values) if self.kind.dangers else []
        refused = [danger for danger in dangers if danger == "own" or danger not in self.imported.wishes.dangerous]
        if not refused:
            return True
        entry = str(values[next(iter(self.kind.forms))])
        if self.imported.wishes.skip_dangerous:
            self._skipped.setdefault(refused[0], []).append(f"line {line.number} {entry}")
        else:
            self._say(line, f"{entry} {DANGERS[refused[0]]}.")
            self._hint = Hint(
                f"{NOTHING_SENT} Allow private or very large networks, or leave such lines out.",
                arguments={"skip_dangerous": True},
            )
        return False

    def _say(self, line: Line, what: str) -> None:
        self.wrong.append(f"line {line.number}: {what}")

    def _change(self, line: Line, row: Row) -> ImportStep | None:
        self._look_at_key(row)
        if self.kind.is_kept(row) and not any(self.kind.keeps_by(field) for field, _ in self.fields):
            self._still_kept.append(f"line {line.number} {_short(self.imported, line)}")
        if self.imported.sheet.adds_only:
            return None
        new: dict[str, Any] = {}
        for field, columns in self.fields:
            for column in columns if field not in self.imported.key else ():  # they match, however they are written
                try:
                    if (found := self._differing(line, column, row, new.get(field, row.get(field)))) is not None:
                        new[field] = found[0]
                except UsageError as problem:
                    self._say(line, _about(column, line, problem))
        for field in self.kind.fixed:
            if field in new:
                self._say(line, f"{field} can't be changed, from {row.get(field)} to {new[field]}.")
        if not new:
            return None
        if any(map(self.kind.judges_by, new)) and not self._is_safe(line, {**row, **new}):
            return None
        old = {field: row.get(field) for field in new}
        guard = {name: row.get(name) for name in ("Id", *self.imported.key, *new)}
        return Change(
            self.imported,
            self.imported.shown_key(line),
            line=line.number,
            id=row["Id"],
            name=self._name(row),
            old=old,
            new=new,
            guard=guard,
        )

    def _differing(self, line: Line, column: Column, row: Row, whole: Any) -> tuple[Any] | None:
        """Return the field's new value as a whole, in a tuple; None if the cell changes nothing.

        ``whole`` is the field as it is, with what cells before this one have changed of it.
        """
        text = column.text(line)
        present: Any = row
        for name in column.path:
            present = present.get(name) if isinstance(present, Mapping) else None
        if text == as_written(column.path[-1], present) or _is_masked(text, column):
            return None
        if not trimmed(text):
            if not self.imported.wishes.clear_empty or present in (None, "", []):
                return None
            value = cleared(column.spec)
        else:
            value = self._parsed(text, column, line, present)
            if same(value, present, column.spec, self.catalog):
                return None
            self._note_hidden(line, column, value)
            value = completed(value, present)
            if isinstance(value, str) and isinstance(present, str) and value == _shortened(present):
                self._dropped.append(f"line {line.number} {column.title}")
        self._left_out += [f"line {line.number} {column.title} {name}" for name in left_out(value, present)]
        return (_placed(whole, column.path[1:], value),)

    def _parsed(self, text: str, column: Column, line: Line, present: Any = None) -> Any:
        what = self.kind.named.get(column.field)
        if what is not None and is_name(text, what):
            return self.names.value(what, text, line.cells[column.role] if column.role is not None else "", present)
        return parsed(text, column.spec, column.path, self.kind.action(self.catalog, "create"), self.catalog)

    def _values(self, line: Line) -> dict[str, Any]:
        """Return the fields of an entity to add: what stands in the row; the PBX fills the rest."""
        values: dict[str, Any] = {}
        for field, columns in self.fields:
            for column in columns:
                try:
                    text = trimmed(column.text(line))
                    if not text or _is_masked(text, column):
                        continue
                    value = self._parsed(text, column, line)
                    self._note_hidden(line, column, value)
                    values[field] = _placed(values.get(field), column.path[1:], completed(value, None))
                except UsageError as problem:
                    self._say(line, _about(column, line, problem))
        return values

    def _there(self, values: dict[str, Any], kept: set[Any]) -> Any:
        """Return the Id of an entity that nothing else in the file means and that has these values.

        None if there is none.

        So that an import that was cut short doesn't add again what has no key of its own yet. Text is compared as keys
        are: a PBX may keep a number without its spaces, an address in small letters.
        """
        plain = {name: _loose(value) for name, value in values.items() if not isinstance(value, dict | list)}
        rest = {name: value for name, value in values.items() if name not in plain}
        names = tuple(plain)
        if not names:
            return None
        if names not in self._indexes:
            index: dict[Any, list[Row]] = {}
            for row in self.present:
                index.setdefault(tuple(_loose(row.get(name)) for name in names), []).append(row)
            self._indexes[names] = index
        found = self._indexes[names].get(tuple(plain.values()), [])
        return next((row["Id"] for row in found if row["Id"] not in kept and same(rest, row)), None)

    def _refuse_twins(self, newcomers: Sequence[tuple[Line, Key | None, dict[str, Any]]]) -> None:
        """Rows that are to be added must differ: after a crash nobody could tell which of them was."""
        first: dict[bytes, int] = {}
        for line, key, values in newcomers:
            if key is None:
                loose = {name: _loose(value) for name, value in values.items()}
                before = first.setdefault(msgspec.json.encode(loose, order="sorted"), line.number)
                if before != line.number:
                    self._say(line, f"this is line {before} again, and neither has {_an(self.imported.key)}.")

    def _removal(self, row: Row) -> ImportStep:
        known = {name: row.get(name) for name in (*self.imported.key, *self.kind.names)}
        key = visible(", ".join(f"{name} {row.get(name)}" for name in self.imported.key))
        guard = {name: row.get(name) for name in ("Id", *known, *(field for field, _ in self.fields))}
        return Removal(self.imported, key, id=row["Id"], name=self._name(row), old=known, guard=guard)

    def _name(self, row: Row) -> str:
        return " ".join(str(row[name]) for name in self.kind.names if row.get(name))

    def _look_at_key(self, row: Row) -> None:
        if any(has_invisible(str(row.get(name))) for name in self.imported.key):
            self._hidden_keys.append(f"Id {row['Id']}")

    def _note_hidden(self, line: Line, column: Column, value: Any) -> None:
        if isinstance(value, str) and has_invisible(value):
            self._hidden.append(f"line {line.number} {column.title}")

    def _notes(self) -> list[str]:
        notes = list(self.imported.notes)
        left = [
            c.title for c in self.imported.columns if c.field in self.kind.given and c.field not in self.imported.key
        ]
        if left:
            notes.append(f"Not compared, for only the PBX sets it: {', '.join(left)}.")
        lines = self.imported.sheet.lines
        if hidden := [c.title for c in self.imported.compared if any(MASK in line.cells[c.place] for line in lines)]:
            notes.append(f"What is masked in the file stays as it is: {', '.join(hidden)}.")
        if self._dropped:
            notes.append(
                "A number loses the + or 0 in front of it, as spreadsheets drop it; is that meant? "
                f"{_some(self._dropped)}."
            )
        if self._hidden:
            notes.append(f"There are characters that nobody sees; is that meant? {_some(self._hidden)}.")
        if self._hidden_keys:
            keys = " and ".join(self.imported.key)
            notes.append(
                f"The PBX holds {keys} with characters that nobody sees, and keeps them: {_some(self._hidden_keys)}."
            )
        for danger, skipped in self._skipped.items():
            notes.append(f"Left out, for each {DANGERS[danger]}: {_some(skipped)}.")
        if self._outside:
            notes.append(f"Not changed, for the filter doesn't include them: {_some(self._outside)}.")
        if self._still_kept:
            field, value = self.kind.kept or ("", "")
            notes.append(f"Not changed, for the PBX has them with {field} {value}: {_some(self._still_kept)}.")
        if self._around_kept:
            field, value = self.kind.kept or ("", "")
            notes.append(f"The PBX has with {field} {value} what would be blocked: {_some(self._around_kept)}.")
        if self._left_out:
            notes.append(
                f"Lists are replaced completely, and lose what the file doesn't contain: {_some(self._left_out)}."
            )
        if self.imported.wishes.remove_missing and self.keyless:
            notes.append(
                f"Never removed, for they have no {' and '.join(self.imported.key)}: {self.kind.some(self.keyless)}."
            )
        return notes


def _short(imported: Import, line: Line) -> str:
    """Return the key of a line without the names of its fields."""
    return imported.shown_key(line).removeprefix(f"{imported.key[0]} ")


def _an(key: Key) -> str:
    return f"{'an' if key[0][:1] in 'AEIO' else 'a'} {' and '.join(key)}"


def _is_masked(text: str, column: Column) -> bool:
    """Whether a cell says nothing because of its mask; of an object or a list what is not masked in it counts."""
    return text.strip() == MASK or (column.spec.name == "String" and not column.spec.collection and MASK in text)


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:5]) + (f" and {len(texts) - 5:,} more" if len(texts) > 5 else "")


def _shortened(text: str) -> str:
    """Return a number as a spreadsheet leaves it that takes it for one; another text as it is."""
    return text.lstrip("+0") if re.fullmatch(r"\+?\d*[1-9]\d*", text) else text


def _loose(value: Any) -> Any:
    return key_part(value) if isinstance(value, str) else value


def _about(column: Column, line: Line, problem: UsageError) -> str:
    subject, said = column.title, problem.message
    if problem.reason:  # without the action, to which no column belongs
        own = problem.parameter.startswith((column.field, column.title))
        subject, said = (problem.parameter if own else f"{column.title} {problem.parameter}"), problem.reason
    if SECRET.search(column.path[-1]):
        said = said.replace(repr(line.cells[column.place].strip()), MASK)
    return f"{subject} {said}"


def _placed(whole: Any, path: Sequence[str], value: Any) -> Any:
    """``whole`` with a value at a path within it; the value itself where the path is empty."""
    if not path:
        return value
    within = dict(whole) if isinstance(whole, Mapping) else {}
    return {**within, path[0]: _placed(within.get(path[0]), path[1:], value)}
