"""Days on which the company, or a department, is closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..catalog import load
from ..errors import InvalidArgument
from ..request import Call, bind
from ..work.drivers import AsyncCaller, Caller, adrive, drive
from ..work.step import Ask, Asks
from .who import checked_name, department

_LONGEST = 366
"""Days of one holiday; more is a slip in a year."""


class Holidays:
    """The holidays of a department or, without ``group``, of the company.

        Holidays(group="Sales").add(pbx, "Christmas", "2026-12-24..2026-12-26")

    ``group`` is a department's name or number. `add` takes a `Pbx`, `aadd` an `AsyncPbx`.
    """

    def __init__(self, *, group: str | None = None) -> None:
        self.group = group

    def add(self, pbx: Caller, name: str, days: str, *, every_year: bool = False) -> bool:
        """Add a holiday; False if there is the same one already, and nothing was sent.

        ``days`` is a day such as ``2026-12-25``, or the first and the last one, as in ``2026-12-24..2026-12-26``.

        Raises InvalidArgument for days that can't be read, NotFound for a department that the PBX doesn't have, and
        VersionMismatch from a PBX before 20.0.7.
        """
        return bool(drive(self._added(name, days, every_year), pbx))

    async def aadd(self, pbx: AsyncCaller, name: str, days: str, *, every_year: bool = False) -> bool:
        """Add as `add` does."""
        return bool(await adrive(self._added(name, days, every_year), pbx))

    def plan(self, pbx: Caller, name: str, days: str, *, every_year: bool = False) -> Call | None:
        """Return the call that `add` would send, None if there is the same holiday already; nothing is changed."""
        call: Call | None = drive(self._planned(name, days, every_year), pbx)
        return call

    async def aplan(self, pbx: AsyncCaller, name: str, days: str, *, every_year: bool = False) -> Call | None:
        """Plan as `plan` does."""
        call: Call | None = await adrive(self._planned(name, days, every_year), pbx)
        return call

    def _added(self, name: str, days: str, every_year: bool) -> Asks[bool]:
        call = yield from self._planned(name, days, every_year)
        if call is None:
            return False
        yield Ask(call)
        return True

    def _planned(self, name: str, days: str, every_year: bool) -> Asks[Call | None]:
        body = _body(checked_name(name, "A holiday's name"), *parse_days(days), every_year)
        if self.group is not None:
            body["Group"] = str((yield from department(self.group))["Number"])
        there: list[Mapping[str, Any]] = yield Ask(bind(load(), load().action("holidays.list"), (), {}))
        if any(_is_same(row, body) for row in there):
            return None
        return bind(load(), load().action("holidays.create"), (), {"body": body})


def parse_days(text: str) -> tuple[date, date]:
    """Return the first and the last day. Raises InvalidArgument for what is neither one day nor two."""
    first, dots, last = text.strip().partition("..")
    try:
        start = date.fromisoformat(first.strip())
        end = date.fromisoformat(last.strip()) if dots else start
    except ValueError:
        raise InvalidArgument(
            f"{text!r} is not a day, or the first and the last one.", hint="Write 2026-12-25 or 2026-12-24..2026-12-26."
        ) from None
    if not 0 <= (end - start).days < _LONGEST:
        raise InvalidArgument(f"{text!r} ends before it begins, or lasts a year.", hint="The first day comes first.")
    return start, end


def _body(name: str, start: date, end: date, every_year: bool) -> dict[str, Any]:
    """Return a holiday of whole days (docs/pbx.md, Hours and holidays)."""
    return {
        "Name": name,
        "Day": start.day,
        "Month": start.month,
        "Year": start.year,
        "DayEnd": end.day,
        "MonthEnd": end.month,
        "YearEnd": end.year,
        "TimeOfStartDate": "PT0S",
        "TimeOfEndDate": "PT23H59M",
        "IsRecurrent": every_year,
    }


def _is_same(row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a holiday is of the same name, days and department; of one that recurs no year counts."""
    years = set() if body["IsRecurrent"] else {"Year", "YearEnd"}
    compared = {"Name", "Day", "Month", "DayEnd", "MonthEnd"} | years
    flags = bool(row.get("IsRecurrent")) == body["IsRecurrent"] and (row.get("Group") or "") == body.get("Group", "")
    return flags and all(row.get(name) == body[name] for name in compared)
