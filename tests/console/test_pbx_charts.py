"""The charts of a PBX: their numbers against counts made another way, their files, and a reading that is cancelled."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from browser import axe_violations
from saved_fleet import SavedFleet, saved_fleet
from trunkline import Pbx

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = "/pbx/pbx-01/charts?days=7&until=2026-06-15"
FIRST, LAST = date(2026, 6, 9), date(2026, 6, 15)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """One PBX with calls until the middle of June 2026."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 1) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def acme(saved: SavedFleet) -> Iterator[Pbx]:
    """That PBX through a client that is not the console's."""
    saved.tenants[0].emulator.add_client("tests", "tests-key-0123456789", roles=("system_owners",))
    with Pbx(saved.tenants[0].url, "tests", "tests-key-0123456789", token_store=False) as client:
        yield client


@pytest.fixture(scope="module")
def calls(acme: Pbx) -> dict[str, list[Any]]:
    """The legs of each call that began in those days of Berlin, read a day at a time as the PBX gives them."""
    calls: dict[str, list[Any]] = defaultdict(list)
    everything: dict[str, Any] = {
        **dict.fromkeys(("sourceType", "destinationType", "callsType", "callTimeFilterType"), 0),
        **{"sourceFilter": "", "destinationFilter": "", "hidePcalls": False},
        **dict.fromkeys(("callTimeFilterFrom", "callTimeFilterTo"), "0:00:0"),
    }
    for day in range(8, 17):
        start = datetime(2026, 6, day, tzinfo=UTC)
        everything |= {"periodFrom": start, "periodTo": start + timedelta(days=1)}
        rows: list[Any] = list(acme.call("report_call_log_data.get_call_log_data", **everything))
        for row in rows:
            calls[row["CallHistoryId"]].append(row)
    return {key: legs for key, legs in calls.items() if FIRST <= began(legs).date() <= LAST}


def began(legs: list[Any]) -> datetime:
    return min(datetime.fromisoformat(leg["StartTime"]) for leg in legs).astimezone(BERLIN)


def is_from_outside(legs: list[Any]) -> bool:
    return any(leg["Direction"].startswith("Inbound") for leg in legs)


def was_answered(legs: list[Any]) -> bool:
    return any(leg["Status"] == "Answered" and leg["CallType"] in ("Extension", "External") for leg in legs)


def saved_csv(page: Page, title: str, folder: Path) -> list[list[str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {title} as CSV").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    with file.open(newline="", encoding="utf-8-sig") as content:
        return list(csv.reader(content))


def test_the_charts_have_the_calls_of_the_pbx(signed_in: Page, calls: dict[str, list[Any]], tmp_path: Path) -> None:
    outside = [legs for legs in calls.values() if is_from_outside(legs)]
    answered = [legs for legs in outside if was_answered(legs)]
    signed_in.goto(WEEK)
    counts = f"Calls: {len(calls)}. From outside: {len(answered)} answered, {len(outside) - len(answered)} lost."
    expect(signed_in.get_by_text(counts)).to_be_visible()

    hours = saved_csv(signed_in, "Calls by hour", tmp_path)
    assert hours[0] == ["Hour", "Answered", "Lost", "Outbound", "Internal"]
    by_hour = Counter(began(legs).hour for legs in calls.values())
    assert {int(hour): sum(map(int, numbers)) for hour, *numbers in hours[1:]} == {n: by_hour[n] for n in range(24)}

    by_day = Counter(str(began(legs).date()) for legs in answered)
    lost = Counter(str(began(legs).date()) for legs in outside if not was_answered(legs))
    days = [str(FIRST + timedelta(days=n)) for n in range(7)]
    expected = [[day, str(by_day[day]), str(lost[day])] for day in days]
    assert saved_csv(signed_in, "Answered and lost by day", tmp_path)[1:] == expected

    week = saved_csv(signed_in, "Calls by weekday and hour", tmp_path)
    assert [line[0] for line in week[1:]][::6] == ["Monday", "Sunday"]
    assert sum(int(number) for _, *numbers in week[1:] for number in numbers) == len(calls)
    assert int(week[1][1 + 10]) == sum(began(legs).strftime("%a %H") == "Mon 10" for legs in calls.values())

    queues = saved_csv(signed_in, "Calls by queue", tmp_path)
    entered = Counter(
        number
        for legs in calls.values()
        for number in {leg["DestinationDn"] for leg in legs if leg["CallType"] == "Queue"}
    )
    assert {number: int(taken) + int(lost) for number, _, taken, lost in queues[1:]} == dict(entered)


def test_a_chart_is_a_picture_with_a_name_and_also_a_table(signed_in: Page, tmp_path: Path) -> None:
    signed_in.goto(WEEK)
    chart = signed_in.get_by_role("img", name="Calls by queue")
    expect(chart.locator("svg")).to_be_visible()
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="Save Calls by queue as PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG\r\n")
    assert download.value.suggested_filename == "pbx-01-calls-by-queue-2026-06-15-7d.png"
    signed_in.get_by_role("switch", name="Calls by queue as table").click()
    lines = saved_csv(signed_in, "Calls by queue", tmp_path)
    table = signed_in.get_by_role("table", name="Calls by queue")
    for n, line in enumerate(lines):
        cells = table.get_by_role("row").nth(n).get_by_role("cell" if n else "columnheader")
        expect(cells).to_have_text(line)
    expect(chart).to_be_hidden()
    assert axe_violations(signed_in) == []


def test_the_calls_of_today(signed_in: Page, acme: Pbx) -> None:
    acme.users.make_call({"dn": "100", "destination": "101"})
    newest = max(acme.active_calls.list(), key=lambda call: int(call["Id"]))
    acme.active_calls.drop_call(newest["Id"])
    signed_in.goto("/pbx/pbx-01/charts")
    expect(signed_in.get_by_text("Calls: 1. From outside: 0 answered, 0 lost.")).to_be_visible()
    expect(signed_in.get_by_role("heading", name="Answered and lost by hour")).to_be_visible()
    signed_in.get_by_label("Until").fill("2026-06-10")
    expect(signed_in).to_have_url(re.compile(r"charts\?days=1&until=2026-06-10$"))


def test_a_long_reading_shows_progress_and_is_cancelled(signed_in: Page, saved: SavedFleet) -> None:
    emulator = saved.tenants[0].emulator
    emulator.add_fault("stall@/ReportCallLogData*")
    signed_in.goto("/pbx/pbx-01/charts?days=30&until=2026-05-31")
    expect(signed_in.get_by_role("progressbar", name="Progress")).to_be_visible()
    signed_in.get_by_role("button", name="Cancel").click()
    expect(signed_in.get_by_text("The reading was cancelled.")).to_be_visible()
    emulator.clear_faults()
    signed_in.get_by_role("button", name="Read again").click()
    expect(signed_in.get_by_role("img", name="Calls by hour")).to_be_visible()


def test_what_cant_be_read_says_why(signed_in: Page, saved: SavedFleet) -> None:
    saved.tenants[0].emulator.add_fault("403@/ReportCallLogData*")
    signed_in.goto("/pbx/pbx-01/charts?days=7&until=2026-05-20")
    expect(signed_in.get_by_role("alert")).to_be_visible()
    saved.tenants[0].emulator.clear_faults()
    signed_in.get_by_role("button", name="Try again").click()
    expect(signed_in.get_by_role("img", name="Calls by hour")).to_be_visible()


def test_a_period_that_is_none_is_refused(signed_in: Page) -> None:
    signed_in.goto("/pbx/pbx-01/charts?days=31")
    expect(signed_in.get_by_role("alert")).to_contain_text("Charts have 1, 7 or 30 days")
    refused = "The period in the address|Charts have 1, 7 or 30 days"
    for period in ("days=x", "until=tomorrow", "until=1999-12-31", "until=9999-12-31"):
        assert re.search(refused, signed_in.request.get(f"/pbx/pbx-01/charts?{period}").text()), period
