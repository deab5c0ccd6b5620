"""A file that was understood: its columns and key, what of a PBX it is compared with, and doing what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Unpack

import msgspec

from ..catalog import Catalog, TypeSpec, load
from ..errors import BadRequest, BrokenAnswer, Hint, InvalidArgument, VersionMismatch
from ..local.characters import cleaned, trimmed, visible
from ..local.csv_rows import Line
from ..local.csv_text import joined_cells
from ..odata.literals import INTEGER_RANGES
from ..request import bind
from ..request.body import checked_body
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.guards import MostRemovals, check_has_rows, check_removals
from ..work.outcome import Outcome
from ..work.step import Ask, Asks
from .apply import ApplyOptions, ImportRun, Progress
from .cells import extension_text, key_part
from .comparison import Comparison
from .headers import Column, chosen_key, columns_of, with_roles
from .kinds import Kind
from .layouts import ROLES, Layout, layout_of, spoken
from .names import Named, is_name, reading_names
from .plan import Key, Plan, Row, Wishes
from .sheet import Sheet, refuse
from .sources import ReadOptions, Source, kind_of, sheet_from

if TYPE_CHECKING:
    from ..odata import Filter

_WHOLE = "Rights"  # of a department's member; it is lost unless it is written back (docs/pbx.md, Requests)


class Import:
    """A CSV that was read and understood, before a PBX is asked anything.

        contacts = Import.read("contacts.csv", "contacts", key="Email")
        plan = contacts.plan(pbx)
        outcomes = contacts.apply(pbx, plan)

    `plan` and `apply` take a `Pbx`; `aplan` and `aapply` an `AsyncPbx`.
    Raises UsageError for columns that are not fields, for a key that is missing or empty, for rows with the same key.
    """

    def __init__(self, sheet: Sheet, kind: Kind, wishes: Wishes = Wishes(), catalog: Catalog | None = None) -> None:  # noqa: B008 - immutable
        self.kind, self.wishes = kind, wishes
        self.notes: list[str] = []
        """What is worth knowing of the file."""
        catalog = catalog or load()
        self.layout = layout_of(sheet.header, kind.resource)
        self.columns = self._columns(sheet, catalog)
        self.key = chosen_key(kind, self.columns, wishes.key, catalog)
        known = catalog.fields(kind.type_name(catalog))
        self._to_the_letter = {*kind.fixed, *(name for name in self.key if known[name].name in INTEGER_RANGES)}
        self._key_columns = [next(c for c in self.columns if c.path == (name,)) for name in self.key]
        self._expansions: dict[str, str] = {}
        checked_body(catalog, kind.action(catalog, "create"), wishes.defaults)
        if wishes.welcome_mail:
            if "send_welcome_email" not in catalog.resources[kind.resource]:
                raise InvalidArgument(f"3CX has no welcome mail for {kind.resource}.")
            self.notes.append("3CX sends its welcome mail to each user who is added.")
        self.sheet = self._expanded(sheet)
        self._check_roles()
        self._named: set[Named] = {
            what
            for column in self.columns
            if (what := self.kind.named.get(column.field)) is not None
            and any(is_name(line.cells[column.place], what) for line in self.sheet.lines)
        }
        self.keys = self._keyed()
        """The key of each line in the sheet's order; None for a row that has no key of its own."""

    @classmethod
    def read(
        cls,
        file: Source,
        resource: str,
        *,
        key: str | Sequence[str] = (),
        encoding: str | None = None,
        renamed: Mapping[str, str] = MappingProxyType({}),
        ignored: Sequence[str] = (),
        clear_empty: bool = False,
        remove_missing: bool = False,
        defaults: Mapping[str, Any] = MappingProxyType({}),
        dangerous: Sequence[str] = (),
        skip_dangerous: bool = False,
        only: str | Filter | None = None,
        welcome_mail: bool = False,
    ) -> Import:
        """Read a file, a path or dictionaries for a resource: contacts, users, blocklist or
        black_list_numbers.

        Dictionaries have the names of columns as keys, and values as 3CX or a cell writes them. `Wishes`
        describes the rest. Raises InvalidArgument for what can't be read or has mistakes.
        """
        kind = kind_of(resource)
        keys = (key,) if isinstance(key, str) else tuple(key)
        wishes = Wishes(
            keys,
            renamed,
            tuple(ignored),
            clear_empty,
            remove_missing,
            defaults,
            tuple(dangerous),
            skip_dangerous,
            only,
            welcome_mail,
        )
        return cls(sheet_from(file, kind, encoding), kind, wishes)

    @classmethod
    def contacts(cls, source: Source, **options: Unpack[ReadOptions]) -> Import:
        """As `read`, for contacts: ``Import.contacts([{"FirstName": "Ada", "PhoneNumber": "+442079460123"}])``."""
        return cls.read(source, "contacts", **options)

    @classmethod
    def users(cls, source: Source, **options: Unpack[ReadOptions]) -> Import:
        """As `read`, for users."""
        return cls.read(source, "users", **options)

    @classmethod
    def blocklist(cls, source: Source, **options: Unpack[ReadOptions]) -> Import:
        """As `read`, for blocked addresses and networks."""
        return cls.read(source, "blocklist", **options)

    @classmethod
    def blacklist(cls, source: Source, **options: Unpack[ReadOptions]) -> Import:
        """As `read`, for blocked phone numbers."""
        return cls.read(source, "black_list_numbers", **options)

    @staticmethod
    def template(resource: str) -> str:
        """Return the first line of a CSV for a resource. Raises InvalidArgument for one that can't be imported."""
        return joined_cells(kind_of(resource).template)

    def _columns(self, sheet: Sheet, catalog: Catalog) -> list[Column]:
        """Return the columns that fill a field, as the file's layout and then the wishes have it."""
        layout, wishes = self.layout, self.wishes
        asked = {spoken(title) for title in (*wishes.renamed, *wishes.ignored)}
        others = [title for title in sheet.header if spoken(title) not in asked and not title.startswith("#")]
        roles = [title for title in others if self.kind.named and spoken(title) in ROLES]
        fields = layout.fields_of([title for title in others if title not in roles]) if layout else {}
        unset = [title for title, field in fields.items() if field is None]
        renamed = {**{title: field for title, field in fields.items() if field}, **wishes.renamed}
        columns = columns_of(
            sheet.header, self.kind, catalog, renamed=renamed, ignored=(*unset, *roles, *wishes.ignored)
        )
        if layout and unset:
            self.notes.append(f"{layout.name}: there is no field to set for {', '.join(unset)}.")
        if layout:
            columns = [_meant(column, layout) if column.title in fields else column for column in columns]
        return with_roles(columns, roles, sheet.header) if roles else columns

    def _check_roles(self) -> None:
        """Refuse a role without the name of the department that it is in."""
        wrong = [
            f"line {line.number}: there is a role, but {column.title} doesn't name its department."
            for column in self.columns
            if column.role is not None
            for line in self.sheet.lines
            if trimmed(line.cells[column.role]) and not is_name(line.cells[column.place], "departments")
        ]
        refuse(self.sheet.name, wrong)

    def _expanded(self, sheet: Sheet) -> Sheet:
        """Return the sheet with a row for each value that a cell stands for, such as each network of a range."""
        reads = [
            (column.place, self.kind.parts[column.field]) for column in self.columns if column.field in self.kind.parts
        ]
        if not reads:
            return sheet
        wrong: list[str] = []
        lines: list[Line] = []
        rewritten: list[str] = []
        for line in sheet.lines:
            rows = [line.cells]
            for place, parts_of in reads:
                text = trimmed(line.cells[place])
                try:
                    parts = parts_of(text) if text else [""]
                except InvalidArgument as problem:
                    wrong.append(f"line {line.number}: {problem.message}.")
                    break
                if len(parts) == 1 and "/" in parts[0] and "/" in text and _network(parts[0]) != _network(text):
                    rewritten.append(f"line {line.number} {visible(text)} as {parts[0]}")
                rows = [[*row[:place], part, *row[place + 1 :]] for row in rows for part in parts]
            else:
                lines += [Line(line.number, row) for row in rows]
        refuse(sheet.name, wrong)
        if rewritten:
            more = f" and {len(rewritten) - 5:,} more" if len(rewritten) > 5 else ""
            self.notes.append(f"A network begins where its mask says; taken: {', '.join(rewritten[:5])}{more}.")
        return sheet._replace(lines=_distinct_rows(lines, reads[0][0]) if sheet.adds_only else lines)

    def _keyed(self) -> list[Key | None]:
        keys: list[Key | None] = []
        first: dict[Key, int] = {}
        wrong = []
        may_lack = set(self.key) <= set(self.kind.given) or (self.layout is not None and self.layout.keyless)
        for line in self.sheet.lines:
            parts = [trimmed(column.text(line)) for column in self._key_columns]
            key = self.key_of(parts)
            if not any(parts) and may_lack:
                keys.append(None)
                continue
            keys.append(key)
            if not all(parts):
                wrong.append(f"line {line.number}: {' and '.join(self.key)} is empty, but rows are matched by it.")
            elif key in first:
                wrong.append(f"line {line.number}: {self.shown_key(line)} stands in line {first[key]} already.")
            else:
                first[key] = line.number
        refuse(self.sheet.name, wrong)
        return keys

    def key_of(self, parts: Sequence[str]) -> Key:
        """Cells as they are matched: integers, and what can't be changed, to the letter once they are in plain digits.

        An Id of "1.0", as pandas writes it beside an empty one, is not that of 10. Spaces count for nothing.
        """
        return tuple(self._form(name, part) for name, part in zip(self.key, parts, strict=True))

    def _form(self, name: str, part: str) -> str:
        if name in self.kind.forms:
            return self.kind.forms[name](part)
        return extension_text(part) if name in self._to_the_letter else key_part(part)

    def shown_key(self, line: Line) -> str:
        """Return what a line is known by, such as ``Number 100``, with invisible characters as ``\\u200b``."""
        parts = (f"{c.field} {visible(line.cells[c.place].strip())}" for c in self._key_columns)
        return ", ".join(part for part in parts if not part.endswith(" "))

    @property
    def compared(self) -> list[Column]:
        """The columns that are compared and sent."""
        return [column for column in self.columns if column.field not in self.kind.given]

    def plan(self, pbx: System, progress: Callable[[int], object] = lambda _: None) -> Plan:
        """Read what the PBX holds, and say what differs. ``progress`` gets the number of rows read so far.

        Raises InvalidArgument with a line for each mistake of the file, and what the PBX's answers raise.
        """
        plan: Plan = drive(self._planning(pbx, progress), pbx)
        return plan

    async def aplan(self, pbx: AsyncSystem, progress: Callable[[int], object] = lambda _: None) -> Plan:
        """As `plan`, in the current event loop."""
        plan: Plan = await adrive(self._planning(pbx, progress), pbx)
        return plan

    def _planning(self, pbx: System | AsyncSystem, progress: Callable[[int], object]) -> Asks[Plan]:
        count = 0

        def check_page(rows: Sequence[Row]) -> None:
            nonlocal count
            if not all(isinstance(row.get("Id"), int | str) for row in rows):
                raise BrokenAnswer(
                    f"{pbx.url} lists {self.kind.resource} without an Id, so they can't be distinguished.",
                    hint=Hint("Nothing was sent. Look at what it gives.", action=f"{self.kind.resource}.list"),
                )
            count += len(rows)
            progress(count)

        try:
            present = yield self.ask("list", self.reading(load()), check_page)
        except BadRequest:
            self._check_version(pbx.catalog)
            raise
        within = None
        if self.wishes.only is not None:
            within = yield self.ask("list", {"select": ["Id"], "filter": self.wishes.only})
        names = yield from reading_names(self._named)
        return Comparison(self, present, pbx.catalog, pbx.url, names, within).plan()

    def check(self, plan: Plan, max_removals: str | int = "50%") -> None:
        """Refuse a plan that would remove too much: more than a number such as 20, or than a share of what is there.

        Raises InvalidArgument.
        """
        removals, what = plan.count("remove"), self.kind.plural
        check_has_rows(self.sheet.name, len(self.sheet.lines), removals, what)
        check_removals(removals, plan.present, MostRemovals.parse(max_removals), what)

    def over(self, plan: Plan, **options: Unpack[ApplyOptions]) -> ImportRun:
        """Prepare to carry a plan out; `ImportRun` describes options and errors."""
        return ImportRun(self, plan, **options)

    def apply(
        self, pbx: System, plan: Plan, progress: Progress | None = None, **options: Unpack[ApplyOptions]
    ) -> list[Outcome]:
        """Carry a plan out in threads; gives the outcome of each step. Raises what a guard refuses (`ImportRun`)."""
        run = self.over(plan, **options)
        run.on(pbx, progress)
        return run.outcomes

    async def aapply(
        self, pbx: AsyncSystem, plan: Plan, progress: Progress | None = None, **options: Unpack[ApplyOptions]
    ) -> list[Outcome]:
        """As `apply`, in the current event loop."""
        run = self.over(plan, **options)
        await run.aon(pbx, progress)
        return run.outcomes

    def _check_version(self, catalog: Catalog) -> None:
        """VersionMismatch names the columns that this version of 3CX has no fields for."""
        type_name = self.kind.type_name(catalog)
        unknown = [column.field for column in self.columns if column.field not in catalog.fields(type_name)]
        if unknown:
            said = ", ".join(f"{field} ({load().elsewhere(type_name, field)})" for field in dict.fromkeys(unknown))
            raise VersionMismatch(
                f"This PBX runs {catalog.version}, whose {self.kind.resource} lack {said}.",
                hint=Hint("Leave the column out.", arguments={"ignored": "COLUMN"}),
            )

    def reading(self, catalog: Catalog, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the options ``select`` and ``expand`` for what is compared, or for some fields of it."""
        known = catalog.fields(self.kind.type_name(catalog))
        wanted = [*dict.fromkeys(column.field for column in self.compared)] if fields is None else fields
        key = catalog.key(self.kind.type_name(catalog))
        plain = [
            name
            for name in (*key, *self.key, *self.kind.names, *self.kind.forms, *wanted)
            if not known[name].navigation
        ]
        expand = [self._expansion(name, known[name], catalog) for name in wanted if known[name].navigation]
        return {"select": list(dict.fromkeys(plain)), **({"expand": expand} if expand else {})}

    def ask(
        self, verb: str, arguments: Mapping[str, Any], on_page: Callable[[Sequence[Any]], object] | None = None
    ) -> Ask:
        """Check a reading of what is imported, by the verb of its action."""
        return Ask(bind(load(), self.kind.action(load(), verb), (), arguments), on_page)

    def _expansion(self, name: str, spec: TypeSpec, catalog: Catalog) -> str:
        """``Groups($expand=Rights)``: what any cell of the column speaks of, and what must be written back."""
        if name not in self._expansions:
            place = next(column.place for column in self.columns if column.field == name)
            named = {field for line in self.sheet.lines for field in _names_in(line.cells[place])} | {_WHOLE}
            self._expansions[name] = _expanded(name, spec, named, catalog)
        return self._expansions[name]


def _meant(column: Column, layout: Layout) -> Column:
    """Return a column with what its cells mean in a layout."""
    return column._replace(values=layout.values_of(column.title))


def _network(text: str) -> str:
    """Return the first address of a network, whatever its mask."""
    return cleaned(text).partition("/")[0].casefold()


def _distinct_rows(lines: Sequence[Line], place: int) -> list[Line]:
    """Return the first row for each value of a column."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.cells[place], line)
    return list(first.values())


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
