"""Natural keys, and what the API of one PBX has in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

from ..model import Id

_KEPT = ("Id", "Number", "Name", "Folder", "MacAddress", "Link", "TemplatePath")


def names_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a row that others refer by, or that address it."""
    return {name: row[name] for name in _KEPT if row.get(name) is not None}


class Reference(NamedTuple):
    """That a field names another entity. ``field`` is its path: ``OfficeRoute.Route.Number``, ``Agents[0]``.

    ``kind`` is "" where anything may have that number. A loose one may name what nobody has: 3CX takes any text there.
    ``custom_prompts`` is the kind of a sound file, which is always loose.
    """

    field: str
    kind: str
    key: str
    is_loose: bool = False


class Names:
    """What the entities of one PBX are called: filled while it is read, and by what is added.

    Entities are known by kind and natural key. The kinds include ``prompt_sets``, which no file holds.
    """

    def __init__(self) -> None:
        self._rows: dict[Id, dict[str, Any]] = {}
        self._keys: dict[tuple[str, str, Any], str] = {}
        self._numbers: dict[str, Id] = {}

    def add(self, id: Id, row: Mapping[str, Any]) -> None:
        """Note an entity: what others refer by, and what addresses it. A later row adds to an earlier one."""
        kept = names_of(row)
        self._rows.setdefault(id, {}).update(kept)
        for name, value in kept.items():
            self._keys.setdefault((id.kind, name, value), id.key)
        if number := kept.get("Number"):
            self._numbers.setdefault(str(number), id)

    def remove(self, id: Id) -> None:
        """Forget an entity that is gone."""
        row = self._rows.pop(id, {})
        for name, value in row.items():
            if self._keys.get((id.kind, name, value)) == id.key:
                del self._keys[id.kind, name, value]
        if self._numbers.get(str(row.get("Number"))) == id:
            del self._numbers[str(row["Number"])]

    def key(self, kind: str, value: Any, by: str = "Id") -> str | None:
        """Return the natural key of what the API calls so; None where nothing of that kind is called so."""
        try:
            return self._keys.get((kind, by, value))
        except TypeError:  # an object, which is not a name
            return None

    def api(self, id: Id, field: str) -> Any | None:
        """Return what the API has for a natural key. Of the kind "" it is whatever has the key as its number."""
        if not id.kind:
            owner = self._numbers.get(id.key)
            return None if owner is None else self._rows[owner].get(field)
        return self._rows.get(id, {}).get(field)

    def row(self, id: Id) -> dict[str, Any]:
        """Return what is known of an entity, as JSON can hold it; {} for an unknown one."""
        return dict(self._rows.get(id, {}))

    def owner(self, number: str) -> Id | None:
        """Return what has a number; None where nothing has."""
        return self._numbers.get(number)

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, Id):
            return False
        return id in self._rows if id.kind else id.key in self._numbers

    def __iter__(self) -> Iterator[Id]:
        return iter(self._rows)

    def as_record(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        record: dict[str, dict[str, Any]] = {}
        for id, row in self._rows.items():
            record.setdefault(id.kind, {})[id.key] = row
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Self:
        """Return what `as_record` gave."""
        names = cls()
        for kind, rows in record.items():
            for key, row in rows.items():
                names.add(Id(kind, key), row)
        return names
