"""Plan an import, carry it out, and plan it again: the second plan must be empty."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx
from trunkline.transfer import Import, Plan, Wishes
from trunkline.transfer.kinds import Kind
from trunkline.transfer.sheet import Sheet
from trunkline.work.outcome import Outcome
from trunkline.work.state import State


class Applied(NamedTuple):
    plan: Plan
    outcomes: list[Outcome]
    again: Plan

    @property
    def added(self) -> list[dict[str, Any]]:
        return [step.new for step in self.plan.steps if step.change == "add"]


def apply(system: System, kind: Kind, content: str | bytes | Sheet, **wishes: Any) -> Applied:
    """Import a file into a PBX; every step must succeed, and the same import must then have nothing to do."""
    if isinstance(content, Sheet):
        sheet = content
    else:
        sheet = kind.read(content.encode() if isinstance(content, str) else content, "file", None)
    imported = Import(sheet, kind, Wishes(**wishes))

    async def run() -> Applied:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            plan = await imported.aplan(pbx)
            outcomes = await imported.aapply(pbx, plan, confirm=True, max_removals="100%")
            return Applied(plan, outcomes, await imported.aplan(pbx))

    applied = asyncio.run(run())
    assert [outcome for outcome in applied.outcomes if outcome.state is not State.DONE] == []
    assert applied.again.steps == []
    return applied
