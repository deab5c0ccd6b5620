"""Many PBXs at once: each has its own status, whatever became of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from conftest import CLIENT, KEY
from healthy import Serve
from nasty import closed_port
from trunkline import Status
from trunkline.connections.targets import Target
from trunkline.monitor.concerns import Limits
from trunkline.monitor.survey import severity, survey


async def read_all(*targets: Target) -> list[Status]:
    return sorted([status async for status in survey(targets, Limits(backup_days=2))], key=severity)


def target(name: str, url: str, key: str = KEY) -> Target:
    return Target(url, CLIENT, key, {"timeout": 5.0}, name)


def test_one_pbx_that_fails_does_not_fail_the_others(serve: Serve) -> None:
    healthy, poor = serve(), serve(Backups=[])
    statuses = asyncio.run(
        read_all(
            target("healthy", healthy.url),
            target("poor", poor.url),
            target("down", closed_port()),
            target("refused", healthy.url, "wrong"),
            target("signed-out", healthy.url, ""),
            target("misspelled", "ftp://pbx.example.com"),
        )
    )
    codes = {status.pbx: status.error.code if status.error else None for status in statuses}
    assert codes == {
        "down": "unreachable",
        "misspelled": "configuration",
        "refused": "sign_in",
        "signed-out": "configuration",
        "poor": None,
        "healthy": None,
    }
    assert list(codes) == ["down", "misspelled", "refused", "signed-out", "poor", "healthy"], "the worst come first"
    assert statuses[0].concerns == []
    assert statuses[0].licence.days_left is None


def test_whoever_stops_early_stops_the_others(serve: Serve) -> None:
    quick, slow = serve(), serve()
    slow.emulator.add_fault("silence@/*")

    async def first() -> tuple[Status, int]:
        async with aclosing(survey([target("slow", slow.url), target("quick", quick.url)])) as statuses:
            status = await anext(statuses)
        return status, len(asyncio.all_tasks())

    status, tasks = asyncio.run(first())
    assert (status.pbx, status.error, tasks) == ("quick", None, 1)
