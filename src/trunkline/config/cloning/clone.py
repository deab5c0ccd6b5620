"""The configuration of one PBX brought to another: read, renumbered, planned against what the other one has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...catalog import Catalog, nearest
from ...errors import Hint, InvalidArgument, UnknownName
from ...transport.address import comparable_url
from ...work.drivers import AsyncSystem, System
from ..applying.secrets import SecretSource
from ..kinds import kind_of, kinds
from ..model import Configuration, Id, Scope
from ..planning.plan import Note, Plan, Refused, plan
from ..reading import Reading, aread, read
from ..spelling import Reference
from .mapping import RenameMap
from .remapping import remapped

STAYS: Mapping[str, str] = {
    "fxs": "a gateway goes by its MAC address, and obeys one PBX",
    "parameters/EXTENSIONLENGTH": "how many digits an extension has is chosen when a PBX is installed",
    "phones": "a phone goes by its MAC address, and obeys one PBX",
    "sbcs": "a session border controller connects to one PBX",
    "settings/amazon_integration_settings": "two PBXs would write into one bucket",
    "settings/console_restrictions": "the addresses that may sign in to one PBX could lock everybody out of another",
    "settings/data_connector_settings": "two PBXs would write into one database",
    "settings/google_settings": "the application at Google is registered with the address of one PBX",
    "settings/microsoft365_integration": "the application at Microsoft is registered with the address of one PBX",
    "settings/microsoft365_teams_integration": "its name and certificate are those of one PBX",
    "settings/network_settings": "its addresses and ports are those of one machine",
    "settings/remote_archiving_settings": "two PBXs would write into one archive",
    "settings/secure_sip_settings": "a certificate is made out to the name of one PBX",
}
"""What belongs to one PBX and is not carried over unless ``only`` names it, with the reason. All are assumptions, from
what the fields are called."""

_LENGTH = Id("parameters", "EXTENSIONLENGTH")
_TRUNKS = "Trunks are the same accounts at the provider: with their passwords, both PBXs would register there."


class Clone:
    """Bring the configuration of one PBX to another, with other numbers and names.

        clone = Clone(RenameMap.read("numbers.csv"), only=["queues", "groups"])
        plan = clone.plan(source, target)

    ``only`` are kinds, or single settings such as ``settings/mail_settings``; by default everything is brought but what
    belongs to one PBX (`STAYS`). ``phones`` brings phones too. ``secrets``: where the values of secrets will come from,
    so that the plan names those that are missing. Nothing is ever removed from the target. What is not carried over is
    among the notes of the plan.

    Raises UnknownName, once the version of the source is known, for a kind that doesn't exist.
    """

    def __init__(
        self,
        renames: RenameMap | None = None,
        *,
        only: Sequence[str] = (),
        phones: bool = False,
        secrets: SecretSource | None = None,
    ) -> None:
        self.renames = renames or RenameMap()
        self.only, self.phones, self.secrets = tuple(only), phones, secrets or SecretSource()

    def plan(self, source: System, target: System) -> Plan:
        """Read both PBXs, and return what is to be sent to the target. Nothing is sent.

        Raises InvalidArgument where both are one PBX, where a number would be taken by two things, for what
        `remapped` refuses, and Refused for what no plan may have.
        """
        _check_two(source.url, target.url)
        there = read(source)
        self._check_only(source.catalog)
        return self._planned(source.catalog, there, read(target, self._read_of_target(target.catalog)))

    async def aplan(self, source: AsyncSystem, target: AsyncSystem) -> Plan:
        """As `plan`, in the current event loop."""
        _check_two(source.url, target.url)
        there = await aread(source)
        self._check_only(source.catalog)
        here = await aread(target, self._read_of_target(target.catalog))
        return self._planned(source.catalog, there, here)

    def _planned(self, catalog: Catalog, source: Reading, target: Reading) -> Plan:
        renumbered = remapped(catalog, source.configuration, self.renames)
        notes = [Note("carried", each) for each in renumbered.warnings]
        notes += [
            Note("unread", f"{kind} could not be read: {why.message}")
            for kind, why in renumbered.unread.items()
            if self._is_carried(Id(*kind.partition("/")[::2]))
        ]
        notes += [Note("carried", text) for text in self._left_out(renumbered)]
        desired = self._selected(renumbered)
        notes += [Note("carried", text) for text in _other_length(catalog, source, renumbered, desired, target)]
        _check_free(catalog, desired, target.configuration)
        for id in list(_impossible(catalog, desired, target.configuration)):
            del desired.entities[id]
            notes.append(Note("carried", f"Not carried over: {id}, because the API has no action that adds one."))
        try:
            made = plan(desired, target, secrets=self.secrets, origin="what is brought")
        except Refused as refusal:
            raise refusal.replace(hint=_advice(catalog, refusal.missing, renumbered, self.only)) from None
        if any(step.change == "add" and step.id.kind == "trunks" for step in made.steps):
            notes.append(Note("carried", _TRUNKS))
        return made._replace(notes=(*notes, *made.notes))

    def _selected(self, configuration: Configuration) -> Configuration:
        entities = {id: entity for id, entity in configuration.entities.items() if self._is_carried(id)}
        return replace(configuration, entities=entities, scope=Scope({}))  # so that nothing could be removed

    def _is_carried(self, id: Id) -> bool:
        if str(id) in self.only:
            return True
        if self.only:
            return id.kind in self.only and (id.kind in STAYS or str(id) not in STAYS)
        return self._reason(id) == ""

    def _reason(self, id: Id) -> str:
        """Return why an entity stays where it is; "" where it doesn't."""
        if id.kind == "phones" and self.phones:
            return ""
        return STAYS.get(id.kind) or STAYS.get(str(id), "")

    def _left_out(self, configuration: Configuration) -> Iterator[str]:
        """Yield a sentence for each kind, and each of the settings, that belongs to the source alone."""
        stays = [
            id
            for id, entity in configuration.entities.items()
            if entity.fields
            and not self._is_carried(id)
            and self._reason(id)
            and (not self.only or id.kind in self.only)
        ]
        counts = Counter(id.kind if id.kind in STAYS else str(id) for id in stays)
        for what, count in sorted(counts.items()):
            few = what if "/" in what else f"{what} ({count:,})"
            yield f"Not carried over: {few}, because {STAYS[what]}."

    def _read_of_target(self, catalog: Catalog) -> list[str] | None:
        """Return what of the target has to be read: the kinds that are brought, and all that has a number."""
        if not self.only:
            return None
        numbered = [name for name, kind in kinds(catalog).items() if kind.key == ("Number",)]
        read = [each if each.startswith("settings/") else each.partition("/")[0] for each in self.only]
        return list(dict.fromkeys([*read, *numbered]))

    def _check_only(self, catalog: Catalog) -> None:
        known = [*kinds(catalog), "settings"]
        for each in self.only:
            name = each.partition("/")[0]
            if name not in known:
                raise UnknownName(f"There is no kind {name!r} of configuration.{nearest(name, iter(known))}")


def _advice(catalog: Catalog, missing: Iterable[Reference], source: Configuration, only: Sequence[str]) -> Hint:
    """Return what to do about a refusal: bring the kinds in which the source has what is missing, or change a PBX."""
    owners = {id.key: id for id in source.entities if _has_number(catalog, id)}
    needed = (Id(each.kind, each.key) if each.kind else owners.get(each.key) for each in missing)
    kinds = sorted({id.kind for id in needed if id is not None and id in source.entities})
    if kinds and only:
        more = {"only": ",".join(dict.fromkeys([*only, *kinds]))}
        return Hint("Nothing was sent. Bring what is named too.", arguments=more)
    if kinds:
        return Hint(f"Nothing was sent. Add to the target what it needs of these: {', '.join(kinds)}.")
    return Hint("Nothing was sent. Change it on one of the PBXs, or bring only other kinds.")


def _other_length(
    catalog: Catalog, source: Reading, renumbered: Configuration, desired: Configuration, target: Reading
) -> Iterator[str]:
    """Yield a sentence if numbers have other lengths on the target than its own extensions, whose length stays."""
    pairs = zip(source.configuration.entities, renumbered.entities, strict=True)
    brought = [(old.key, new.key) for old, new in pairs if new in desired.entities and _has_number(catalog, new)]
    lengths = sorted({len(new) for old, new in brought if len(new) != len(old)})
    own = target.configuration.entities.get(_LENGTH)
    digits = str(own.fields.get("Value", "")) if own is not None else ""
    if not lengths or _LENGTH in desired.entities or [digits] == [str(length) for length in lengths]:
        return
    old, new = next((old, new) for old, new in brought if len(new) != len(old))
    here = f" ({digits} digits)" if digits else ""
    change = f"Numbers change their length, such as {old} to {new}"
    yield f"{change}; {_LENGTH} of the target{here} stays: {STAYS[str(_LENGTH)]}."


def _check_two(source: str, target: str) -> None:
    if comparable_url(source) == comparable_url(target):
        raise InvalidArgument(f"Source and target are the same PBX, {target}.", hint="Nothing was sent.")


def _check_free(catalog: Catalog, desired: Configuration, target: Configuration) -> None:
    """Raise InvalidArgument where something else on the target has a number that is brought."""
    taken = {id.key: id for id in target.entities if _has_number(catalog, id)}
    clashes = [
        f"{id} can't be added: {taken[id.key]} has that number on {target.name}."
        for id in sorted(desired.entities)
        if _has_number(catalog, id) and id.key in taken and id not in target.entities
    ]
    if clashes:
        raise InvalidArgument("\n".join(clashes), hint=Hint("Give them other numbers with a map, as in: 800,880"))


def _impossible(catalog: Catalog, desired: Configuration, target: Configuration) -> Iterator[Id]:
    """Yield what the target lacks and no action adds, such as a template of 3CX's own."""
    for id in desired.entities:
        kind = kind_of(catalog, id)
        if not (kind.creator or kind.is_single or kind.part or id in target.entities):
            yield id


def _has_number(catalog: Catalog, id: Id) -> bool:
    return kind_of(catalog, id).key == ("Number",)
