"""A CSV that was understood: its columns, its key, and what of a PBX is read to compare it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from ..catalog import Catalog, TypeSpec, load
from ..client import AsyncPbx
from ..errors import BadRequest, BrokenAnswer, VersionMismatch
from ..odata.literals import INTEGER_RANGES
from .cells import key_part
from .comparison import Comparison
from .headers import Column, chosen_key, columns_of
from .kinds import Kind
from .plan import Key, Plan, Row, Wishes, refuse
from .sheet import Line, Sheet

_WHOLE = "Rights"  # of a department's member; it is lost unless it is written back (PBX.md, Requests)


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
        known = catalog.fields(kind.type_name(catalog))
        self._to_the_letter = {*kind.fixed, *(name for name in self.key if known[name].name in INTEGER_RANGES)}
        self._key_places = [next(c.place for c in self.columns if c.path == (name,)) for name in self.key]
        self._expansions: dict[str, str] = {}
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
        """Cells as they are matched: integers, and what can't be changed, to the letter.

        An Id of "1.0", as pandas writes it beside an empty one, is not that of 10.
        """
        pairs = zip(self.key, parts, strict=True)
        return tuple(part.strip() if name in self._to_the_letter else key_part(part) for name, part in pairs)

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
                if not all(isinstance(row.get("Id"), int | str) for row in page.rows):
                    raise BrokenAnswer(
                        f"{pbx.url} lists {self.kind.resource} without an Id, so none can be told from another.",
                        hint=f"Nothing was sent. `trunkline {self.kind.resource} list` shows what it gives.",
                    )
                present += page.rows
                progress(len(present))
        except BadRequest:
            self._check_version(pbx.catalog)
            raise
        return Comparison(self, present, pbx.catalog).plan()

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
        if name not in self._expansions:
            place = next(column.place for column in self.columns if column.field == name)
            spoken = {field for line in self.sheet.lines for field in _names_in(line.cells[place])} | {_WHOLE}
            self._expansions[name] = _expanded(name, spec, spoken, catalog)
        return self._expansions[name]


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
