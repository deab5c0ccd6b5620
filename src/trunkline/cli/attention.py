"""What deserves attention on a PBX, judged from its row (`glance.told`), each with the next command to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

BACKUP_DAYS = 7.0
"""3CX backs up daily or weekly as a rule: after a week even a weekly backup has been missed."""
LICENCE_DAYS = 30
"""Quote, order and renewal through a partner take weeks; without a licence a PBX stops."""
DISK_PERCENT = 90.0
"""A PBX that runs out of disk stops recording, then taking backups; the last tenth goes in days with recordings on."""


class Limits(NamedTuple):
    """When a backup is old, and a licence about to end; both in days."""

    backup_days: float = BACKUP_DAYS
    licence_days: int = LICENCE_DAYS


class Concern(NamedTuple):
    """``about`` is the field of the row; ``next`` a command line."""

    about: str
    said: str
    next: str


def concerns(row: dict[str, Any], limits: Limits, profile: str = "") -> list[Concern]:
    """All that deserves attention, the gravest first; commands name the profile, if one took part."""
    whom = f" --profile {shlex.quote(profile)}" if profile else ""
    found = (
        *_licence(row["licence"], limits),
        *_services(row["services"]),
        *_trunks(row["trunks"]),
        *_extensions(row["extensions"]),
        *_calls(row["calls"]),
        *_disk(row),
        *_backup(row["backup"], row["unread"], limits),
        *_unread(row["unread"]),
    )
    return [concern._replace(next=concern.next + whom) for concern in found]


def _licence(licence: dict[str, Any], limits: Limits) -> Iterator[Concern]:
    show = "trunkline license-status get"
    ends, maintained = licence["days_left"], licence["maintenance_days_left"]
    if ends is not None and ends < limits.licence_days:
        yield Concern("licence", f"The licence {_ends(ends, licence['expires'])}.", show)
    elif licence["active"] is False:
        yield Concern("licence", "The licence is not active.", show)
    if maintained is not None and maintained < limits.licence_days and maintained != ends:
        yield Concern("licence", f"Its maintenance {_ends(maintained, licence['maintenance_expires'])}.", show)


def _ends(days: int, date: str) -> str:
    return f"has ended ({date[:10]})" if days < 0 else f"ends in {days} day{'s' * (days != 1)} ({date[:10]})"


def _services(services: dict[str, Any]) -> Iterator[Concern]:
    show = "trunkline services list"
    down = services["not_running"]
    if down:
        named = ", ".join(f"{one['name']} ({one['status']})" for one in down)
        yield Concern("services", f"Not running: {named}.", show)
    elif services["all_running"] is False:
        yield Concern("services", "Some services are not running.", show)


def _trunks(trunks: dict[str, Any]) -> Iterator[Concern]:
    show = "trunkline trunks list --columns Number,IsOnline,ConfigurationIssue"
    down, registered, total = trunks["not_registered"], trunks["registered"], trunks["total"]
    if down:
        yield Concern("trunks", f"Not registered: {', '.join(map(trunk_name, down))}.", show)
    elif registered is not None and total is not None and registered < total:
        yield Concern("trunks", f"{total - registered} of {total} trunks are not registered.", show)


def trunk_name(trunk: dict[str, Any]) -> str:
    """Number and name: ``10000 (London SIP)``."""
    return f"{trunk['number']} ({trunk['name']})" if trunk["name"] else str(trunk["number"])


def _extensions(extensions: dict[str, Any]) -> Iterator[Concern]:
    """Some phones are off everywhere; but where none is registered, the network or the SIP service is to blame."""
    if extensions["total"] and extensions["registered"] == 0:
        said = f"None of {extensions['total']} extensions is registered."
        yield Concern("extensions", said, "trunkline users list --columns Number,IsRegistered")
    if extensions["system_registered"] is False:
        said = "Queues, ring groups or other system extensions are not registered."
        yield Concern("extensions", said, "trunkline system-status system-extensions")


def _calls(calls: dict[str, Any]) -> Iterator[Concern]:
    active, licensed = calls["active"], calls["licensed"]
    if active is not None and licensed and active >= licensed:
        said = f"All {licensed} calls of the licence are in use: the next is refused."
        yield Concern("calls", said, "trunkline calls watch")


def _disk(row: dict[str, Any]) -> Iterator[Concern]:
    used = row["disk"]["used_percent"]
    fields = "FreeDiskSpace,RecordingUsedSpace,ChatUsedSpace,LogUsedSpace"
    show = f"trunkline system-status get --select {fields}"
    if used is not None and used > DISK_PERCENT:
        yield Concern("disk", f"The disk is {used:g} % full.", show)
    stopped = [what for what in row["stopped"] if not what.endswith("quota")]
    full = [what for what in row["stopped"] if what.endswith("quota") and what.removesuffix(" quota") not in stopped]
    if stopped:
        yield Concern("disk", f"Stopped for want of space: {' and '.join(stopped)}.", show)
    if full:
        yield Concern("disk", f"Reached: the {' and the '.join(full)}.", show)


def _backup(backup: dict[str, Any], unread: dict[str, Any], limits: Limits) -> Iterator[Concern]:
    age, unplanned = backup["age_days"], ", and none is scheduled" if backup["scheduled"] is False else ""
    make = """trunkline backups backup --description '{"Name": "now"}'"""
    if age is None and "backups" not in unread:
        yield Concern("backup", f"There is no backup{unplanned}.", make)
    elif age is not None and age > limits.backup_days:
        yield Concern("backup", f"The last backup is {age:.0f} days old{unplanned}.", make)


def _unread(unread: dict[str, Any]) -> Iterator[Concern]:
    """What can't be judged is not well; but what a version lacks will never be there, and nobody can mend it."""
    failed = [part for part, told in unread.items() if told["why"] != "missing"]
    if failed:
        yield Concern("unread", f"Could not be read: {', '.join(failed)}.", "trunkline doctor")
