"""What a query makes of rows: which are left, in which order, and what of each is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from trunkline.catalog import Catalog, TypeSpec

from ..values import Row
from .budget import Budget

# docs/pbx.md, Answers.
_ONLY_WHEN_SELECTED = {"Pbx.CallFlowApp": frozenset({"ScriptCode"}), "Pbx.SystemStatus": frozenset({"Id"})}

Convert = Callable[[Any], Any]
Part = Literal["rows", "count", "ref"]


class Plan(NamedTuple):
    """How rows of one type are written: fields with what is done to their values, then expanded properties.

    Rows of an open type also keep properties that the type doesn't name; ``declared`` has those that it does.
    """

    fields: tuple[tuple[str, Convert | None], ...]
    expanded: tuple[Expanded, ...] = ()
    declared: frozenset[str] | None = None


class Expanded(NamedTuple):
    """A navigation property that is written: its rows, only how many they are, or only references to them."""

    name: str
    spec: TypeSpec
    query: Query
    part: Part
    reference: Callable[[Row], Row] | None


@dataclass(frozen=True)
class Query:
    """What a client asked of the rows of one type; with nothing asked every row comes whole.

    ``select`` has the paths as declared; ``plan`` is None where nothing was selected or expanded. ``steps`` is what
    each row takes out of the ``budget``.
    """

    where: Callable[[Row], bool] | None = None
    order: tuple[tuple[Callable[[Row], Any], bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    search: Callable[[Any], bool] | None = None
    select: tuple[str, ...] | None = None
    expand: Mapping[str, Query] = field(default_factory=dict)
    plan: Plan | None = None
    format: str = ""
    steps: int = 0
    budget: Budget = field(default_factory=Budget)

    def unpaged(self) -> Query:
        """Return the same without ``$skip`` and ``$top``, for rows that are cut already."""
        return replace(self, skip=0, top=None)

    @property
    def suffix(self) -> str:
        """``(Id,Number,Groups())`` for the context, or "" where nothing was selected or expanded."""
        if self.select is None and not self.expand:
            return ""
        names = [*(self.select or ()), *(f"{name}{inner.suffix or '()'}" for name, inner in self.expand.items())]
        return f"({','.join(names)})"


def apply(query: Query, rows: Sequence[Any], *, page: int | None = None) -> tuple[Sequence[Any], int]:
    """Return the rows that a query asks for, and how many match it before paging.

    ``page`` is the size without ``$top``.
    """
    if query.steps:
        query.budget.spend(query.steps * len(rows))
    if query.where:
        rows = [row for row in rows if query.where(row)]
    if query.search:
        rows = [row for row in rows if query.search(row)]
    for key, descending in reversed(query.order):
        rows = sorted(rows, key=lambda row, key=key: _sortable(key(row)), reverse=descending)  # type: ignore[misc]
    top = page if query.top is None else query.top
    end = None if top is None else query.skip + top
    return rows[query.skip : end], len(rows)


def _sortable(value: Any) -> tuple[bool, Any]:
    """Nulls come first."""
    return value is not None, value


def shape(row: Row, query: Query, type_name: str, catalog: Catalog) -> Row:
    """Return what of a row is written: the selected fields, and navigation properties only where expanded."""
    plan = query.plan or whole(catalog, type_name)
    written: Row = {}
    for name, convert in plan.fields:
        value = row[name]
        written[name] = value if convert is None or value is None else convert(value)
    if plan.declared is not None:
        written |= {name: value for name, value in row.items() if name not in plan.declared}
    for expanded in plan.expanded:
        _expand(written, row[expanded.name], expanded, catalog)
    return written


@lru_cache(maxsize=4096)
def whole(catalog: Catalog, type_name: str) -> Plan:
    """Return the plan for rows of which nothing special was asked."""
    hidden = _ONLY_WHEN_SELECTED.get(type_name, frozenset())
    fields = ordered_fields(catalog, type_name)
    return Plan(
        tuple((name, converter(spec, catalog)) for name, spec in fields.items() if name not in hidden),
        declared=frozenset(catalog.fields(type_name)) if catalog.types[type_name].open else None,
    )


@lru_cache(maxsize=4096)
def ordered_fields(catalog: Catalog, type_name: str) -> dict[str, TypeSpec]:
    """Return the fields of a type without its navigation properties, nearly in the order in which a PBX writes them.

    The key comes first, then ``Number``, the other plain properties, and objects last (docs/pbx.md, Answers). Within
    these the order is the catalog's, which is that of 3CX's files: they sort the names, a PBX does not.
    """
    key = catalog.key(type_name)

    def place(field: tuple[str, TypeSpec]) -> tuple[bool, bool, bool]:
        name, spec = field
        return spec.name in catalog.types, name not in key, name != "Number"

    return dict(sorted(((n, spec) for n, spec in catalog.fields(type_name).items() if not spec.navigation), key=place))


def converter(spec: TypeSpec, catalog: Catalog, query: Query = Query()) -> Convert | None:
    """Return what writes an object, or each of a list, as a query asks; None where a value is written as it is."""
    if spec.name == "TimeOfDay":
        return (lambda times: [_time_of_day(time) for time in times]) if spec.collection else _time_of_day
    if spec.name not in catalog.types:
        return None
    if spec.collection:
        return lambda rows: [shape(row, query, spec.name, catalog) for row in rows]
    return lambda row: shape(row, query, spec.name, catalog)


def _time_of_day(time: str) -> str:
    """``09:00`` as ``09:00:00.0000000`` (docs/pbx.md, Answers)."""
    clock, _, fraction = time.partition(".")
    return f"{clock if clock.count(':') > 1 else f'{clock}:00'}.{fraction[:7]:0<7}"


def _expand(written: Row, value: Any, expanded: Expanded, catalog: Catalog) -> None:
    name, spec, query, part, reference = expanded
    if not spec.collection:
        written[name] = value if value is None else _one(value, expanded, catalog)
        return
    rows, total = apply(query, value or ())
    if part == "count" or query.count:
        written[f"{name}@odata.count"] = total
    if part != "count":
        written[name] = [reference(row) if reference else shape(row, query, spec.name, catalog) for row in rows]


def _one(row: Row, expanded: Expanded, catalog: Catalog) -> Row:
    if expanded.reference:
        return expanded.reference(row)
    return shape(row, expanded.query, expanded.spec.name, catalog)
