"""The first page: all PBXs of this console, those that need attention first."""

from __future__ import annotations

import asyncio
from typing import Any

from nicegui.element import Element

from .fleet_readings import readings
from .fleet_rows import fleet_row
from .frame import empty, page
from .language import _
from .pbxs import pbxs

_PAUSE = 0.2  # seconds in which rows are gathered, so that fifty of them are not fifty messages


class _FleetTable(Element, component="assets/fleet_table.js"):
    """The table, or on a narrow screen the cards. All texts of a PBX are drawn as text, never as markup."""

    def __init__(self) -> None:
        super().__init__()
        columns = {
            "version": _("Version"),
            "calls": _("Calls"),
            "licence": _("Licence"),
            "backup": _("Backup"),
            "extensions": _("Extensions"),
            "trunks": _("Trunks"),
        }
        self._props["columns"] = [{"key": key, "label": label} for key, label in columns.items()]
        self._props["texts"] = {
            "label": _("PBXs and their state"),
            "name": _("PBX"),
            "state": _("State"),
            "notes": _("Needs attention"),
            "filter": _("Filter"),
            "hint": _("Name, state or anything that needs attention"),
            "shown": _("{shown} of {all}"),
            "read": _("Last reading: {time}"),
            "unread": _("Not read yet: {number}"),
            "none": _("No PBX fits the filter."),
        }
        self._props["rows"] = [fleet_row(name, readings().status(name)) for name in pbxs().names]

    def replace(self, rows: list[dict[str, Any]]) -> None:
        """Show other values of some PBXs."""
        new = {row["name"]: row for row in rows}
        self._props["rows"] = [new.get(row["name"], row) for row in self._props["rows"]]
        self.run_method("replace", rows)


@page("/", lambda: _("Fleet"), section="fleet")
def fleet() -> None:
    if not pbxs().names:
        empty(_("No connection is saved."))
        return
    table = _FleetTable()
    _keep_fresh(table)


def _keep_fresh(table: _FleetTable) -> None:
    """Show new readings for as long as a browser is connected."""
    client = table.client
    changed: set[str] = set()
    ends: list[Any] = []

    async def show() -> None:
        await asyncio.sleep(_PAUSE)
        names = sorted(changed)
        changed.clear()
        if client.is_deleted:
            return
        with table:
            table.replace([fleet_row(name, readings().status(name)) for name in names])

    def note(name: str) -> None:
        changed.add(name)
        if len(changed) == 1:
            shows.add(task := asyncio.create_task(show()))
            task.add_done_callback(shows.discard)

    def begin() -> None:
        if not ends:
            ends.append(readings().watch(note))
            with table:  # what was read between the page and the connection
                table.replace([fleet_row(name, readings().status(name)) for name in pbxs().names])

    def end() -> None:
        while ends:
            ends.pop()()

    shows: set[asyncio.Task[None]] = set()
    client.on_connect(begin)
    client.on_disconnect(end)
    client.on_delete(end)
