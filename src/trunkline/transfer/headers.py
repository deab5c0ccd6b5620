"""From the names in a CSV's first line to the fields of a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..catalog import Catalog, TypeSpec, nearest
from ..catalog.secret import SECRET
from ..errors import Hint, InvalidArgument, UnknownName
from ..local.characters import cleaned
from ..local.csv_rows import Line
from .kinds import Kind
from .layouts import spoken


class Column(NamedTuple):
    """A column and the field that it fills; ``path`` has more than one name for a field within a field.

    ``values``: what the cells mean where another program wrote them (`layouts.Layout`). ``role``: for departments, the
    column that names the role in them.
    """

    place: int
    title: str
    path: tuple[str, ...]
    spec: TypeSpec
    values: Mapping[str, str] = {}
    role: int | None = None

    @property
    def field(self) -> str:
        return self.path[0]

    def text(self, line: Line) -> str:
        """Return the cell of a line, in the words of an import. InvalidArgument if its program writes no such value."""
        text = line.cells[self.place]
        if not self.values or not (plain := cleaned(text).casefold()):
            return text
        if plain in self.values:
            return self.values[plain]
        if any(plain == value.casefold() for value in self.values.values()):
            return text
        wrong = f"must be one of {', '.join(self.values)}, not {text.strip()!r}."
        raise InvalidArgument(f"{self.title} {wrong}", parameter=self.title, reason=wrong)


def columns_of(
    header: Sequence[str],
    kind: Kind,
    catalog: Catalog,
    *,
    renamed: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
) -> list[Column]:
    """Return the columns that fill a field. ``renamed`` maps titles to fields, ``ignored`` names titles to leave out.

    A title that begins with ``#`` is a remark. Raises UnknownName with the nearest fields, InvalidArgument where two
    columns fill the same one, or a path leads into a list.
    """
    mapped = _titled(renamed or {}, header, "mapped")
    skipped = _titled(dict.fromkeys(ignored, ""), header, "ignored")
    columns: list[Column] = []
    unknown: dict[str, str] = {}
    for place, title in enumerate(header):
        if title.startswith("#") or place in skipped:
            continue
        try:
            path, spec = _field(mapped.get(place, title), kind, catalog)
        except UnknownName as problem:
            unknown[title] = f"{title!r}: {problem.message}"
        else:
            columns.append(Column(place, title, path, spec))
    if unknown:
        many = f"{len(unknown)} of the columns are not fields" if len(unknown) > 1 else "A column is not a field"
        title = next(iter(unknown))
        raise UnknownName(
            "\n  ".join([f"{many} of {kind.resource}.", *unknown.values()]),
            hint=Hint(
                "Name its field, or leave the column out.", arguments={"renamed": f"{title}=FIELD", "ignored": title}
            ),
        )
    _distinct(columns)
    return columns


def with_roles(columns: Sequence[Column], roles: Sequence[str], header: Sequence[str]) -> list[Column]:
    """Return the columns, where the one of the departments knows the column that names the role in them.

    Raises InvalidArgument for several such columns, or none of departments.
    """
    if len(roles) > 1:
        raise InvalidArgument(
            f"The columns {' and '.join(map(repr, roles))} both name roles.",
            hint=Hint("Leave one out.", arguments={"ignored": roles[1]}),
        )
    if not any(column.path == ("Groups",) for column in columns):
        raise InvalidArgument(
            f"The column {roles[0]!r} names roles, but no column names the departments that they are in.",
            hint=Hint("Add a column Department, or leave the roles out.", arguments={"ignored": roles[0]}),
        )
    role = list(header).index(roles[0])
    return [column._replace(role=role) if column.path == ("Groups",) else column for column in columns]


def _titled(names: Mapping[str, str], header: Sequence[str], what: str) -> dict[int, str]:
    """Values by the place of the column that each name means."""
    exact = {title: place for place, title in enumerate(header)}
    loose = {spoken(title): place for place, title in enumerate(header)}
    found = {}
    for name, value in names.items():
        place = exact.get(name.strip(), loose.get(spoken(name)))
        if place is None:
            raise UnknownName(f"There is no column {name!r} to be {what}.{nearest(name, iter(header))}")
        found[place] = value
    return found


def _field(name: str, kind: Kind, catalog: Catalog) -> tuple[tuple[str, ...], TypeSpec]:
    owner, path = kind.type_name(catalog), []
    rest = name.strip()
    while True:
        head, dot, rest = rest.partition(".")
        field = named(head, catalog.fields(owner))
        spec = catalog.fields(owner)[field]
        path.append(field)
        if not dot:
            return tuple(path), spec
        if spec.collection or spec.name not in catalog.types or spec.navigation:
            raise UnknownName(f"{'.'.join(path)} has no fields of its own that a column could fill; it takes JSON.")
        owner = spec.name


def named(name: str, fields: Mapping[str, TypeSpec]) -> str:
    """Return the field of a name, as 3CX spells it; UnknownName with the nearest."""
    if name.strip() in fields:
        return name.strip()
    found = {spoken(field): field for field in fields}
    if spoken(name) in found:
        return found[spoken(name)]
    raise UnknownName(f"There is no field {name!r}.{nearest(spoken(name), iter(found), iter(fields))}")


def _distinct(columns: Sequence[Column]) -> None:
    for number, one in enumerate(columns):
        for other in columns[number + 1 :]:
            shared = min(len(one.path), len(other.path))
            if one.path[:shared] == other.path[:shared]:
                raise InvalidArgument(
                    f"The columns {one.title!r} and {other.title!r} both fill {'.'.join(one.path[:shared])}.",
                    hint=Hint("Leave one out.", arguments={"ignored": other.title}),
                )


def chosen_key(kind: Kind, columns: Sequence[Column], asked: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the fields that tell a row from another: those asked for, else the first of the kind's own that is a
    column.

    InvalidArgument if there is none, or if what was asked for is not a column.
    """
    own = {column.field for column in columns if len(column.path) == 1}
    if asked:
        key = tuple(named(name, catalog.fields(kind.type_name(catalog))) for name in asked)
    else:
        key = next(((name,) for name in kind.keys if name in own), ())
        if not key:
            raise InvalidArgument(
                f"Nothing in the file tells one of the {kind.resource} from another: "
                f"there is no column {_either(kind.keys)}.",
                hint=Hint("Name the column that does, or several.", arguments={"key": "COLUMN"}),
            )
    for name in key:
        if name not in own:
            raise InvalidArgument(f"The key is {name}, but no column of the file is {name}.")
        spec = catalog.fields(kind.type_name(catalog))[name]
        if spec.collection or spec.name in catalog.types:
            raise InvalidArgument(f"{name} can't be the key: it holds more than one value.")
        if SECRET.search(name):
            raise InvalidArgument(f"{name} can't be the key: it is a secret.")
    return key


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def fields_of(columns: Sequence[Column]) -> Iterator[tuple[str, list[Column]]]:
    """Yield the top fields that columns fill, each with its columns."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(column.field, []).append(column)
    yield from found.items()
