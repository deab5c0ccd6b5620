"""Acting only on what is still as it was read, on a PBX that sends no ETags (docs/pbx.md, Answers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog import Action, Catalog
from ..errors import InvalidArgument, PreconditionFailed
from ..odata.equality import unchanged
from ..request import Call
from .etags import SeenTags

VOLATILE = frozenset({"IsRegistered", "CurrentProfileName", "QueueStatus", "HotdeskingAssignment"})
"""What changes by itself all day, such as whether a phone is registered. That is not a change of the entity."""


class Unchanged:
    """The check behind ``if_unchanged=row``: read the entity again, compare every field of the row, then act.

    What came with expand is expanded and compared too; what changes by itself is not compared.
    Between the reading and the acting someone may still change it; where the PBX sends ETags the action goes out with
    If-Match, which closes that gap. Raises InvalidArgument for an action that has no entity to read.
    """

    def __init__(self, catalog: Catalog, call: Call, row: Mapping[str, Any]) -> None:
        self.call = call
        reader = catalog.reader(call.action)
        if reader is None:
            raise InvalidArgument(
                f"{call.action.id} can't check if_unchanged: it has no entity that can be read by key."
            )
        self.reader: Action = reader
        known = catalog.fields(reader.answer_type.name) if reader.answer_type else {}
        self.expected = {name: value for name, value in row.items() if "@odata." not in name and name not in VOLATILE}
        if not self.expected.keys() - set(call.action.keys):
            raise InvalidArgument(f"if_unchanged of {call.action.id} has no field to compare besides the key.")
        self.etag: str | None = row.get("@odata.etag")
        self.type_name = reader.answer_type.name if reader.answer_type else ""
        self.expand = _expansions(catalog, self.type_name, [self.expected])
        # Some fields come only when asked for; a field that the catalog doesn't know can't be asked for safely.
        plain = [name for name in self.expected if not (name in known and known[name].navigation)]
        self.select = plain if plain and set(plain) <= known.keys() else None

    @property
    def tagged(self) -> Call | None:
        """The call with the row's own ETag as If-Match, where the action declares it."""
        return self._with(self.etag) if self.etag and self.call.action.if_match else None

    def settled(self, seen: SeenTags) -> Call | None:
        """Return the call where nothing need be read: the row has an ETag, and the PBX is known to send them."""
        return self.tagged if seen.has(self.type_name) else None

    def _with(self, etag: str) -> Call:
        return self.call._replace(if_match=self.call.if_match or str(etag))

    @property
    def reading(self) -> dict[str, Any]:
        """The arguments of the action that reads the entity."""
        return {**self.call.values, "select": self.select, **({"expand": self.expand} if self.expand else {})}

    def checked(self, current: Mapping[str, Any], server: str) -> Call:
        """Return the call, once the entity was read and is as expected.

        Without ETags If-Match is left out, for the fields are the same. PreconditionFailed names those that differ.
        """
        differing = [name for name, value in self.expected.items() if not unchanged(value, current.get(name))]
        if differing:
            raise PreconditionFailed(
                f"The {self.call.action.noun} on {server} changed since it was read: {', '.join(differing)}. "
                "Nothing was done.",
                hint="Read it again and decide again.",
                status=412,
                codes=dict.fromkeys(differing, "changed"),
                method=self.call.action.method,
                path=self.call.path,
            )
        etag = current.get("@odata.etag")
        return self.tagged or self._with(etag) if etag else self.call._replace(if_match=None)


def _expansions(catalog: Catalog, type_name: str, entities: Sequence[Any]) -> list[str]:
    """Return what to expand so that a PBX answers as fully as it did: ``Agents``, ``Groups($expand=Rights)``."""
    found = []
    for name, spec in (catalog.fields(type_name) if type_name in catalog.types else {}).items():
        values = [entity[name] for entity in entities if isinstance(entity, Mapping) and name in entity]
        if spec.navigation and values:
            inner = [each for value in values for each in (value if isinstance(value, list) else [value])]
            within = ",".join(_expansions(catalog, spec.name, inner))
            found.append(f"{name}($expand={within})" if within else name)
    return found
