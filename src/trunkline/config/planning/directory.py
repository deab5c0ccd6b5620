"""Which entity a reference means: one of the files, or one that the PBX has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...catalog import Action, Catalog
from ...errors import InvalidArgument
from ..kinds import kinds
from ..model import Entity, Id
from ..spelling import Names, Reference

NUMBERED = (("Number",),)
"""The natural keys of a kind whose entities are called by their number."""


class Directory:
    """The entities that a plan may name, by kind and key, and by number."""

    def __init__(self, catalog: Catalog, names: Names, wanted: Mapping[Id, Entity]) -> None:
        self._names, self._wanted = names, wanted
        self.numbered = frozenset(name for name, kind in kinds(catalog).items() if kind.keys == NUMBERED)
        self._numbers = {id.key: id for id in wanted if id.kind in self.numbered}

    def id_of(self, reference: Reference) -> Id | None:
        """Return what a reference means; None where nothing is called so."""
        if not reference.kind:
            return self._numbers.get(reference.key) or self._names.owner(reference.key)
        id = Id(reference.kind, reference.key)
        return id if id in self._wanted or id in self._names else None


def field_of(reference: Reference) -> str:
    """Return the field of the entity itself that a reference stands in: ``Forwards`` of ``Forwards[1].Number``."""
    return reference.field.partition(".")[0].partition("[")[0]


def keys_of(action: Action, id: Id, names: Names) -> dict[str, Any]:
    """Return the arguments of an action that say which entity it is about; InvalidArgument for an unknown one."""
    keys = {name: names.api(id, name) for name in action.keys}
    if None in keys.values():
        raise InvalidArgument(f"The PBX has no {id}.")
    return keys
