"""Configuration as a Python user meets it: one class for a folder and for a PBX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..catalog import load as load_catalog
from ..catalog import nearest
from ..work.drivers import AsyncSystem, System
from .applying.secrets import SecretSource
from .model import Configuration, Fields, Id

if TYPE_CHECKING:
    from ..work.guards import Confirm
    from .applying.apply import Apply, Summary
    from .cloning.mapping import RenameMap
    from .difference import Difference
    from .folder.writing import Written
    from .planning.plan import Plan


class Config:
    """The configuration of a PBX, read from it or from a folder of YAML files.

        config = Config.load("acme")
        plan = config.plan(pbx)
        config.apply(pbx, plan)

    `read`, `plan` and `apply` take a `Pbx`; `aread`, `aplan` and `aapply` an `AsyncPbx`. Entities go by kind and
    natural key: ``config["queues/800"]`` are the fields of a queue, as a file spells them. ``configuration`` has
    everything else: where each field stands, what could not be read, and warnings.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    @classmethod
    def load(cls, folder: Path | str, values: Mapping[str, Any] | None = None) -> Self:
        """Read a folder, with the layers and values that its manifest names. ``values`` win over those of files.

        Raises ConfigurationFaults with every fault of the files and its line.
        """
        from .folder.loading import load

        return cls(load(Path(folder), values))

    @classmethod
    def read(cls, pbx: System, kinds: Sequence[str] | None = None) -> Self:
        """Read a PBX; all kinds, or those that are named.

        Raises the error of a PBX that can't be reached, UnknownName for a kind that doesn't exist. A kind that the PBX
        doesn't give is in ``configuration.unread``.
        """
        from .reading import read

        return cls(read(pbx, kinds).configuration)

    @classmethod
    async def aread(cls, pbx: AsyncSystem, kinds: Sequence[str] | None = None) -> Self:
        """As `read`, in the current event loop."""
        from .reading import aread

        return cls((await aread(pbx, kinds)).configuration)

    def __getitem__(self, id: str) -> Fields:
        """Return the fields of an entity such as ``queues/800``. KeyError where there is none."""
        kind, _, key = id.partition("/")
        entity = self.configuration.entities.get(Id(kind, key))
        if entity is None:
            near = nearest(id, (str(each) for each in self.configuration.entities if each.kind == kind))
            raise KeyError(f"{self.configuration.name} has no {id}.{near}")
        return entity.fields

    def __contains__(self, id: str) -> bool:
        kind, _, key = id.partition("/")
        return Id(kind, key) in self.configuration.entities

    def __iter__(self) -> Iterator[str]:
        return map(str, sorted(self.configuration.entities))

    def __len__(self) -> int:
        return len(self.configuration.entities)

    def __repr__(self) -> str:
        return f"Config({self.configuration.name!r}, {len(self):,} {'entity' if len(self) == 1 else 'entities'})"

    def write(self, folder: Path | str, *, terse: bool = False) -> Written:
        """Write it into a folder; comments in its files survive, and files that say the same are not touched.

        ``terse`` leaves out empty values. Raises InvalidArgument for a folder with layers, ConfigurationError for one
        that can't be written.
        """
        from .folder.writing import write

        return write(self.configuration, Path(folder), terse=terse)

    def diff(self, other: Config, kinds: Sequence[str] | None = None) -> list[Difference]:
        """Return what is different in the other one: added there, removed there, or changed."""
        from .difference import differences

        return differences(self.configuration, other.configuration, kinds)

    def plan(
        self,
        pbx: System,
        *,
        remove: bool = False,
        kinds: Sequence[str] | None = None,
        secrets: SecretSource | None = None,
        resend_secrets: bool = False,
    ) -> Plan:
        """Return what has to be sent so that a PBX has this configuration. Nothing is sent.

        ``remove``: also what the PBX has and this has not, within what the manifest manages; refused for what anything
        that stays on the PBX still names, so that all of it is read that may do so. ``secrets``: where values
        will come from, so that the plan names those that are missing; ``resend_secrets`` sends the ones that are given
        also where the PBX has one.

        Raises Refused with every reason for which the plan may not be made.
        """
        from .planning.plan import plan
        from .planning.removing import kinds_to_read
        from .reading import read

        reading = read(pbx, kinds_to_read(load_catalog(), self.configuration, kinds, remove=remove))
        source = secrets or SecretSource()
        return plan(
            self.configuration, reading, remove=remove, kinds=kinds, secrets=source, resend_secrets=resend_secrets
        )

    async def aplan(
        self,
        pbx: AsyncSystem,
        *,
        remove: bool = False,
        kinds: Sequence[str] | None = None,
        secrets: SecretSource | None = None,
        resend_secrets: bool = False,
    ) -> Plan:
        """As `plan`, in the current event loop."""
        from .planning.plan import plan
        from .planning.removing import kinds_to_read
        from .reading import aread

        reading = await aread(pbx, kinds_to_read(load_catalog(), self.configuration, kinds, remove=remove))
        source = secrets or SecretSource()
        return plan(
            self.configuration, reading, remove=remove, kinds=kinds, secrets=source, resend_secrets=resend_secrets
        )

    @staticmethod
    def apply(pbx: System, plan: Plan, **options: Any) -> Summary:
        """Carry a plan out, and return how far it came. It goes on where a process that applied it ended.

        ``options`` are those of `trunkline.config.applying.apply.Apply`: ``secrets``, ``confirm``, ``max_removals``,
        ``concurrency``. Its ledger is in the user's folder of applies.

        Raises what `Apply` and `Apply.on` raise; a step that failed raises nothing, and is counted.
        """
        with begin(plan, **options) as apply:
            apply.on(pbx)
            return apply.summary

    @staticmethod
    async def aapply(pbx: AsyncSystem, plan: Plan, **options: Any) -> Summary:
        """As `apply`, in the current event loop."""
        with begin(plan, **options) as apply:
            await apply.aon(pbx)
            return apply.summary

    def renamed(self, renames: RenameMap) -> Config:
        """Return it with other numbers and names. Raises InvalidArgument where two would become one."""
        from .cloning.remapping import remapped

        return Config(remapped(load_catalog(), self.configuration, renames))


def begin(
    plan: Plan,
    *,
    secrets: SecretSource | None = None,
    confirm: Confirm | bool | None = None,
    max_removals: str | int = "10%",
    concurrency: int = 4,
) -> Apply:
    """Open the apply of a plan, with its ledger in the user's folder of applies, where old ones that are over go.

    Raises as `Apply` does.
    """
    from .applying.applies import applies_folder, name_of, prune
    from .applying.apply import Apply

    folder = applies_folder()
    prune(folder.path)
    file = folder.file(name_of(plan))
    source = secrets or SecretSource()
    return Apply(plan, file, source, confirm=confirm, max_removals=max_removals, concurrency=concurrency)
