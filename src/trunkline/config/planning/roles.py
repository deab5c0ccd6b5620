"""Roles that a file gives in a department which does not have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..kinds import Kind
from ..model import Entity, Fields, Id


class UnknownRole(NamedTuple):
    """A ``role`` that a ``department`` does not have, which has ``roles``. ``field``: where it is given."""

    field: str
    department: str
    role: str
    roles: tuple[str, ...]


def unknown_roles(kind: Kind, fields: Fields, *sides: Mapping[Id, Entity]) -> Iterator[UnknownRole]:
    """Yield the roles that no department of that name has, by its rights: those of the first of ``sides`` with some.

    Of a department whose rights are not known, nobody can say.
    """
    for name, value in fields.items():
        form = kind.forms.get(name)
        if form is None or form.way != "roles" or not isinstance(value, Mapping):
            continue
        for department, role in value.items():
            roles = next(filter(None, (_roles(side.get(Id("groups", str(department)))) for side in sides)), ())
            if roles and role not in (None, "", *roles):
                yield UnknownRole(f"{name}.{department}", str(department), str(role), roles)


def _roles(group: Entity | None) -> tuple[str, ...]:
    rights: Any = group.fields.get("Rights") if group is not None else None
    found = (each.get("RoleName") for each in rights or () if isinstance(each, Mapping))
    return tuple(str(name) for name in found if name)
