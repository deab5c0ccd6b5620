"""Whether an update was carried out: the PBX may write what was sent in another way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx
from trunkline.catalog import load
from trunkline.jobs import Job, JobFolder
from trunkline.request import bind
from trunkline.transport.retries import Retries
from trunkline.work.lookup import check_of
from trunkline.work.recovery import Finding


@pytest.mark.parametrize(
    ("action", "body", "row", "finding"),
    [
        ("holidays.update", {"TimeOfStartDate": "PT540M"}, {"TimeOfStartDate": "PT9H"}, Finding.DONE),
        ("holidays.update", {"TimeOfStartDate": "PT540M"}, {"TimeOfStartDate": "PT8H"}, Finding.NOT_DONE),
        ("users.update", {"EmailAddress": None}, {}, Finding.DONE),
        ("holidays.update", {"Name": "easter"}, {"Name": "Easter"}, Finding.NOT_DONE),
        ("holidays.update", {"IsRecurrent": True}, {"IsRecurrent": 1}, Finding.NOT_DONE),
        (
            "blocklist.update",
            {"ExpiresAt": "2027-01-01T00:00:00Z"},
            {"ExpiresAt": "2026-12-31T20:00:00.0000000-04:00"},
            Finding.DONE,
        ),
        ("users.update", {"EmailAddress": "Ada@example.com"}, {"EmailAddress": "ada@example.com"}, Finding.NOT_DONE),
    ],
)
def test_what_the_row_shows(action: str, body: Any, row: Any, finding: Finding) -> None:
    check = check_of(bind(load(), load().action(action), (1,), {"body": body}))
    assert check is not None
    assert check.finding({"Id": 1, **row}) is finding


def test_a_job_does_not_send_again_what_the_pbx_shows_in_another_spelling(system: System, tmp_path: Path) -> None:
    system.emulator.clear_faults()
    system.emulator.add_fault("502:times=1@PATCH /Holidays(1)")  # so the row stays as the PBX writes it: PT23H59M

    @asynccontextmanager
    async def opened(_: str) -> Any:
        async with AsyncPbx(system.url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx:
            yield pbx

    parameters = {"Id": "{{ $json.Id }}", "TimeOfEndDate": "PT1439M"}
    with Job.create(
        JobFolder(tmp_path).new("hours"), "holidays.update", parameters, [{"Id": 1}], {"": system.url}
    ) as job:
        summary = asyncio.run(job.arun(opened))
    assert summary.counts["done"] == 1
    assert len(system.sent("PATCH")) == 1
