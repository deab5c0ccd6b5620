"""Answers as the console shows them: rows as a table or as JSON, an entity, a value, a file. Secrets are masked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from nicegui import ui

from ..catalog import Action
from ..catalog.columns import at, table_columns
from ..catalog.secret import masked, secrets_in
from ..client.rows import AsyncRows
from ..redaction import redacted, remember_values
from ..result import Saved
from .errors import shown
from .frame import empty, show_error, tag
from .language import _, format_bytes, format_number, ngettext

_MOST_JSON = 200_000  # characters of JSON that a page shows
_MOST_CELL = 300  # characters of a cell
_STEP = 100  # rows that are shown first, and with each click on "More rows"


def clean(value: Any) -> Any:
    """Return an answer without its secrets, which this process knows from then on wherever they stand."""
    remember_values(secrets_in(value))
    return masked(value)


def pretty(value: Any) -> str:
    """Return JSON over several lines."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


class RowsAnswer:
    """The rows of a list, a page of the PBX at a time."""

    def __init__(self, action: Action, rows: AsyncRows[Any]) -> None:
        self._action = action
        self._pages = aiter(rows.pages())
        self._rows: list[Any] = []
        self._limit = 0
        self._is_whole = False
        self._is_table = True

    async def draw(self) -> None:
        """Read the first page, and draw here."""
        await self._read()
        self._status = tag("p").props('role="status"').classes("tl-muted")
        if not self._rows:
            self._status.set_text(_("No rows."))
            return
        with ui.row().classes("act-buttons"):
            toggle = ui.toggle({True: _("Table"), False: "JSON"}, value=True, on_change=lambda e: self._choose(e.value))
            toggle.props("no-caps unelevated")
            self._more = ui.button(_("More rows"), on_click=self._go_on).props("flat no-caps")
        self._place = ui.element("div").classes("act-scroll")
        self._show()

    async def _read(self) -> None:
        """Read on until another step of rows is there. A PBX may have shorter pages than were asked for."""
        self._limit += _STEP
        while len(self._rows) < self._limit:
            page = await anext(self._pages, None)
            if page is None:
                self._is_whole = True
                return
            self._rows += clean(page.rows)

    async def _go_on(self) -> None:
        self._more.disable()
        try:
            await self._read()
        except Exception as problem:
            ui.notify(shown(problem).message, type="negative")
        self._more.enable()
        self._show()

    def _choose(self, is_table: bool) -> None:
        self._is_table = is_table
        self._show()

    def _show(self) -> None:
        rows = self._rows[: self._limit]
        is_all = self._is_whole and len(rows) == len(self._rows)
        number = ngettext("{number} row", "{number} rows", len(rows))
        self._status.set_text(number if is_all else _("The first {rows}; there may be more.", rows=number))
        self._more.set_visibility(not is_all)
        self._place.clear()
        with self._place:
            if self._is_table and all(isinstance(row, Mapping) for row in rows):
                _table(self._action, rows)
            else:
                json_text(rows)


def _table(action: Action, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = table_columns(rows, action)
    scrolled = ui.element("div").classes("act-scroll").props('tabindex=0 role="region"')  # with the arrow keys too
    scrolled.props["aria-label"] = _("Rows")
    with scrolled:
        ui.table(
            columns=[
                {"name": name, "label": name, "field": name, "align": "left", "sortable": True} for name in columns
            ],
            rows=[{"_row": place, **{name: cell(at(row, name)) for name in columns}} for place, row in enumerate(rows)],
            row_key="_row",
        ).props('dense flat bordered wrap-cells=false :pagination="{rowsPerPage: 0}" hide-pagination').classes(
            "act-table"
        )


def cell(value: Any) -> str:
    """Return a value as the text of a cell."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MOST_CELL else f"{text[: _MOST_CELL - 1]}…"


def json_text(value: Any) -> None:
    """Show JSON, or the beginning of it."""
    text = redacted(pretty(value))
    tag("pre", text[:_MOST_JSON]).classes("act-code").props('tabindex="0"')
    if len(text) > _MOST_JSON:
        empty(_("The rest is left out: {number} characters in all.", number=format_number(len(text))))


def value_answer(value: Any) -> None:
    """Show an entity, a plain value, or that the PBX did it and says nothing."""
    if value is None:
        tag("p", _("Done. The PBX answers without a body.")).classes("act-good").props('role="status"')
        return
    hidden = clean(value)
    if not isinstance(hidden, Mapping):
        tag("p", redacted(cell(hidden))).classes("act-value").props('role="status"')
        return
    own = {name: each for name, each in hidden.items() if not name.startswith("@odata.")}
    tag("p", _("The PBX answers:")).props('role="status"').classes("act-good")
    place = ui.element("div").classes("act-scroll")

    def show(is_table: bool) -> None:
        place.clear()
        with place:
            _pairs(own) if is_table else json_text(own)

    with ui.row().classes("act-buttons") as row:
        toggle = ui.toggle({True: _("Table"), False: "JSON"}, value=True, on_change=lambda event: show(event.value))
        toggle.props("no-caps unelevated")
    row.move(target_index=-2)
    show(True)


def _pairs(entity: Mapping[str, Any]) -> None:
    with ui.element("table").classes("act-pairs"), ui.element("tbody"):
        for name, value in entity.items():
            if value not in (None, "", [], {}):
                with ui.element("tr"):
                    tag("th", name).props('scope="row"')
                    tag("td", cell(value))


class Folder:
    """Where files wait until the browser has fetched them; gone when its page is."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="trunkline-console-"))
        ui.context.client.on_delete(self.remove)

    def remove(self) -> None:
        with suppress(OSError):
            shutil.rmtree(self.path)


def file_answer(saved: Saved | None) -> None:
    """Give the browser a file."""
    if saved is None or saved.path is None:
        tag("p", _("The PBX sent no file.")).props('role="status"')
        return
    path, name = saved.path, saved.path.name
    ui.download.file(path, name)
    size = format_bytes(saved.size)
    tag("p", _("{name}: {size}, {type}", name=name, size=size, type=saved.content_type)).props('role="status"')
    ui.button(_("Download again"), on_click=lambda: ui.download.file(path, name)).props("flat no-caps")


def failed(error: BaseException, *, is_done: bool | None) -> None:
    """Show an error, and whether the call was carried out."""
    show_error(error)
    if is_done is False:
        tag("p", _("Nothing was changed.")).classes("tl-muted")
    elif is_done is None:
        text = _("Whether the PBX has carried it out is not known. Look before you send it again.")
        tag("p", text).classes("act-warn")
