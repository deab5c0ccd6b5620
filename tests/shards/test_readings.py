"""What shards read from a PBX: its status, days of its call log, and what changed in its configuration."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, System
from nasty import closed_port
from sharded import most_at_once
from trunkline import AsyncPbx, ConfigurationError, Forbidden, Pbx, TrunklineError, Unreachable
from trunkline.errors import InvalidArgument, UnknownName
from trunkline.monitor.status import Status
from trunkline.shards import readings
from trunkline.shards.readings import Reading
from trunkline.transfer.period import Window

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
JUNE_2 = Window(datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC))


def read(
    url: str,
    kind: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    window: Window | None = None,
    before: bytes | None = None,
    client: str = CLIENT,
    key: str = KEY,
    **options: Any,
) -> Reading:
    async def once() -> Reading:
        async with AsyncPbx(url, client, key, label="acme", **options) as pbx:
            return await readings.carry_out(kind, pbx, parameters or {}, window, before)

    return asyncio.run(once())


# ── kinds and parameters ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "words"),
    [
        ("weather", {}, UnknownName, "call_log, drift, status"),
        ("status", {"backup_day": 3}, InvalidArgument, "backup_day"),
        ("status", {"backup_days": "three"}, InvalidArgument, "backup_days"),
        ("drift", {"accept": "yes"}, InvalidArgument, "accept"),
        ("drift", {"leave_out": ["Contact"]}, UnknownName, "Contacts"),
        ("call_log", {}, InvalidArgument, "folder"),
        ("call_log", {"folder": "exports"}, InvalidArgument, "absolute"),
        ("call_log", {"folder": "/exports/{pbx}"}, InvalidArgument, "each PBX gets its own folder"),
        ("call_log", {"folder": "/exports", "format": "xlsx"}, InvalidArgument, "jsonl"),
        ("call_log", {"folder": "/exports", "columns": ["Stat"]}, UnknownName, "Status"),
        ("call_log", {"folder": "/exports", "zone": "Mars/Olympus"}, InvalidArgument, "Europe/Berlin"),
        ("call_log", {"folder": "/exports", "period": "soon"}, InvalidArgument, "not a period"),
        ("call_log", {"folder": "/exports", "period": "today"}, InvalidArgument, "has ended"),
        ("call_log", {"folder": "/exports", "period": "2026", "start": "2026-01-01"}, InvalidArgument, "one of them"),
        ("call_log", {"folder": "/exports", "end": "2026-01-01"}, InvalidArgument, "without a start"),
        ("call_log", {"folder": "/exports", "start": "2000-01-01"}, InvalidArgument, "3,700 days"),
    ],
)
def test_wrong_parameters_are_refused_before_there_is_a_job(
    kind: str, parameters: dict[str, Any], error: type[TrunklineError], words: str
) -> None:
    with pytest.raises(error) as refused:
        readings.plan(kind, parameters, NOW)
    assert words in f"{refused.value.message} {refused.value.hint.text}"


@pytest.mark.parametrize("kind", ["status", "drift"])
def test_a_kind_without_windows_is_one_reading_for_each_pbx(kind: str) -> None:
    assert readings.plan(kind, {}, NOW) == [None]


# ── status ──────────────────────────────────────────────────────────────────────────────────────


def test_a_status_is_the_one_that_the_command_shows(system: System, pbx: Pbx) -> None:
    result = read(system.url, "status").result
    shown = msgspec.to_builtins(Status.read(pbx))
    assert {**result, "time": "", "disk": {}} == {**shown, "time": "", "disk": {}}
    assert [concern["field"] for concern in result["concerns"]] == ["backup"]
    assert read(system.url, "status", {"backup_days": 100_000}).result["concerns"] == []


def test_a_status_has_four_requests_under_way_at_most(system: System) -> None:
    system.emulator.latency = 0.1
    try:
        read(system.url, "status")
    finally:
        system.emulator.latency = 0
    assert 1 < most_at_once(system.emulator.journal) <= 4


def test_a_pbx_that_is_away_has_no_status() -> None:
    with pytest.raises(Unreachable):
        read(closed_port(), "status")


# ── call log ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parameters", "first", "last", "count"),
    [
        ({}, "2026-06-14T00:00", "2026-06-15T00:00", 1),
        ({"period": "2026-05"}, "2026-05-01T00:00", "2026-06-01T00:00", 31),
        ({"period": "this-month"}, "2026-06-01T00:00", "2026-06-15T00:00", 14),
        ({"period": "-3d"}, "2026-06-13T00:00", "2026-06-15T00:00", 2),
        ({"start": "2026-06-10"}, "2026-06-10T00:00", "2026-06-15T00:00", 5),
        ({"start": "2026-06-10T08:00", "end": "2026-06-12"}, "2026-06-11T00:00", "2026-06-12T00:00", 1),
        ({"start": "2026-06-10", "end": "2026-07-01"}, "2026-06-10T00:00", "2026-06-15T00:00", 5),
        ({"zone": "Europe/Berlin"}, "2026-06-13T22:00", "2026-06-14T22:00", 1),
        ({"zone": "Asia/Tokyo"}, "2026-06-13T15:00", "2026-06-14T15:00", 1),
        ({"zone": "Europe/Berlin", "period": "2026-03"}, "2026-02-28T23:00", "2026-03-31T22:00", 31),
    ],
)
def test_a_plan_has_the_whole_days_of_a_period(parameters: dict[str, Any], first: str, last: str, count: int) -> None:
    windows = [window for window in readings.plan("call_log", {"folder": "/x", **parameters}, NOW) if window]
    assert (f"{windows[0].start:%Y-%m-%dT%H:%M}", f"{windows[-1].end:%Y-%m-%dT%H:%M}") == (first, last)
    assert len(windows) == count
    assert all(one.end == other.start for one, other in itertools.pairwise(windows))
    later = NOW.replace(hour=14)
    assert readings.plan("call_log", {"folder": "/x", **parameters}, later) == windows


def test_a_day_becomes_a_file(system: System, tmp_path: Path) -> None:
    result = read(system.url, "call_log", {"folder": str(tmp_path)}, window=JUNE_2).result
    file = tmp_path / "acme" / "20260602T000000Z_20260603T000000Z.jsonl"
    content = file.read_bytes()
    rows = [json.loads(line) for line in content.splitlines()]
    assert len(rows) > 50
    assert {row["StartTime"][:10] for row in rows} == {"2026-06-02"}
    assert result == {
        "path": str(file),
        "start": "2026-06-02T00:00:00Z",
        "end": "2026-06-03T00:00:00Z",
        "rows": len(rows),
        "bytes": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "rows_outside": 0,
        "fields_without_column": [],
    }


def test_a_second_reading_replaces_the_file(system: System, tmp_path: Path) -> None:
    first = read(system.url, "call_log", {"folder": str(tmp_path)}, window=JUNE_2).result
    Path(first["path"]).write_text("of a run that was killed")
    left = Path(first["path"]).with_name(f".{Path(first['path']).name}.0a1b2c3d.part")
    left.write_text("half a day")
    assert read(system.url, "call_log", {"folder": str(tmp_path)}, window=JUNE_2).result == first
    assert hashlib.sha256(Path(first["path"]).read_bytes()).hexdigest() == first["digest"]
    assert list((tmp_path / "acme").iterdir()) == [Path(first["path"])]


@pytest.mark.parametrize("output", ["csv", "parquet"])
def test_the_other_formats_have_the_same_rows(system: System, tmp_path: Path, output: str) -> None:
    lines = read(system.url, "call_log", {"folder": str(tmp_path)}, window=JUNE_2).result
    result = read(system.url, "call_log", {"folder": str(tmp_path), "format": output}, window=JUNE_2).result
    file = Path(result["path"])
    assert (file.suffix, result["rows"]) == (f".{output}", lines["rows"])
    assert (file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest()) == (result["bytes"], result["digest"])
    ids = [json.loads(line)["CdrId"] for line in Path(lines["path"]).read_text().splitlines()]
    if output == "csv":
        with file.open(newline="") as opened:
            assert [row["CdrId"] for row in csv.DictReader(opened)] == ids
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        assert parquet.read_table(file).column("CdrId").to_pylist() == ids


def test_columns_are_chosen(system: System, tmp_path: Path) -> None:
    parameters = {"folder": str(tmp_path), "columns": ["StartTime", "Status"]}
    result = read(system.url, "call_log", parameters, window=JUNE_2).result
    assert set(json.loads(Path(result["path"]).read_text().splitlines()[0])) == {"StartTime", "Status"}


def test_a_missing_folder_is_not_made(system: System, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing on this machine"):
        read(system.url, "call_log", {"folder": str(tmp_path / "exports")}, window=JUNE_2)
    assert list(tmp_path.iterdir()) == []
    assert system.sent("GET") == []


def test_a_day_that_can_not_be_read_leaves_no_file(system: System, tmp_path: Path) -> None:
    system.emulator.add_fault({"match": {"operation": "GetCallLogData"}, "do": {"status": 403}})
    with pytest.raises(Forbidden):
        read(system.url, "call_log", {"folder": str(tmp_path)}, window=JUNE_2)
    assert list((tmp_path / "acme").iterdir()) == []


def test_a_day_needs_a_window(system: System, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="needs a window"):
        read(system.url, "call_log", {"folder": str(tmp_path)})
