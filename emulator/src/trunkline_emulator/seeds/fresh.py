"""The seed "empty": what a PBX has on its first day, before anybody was added. Most of it is in empty.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ..ground import Seed
from ..rules.roles import ROLES, rights_of
from ..values import Row


def read_rows(name: str) -> dict[str, Any]:
    """Return the sets and singletons of a file beside this module."""
    rows: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name(name).read_bytes())
    return rows


def seed() -> Seed:
    """Return the department every PBX is born with, its services and parameters, and the settings."""
    return {**read_rows("empty.json"), "Groups": [department(1, "GRP0000", "DEFAULT")]}


def department(number: int, code: str, name: str) -> Row:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    periods = [{"DayOfWeek": day, "Start": "09:00:00", "Stop": "17:30:00"} for day in days]
    return {
        "Id": number,
        "Number": code,
        "Name": name,
        "IsDefault": code == "GRP0000",
        "HasMembers": False,
        "GloballyVisible": False,
        "Language": "EN",
        "TimeZoneId": "Europe/London",
        "PromptSet": "1e6ed594-af95-4bb4-af56-b957ac87d6d7",
        "Hours": {"Type": "OfficeHours", "IgnoreHolidays": False, "Periods": periods},
        "Rights": [rights_of(role) for role in ROLES],
    }
