"""Making a plan: what files want, against what a PBX holds; ordered, and refused before anything is sent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from functools import partial

import msgspec

from ...catalog import load, nearest
from ...errors import InvalidArgument, UnknownName
from ..applying.secrets import SecretSource
from ..kinds import DEFAULT_GROUP, Kind, kind_of
from ..kinds import kinds as all_kinds
from ..lacking import narrowed
from ..model import Configuration, Entity, Fields, Id
from ..pairing import paired
from ..reading import Reading
from ..spelling import SOUNDS, Reference, references
from ..spelling import secrets as secrets_of
from .addresses import taken_addresses
from .changes import Changes
from .checks import body_faults, open_secrets
from .directory import Directory, field_of
from .model import ABSENT, THERE, Note, Plan, Step
from .notes import Notes
from .order import Circle
from .ordering import Node, Planned, ordered
from .parts import Lists, folded, owner_of, part_of
from .plan_file import encoded
from .removing import HINT, mentions, staying, unsure
from .roles import unknown_roles

__all__ = ["Note", "Plan", "Refused", "Step", "fingerprint", "plan"]

_NO_SECRETS = SecretSource()


class Refused(InvalidArgument):
    """A plan can't be made. ``reasons`` has all that speaks against it, a sentence each. Nothing was sent."""

    code = "plan_refused"
    reasons: tuple[str, ...] = ()
    missing: tuple[Reference, ...] = ()
    """The references to what is not there."""

    def __init__(
        self,
        reasons: Collection[str],
        hint: str = "Nothing was sent. Correct the files.",
        missing: Collection[Reference] = (),
    ) -> None:
        listed = "\n".join(f"- {reason}" for reason in reasons)
        super().__init__(next(iter(reasons)) if len(reasons) == 1 else f"The plan is refused:\n{listed}", hint=hint)
        vars(self)["reasons"], vars(self)["missing"] = tuple(reasons), tuple(missing)


def plan(
    desired: Configuration,
    reading: Reading,
    *,
    remove: bool = False,
    kinds: Collection[str] | None = None,
    secrets: SecretSource = _NO_SECRETS,
    resend_secrets: bool = False,
    origin: str = "the files",
) -> Plan:
    """Compare files with a reading of a PBX, and return what to send to bring it in line with the files.

    ``remove``: what the files speak for and don't have is removed; otherwise it stays. ``kinds``: only these.
    ``secrets``: where values will come from, so that the plan can name those that are missing. With
    ``resend_secrets`` the ones that are given are sent also where the PBX has one; nobody can see whether it is the
    same. The plan holds no value. ``origin``: what refusals call the desired configuration.

    Raises:
        Refused: with every reason, such as a reference to what is not there or would be removed.
        UnknownName: a kind that does not exist.
    """
    return _Planner(desired, reading, kinds, secrets, origin).plan(remove=remove, resend=resend_secrets)


def fingerprint(fields: Fields) -> str:
    """Return a digest of an entity's fields in file form; two that differ have different ones."""
    return hashlib.sha256(msgspec.json.encode(encoded(fields), order="deterministic")).hexdigest()[:32]


class _Planner:
    """One plan in the making: notes, and reasons against it, are gathered, so that all are known at once."""

    def __init__(
        self,
        desired: Configuration,
        reading: Reading,
        kinds: Collection[str] | None,
        secrets: SecretSource,
        origin: str,
    ) -> None:
        self.catalog, self.here = load(), load(reading.version or None)
        self.given = desired
        self.desired = paired(desired, reading.configuration.entities)
        self.reading, self.secrets = reading, secrets
        self.nowhere = f"which is neither in {origin} nor on the PBX"
        self.places = {name: place for place, name in enumerate(all_kinds(self.catalog))}
        for name in kinds or ():
            if name not in self.places:
                raise UnknownName(f"There is no kind {name!r}.{nearest(name, iter(self.places))}")
        self.kinds = None if kinds is None else frozenset(kinds)
        self.kinds_of_files = {id.kind for id in desired.entities}
        self.notes = Notes()
        self.reasons: list[str] = []
        self.missing: list[Reference] = []
        self.left_behind: list[str] = []
        self.current = reading.configuration.entities
        self.wanted = dict(self._wanted())
        self.directory = Directory(self.catalog, reading.names, self.wanted)

    def plan(self, *, remove: bool, resend: bool) -> Plan:
        removable = list(self._removable())
        removed = removable if remove else []
        changes = Changes(self.catalog, self.secrets.has, resend=resend)
        planned = {**dict(self._entities(changes)), **dict(self._removals(removed))}
        for owner, lists in self._parts(removed, changes).items():
            planned[owner] = self._with_part(planned.get(owner), owner, lists)
        self._check_removed(set(removed), planned)
        self._note_roles(planned)
        self._check_numbers()
        self._check_addresses(planned)
        first = self._freeing(planned)
        steps = ordered(planned, first, self._rank)
        if isinstance(steps, Circle):
            ids = ", ".join(map(str, steps.ids))
            self.reasons.append(f"{ids} need each other, and none of them can be added before the others.")
            steps = []
        self.reasons += body_faults(self.catalog, steps, self.reading.names, self._place)
        if self.left_behind:
            raise Refused([*self.reasons, *self.left_behind], hint=HINT)
        if self.reasons:
            raise Refused(self.reasons, missing=self.missing)
        paths = list(dict.fromkeys(path for step in steps for path in step.secrets))
        self.secrets.check(paths)
        self.notes.of_steps(steps, self.secrets.has)
        self.notes.missing(changes.missing)
        if self.secrets.names:
            entities = [*self.given.entities.values(), *self.desired.entities.values()]  # by both of their names
            self.notes.of_unused(self.secrets.names, {path for each in entities for path in secrets_of(each.fields)})
        self.notes.of_removals(removable, remove=remove)
        self.notes.of_departments(steps, removable, self.reading.names)
        self.notes.of_warnings(self.desired.warnings)
        self.notes.of_warnings(self.reading.configuration.warnings, "unread" if self._misses_fields() else "carried")
        return Plan(
            self.reading.url,
            self.reading.version,
            tuple(steps),
            self.notes.all(),
            len(removable),
            dict(sorted(Counter(id.kind for id in self.current if self._is_asked(id)).items())),
            self._fingerprints(steps, planned),
            self.reading.names.as_record(),
            tuple(removed),
            tuple(filter(self.secrets.has, paths)),
        )

    def _misses_fields(self) -> bool:
        """Whether the PBX did not give a field that the files have."""
        lacks = self.reading.configuration.lacks
        return bool(self.reading.configuration.ungiven) and any(
            lacks(id, name) for id, entity in self.wanted.items() if id in self.current for name in entity.fields
        )

    def _rank(self, id: Id) -> tuple[int, str, str]:
        return self.places.get(id.kind, len(self.places)), id.kind, id.key

    def _place(self, id: Id, field: str = "") -> str:
        """Return where an entity, or a field of it, stands in the files, to begin a sentence with."""
        entity = self.desired.entities.get(id)
        places = entity.places if entity is not None else {}
        place = places.get(field) or places.get("")
        return f"{place}: " if place else ""

    def _refuse(self, id: Id, text: str, field: str = "") -> None:
        self.reasons.append(f"{self._place(id, field)}{text}")

    def _check_secrets(self, kind: Kind, entity: Entity) -> None:
        for name in open_secrets(kind, entity.fields):
            path = f"{entity.id}/{name}"
            text = f"{entity.id}: {name} holds a secret itself. Name it, as !secret {path}, and give it when you apply."
            self._refuse(entity.id, text, name)

    def _wanted(self) -> Iterator[tuple[Id, Entity]]:
        """Yield the entities of the files that this PBX can have, in the order of creation."""
        configuration = self.reading.configuration
        unread = configuration.unread
        for name, why in unread.items():
            kind_name = name.partition("/")[0]
            is_asked = self.kinds is None or kind_name in self.kinds
            if "/" not in name and is_asked and self.desired.scope.manage.get(name):
                self.notes.unread_kind(name, why)
        for id in sorted(self.desired.entities, key=self._rank):
            if self.kinds is not None and id.kind not in self.kinds:
                continue
            try:
                kind = kind_of(self.catalog, id)
            except UnknownName as unknown:
                self._refuse(id, str(unknown))
                continue
            if id.kind in unread or str(id) in unread:
                self.notes.unread(id, unread.get(id.kind) or unread[str(id)])
            elif configuration.has_none(id) or not self._is_known_here(id):
                self.notes.lacking(id, self.reading.version)
            elif id not in self.current and not (kind.creator or kind.part):
                self.notes.not_addable(id)
            else:
                entity, left_out = narrowed(self.desired.entities[id], configuration)
                for field in left_out:
                    self.notes.lacking(id, self.reading.version, field)
                yield id, entity

    def _is_known_here(self, id: Id) -> bool:
        """Whether the version of this PBX has the kind."""
        try:
            kind_of(self.here, id)
        except UnknownName:
            return False
        return True

    def _is_asked(self, id: Id) -> bool:
        """Whether the plan is about that kind; others may have been read for what they name."""
        if self.kinds is not None:
            return id.kind in self.kinds
        return id.kind in self.desired.scope.manage or id.kind in self.kinds_of_files

    def _removable(self) -> Iterator[Id]:
        """Yield what the files speak for and don't have."""
        for id in sorted(self.current, key=self._rank):
            if not self._is_asked(id) or id in self.desired.entities or not self.desired.scope.manages(id):
                continue
            kind = kind_of(self.catalog, id)
            if kind.is_single or id == Id("groups", DEFAULT_GROUP) or not (kind.deleter or kind.part):
                continue
            if self.desired.scope.protects(id):
                self.notes.protected(id)
            else:
                yield id

    def _entities(self, changes: Changes) -> Iterator[tuple[Id, Planned]]:
        """Yield what is to be added or changed, apart from the parts of others."""
        for id, entity in self.wanted.items():
            kind = kind_of(self.catalog, id)
            if kind.part is not None:
                continue
            before = self.current.get(id)
            if before is None:
                yield id, self._added(kind, entity)
                continue
            ignores = partial(self._ignores, id)
            fields = changes.of(kind, before.fields, entity.fields, ignores)
            if self.desired.scope.is_complete:
                self.notes.left_alone(id, (n for n in before.fields if n not in entity.fields and not ignores(n)))
            if fields and not kind.updater:
                self._refuse(id, f"3CX has no action that changes one of the {kind.label}.", next(iter(fields)))
            elif fields:
                yield id, self._changed(kind, entity, before, fields)

    def _ignores(self, id: Id, field: str) -> bool:
        """Whether a field is left to others, or the PBX did not give it, so that nobody knows whether it differs."""
        return self.desired.scope.ignores(id, field) or self.reading.configuration.lacks(id, field)

    def _added(self, kind: Kind, entity: Entity) -> Planned:
        fields = {name: value for name, value in entity.fields.items() if value is not None}
        self._check_secrets(kind, entity)
        fixed = frozenset(name.partition(".")[0] for name in kind.key)
        named = self._named(kind, entity.id, fields)
        return Planned("add", fields, {}, named, after=self._after(kind, entity.id), is_fixed=fixed)

    def _after(self, kind: Kind, id: Id) -> tuple[Node, ...]:
        """Return the add of the one before it, where several have one natural key: they count in the order of Ids."""
        key, mark, number = id.key.rpartition("#")
        if kind.unique or not mark or not number.isdigit():
            return ()
        before = Id(id.kind, key if number == "2" else f"{key}#{int(number) - 1}")
        return (("add", before),) if before in self.wanted and before not in self.current else ()

    def _changed(self, kind: Kind, entity: Entity, before: Entity, fields: Fields) -> Planned:
        old = {name: before.fields[name] for name in fields if name in before.fields}
        self._check_secrets(kind, entity)
        already = {reference[1:3] for reference in references(self.catalog, kind, before.fields)}
        named = self._named(kind, entity.id, fields, already)
        return Planned("change", fields, old, named, self._named_now(kind, before))

    def _removals(self, removed: Iterable[Id]) -> Iterator[tuple[Id, Planned]]:
        for id in removed:
            kind, before = kind_of(self.catalog, id), self.current[id]
            if kind.part is None:
                yield id, Planned("remove", {}, before.fields, {}, self._named_now(kind, before))

    def _parts(self, removed: Collection[Id], changes: Changes) -> dict[Id, Lists]:
        """Return the phones of each user whose phones change."""
        found: dict[Id, Lists] = {}
        for kind in all_kinds(self.catalog).values():
            if kind.part is not None:
                found |= folded(kind, self.current, self.wanted, removed, changes, self._ignores)
        for owner, lists in list(found.items()):
            if owner in self.wanted or (owner in self.current and owner not in removed):
                continue
            del found[owner]
            for id in lists.ids:
                if id in self.wanted:
                    self._refuse(id, f"{id} is for {owner}, {self.nowhere}.")
        return found

    def _with_part(self, planned: Planned | None, owner: Id, lists: Lists) -> Planned:
        """Return the step of an owner, with the list of its parts whole."""
        kind = next(k for k in all_kinds(self.catalog).values() if k.part is not None and k.part.owner == owner.kind)
        field = part_of(kind).list
        named: set[Id] = set()
        for id, element in zip(lists.ids, lists.new, strict=True):
            named |= {target for ids in self._named(kind, id, element).values() for target in ids}
        if planned is None:
            planned = Planned("change", {}, {}, {})
        after: set[Node] = set()
        if not lists.given:  # two that swap phones can't wait for each other
            after = {("change", owner_of(kind, self.current[id])) for id in lists.gained if id in self.current}
        old = {**planned.old, field: lists.old} if planned.change == "change" else planned.old
        return planned._replace(
            fields={**planned.fields, field: lists.new},
            old=old,
            named={**planned.named, field: named},
            after=tuple(sorted(after)),
            parts=lists.touched,
        )

    def _named(
        self, kind: Kind, id: Id, fields: Fields, already: Set[tuple[str, str]] = frozenset()
    ) -> dict[str, set[Id]]:
        """Return what each field names; refuses what does not exist, unless the PBX names it ``already``."""
        named: dict[str, set[Id]] = {}
        for reference in references(self.catalog, kind, fields):
            target = self.directory.id_of(reference)
            if target is not None:
                named.setdefault(field_of(reference), set()).add(target)
            elif reference.kind == SOUNDS:
                self.notes.sound(id, reference, self.reading.files)
            elif not reference.is_loose and reference[1:3] not in already:
                is_unnamed = reference.kind in self.reading.unnamed
                lost = _unnamed(reference) if is_unnamed else f"{_named_by(reference)}, {self.nowhere}."
                self._refuse(id, f"{id}: {lost}", field_of(reference))
                self.missing.append(reference)
        return named

    def _named_now(self, kind: Kind, entity: Entity) -> frozenset[Id]:
        """Return what an entity of the PBX names now."""
        found = references(self.catalog, kind, entity.fields)
        return frozenset(target for reference in found if (target := self.directory.id_of(reference)) is not None)

    def _check_removed(self, removed: Set[Id], planned: Mapping[Id, Planned]) -> None:
        """Refuse to remove what anything that stays names; phones go with their user."""
        if not removed:
            return
        is_part = {name for name, kind in all_kinds(self.catalog).items() if kind.part is not None}
        changes = {id: entity.fields for id, entity in self.wanted.items() if id.kind in is_part}
        changes |= {id: each.fields for id, each in planned.items() if each.change != "remove"}
        entities = staying(self.current, changes, removed)
        for id in self.current.keys() & removed:
            if id.kind in is_part:  # it may go because its owner does
                entities[id] = self.current[id].fields
        ordered_ = {id: entities[id] for id in sorted(entities, key=self._rank)}
        for mention in mentions(self.catalog, ordered_, removed, self.directory.id_of):
            id, reference, target = mention
            if id.kind in is_part and id not in self.wanted:
                self.notes.part_of_removed(id, target)
            elif mention.is_firm:
                is_said = id in self.wanted and field_of(reference) in self.wanted[id].fields
                self.left_behind.append(f"{self._place(id, field_of(reference)) if is_said else ''}{mention.text}")
            else:
                self.notes.names_removed(id, reference.field, target)
        self.left_behind += unsure(self.catalog, self.reading.configuration, removed)

    def _note_roles(self, planned: Mapping[Id, Planned]) -> None:
        for id, each in planned.items():
            for unknown in unknown_roles(kind_of(self.catalog, id), each.fields, self.wanted, self.current):
                self.notes.unknown_role(id, unknown)

    def _check_numbers(self) -> None:
        """Refuse two entities of the files with one number, unless the PBX has both."""
        owners: dict[str, Id] = {}
        for id in self.wanted:
            if id.kind in self.directory.numbered and id not in self.current:
                other = owners.setdefault(id.key, id)
                if other != id:
                    where = self._place(other).removesuffix(": ")
                    self._refuse(id, f"{other}{where and f' ({where})'} has the number {id.key} too.")

    def _check_addresses(self, planned: Mapping[Id, Planned]) -> None:
        for id, address, holder in taken_addresses(planned, self.current):
            text = f"{id}: EmailAddress {address} is that of {holder}, and 3CX takes it once."
            self._refuse(id, text, "EmailAddress")

    def _freeing(self, planned: dict[Id, Planned]) -> set[Id]:
        """Let what is added wait for the removal of what has its number, and return those removals."""
        held = {
            id.key: id for id, each in planned.items() if each.change == "remove" and id.kind in self.directory.numbered
        }
        first: set[Id] = set()
        for id, each in planned.items():
            if each.change != "add" or id.kind not in self.directory.numbered:
                continue
            if id.key in held:
                planned[id] = each._replace(after=(*each.after, ("remove", held[id.key])))
                first.add(held[id.key])
                continue
            owner = self.reading.names.owner(id.key)
            if owner is not None and owner.kind in self.directory.numbered:
                self._refuse(id, f"{id} can't be added: {owner} on the PBX has that number.")
        return first

    def _fingerprints(self, steps: Iterable[Step], planned: Mapping[Id, Planned]) -> dict[Id, str]:
        """Return what the plan was made from: the entities that it touches, and whether others are there."""
        found: dict[Id, str] = {}
        for step in steps:
            touched = [step.id, *planned[step.id].parts]
            found |= {id: fingerprint(self.current[id].fields) if id in self.current else ABSENT for id in touched}
        for each in planned.values():
            for ids in each.named.values():
                found |= {id: THERE for id in ids if id not in found and id in self.reading.names}
        return dict(sorted(found.items()))


def _named_by(reference: Reference) -> str:
    what = f"{reference.kind}/{reference.key}" if reference.kind else f"the number {reference.key}"
    return f"{reference.field} names {what}"


def _unnamed(reference: Reference) -> str:
    return f"{_named_by(reference)}, and the PBX did not give the names of its {reference.kind}."
