"""What removals would leave behind: references, on the PBX or in files, to what is gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import NamedTuple

from ...catalog import Catalog
from ...errors import NotFound, UnknownName, VersionMismatch
from ..kinds import SETTINGS, Kind, kind_of, kinds, settings_kinds
from ..model import Configuration, Entity, Fields, Id
from ..sources import needed, referred
from ..spelling import Reference, references
from .directory import NUMBERED

HINT = (
    "Nothing was sent. Take it out of what names it first, as an offboarding does with a user, "
    "or let the files have it."
)
_IS_NONE = (VersionMismatch, UnknownName, NotFound)  # a PBX without that kind has nothing of it that names another


class Mention(NamedTuple):
    """That an entity which stays, ``id``, would still name one that goes, ``target``."""

    id: Id
    reference: Reference
    target: Id

    @property
    def is_firm(self) -> bool:
        """Whether it names that entity without doubt: where 3CX takes any text, a number may be another one's."""
        return bool(self.reference.kind) or not self.reference.is_loose

    @property
    def text(self) -> str:
        return f"{self.id}: {self.reference.field} names {self.target}, which would be removed."


def kinds_to_read(
    catalog: Catalog, desired: Configuration, only: Collection[str] | None = None, *, remove: bool = False
) -> list[str]:
    """Return the kinds of a PBX, and single settings, that a plan is about, and those that tell it more.

    Where an entity is given a role in a department, the departments are read, since each has its own roles. With
    ``remove`` it is everything that may name what could go; of what nothing names, such as contacts, that is nothing.
    """
    asked = needed(desired, only)
    more: list[str] = []
    if any("Groups" in each.fields for id, each in desired.entities.items() if id.kind in asked):
        more.append("groups")
    if remove:
        more += referring(catalog, {name for name in asked if desired.scope.manage.get(name)})
    return list(dict.fromkeys((*asked, *more)))


def referring(catalog: Catalog, targets: Set[str]) -> list[str]:
    """Return the kinds whose entities may name one of some kinds, or are a part of one."""
    names = _named_by(catalog, targets)
    found = [name for name, kind in kinds(catalog).items() if name != SETTINGS and _refers(catalog, kind, names)]
    if any(_refers(catalog, kind, names) for kind in settings_kinds(catalog).values()):
        found.append(SETTINGS)
    return found


def _refers(catalog: Catalog, kind: Kind, names: Set[str]) -> bool:
    return not referred(catalog, kind).isdisjoint(names) or (kind.part is not None and kind.part.owner in names)


def mentions(
    catalog: Catalog,
    entities: Mapping[Id, Fields],
    removed: Set[Id],
    id_of: Callable[[Reference], Id | None],
) -> Iterator[Mention]:
    """Yield every reference to what goes. ``entities``: the fields that each will have which stays."""
    for id, fields in entities.items():
        for reference in references(catalog, kind_of(catalog, id), fields):
            target = id_of(reference)
            if target is not None and target in removed:
                yield Mention(id, reference, target)


def unsure(catalog: Catalog, read: Configuration, removed: Collection[Id]) -> Iterator[str]:
    """Yield why nobody can know whether something still names what goes, a sentence each."""
    if not removed:
        return
    targets = {id.kind for id in removed}
    may = set(referring(catalog, targets))
    what = str(next(iter(removed))) if len(removed) == 1 else "what would be removed"
    for name, error in read.unread.items():
        kind = name.partition("/")[0]
        names_any = kind in may
        if kind == SETTINGS and name != SETTINGS:
            single = settings_kinds(catalog).get(name.partition("/")[2])
            names_any = single is not None and _refers(catalog, single, _named_by(catalog, targets))
        if names_any and not isinstance(error, _IS_NONE):
            yield f"The PBX did not give its {name.replace('_', ' ')}, which may name {what}: {error.message}"
    for path in read.ungiven:
        kind, _, rest = path.partition("/")
        key, _, field = rest.partition("/")
        form = kind_of(catalog, Id(kind, key)).forms.get(field.partition(".")[0]) if kind in may else None
        if form is not None and (form.way != "plain" or form.names == "number"):
            yield f"The PBX did not give {field} of its {kind.replace('_', ' ')}, which may name {what}."


def _named_by(catalog: Catalog, targets: Set[str]) -> set[str]:
    """Return the kinds of references that may lead to some kinds: "" is anything with a number."""
    known = kinds(catalog)
    is_numbered = any(known[name].keys == NUMBERED for name in targets if name in known)
    return {*targets, *([""] if is_numbered else [])}


def staying(current: Mapping[Id, Entity], changes: Mapping[Id, Fields], removed: Set[Id]) -> dict[Id, Fields]:
    """Return the fields that each entity will have which stays or comes. ``changes``: those that are sent of each."""
    stays = [*current, *(id for id in changes if id not in current)]
    return {
        id: {**(current[id].fields if id in current else {}), **changes.get(id, {})}
        for id in stays
        if id not in removed
    }
