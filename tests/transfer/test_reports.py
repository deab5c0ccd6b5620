"""Every report of the catalog, with nothing but a period; periods as people write them."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.errors import InvalidArgument, TrunklineError, UnknownName, UsageError, VersionMismatch
from trunkline.transfer import Report
from trunkline.transfer.period import period
from trunkline.transfer.reports import report_kinds

FROM, TO = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC)


def test_all_reports_answer_with_their_defaults(pbx: Pbx) -> None:
    rows: dict[str, int] = {}
    pbx.defs.get(select=["Id"])  # names the version
    for name, kind in report_kinds().items():
        try:
            pbx.action(kind.action.id)
        except VersionMismatch:
            continue
        rows[name] = len(Report(name, FROM, TO).rows(pbx))
    assert len(rows) > 28
    empty = {name for name, number in rows.items() if not number}
    assert empty <= {"extension-statistics-by-group", "call-cost-by-extension-group"}  # a department must be named


@pytest.mark.parametrize("output", ["csv", "jsonl", "parquet"])
def test_a_report_is_a_file_with_the_columns_of_its_type(pbx: Pbx, tmp_path: Path, output: str) -> None:
    report, path = Report("queue-performance-totals", FROM, TO), tmp_path / "queues"
    done = report.export(pbx, path, output)
    rows = report.rows(pbx)
    assert (done.rows, done.unknown) == (len(rows), ())
    if output == "parquet":
        queues = pq.read_table(path).column("QueueDn").to_pylist()
    elif output == "csv":
        queues = [row["QueueDn"] for row in csv.DictReader(path.read_text().splitlines())]
    else:
        queues = [json.loads(line)["QueueDn"] for line in path.read_text().splitlines()]
    assert queues == [row["QueueDn"] for row in rows]
    with pytest.raises(InvalidArgument, match="is there already"):
        report.export(pbx, path, output)
    assert report.export(pbx, path, output, columns=["QueueDn"], overwrite=True).rows == len(rows)


def test_more_rows_than_a_page_come_whole(pbx: Pbx) -> None:
    rows = Report("outbound-calls", FROM, TO).rows(pbx)
    assert len(rows) > 100
    assert len({row["CdrId"] for row in rows}) == len(rows)


def test_a_parameter_narrows_it(system: System) -> None:
    async def run() -> list[str]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            rows = await Report("queue_performance_totals", FROM, TO, {"queueDns": "800"}).arows(pbx)
        return [row["QueueDn"] for row in rows]

    assert asyncio.run(run()) == ["800"]


@pytest.mark.parametrize(
    ("report", "error", "told"),
    [
        (Report("queue-performanc-totals", FROM, TO), UnknownName, "Did you mean queue-performance-totals"),
        (Report("call-log", FROM, TO), UnknownName, "an export of its own"),
        (Report("queue-performance-totals"), UsageError, "needs a period"),
        (Report("queue-performance-totals", TO, FROM), UsageError, "ends before it begins"),
        (Report("queue-performance-totals", FROM.replace(tzinfo=None), TO), UsageError, "has no zone"),
        (Report("queue-performance-totals", FROM, TO, {"queue": "1"}), UnknownName, "it has queueDns, waitInterval"),
        (Report("extension-statistics", FROM, TO, {"callArea": "many"}), InvalidArgument, "callArea"),
    ],
)
def test_what_cannot_be_is_refused_unsent(
    system: System, pbx: Pbx, report: Report, error: type[TrunklineError], told: str
) -> None:
    with pytest.raises(error) as caught:
        report.rows(pbx)
    assert told in caught.value.message
    assert not system.sent("GET")


NOW = datetime(2026, 3, 18, 10, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("yesterday", "2026-03-17", "2026-03-18"),
        ("today", "2026-03-18", "2026-03-18T10:30"),
        ("last-week", "2026-03-09", "2026-03-16"),
        ("this week", "2026-03-16", "2026-03-18T10:30"),
        ("last_month", "2026-02-01", "2026-03-01"),
        ("this-month", "2026-03-01", "2026-03-18T10:30"),
        ("last-year", "2025-01-01", "2026-01-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025", "2025-01-01", "2026-01-01"),
        ("2026-02-28", "2026-02-28", "2026-03-01"),
        ("-2d", "2026-03-16T10:30", "2026-03-18T10:30"),
    ],
)
def test_periods_are_read(text: str, first: str, last: str) -> None:
    start, end = period(text, UTC, NOW)
    expected = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (first, last)]
    assert [start.at, end.at] == expected


def test_a_day_of_a_zone_is_its_own() -> None:
    start, end = period("2026-03-29", ZoneInfo("Europe/Berlin"), datetime(2026, 4, 1, tzinfo=UTC))
    assert (end.at - start.at).total_seconds() == 23 * 3600


@pytest.mark.parametrize("text", ["", "soon", "2026-13", "last-decade", "1999", "-1y", "0000", "2026-02-30"])
def test_what_is_not_a_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        period(text, UTC, NOW)
