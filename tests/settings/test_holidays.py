"""Holidays by plain dates, for the company and a department, added once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Holidays, InvalidArgument, NotFound, Pbx
from trunkline.settings.holidays import parse_days

CHRISTMAS = ("Christmas", "2026-12-24..2026-12-26")


def the_last(pbx: Pbx) -> dict[str, Any]:
    return dict(pbx.holidays.list().all()[-1])


def test_a_holiday_of_a_department_is_added_once(system: System, pbx: Pbx) -> None:
    holidays = Holidays(group="Sales")
    assert holidays.add(pbx, *CHRISTMAS)
    row = the_last(pbx)
    assert (row["Name"], row["Day"], row["Month"], row["Year"]) == ("Christmas", 24, 12, 2026)
    assert (row["DayEnd"], row["MonthEnd"], row["YearEnd"], row["Group"]) == (26, 12, 2026, "GRP0001")
    assert not holidays.add(pbx, *CHRISTMAS)
    assert len(system.sent("POST")) == 2  # the sign-in, and one holiday
    assert Holidays().add(pbx, *CHRISTMAS)  # the company's is another
    assert Holidays(group="Sales").add(pbx, "Christmas", "2027-12-24..2027-12-26")


def test_one_that_recurs_is_the_same_in_each_year(pbx: Pbx) -> None:
    assert not Holidays().add(pbx, "New Year", "2031-01-01", every_year=True)  # the demo company has it


def test_it_is_added_in_an_event_loop_too(system: System, pbx: Pbx) -> None:
    async def add() -> bool:
        async with AsyncPbx(system.url, CLIENT, KEY) as other:
            return await Holidays().aadd(other, "Outing", "2026-07-03")

    assert asyncio.run(add())
    assert the_last(pbx)["Name"] == "Outing"


def test_a_plan_sends_nothing(system: System, pbx: Pbx) -> None:
    call = Holidays().plan(pbx, "Outing", "2026-07-03")
    assert call is not None
    assert call.path == "/Holidays"
    assert [path for path in system.sent("POST") if "Holidays" in path] == []


@pytest.mark.parametrize(
    "days", ["", "tomorrow", "2026-02-30", "2026-12-26..2026-12-24", "2026-01-01..2027-06-01", "24.12.2026"]
)
def test_days_that_can_not_be_read_are_refused(days: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_days(days)


def test_a_department_that_is_not_there_is_named_with_those_that_are(system: System, pbx: Pbx) -> None:
    with pytest.raises(NotFound, match=r"There is no department 'Salse'\. Did you mean Sales"):
        Holidays(group="Salse").add(pbx, *CHRISTMAS)
