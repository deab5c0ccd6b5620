"""The tab of the trunks: registered or not, of which provider, and how many calls they carry."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

from nicegui import ui

from ..errors import TrunklineError
from ..monitor.calls import Row
from ..monitor.queues import trunk_calls
from .frame import empty, tag
from .language import _, format_number
from .pbx_head import action_address, rows_address
from .pbx_refreshed import Refreshed
from .pbx_shared import readings
from .pbx_table import Cell, Drawn, Table
from .pbxs import pbxs

_PERIOD, _MAX_AGE, _TIMEOUT = 15.0, 8.0, 15.0  # seconds
_FIELDS = "Id,Number,IsOnline,Gateway,SimultaneousCalls,Direction,ExternalNumber,ConfigurationIssue"
_CALLS = 3


class _Reading(NamedTuple):
    trunks: list[Row]
    calls: list[Row] | None


def draw_trunks(name: str) -> None:
    """Draw the trunks of a PBX."""
    _Trunks(name).draw()


class _Trunks:
    def __init__(self, name: str) -> None:
        self._name, self._client = name, pbxs().client(name)
        self._reading = _Reading([], None)
        self._table: Table | None = None

    def draw(self) -> None:
        with ui.element("div").classes("tl-tools"):
            self._search = ui.input(_("Number or name"), on_change=self._narrow).classes("tl-search")
            self._search.props('outlined dense clearable type="search" debounce="200"')
            ui.link(_("All fields of the trunks"), rows_address(self._name, "trunks"))
        Refreshed(lambda: readings.get(("trunks", self._name), self._read, _MAX_AGE), self._take, _PERIOD).draw()

    async def _read(self) -> _Reading:
        trunks, active = await asyncio.gather(
            self._client.call("trunks.list", select=_FIELDS, timeout=_TIMEOUT), self._calls()
        )
        return _Reading(sorted(trunks, key=lambda row: str(row.get("Number"))), active)

    async def _calls(self) -> list[Row] | None:
        try:
            rows: list[Row] = await self._client.call("active_calls.list", timeout=_TIMEOUT)
        except TrunklineError:
            return None
        return rows

    def _take(self, reading: _Reading) -> None:
        self._reading = reading
        if self._table is None:
            labels = [_("Number"), _("Provider"), _("State"), _("Calls"), _("Main number"), _("Problem"), _("More")]
            self._table = Table(_("Trunks"), labels, right=[_CALLS])
            self._none = ui.element("div")
            with self._none:
                empty(_("No trunk fits.") if reading.trunks else _("This PBX has no trunk."))
        self._narrow()

    def _narrow(self) -> None:
        if self._table is None:
            return
        wanted = str(self._search.value or "").strip().casefold()
        fitting = [row for row in self._reading.trunks if wanted in _texts(row).casefold()]
        self._table.update({row.get("Id"): _cells(self._name, row, self._reading.calls) for row in fitting})
        self._table.element.visible = bool(fitting)
        self._none.visible = not fitting


def _texts(row: Row) -> str:
    return f"{row.get('Number') or ''} {_provider(row)} {row.get('ExternalNumber') or ''}"


def _provider(row: Row) -> str:
    gateway = row.get("Gateway")
    return str(gateway.get("Name") or "") if isinstance(gateway, dict) else ""


def _cells(name: str, row: Row, calls: list[Row] | None) -> list[Cell]:
    number, online, limit = str(row.get("Number") or ""), row.get("IsOnline"), row.get("SimultaneousCalls")
    state = _("Unknown") if online is None else _("Registered") if online else _("Not registered")
    used = "" if calls is None else format_number(trunk_calls(calls, number))
    return [
        number,
        _provider(row),
        Drawn(online, partial(_draw_state, state, online)),
        _("{number} of {total}", number=used, total=format_number(limit)) if used and limit else used,
        str(row.get("ExternalNumber") or ""),
        str(row.get("ConfigurationIssue") or ""),
        Drawn(number, partial(_draw_links, name, row)),
    ]


def _draw_state(state: str, online: object) -> None:
    tag("span", state).classes("" if online is None else "tl-good" if online else "tl-bad")


def _draw_links(name: str, row: Row) -> None:
    number = str(row.get("Number") or "")
    link = ui.link(_("Row"), rows_address(name, "trunks", f"Number eq '{number}'"))
    link.props["aria-label"] = _("Row of {name}", name=number)
    if row.get("Id") is not None:
        link = ui.link(_("Register again"), action_address(name, "trunks.refresh_registration", Id=row["Id"]))
        link.props["aria-label"] = _("Register {name} again", name=number)
