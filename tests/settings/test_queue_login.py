"""Whether an extension takes calls from queues: read, changed, and refused where somebody else changed it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, NotFound, Pbx, PreconditionFailed
from trunkline.settings import QueueLogin
from trunkline.work.guards import NotConfirmed

AGENT = QueueLogin("110")


def status(pbx: Pbx) -> Any:
    row = pbx.users.list(filter="Number eq '110'", select="QueueStatus").first()
    return row and row["QueueStatus"]


def test_an_agent_goes_out_and_comes_in(pbx: Pbx, system: System) -> None:
    change = AGENT.plan(pbx, is_in=False)
    assert str(change) == "extension 110 Siobhán O'Dwyer\n  queues: logged in → logged out"
    assert status(pbx) == "LoggedIn"
    assert AGENT.apply(pbx, change) is True
    assert status(pbx) == "LoggedOut"
    assert AGENT.apply(pbx, AGENT.plan(pbx, is_in=False)) is False

    async def back() -> bool:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            return await AGENT.aapply(client, await AGENT.aplan(client, is_in=True))

    assert asyncio.run(back()) is True
    assert status(pbx) == "LoggedIn"
    assert len(system.sent("PATCH")) == 2


def test_nothing_is_sent_after_a_no_or_a_change(pbx: Pbx, system: System) -> None:
    change = AGENT.plan(pbx, is_in=False)
    with pytest.raises(NotConfirmed):
        AGENT.apply(pbx, change, confirm=False)
    assert AGENT.apply(pbx, AGENT.plan(pbx, is_in=False))
    with pytest.raises(PreconditionFailed, match="QueueStatus of extension 110"):
        AGENT.apply(pbx, change)
    assert len(system.sent("PATCH")) == 1


def test_an_unknown_extension(pbx: Pbx) -> None:
    with pytest.raises(NotFound):
        QueueLogin("999").plan(pbx, is_in=True)
