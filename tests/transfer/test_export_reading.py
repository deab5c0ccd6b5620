"""Reading the call log: all of it, once, whatever the report's limits and slips (docs/pbx.md, Pages)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Forbidden, Pbx, Retries, ServerError, TrunklineError
from trunkline.transfer import call_log
from trunkline.transfer.call_log import CallLog, leg_of
from trunkline.transfer.period import days
from trunkline_emulator import Emulator, running
from trunkline_emulator.telephony.model import CallModel

START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)
LOG = "GetCallLogData"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "_PAUSES", Retries(base=0))


def read(url: str, start: datetime = START, end: datetime = END, **options: Any) -> list[dict[str, Any]]:
    async def rows() -> list[dict[str, Any]]:
        async with AsyncPbx(url, CLIENT, KEY, retries=Retries(base=0)) as pbx:
            return [row async for row in CallLog(pbx, **options).rows(start, end)]

    return asyncio.run(rows())


@pytest.fixture
def plain(pbx: Pbx) -> list[dict[str, Any]]:
    """The rows of the period in one answer, oldest first, as the emulator gives them without any trouble."""
    answer = pbx.call(LOG, START, END, 0, "", 0, "", 0, 0, "0:00:0", "0:00:0", False, raw=True)
    return json.loads(answer.body)["value"][::-1]


def test_it_is_all_there_in_order_of_time(system: System, plain: list[dict[str, Any]]) -> None:
    found = read(system.url)
    assert found == plain
    assert len(found) > 800
    assert max(Counter(row["CallHistoryId"] for row in found).values()) > 1


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_windows_come_in_order_whatever_is_answered_first(
    system: System, plain: list[dict[str, Any]], concurrency: int
) -> None:
    system.emulator.vary({"jitter": 0.02})
    assert read(system.url, concurrency=concurrency) == plain
    system.emulator.vary({"jitter": 0})


def test_it_asks_as_the_report_wants_to_be_asked(system: System) -> None:
    read(system.url)
    asked = [entry for entry in system.emulator.journal if entry.operation == LOG]
    assert len({entry.path for entry in asked if entry.path.count("T00:00:00Z") == 2 and "skip=0" in entry.path}) == 10
    for entry in asked:
        assert "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0'" in unquote(entry.path)
        for option in ("orderby", "filter", "count"):
            assert option not in entry.path


@pytest.mark.parametrize("cap", [50, 100, 1000])
def test_a_window_with_more_than_the_report_gives_is_halved(
    system: System, plain: list[dict[str, Any]], cap: int
) -> None:
    system.emulator.vary({"call_log_cap": cap})
    try:
        assert read(system.url) == plain
        halved = sum("periodTo=2026-06-02T12:00:00Z" in entry.path for entry in system.emulator.journal)
        assert bool(halved) == (cap < 1000)
    finally:
        system.emulator.vary({"call_log_cap": 20_000})


def test_the_known_cap_halves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day has more rows than the report gives, page after page."""
    monkeypatch.setattr(call_log, "CAP", 2_000)
    emulator = Emulator(client_id=CLIENT, api_key=KEY, variants={"call_log_cap": 2_000})
    emulator._store.model = CallModel(emulator._store.model.company, days=3, calls_per_day=3000)
    with running(emulator) as url:
        found = read(url, datetime(2026, 6, 12, tzinfo=UTC), datetime(2026, 6, 16, tzinfo=UTC))
    assert len(found) == emulator._store.model.legs > 6_000
    assert len({row["CdrId"] for row in found}) == len(found)


@pytest.mark.parametrize("pages", [{"next_link": "skip"}, {"max_top": 10}, {"page_size": 7}])
def test_pages_of_any_size(system: System, plain: list[dict[str, Any]], pages: dict[str, Any]) -> None:
    before = system.emulator.variants
    system.emulator.vary(pages)
    try:
        assert read(system.url) == plain
    finally:
        system.emulator.vary(before)


def test_times_with_the_offset_of_the_pbx_are_the_same_moments(system: System, plain: list[dict[str, Any]]) -> None:
    system.emulator.vary({"call_log_times": "offset"})
    try:
        rows = read(system.url)
    finally:
        system.emulator.vary({"call_log_times": "utc"})
    assert [row["CdrId"] for row in rows] == [row["CdrId"] for row in plain]
    assert {row["StartTime"][-6:] for row in rows} == {"+01:00"}


def test_a_pbx_that_allows_fewer_rows_at_once_is_asked_for_fewer(system: System, plain: list[dict[str, Any]]) -> None:
    told = "The limit of '40' for Top query has been exceeded. The value from the incoming request is '2000'."
    system.emulator.add_fault(
        {
            "match": {"operation": LOG, "path": "^.*top=2000"},
            "do": {"status": 400, "body": {"error": {"code": "", "message": told}}},
        }
    )
    system.emulator.add_fault({"match": {"operation": LOG, "times": 1}, "do": {"status": 400, "body": refusal(told)}})
    try:
        assert read(system.url) == plain
    finally:
        system.emulator.clear_faults()
    assert any("top=40" in entry.path for entry in system.emulator.journal)


def refusal(message: str) -> dict[str, Any]:
    return {"error": {"code": "", "message": message}}


def test_rows_of_other_times_are_dropped_and_counted(system: System, plain: list[dict[str, Any]]) -> None:
    """A PBX that ignores the period answers with its whole log each time."""
    system.emulator.vary({"call_log_period": "ignored"})

    async def rows() -> tuple[list[bytes], int]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            log = CallLog(pbx)
            found = [leg.line async for each in log.read(days(END - timedelta(days=2), END)) for leg in each.legs]
            return found, log.outside

    try:
        found, outside = asyncio.run(rows())
    finally:
        system.emulator.vary({"call_log_period": "kept"})
    wanted = [row for row in plain if row["StartTime"] >= "2026-06-09"]
    assert [json.loads(line) for line in found] == wanted
    assert outside > 2 * 8_000 - len(wanted)


def test_what_a_pbx_without_periods_does_not_give_is_never_taken_for_nothing(system: System) -> None:
    system.emulator.vary({"call_log_period": "ignored", "call_log_cap": 300})
    try:
        newest = read(system.url, datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 6, 16, tzinfo=UTC))
        assert newest
        with pytest.raises(TrunklineError, match="does not keep to the period 2026-06-01, and may have more rows"):
            read(system.url)
    finally:
        system.emulator.vary({"call_log_period": "kept", "call_log_cap": 20_000})


@pytest.mark.parametrize(
    "fault",
    ["500:times=2", "garbage:times=2", "half-body:times=2", "captive-portal:times=2", "503=0:times=3", "429=0:times=4"],
)
def test_what_passes_is_tried_again(system: System, plain: list[dict[str, Any]], fault: str) -> None:
    system.emulator.add_fault(f"{fault}@{LOG}")
    try:
        assert read(system.url) == plain
    finally:
        system.emulator.clear_faults()


def test_what_does_not_pass_is_said(system: System) -> None:
    system.emulator.add_fault(f"500@{LOG}")
    try:
        with pytest.raises(ServerError):
            read(system.url)
    finally:
        system.emulator.clear_faults()


def test_it_needs_an_owner(system: System) -> None:
    system.emulator.add_client("admin", "admin-key-0123456789", roles=("system_admins",))

    async def rows() -> None:
        async with AsyncPbx(system.url, "admin", "admin-key-0123456789") as pbx:
            async for _ in CallLog(pbx).rows(START, END):
                pass

    with pytest.raises(Forbidden) as refused:
        asyncio.run(rows())
    assert "System Owner" in refused.value.hint.text


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.6", "20.0.10"])
def test_every_version_has_one(version: str) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, version=version)) as url:
        found = read(url)
    assert len(found) > 800
    assert ("CdrId" in found[0]) == (version != "pre-20.0.5")


def test_where_the_log_is_not_there_the_old_one_is_read(system: System, plain: list[dict[str, Any]]) -> None:
    system.emulator.add_fault(f"404@{LOG}")
    try:
        assert read(system.url) == plain
    finally:
        system.emulator.clear_faults()
    assert any(entry.operation == "GetOldCallLogData" for entry in system.emulator.journal)


def test_a_leg_is_told_by_its_cdr_id_else_by_what_it_has_from_the_start() -> None:
    row = {"CallId": 1, "SegmentId": 2, "StartTime": "2026-06-01T08:00:00.1234567Z", "TalkingDuration": "PT1S"}
    assert leg_of({**row, "CdrId": "abc"}).id == "abc"
    assert leg_of(row).id == leg_of({**row, "TalkingDuration": "PT9S"}).id != leg_of({**row, "SegmentId": 3}).id
    assert leg_of(row).started == datetime(2026, 6, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert leg_of({"CdrId": "abc"}).started is None


@pytest.mark.parametrize(
    "row", [{"StartTime": "soon"}, {"StartTime": 5}, {"StartTime": "0001-01-01T00:00:00+14:00"}, ["row"], None]
)
def test_a_row_that_is_none_is_said(row: Any) -> None:
    with pytest.raises(TrunklineError, match="A row of the call log"):
        leg_of(row)


def test_leaving_early_leaves_nothing_running(system: System) -> None:
    async def first() -> int:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            rows = CallLog(pbx).rows(START, END)
            await anext(rows)
            await rows.aclose()  # type: ignore[attr-defined]
            return len(asyncio.all_tasks())

    assert asyncio.run(first()) == 1
