"""The tab of the extensions: who has a registered telephone, and in which status they are."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from ..monitor.calls import Row
from .frame import empty, tag
from .language import _, format_number
from .pbx_head import action_address, rows_address
from .pbx_refreshed import Refreshed
from .pbx_shared import readings
from .pbx_table import Cell, Drawn, Table
from .pbxs import pbxs

_PERIOD, _MAX_AGE, _TIMEOUT = 60.0, 30.0, 60.0  # seconds; a large PBX answers a hundred rows a request
_FIELDS = "Id,Number,FirstName,LastName,IsRegistered,CurrentProfileName,QueueStatus,EmailAddress"
_SHOWN = 100


def draw_extensions(name: str) -> None:
    """Draw the extensions of a PBX."""
    _Extensions(name).draw()


class _Extensions:
    def __init__(self, name: str) -> None:
        self._name, self._client = name, pbxs().client(name)
        self._rows: list[Row] = []
        self._table: Table | None = None
        self._most = _SHOWN

    def draw(self) -> None:
        with ui.element("div").classes("tl-tools"):
            self._search = ui.input(_("Number or name"), on_change=self._narrow).classes("tl-search")
            self._search.props('outlined dense clearable type="search" debounce="200"')
            self._offline = ui.checkbox(_("Not registered only"), on_change=self._narrow)
            self._count = tag("p").classes("tl-muted").props('role="status"')
            ui.link(_("All fields of the extensions"), rows_address(self._name, "users"))
        Refreshed(lambda: readings.get(("extensions", self._name), self._read, _MAX_AGE), self._take, _PERIOD).draw()

    async def _read(self) -> list[Row]:
        rows: list[Row] = await self._client.call("users.list", select=_FIELDS, timeout=_TIMEOUT)
        return sorted(rows, key=lambda row: (len(str(row.get("Number"))), str(row.get("Number"))))

    def _take(self, rows: list[Row]) -> None:
        self._rows = rows
        if self._table is None:
            labels = [_("Number"), _("Name"), _("Telephone"), _("Status"), _("Queues"), _("E-mail"), _("More")]
            self._table = Table(_("Extensions"), labels)
            self._none = ui.element("div")
            with self._none:
                empty(_("No extension fits."))
            self._more = ui.button(_("Show more"), on_click=self._show_more).props("flat no-caps")
        self._show(self._table)

    def _narrow(self) -> None:
        self._most = _SHOWN
        if self._table is not None:
            self._show(self._table)

    def _show_more(self) -> None:
        self._most += _SHOWN
        if self._table is not None:
            self._show(self._table)

    def _show(self, table: Table) -> None:
        wanted = str(self._search.value or "").strip().casefold()
        fitting = [row for row in self._rows if self._fits(row, wanted)]
        shown = fitting[: self._most]
        table.update({row.get("Id"): self._cells(row) for row in shown})
        table.element.visible = bool(shown)
        self._none.visible = not shown
        self._more.visible = len(shown) < len(fitting)
        self._count.set_text(
            _("{shown} of {all} extensions", shown=format_number(len(shown)), all=format_number(len(self._rows)))
        )

    def _fits(self, row: Row, wanted: str) -> bool:
        if self._offline.value and row.get("IsRegistered") is not False:
            return False
        return not wanted or wanted in f"{row.get('Number')} {_name(row)} {row.get('EmailAddress') or ''}".casefold()

    def _cells(self, row: Row) -> list[Cell]:
        phones = {True: _("Registered"), False: _("Not registered")}
        queues = {"LoggedIn": _("Logged in"), "LoggedOut": _("Logged out")}
        status = str(row.get("QueueStatus") or "")
        return [
            str(row.get("Number") or ""),
            _name(row),
            phones.get(bool(row["IsRegistered"]), "") if row.get("IsRegistered") is not None else _("Unknown"),
            str(row.get("CurrentProfileName") or ""),
            queues.get(status, status),
            str(row.get("EmailAddress") or ""),
            Drawn(row.get("Number"), partial(self._draw_links, row)),
        ]

    def _draw_links(self, row: Row) -> None:
        number = str(row.get("Number") or "")
        link = ui.link(_("Row"), rows_address(self._name, "users", f"Number eq '{number}'"))
        link.props["aria-label"] = _("Row of {name}", name=number)
        if row.get("Id") is not None:
            link = ui.link(_("Change"), action_address(self._name, "users.update", Id=row["Id"]))
            link.props["aria-label"] = _("Change {name}", name=number)


def _name(row: Row) -> str:
    return " ".join(filter(None, (str(row.get("FirstName") or ""), str(row.get("LastName") or ""))))
