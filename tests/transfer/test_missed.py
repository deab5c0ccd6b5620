"""Calls answered and missed: the numbers agree with the PBX's own, and the page harms nobody."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx, cli
from trunkline.errors import InvalidArgument
from trunkline.transfer import Missed, Report
from trunkline.transfer.missed_page import missed_page

FROM, TO = datetime(2026, 6, 8, tzinfo=UTC), datetime(2026, 6, 12, tzinfo=UTC)


def test_queues_are_counted_as_the_pbx_does(pbx: Pbx) -> None:
    record = Missed(FROM, TO, "queue").run(pbx)
    received = Report("queue-performance-overview", FROM, TO).rows(pbx)
    for row in record["rows"]:
        own = next(each for each in received if each["QueueDn"] == row["group"])
        assert (row["calls"], row["answered"]) == (own.get("QueueReceivedCount", 0), own.get("QueueAnsweredCount", 0))
        assert 0 <= (row["abandoned"] or 0) <= row["missed"] == row["calls"] - row["answered"]
    assert record["total"]["calls"] == sum(row["calls"] for row in record["rows"]) > 10


def test_users_are_those_of_the_extension_statistics(pbx: Pbx) -> None:
    record = Missed(FROM, TO, "user").run(pbx)
    own = Report("extension-statistics", FROM, TO).rows(pbx)
    assert record["total"]["missed"] == sum(row.get("InboundUnansweredCount", 0) for row in own) > 0
    assert record["total"]["abandoned"] is None


def test_days_and_hours_are_the_same_calls(system: System, pbx: Pbx) -> None:
    async def by_day() -> Any:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            return await Missed(FROM, TO, "day").arun(client)

    days, hours = asyncio.run(by_day()), Missed(FROM, TO, "hour").run(pbx)
    assert [row["group"] for row in days["rows"]] == [f"2026-06-{day:02}" for day in range(8, 12)]
    assert len(hours["rows"]) == 24
    assert days["total"] == hours["total"]
    legs = Report("inbound-calls", FROM, TO).rows(pbx)
    assert days["total"]["calls"] == len({leg["CallHistoryId"] for leg in legs}) > 10


def test_an_hour_is_one_of_the_zone(pbx: Pbx) -> None:
    plain, shifted = (Missed(FROM, TO, "hour", zone).run(pbx)["rows"] for zone in (UTC, ZoneInfo("Etc/GMT-3")))
    assert [row["calls"] for row in plain] == [row["calls"] for row in shifted[3:] + shifted[:3]]


def test_a_grouping_that_is_none_is_refused(pbx: Pbx) -> None:
    with pytest.raises(InvalidArgument, match="not 'moon'"):
        Missed(FROM, TO, "moon").run(pbx)  # type: ignore[arg-type]


def test_the_page_escapes_and_asks_no_network(pbx: Pbx) -> None:
    record = Missed(FROM, TO, "queue").run(pbx)
    record["rows"][0]["name"] = "<script>alert('&')</script>"
    page = missed_page(record)
    assert "<script" not in page
    assert "http" not in page.replace(record["pbx"], "")
    (svg,) = [page[page.index("<svg") : page.index("</svg>") + 6]]
    assert len(ET.fromstring(svg).findall(".//rect")) > 3
    assert page.count("<tr>") == len(record["rows"]) + 2


def test_the_command_writes_json_a_table_and_a_page(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    where = ("--url", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    command = ["report", "missed", *where, "--from", "2026-06-08", "--to", "2026-06-12", "--html", "calls.html"]
    assert cli.execute(command) == 0
    record = json.loads(capsys.readouterr().out)
    assert Path("calls.html").read_text() == missed_page(record)
    assert cli.execute([*command, "-o", "table"]) == 2  # the page is there
    assert cli.execute([*command, "--overwrite", "-o", "table"]) == 0
    assert "Answered %" in capsys.readouterr().out
