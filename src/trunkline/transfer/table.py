"""A list of a PBX as a table: which columns, which rows and in which order; page by page, or all of it as a CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..catalog import Action, Catalog, TypeSpec, nearest
from ..catalog.columns import at, default_columns
from ..catalog.secret import is_secret, masked, secrets_named
from ..errors import InvalidArgument, UnknownName
from ..local.csv_text import csv_line
from ..odata.literals import INTEGER_RANGES, quoted

MOST_COLUMNS = 40
LONGEST_TEXT = 200
"""Characters of a text that is looked for."""
LONGEST_FILTER = 4_000
"""Characters of an OData filter: with all else in the address it stays below what servers take."""
_DEEPEST = 3  # steps of a column's path


class Table(NamedTuple):
    """Rows of a list action, as somebody wants to see them.

    ``columns`` are paths such as ``Number`` or ``Gateway.Name``. ``text`` is looked for in them, ``filter`` is an OData
    expression; a row has to match both. ``sort`` is a column, "" for the PBX's own order.
    """

    action: Action
    key: tuple[str, ...]
    fields: Mapping[str, TypeSpec]
    columns: tuple[str, ...]
    paths: Mapping[str, TypeSpec]
    text: str = ""
    filter: str = ""
    sort: str = ""
    is_descending: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the action that give these rows, those of paging aside."""
        heads = dict.fromkeys((*self.key, *(column.partition(".")[0] for column in self.columns)))
        expand = [name for name in heads if self.fields[name].navigation]
        wanted = {
            "filter": self.condition,
            "orderby": self.order,
            "select": [name for name in heads if name not in expand],
            "expand": expand,
        }
        return {name: value for name, value in wanted.items() if value and name in self.action.query}

    @property
    def condition(self) -> str:
        """The filter for both the text and the expression, "" for all rows."""
        parts = [f"({self.filter})" if self.filter and self.text else self.filter, self._containing()]
        return " and ".join(part for part in parts if part)

    @property
    def order(self) -> str:
        """What rows are sorted by: the column, then the key, so that no row is on two pages; "" for no order."""
        if not self.sort:
            return ""
        first = f"{_address(self.sort)} desc" if self.is_descending else _address(self.sort)
        return ",".join([first, *(name for name in self.key if name != self.sort)])

    def _containing(self) -> str:
        """Return the filter for the text: the columns of text contain it in any case, or a number is it.

        ``tolower`` and ``contains`` are standard OData; that a 3CX takes them is assumed.
        """
        if not self.text:
            return ""
        terms = []
        for path, spec in self.paths.items():
            if spec.collection or is_secret(path.rpartition(".")[2]):
                continue
            if spec.name == "String":
                terms.append(f"contains(tolower({_address(path)}),{quoted(self.text.lower())})")
            elif spec.name in INTEGER_RANGES and _is_within(self.text, spec.name):
                terms.append(f"{_address(path)} eq {int(self.text)}")
        if not terms:
            raise InvalidArgument(
                f"None of the columns can have {self.text!r}: {', '.join(self.columns)}.",
                hint="Choose columns that hold text, or use a filter.",
            )
        return f"({' or '.join(terms)})" if len(terms) > 1 else terms[0]


def table(
    catalog: Catalog,
    action: Action,
    *,
    columns: Sequence[str] = (),
    text: str = "",
    filter: str = "",
    sort: str = "",
    is_descending: bool = False,
) -> Table:
    """Check what somebody wants to see of a list; without ``columns`` those that say most (`default_columns`).

    Raises UnknownName for a column that the rows don't have, InvalidArgument for what can't be sorted, filtered or
    looked for, and for an action that is not a list without parameters.
    """
    spec = action.answer_type
    if action.answer_kind != "list" or action.params or spec is None or spec.name not in catalog.types:
        raise InvalidArgument(f"{action.id} is not a list of entities that can be shown as a table.")
    known = catalog.fields(spec.name)
    chosen = tuple(dict.fromkeys(columns)) or default_columns(catalog, spec.name)
    if len(chosen) > MOST_COLUMNS:
        raise InvalidArgument(f"A table has at most {MOST_COLUMNS} columns, not {len(chosen):,}.")
    paths = {column: _type_at(catalog, spec.name, column) for column in chosen}
    text, filter = text.strip(), filter.strip()
    _check_length("The text to look for", text, LONGEST_TEXT)
    _check_length("The filter", filter, LONGEST_FILTER)
    if secrets := secrets_named(filter):
        raise InvalidArgument(
            f"A filter can't compare {secrets[0]}, which is a secret.", hint="Filter by another field."
        )
    if sort:
        sorted_by = _type_at(catalog, spec.name, sort)
        if sorted_by.collection or sorted_by.name in catalog.types or is_secret(sort.rpartition(".")[2]):
            raise InvalidArgument(f"Rows can't be sorted by {sort}: it is a secret, a list or an object.")
    key = tuple(name for name in catalog.key(spec.name) if name in known)
    return Table(action, key, known, chosen, paths, text, filter, sort, is_descending)


def columns_of(catalog: Catalog, action: Action) -> tuple[str, ...]:
    """Return every column that a list can be shown with: its fields, and the plain ones of objects within them."""
    spec = action.answer_type
    return tuple(_columns(catalog, spec.name, 1)) if spec is not None and spec.name in catalog.types else ()


def shown(value: Any) -> Any:
    """Return a value as a cell of a table: lists of named things by their names, other objects as they are."""
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        names = [" ".join(str(each[name]) for name in ("Number", "Name") if each.get(name)) for each in value]
        return ", ".join(names) if all(names) else value
    return value


async def csv_lines(wanted: Table, rows: AsyncIterator[Any]) -> AsyncIterator[str]:
    """Yield the lines of a CSV with a header, as rows come; secrets are masked, formulas guarded as everywhere."""
    yield csv_line(wanted.columns)
    async for row in rows:
        hidden = masked(row)
        yield csv_line([at(hidden, column) for column in wanted.columns])


def _columns(catalog: Catalog, owner: str, depth: int) -> Iterator[str]:
    for name, spec in catalog.fields(owner).items():
        if spec.name in catalog.types and not spec.collection and not spec.navigation and depth < _DEEPEST:
            yield from (f"{name}.{inner}" for inner in _columns(catalog, spec.name, depth + 1))
        else:
            yield name


def _type_at(catalog: Catalog, owner: str, path: str) -> TypeSpec:
    """Return the type of a column. Raises UnknownName for one that the rows don't have."""
    found = TypeSpec(owner)
    steps = path.split(".")
    for place, step in enumerate(steps[:_DEEPEST]):
        known = catalog.fields(found.name) if found.name in catalog.types and not (place and found.collection) else {}
        if step not in known:
            raise UnknownName(f"{found.name} has no field {step!r}.{nearest(step, iter(known))}")
        found = known[step]
    if len(steps) > _DEEPEST:
        raise UnknownName(f"A column has at most {_DEEPEST} steps, and {path!r} has {len(steps)}.")
    return found


def _address(path: str) -> str:
    """Return a column as OData spells a path: ``Gateway/Name``."""
    return path.replace(".", "/")


def _is_within(text: str, type_name: str) -> bool:
    low, high = INTEGER_RANGES[type_name]
    return text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= high


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidArgument(f"{what} has {len(text):,} characters; at most {most:,} are taken.")
