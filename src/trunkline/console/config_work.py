"""Plans of configuration for one or several PBXs, and carrying them out in a task of this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..client import AsyncPbx
from ..config.applying.apply import Apply
from ..config.applying.removals import check_plan_removals
from ..config.applying.secrets import SecretSource
from ..config.facade import Config
from ..config.facade import begin as begin_apply
from ..config.folder.loading import load
from ..config.model import Configuration
from ..config.planning.plan import Plan
from ..errors import InvalidArgument, TrunklineError
from ..work.fleet import aeach
from ..work.guards import check_several
from ..work.outcome import Outcome, as_error
from ..work.state import State
from .jobs_kept import Kept
from .jobs_tasks import Lent, begin

_AT_ONCE = 4  # PBXs: each is read with four requests at once, and held whole


class Wishes(NamedTuple):
    """What is compared and planned. ``each``: every PBX has a folder of its own name in ``folder``.

    ``kinds`` are those that count, all without any; ``remove``, ``secrets`` and ``resend_secrets`` as in `Config.plan`.
    """

    folder: Path
    names: tuple[str, ...]
    each: bool = False
    kinds: tuple[str, ...] = ()
    remove: bool = False
    secrets: Path | None = None
    resend_secrets: bool = False
    max_removals: str = "10%"

    def check(self) -> None:
        """Raise InvalidArgument where no PBX is chosen, or none has a folder of its own."""
        if not self.names:
            raise InvalidArgument("No PBX is chosen.", hint="Choose one or several.")
        if self.each and not any((self.folder / name).is_dir() for name in self.names):
            raise InvalidArgument(
                f"{self.folder} has no folder for any of the PBXs.", hint="It needs one with the name of each."
            )

    @property
    def source(self) -> SecretSource:
        """Where the values of secrets come from. Raises ConfigurationError for a file that can't be used."""
        return SecretSource(self.secrets, os.environ)

    async def configurations(self) -> Callable[[str], Configuration]:
        """Return what gives the configuration of a PBX by its name. Raises ConfigurationFaults of a folder for all."""
        if self.each:
            return lambda name: load(self.folder / name)
        configuration = await asyncio.to_thread(load, self.folder)
        return lambda name: configuration

    @property
    def only(self) -> Sequence[str] | None:
        """The kinds, None for all."""
        return self.kinds or None


@dataclass
class PbxWork:
    """The plan of one PBX, or why there is none; ``error`` is also what ended the apply early."""

    name: str
    plan: Plan | None = None
    error: TrunklineError | None = None
    apply: Apply | None = None
    is_over: bool = False
    kept: list[Outcome] = field(default_factory=list)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each step so far."""
        if self.is_over:
            return self.kept
        if self.apply is not None:
            return self.apply.outcomes
        return [Outcome(n, State.NOT_STARTED) for n in range(len(self.plan.steps))] if self.plan else []


class ConfigWork:
    """Plans that were made together, and are carried out together."""

    def __init__(self, wishes: Wishes, source: SecretSource, pbxs: list[PbxWork]) -> None:
        self.wishes, self.source, self.pbxs = wishes, source, pbxs
        self.task: asyncio.Task[None] | None = None

    @classmethod
    async def planned(cls, wishes: Wishes) -> ConfigWork:
        """Read the folder and the PBXs, and make the plans; a PBX that can't be read has its error.

        Raises ConfigurationFaults, ConfigurationError and InvalidArgument for what is wrong with all.
        """
        wishes.check()
        source, configurations = wishes.source, await wishes.configurations()

        async def plan(place: Lent) -> Plan:
            async with place as pbx:
                return await _plan(pbx, configurations(place.name), wishes, source)

        places = [Lent(name) for name in wishes.names]
        works: list[PbxWork] = []
        async with aclosing(aeach(places, plan, at_once=_AT_ONCE)) as outcomes:
            async for outcome in outcomes:
                name = places[outcome.n].name
                error = outcome.error
                works.append(
                    PbxWork(name, error=error) if isinstance(error, TrunklineError) else PbxWork(name, outcome.answer)
                )
        return cls(wishes, source, works)

    @property
    def to_do(self) -> list[PbxWork]:
        """The PBXs whose plans have steps."""
        return [each for each in self.pbxs if each.plan is not None and each.plan.steps]

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    def check(self) -> None:
        """Let the guards see the plans. Raises InvalidArgument with the name of the PBX."""
        for each in self.to_do:
            assert each.plan is not None  # noqa: S101 - it has steps
            try:
                check_plan_removals(each.plan, self.wishes.max_removals)
            except InvalidArgument as refusal:
                raise refusal.replace(f"{each.name}: {refusal.message}") from None

    def apply(self) -> None:
        """Carry the plans out, after a person agreed. Raises what the guards raise; then nothing was sent."""
        if self.task is not None:
            raise InvalidArgument(
                "These plans were carried out already.", hint="Make new ones: they have what is left."
            )
        self.check()
        addresses = {each.name: each.plan.url for each in self.to_do if each.plan is not None}
        steps = sum(len(each.plan.steps) for each in self.to_do if each.plan is not None)
        check_several(f"config apply ({steps:,} steps)", addresses, True)
        opened: list[PbxWork] = []
        try:
            for each in self.to_do:
                assert each.plan is not None  # noqa: S101 - it has steps
                each.apply = begin_apply(
                    each.plan, secrets=self.source, confirm=True, max_removals=self.wishes.max_removals
                )
                opened.append(each)
        except BaseException:
            for each in opened:
                assert each.apply is not None  # noqa: S101 - it was just opened
                each.apply.close()
                each.apply = None
            raise
        self.task = begin(self._carry_out(opened), self.stop)

    def stop(self) -> None:
        """Start nothing more; requests in progress are finished."""
        for each in self.pbxs:
            if each.apply is not None:
                each.apply.stop()

    async def _carry_out(self, works: list[PbxWork]) -> None:
        await asyncio.gather(*map(_apply, works))


async def _plan(pbx: AsyncPbx, configuration: Configuration, wishes: Wishes, source: SecretSource) -> Plan:
    return await Config(configuration).aplan(
        pbx, remove=wishes.remove, kinds=wishes.only, secrets=source, resend_secrets=wishes.resend_secrets
    )


async def _apply(work: PbxWork) -> None:
    """Carry out the plan of one PBX; its ledger is closed then, and may be gone."""
    assert work.apply is not None  # noqa: S101 - it was just opened
    try:
        async with Lent(work.name) as pbx:
            await work.apply.aon(pbx)
    except Exception as problem:
        work.error = as_error(problem)
    finally:
        work.kept = work.apply.outcomes
        work.is_over = True
        work.apply.close()


plans: Kept[ConfigWork] = Kept(lambda work: work.is_running)
