"""E-mail addresses, which 3CX takes once: another user's answers ALREADY_IN_USE (docs/pbx.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model import Entity, Id
from .ordering import Planned

_FIELD = "EmailAddress"


def taken_addresses(planned: Mapping[Id, Planned], current: Mapping[Id, Entity]) -> Iterator[tuple[Id, str, Id]]:
    """Yield each user whose address is to become one that another user has and keeps, with it and the other one.

    A user that is removed has it too, since removals come last. Upper and lower case are not one here: nobody knows
    whether they are to 3CX, so the PBX decides.
    """
    given = {id: str(each.fields[_FIELD]) for id, each in planned.items() if id.kind == "users" and _new(each)}
    holders: dict[str, Id] = {}
    for id, entity in current.items():
        address = entity.fields.get(_FIELD)
        is_changed = id in planned and _FIELD in planned[id].fields
        if id.kind == "users" and address and not is_changed:
            holders.setdefault(str(address), id)
    for id, address in given.items():
        if (holder := holders.setdefault(address, id)) != id:
            yield id, address, holder


def _new(planned: Planned) -> bool:
    return planned.change != "remove" and bool(planned.fields.get(_FIELD))
