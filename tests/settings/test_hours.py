"""Hours of the company, a department and an extension: read, changed, and left alone where somebody else was first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Hours, InvalidArgument, NotConfirmed, NotFound, Pbx, PreconditionFailed

OFFICE = "Mon-Fri 09:00-17:30"
NEW = "Mon-Thu 08:00-12:00, 13:00-17:00, Sat 10:00-13:00"


@pytest.mark.parametrize(
    ("whose", "name", "before", "of_type"),
    [
        ({"group": "sales"}, "department Sales", OFFICE, "OfficeHours"),
        ({"group": "GRP0001"}, "department Sales", OFFICE, "OfficeHours"),
        ({"extension": "104"}, "extension 104 Leila Haddad", "none", "SpecificHours"),
        ({}, "company", OFFICE, "OfficeHours"),
    ],
)
def test_hours_are_shown_planned_and_set(
    pbx: Pbx, system: System, whose: dict[str, str], name: str, before: str, of_type: str
) -> None:
    hours = Hours(**whose)
    assert (hours.show(pbx).of, hours.show(pbx).hours) == (name, before)
    change = hours.plan(pbx, NEW)
    assert str(change) == f"{name}\n  hours: {before} → {NEW}"
    assert system.sent("PATCH") == []
    assert hours.apply(pbx, change)
    assert hours.show(pbx).hours == NEW
    again = hours.plan(pbx, NEW)
    assert (again.is_change, hours.apply(pbx, again)) == (False, False)
    assert len(system.sent("PATCH")) == 1
    assert change.after["Hours"]["Type"] == of_type


def test_words_for_all_of_the_time(pbx: Pbx) -> None:
    mine = Hours(extension="104")
    for word, of_type in (("always", "AllHours"), ("never", "Never"), ("office-hours", "OfficeHours")):
        change = mine.plan(pbx, word)
        mine.apply(pbx, change)
        assert (mine.show(pbx).hours, change.after["Hours"]["Type"]) == (word, of_type)
    with pytest.raises(InvalidArgument, match="Only an extension"):
        Hours(group="Sales").plan(pbx, "office-hours")


def test_what_a_schedule_says_of_holidays_stays(pbx: Pbx) -> None:
    user = pbx.users.list(filter="Number eq '104'").first()
    assert user is not None
    own: Any = {"Type": "SpecificHoursExcludingHolidays", "IgnoreHolidays": True, "Periods": []}
    pbx.users.update(user["Id"], {"Hours": own})
    Hours(extension="104").apply(pbx, Hours(extension="104").plan(pbx, "Mon 9-10"))
    kept = pbx.users.get(user["Id"])["Hours"]
    assert (kept["Type"], kept["IgnoreHolidays"], len(kept["Periods"])) == (own["Type"], True, 1)


def test_hours_that_somebody_else_changed_are_left_alone(pbx: Pbx, system: System) -> None:
    hours = Hours(group="Sales")
    change = hours.plan(pbx, NEW)
    hours.apply(pbx, hours.plan(pbx, "Mon 10-11"))
    sent = len(system.sent("PATCH"))
    with pytest.raises(PreconditionFailed, match="Hours of department Sales changed"):
        hours.apply(pbx, change)
    assert len(system.sent("PATCH")) == sent


def test_somebody_is_asked_and_may_say_no(pbx: Pbx, system: System) -> None:
    hours, asked = Hours(group="Sales"), list[str]()

    def no(question: Any) -> bool:
        asked.extend((question.sentence("here"), *question.facts))
        return False

    with pytest.raises(NotConfirmed):
        hours.apply(pbx, hours.plan(pbx, "never"), confirm=no)
    assert asked == ["Change department Sales on here?", f"hours: {OFFICE} → never"]
    assert system.sent("PATCH") == []


@pytest.mark.parametrize(
    ("whose", "error", "said"),
    [
        ({"group": "Sale"}, NotFound, "There is no department 'Sale'. Did you mean Sales?"),
        ({"group": " "}, InvalidArgument, "1 to 200"),
        ({"extension": "999"}, NotFound, "There is no extension 999"),
    ],
)
def test_who_is_not_there(pbx: Pbx, whose: dict[str, str], error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        Hours(**whose).show(pbx)
    assert said in str(caught.value)


def test_one_owner_only() -> None:
    with pytest.raises(InvalidArgument, match="not of both"):
        Hours(group="Sales", extension="104")


def test_in_an_event_loop(system: System) -> None:
    async def change() -> tuple[bool, str]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            hours = Hours(group="Support")
            done = await hours.aapply(pbx, await hours.aplan(pbx, "always"))
            return done, (await hours.ashow(pbx)).hours

    assert asyncio.run(change()) == (True, "always")
