"""Plan an import, carry it out, and plan it again: the second plan must be empty."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx
from trunkline.transfer.apply import Applying, Fate
from trunkline.transfer.importing import Import
from trunkline.transfer.kinds import Kind
from trunkline.transfer.plan import Plan, Wishes
from trunkline.transfer.sheet import Sheet


class Applied(NamedTuple):
    plan: Plan
    fates: list[Fate]
    again: Plan

    @property
    def added(self) -> list[dict[str, Any]]:
        return [step.new for step in self.plan.steps if step.do == "add"]


def apply(system: System, kind: Kind, content: str | bytes | Sheet, **wishes: Any) -> Applied:
    """Import a file into a PBX; every step must succeed, and the same import must then have nothing to do."""
    if isinstance(content, Sheet):
        sheet = content
    else:
        sheet = kind.read(content.encode() if isinstance(content, str) else content, "file", None)
    imported = Import(sheet, kind, Wishes(**wishes))

    async def run() -> Applied:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            plan = await imported.plan(pbx)
            fates = await Applying(imported, plan).run(pbx)
            return Applied(plan, fates, await imported.plan(pbx))

    applied = asyncio.run(run())
    assert [fate.said for fate in applied.fates if fate.state != "done"] == []
    assert applied.again.steps == []
    return applied
