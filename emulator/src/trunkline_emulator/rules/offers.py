"""What a PBX offers beyond its lines: website links, holidays, playlists."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..evidence import ASSUMED
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, INVALID, OUT_OF_THE_RANGE, refuse
from .checks import SHORT, Checked, group_named, like
from .dns import Naming
from .index import next_number, unique_to

if TYPE_CHECKING:
    from ..store import Store

# What the console takes for an address; a PBX keeps any text as a link.


class WebsiteLinks(Naming):
    name = "WebsiteLinks"
    unique = ("Link",)
    fields: ClassVar = {"Group": (group_named,), "Name": (SHORT,)}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        if old is None and not filled.get("Id"):
            filled["Id"] = next_number(store, self.name, "Id")
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        if old is None and link_of_user(store, row["Link"]) is not None:
            yield "Link", ALREADY_IN_USE
        for place, site in enumerate(given.get("Website") or []):
            if like(r"(https?://)?[^\s/]+(/\S*)?")(store, site):
                yield f"Website[{place}]", INVALID


def link_of_user(store: Store, link: str) -> Row | None:
    """Return the user whose own address a link would take."""
    return unique_to(store, "Users", "ClickToCallId", link) or unique_to(store, "Users", "WebMeetingFriendlyName", link)


class Holidays(Checked):
    name = "Holidays"
    required = ("Name",)
    fields: ClassVar = {"Name": (SHORT,), "Group": (group_named,)}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        """Fill in the end of a holiday of one day."""
        if old is not None:
            return given
        start = {"DayEnd": given.get("Day"), "MonthEnd": given.get("Month"), "YearEnd": given.get("Year")}
        ends = {field: value for field, value in start.items() if value and not given.get(field)}
        return {"TimeOfEndDate": "PT23H59M", **given, **ends}

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        for day, month, year in (("Day", "Month", "Year"), ("DayEnd", "MonthEnd", "YearEnd")):
            if old is not None and not {day, month, year} & given.keys():
                continue
            if not 1 <= row[month] <= 12:
                yield month, OUT_OF_THE_RANGE
            elif not 1 <= row[day] <= _days(row[year], row[month]):
                yield day, OUT_OF_THE_RANGE
            if not 0 <= row[year] <= 9999:
                yield year, OUT_OF_THE_RANGE
        dates = [tuple(row[f"{part}{end}"] for part in ("Year", "Month", "Day")) for end in ("", "End")]
        if not row["IsRecurrent"] and dates[1] < dates[0]:
            yield "DayEnd", OUT_OF_THE_RANGE


def _days(year: int, month: int) -> int:
    """How many days a month has; of a year that isn't named, as many as in a leap year."""
    return monthrange(year if 1 <= year <= 9999 else 2024, month)[1]


class Playlists(Checked):
    name = "Playlists"
    fields: ClassVar = {"Name": (SHORT,)}

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        volume = given.get("MaxVolumePercent")
        if volume is not None and not 0 <= volume <= 100:
            yield "MaxVolumePercent", OUT_OF_THE_RANGE

    def check_removal(self, store: Store, row: Row) -> None:
        """Refuse to remove a playlist that is music on hold somewhere (``PLAYLIST_IN_USE``)."""
        settings = store.singletons["MusicOnHoldSettings"]
        sources = [value for field, value in settings.items() if field.startswith("MusicOnHold")]
        sources += [queue["OnHoldFile"] for queue in store.rows("Queues")]
        sources += [group.get("MusicOnHold") for group in store.rows("Groups")]
        if row["Name"] in sources:
            raise refuse(store, "WARNINGS.XAPI.PLAYLIST_IN_USE", row["Name"], fact=ASSUMED)
