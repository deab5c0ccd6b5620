"""Office hours of the company, of a department or of an extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from ..catalog import Action, load
from ..errors import InvalidArgument
from ..work.drivers import AsyncCaller, Caller, adrive, drive
from ..work.entity_change import EntityChange, Shown, change_sent, fields_read
from ..work.guards import Confirm
from ..work.step import Asks
from .times import parse_week, periods, week_in_words
from .who import department, extension

Schedule = Mapping[str, Any]
_WORDS = {"always": "AllHours", "never": "Never", "office-hours": "OfficeHours"}
_BY_PERIODS = frozenset(("SpecificHours", "SpecificHoursExcludingHolidays"))


class HoursShown(msgspec.Struct, frozen=True):
    """Hours and breaks in plain words. ``of`` is whose they are; ``time_zone`` is null for an extension."""

    of: str
    hours: str
    breaks: str
    time_zone: str | None = None


class _Owner(NamedTuple):
    kind: Literal["company", "department", "extension"]
    action: Action
    key: Mapping[str, Any]
    name: str


class Hours:
    """The hours of a department, an extension or, without either, the company.

        hours = Hours(group="Sales")
        change = hours.plan(pbx, "Mon-Fri 09:00-17:30")
        hours.apply(pbx, change)

    ``group`` is a department's name or number, ``extension`` a number. `show`, `plan` and `apply` take a `Pbx`;
    `ashow`, `aplan` and `aapply` an `AsyncPbx`. Raises InvalidArgument if both are given.
    """

    def __init__(self, *, group: str | None = None, extension: str | None = None) -> None:
        if group is not None and extension is not None:
            raise InvalidArgument("Hours are those of a department or of an extension, not of both.")
        self.group, self.extension = group, extension

    def show(self, pbx: Caller) -> HoursShown:
        """Read the hours. Raises NotFound for a department or an extension that the PBX doesn't have."""
        shown: HoursShown = drive(self._read(), pbx)
        return shown

    async def ashow(self, pbx: AsyncCaller) -> HoursShown:
        """Read as `show` does."""
        shown: HoursShown = await adrive(self._read(), pbx)
        return shown

    def plan(self, pbx: Caller, times: str) -> EntityChange:
        """Read the hours, and return what they become; nothing is changed.

        ``times`` are such as ``Mon-Fri 09:00-17:30, Sat 10:00-13:00``, ``always`` or ``never``; for an extension also
        ``office-hours``, those of its department. Raises InvalidArgument for other times, NotFound as `show` does.
        """
        change: EntityChange = drive(self._planned(times), pbx)
        return change

    async def aplan(self, pbx: AsyncCaller, times: str) -> EntityChange:
        """Plan as `plan` does."""
        change: EntityChange = await adrive(self._planned(times), pbx)
        return change

    def apply(self, pbx: Caller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send a plan; False if it is so already, and nothing was sent.

        ``confirm`` asks a person before, or is the answer. Raises PreconditionFailed, and changes nothing, if the hours
        are not as they were read by now; NotConfirmed after a no.
        """
        return bool(drive(change_sent(change, confirm), pbx))

    async def aapply(self, pbx: AsyncCaller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send as `apply` does."""
        return bool(await adrive(change_sent(change, confirm), pbx))

    def _owner(self) -> Asks[_Owner]:
        if self.group is not None:
            row = yield from department(self.group)
            return _Owner("department", load().action("groups.update"), {"Id": row["Id"]}, f"department {row['Name']}")
        if self.extension is not None:
            row = yield from extension(self.extension)
            name = " ".join(filter(None, ("extension", row["Number"], row.get("DisplayName"))))
            return _Owner("extension", load().action("users.update"), {"Id": row["Id"]}, name)
        return _Owner("company", load().action("office_hours.update"), {}, "company")

    def _read(self) -> Asks[HoursShown]:
        owner = yield from self._owner()
        fields = ["Hours", "BreakTime", *(() if owner.kind == "extension" else ("TimeZoneId",))]
        row = yield from fields_read(owner.action, owner.key, fields)
        return HoursShown(
            owner.name,
            schedule_in_words(row["Hours"], owner.kind),
            schedule_in_words(row["BreakTime"], owner.kind),
            row.get("TimeZoneId"),
        )

    def _planned(self, times: str) -> Asks[EntityChange]:
        word = times.strip().lower()
        spans = [] if word in _WORDS else parse_week(times)  # refused before anything is read
        if word == "office-hours" and self.extension is None:
            raise InvalidArgument("Only an extension has the office hours of its department.")
        owner = yield from self._owner()
        before = yield from fields_read(owner.action, owner.key, ["Hours"])
        old: Schedule = before["Hours"] or {}
        kind = _WORDS.get(word) or _type(old, owner)
        after = {"IgnoreHolidays": bool(old.get("IgnoreHolidays")), **old, "Type": kind, "Periods": periods(spans)}
        shown = Shown("hours", *(schedule_in_words(each, owner.kind) for each in (before["Hours"], after)))
        return EntityChange(owner.action, owner.key, owner.name, before, {"Hours": after}, [shown])


def _type(old: Schedule, owner: _Owner) -> str:
    """Return the type under which spans count: the one there is if it does (docs/pbx.md, Hours and holidays)."""
    usual = "SpecificHours" if owner.kind == "extension" else "OfficeHours"
    return str(old["Type"]) if old.get("Type") in _BY_PERIODS else usual


def schedule_in_words(schedule: Schedule | None, kind: str) -> str:
    """Return a schedule as `Hours.plan` takes it, or ``none``; a type that it has no word for stands before it."""
    if not schedule:
        return "none"
    type_, week = str(schedule.get("Type") or ""), week_in_words(schedule.get("Periods") or [])
    for word, of_type in _WORDS.items():
        if type_ == of_type and (word != "office-hours" or kind == "extension"):
            return word
    if type_ in (*_BY_PERIODS, "OfficeHours", ""):
        return week or "none"
    return f"{type_} {week}".rstrip()
