"""One row in a dialog: all of it; where it can be changed a form, the difference, and what to do about a conflict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from ..catalog import Action
from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import InvalidArgument, PreconditionFailed, TrunklineError
from ..redaction import MASK
from ..work.drivers import adrive
from ..work.entity_change import EntityChange, change_sent
from ..work.entity_edit import EntityRead, differences, entity_edited, entity_read, updater
from .edit_fields import Fields
from .form import Form
from .frame import loading, show_error, tag
from .frame_question import Hiding
from .language import _
from .rows_cells import cell_text
from .rows_delete import row_name


async def open_row(pbx_name: str, pbx: AsyncPbx, listing: Action, row: Mapping[str, Any]) -> bool:
    """Show a row as it is on the PBX now, and let somebody change it. Whether it was changed."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("tl-row"):
        dialog.props('aria-labelledby="tl-row-title"')
        row_dialog = _RowDialog(pbx_name, pbx, listing, row, dialog)
    hiding = Hiding(dialog)
    dialog.open()
    try:
        await row_dialog.start()
        was_closed = dialog.submitted.is_set()  # while the row was read; to wait for it would open it again
        is_changed = not was_closed and bool(await dialog)
        if dialog.value:
            dialog.close()
        await hiding.end()
        return is_changed
    finally:
        if not dialog.is_deleted:  # as it is where the browser has left
            dialog.delete()


class _RowDialog:
    """The inside of the dialog, which ends with whether the row was changed."""

    def __init__(
        self, pbx_name: str, pbx: AsyncPbx, listing: Action, row: Mapping[str, Any], dialog: ui.dialog
    ) -> None:
        self.pbx, self.dialog = pbx, dialog
        self.close: Callable[[bool], None] = dialog.submit
        self.given = row
        catalog = pbx.catalog
        resource = catalog.resources[listing.resource]
        self.action = updater(catalog, listing.resource) if listing.verb == "list" else None
        self.reader = resource.get("get") if listing.verb == "list" else None
        keys = self.action.keys if self.action else self.reader.keys if self.reader else ()
        self.key: dict[str, Any] = {name: row.get(name) for name in keys}
        spec = listing.answer_type
        self.name = row_name(row, catalog.key(spec.name) if spec is not None else ())
        tag("h2", _("{name} on {pbx}", name=self.name, pbx=pbx_name)).props('id="tl-row-title"')
        self.trouble = ui.element("div").classes("tl-slot")
        self.body = ui.element("div").classes("tl-row-body")
        self.buttons = ui.row().classes("tl-buttons")

    async def start(self) -> None:
        """Read the row and draw it."""
        self._clear()
        with self.body:
            loading()
        with self.buttons:
            self._button(_("Close"), lambda: self.close(False))
        try:
            read = await self._read()
        except TrunklineError as error:
            self._clear()
            self._report(error)
            with self.buttons:
                self._button(_("Close"), lambda: self.close(False))
            return
        if self.action is None:
            self._draw_details(read.row)
        else:
            self.fields = Fields(Form(self.pbx.catalog, self.action), read.row, read.missing, self._keep_open)
            self._draw_form()

    async def _read(self) -> EntityRead:
        if self.action is not None:
            read: EntityRead = await adrive(entity_read(self.pbx.catalog, self.action, self.key), self.pbx)
            return read
        if self.reader is not None and self.reader.keys and None not in self.key.values():
            return EntityRead(await self.pbx.call(self.reader.id, **self.key))
        return EntityRead(self.given)

    def _keep_open(self, is_typed: bool) -> None:
        """Keep what was typed from Esc and from a click beside the dialog: only a button gives it up."""
        self.dialog.props("persistent" if is_typed else None, remove=None if is_typed else "persistent")

    def _clear(self) -> None:
        for part in (self.trouble, self.body, self.buttons):
            part.clear()

    def _report(self, error: TrunklineError) -> None:
        self.trouble.clear()
        with self.trouble:
            show_error(error)

    @staticmethod
    def _button(text: str, on_click: Callable[[], Any], *, is_main: bool = False) -> None:
        ui.button(text, on_click=on_click).props(f"{'unelevated' if is_main else 'flat'} no-caps")

    def _draw_details(self, row: Mapping[str, Any]) -> None:
        """Draw all fields of a row that nothing changes."""
        self._clear()
        with self.body:
            values = [[name, cell_text(value)] for name, value in masked(row).items() if "@odata." not in name]
            _draw_table([_("Field"), _("Value")], values)
        with self.buttons:
            self._button(_("Close"), lambda: self.close(False))

    def _draw_form(self) -> None:
        self._clear()
        with self.body:
            self.fields.draw()
        with self.buttons:
            self._button(_("Cancel"), lambda: self.close(False))
            self._button(_("Show changes"), self._show_changes, is_main=True)

    def _show_changes(self) -> None:
        assert self.action is not None  # noqa: S101 - the form is drawn only where it can be changed
        try:
            values = self.fields.values()
        except InvalidArgument as error:
            self.fields.show_wrong(error)
            self._report(error)
            return
        change = entity_edited(self.action, self.key, self.name, self.fields.row, values)
        if not change.is_change:
            self.trouble.clear()
            with self.trouble:
                tag("p", _("Nothing was changed.")).props('role="status"')
            return
        self._draw_change(change)

    def _draw_change(self, change: EntityChange) -> None:
        """Draw what is about to be sent."""
        self._clear()
        with self.body:
            tag("h3", _("This will change"))
            rows = []
            lists = []
            for each in differences(change.before, change.after):
                rows.append([each.path, _spelled(each.before), _new(each.before, each.after)])
                if isinstance(each.before, list) or isinstance(each.after, list):
                    lists.append((each.path, each.dropped))
            _draw_table([_("Field"), _("Before"), _("After")], rows)
            for path, dropped in lists:
                gone = _("Gone afterwards: {names}.", names=", ".join(dropped)) if dropped else ""
                text = _("{field} is a list, which is replaced as a whole.", field=path)
                tag("p", f"{text} {gone}".strip()).classes("tl-warning")
        with self.buttons:
            self._button(_("Back"), self._draw_form)
            self._button(_("Send"), lambda: self._send(change), is_main=True)

    async def _send(self, change: EntityChange) -> None:
        """Send the change if nobody else changed the same fields since they were read."""
        try:
            await adrive(change_sent(change, confirm=True), self.pbx)
        except PreconditionFailed as error:
            await self._draw_conflict(change, error)
            return
        except TrunklineError as error:
            self._report(error)
            return
        ui.notify(_("{name} was changed.", name=self.name), type="positive")
        self.close(True)

    async def _draw_conflict(self, change: EntityChange, refused: PreconditionFailed) -> None:
        """Show what somebody else made of the fields meanwhile; nothing was sent, and what was typed is kept."""
        try:
            read = await self._read()
        except TrunklineError as error:
            self._report(error)
            return
        self._clear()
        changed = list(refused.codes) or list(change.after)
        with self.trouble, ui.element("div").classes("tl-error").props('role="alert"'):
            names = ", ".join(changed)
            tag("p", _("Somebody else changed {fields} meanwhile. Nothing was sent.", fields=names)).classes(
                "tl-error-message"
            )
            tag("p", _("Your changes are kept: look at both, and edit again or drop yours."))
        before, now, yours = masked(change.before), masked(read.row), masked(change.after)
        with self.body:
            head = [_("Field"), _("As you read it"), _("On the PBX now"), _("Yours")]
            _draw_table(head, [[name, *(_spelled(each.get(name)) for each in (before, now, yours))] for name in yours])

        def drop() -> None:
            self.fields.forget()
            self.fields.start(read.row)
            self._draw_form()

        def go_on() -> None:
            self.fields.start(read.row)
            self._draw_form()

        with self.buttons:
            self._button(_("Drop mine"), drop)
            self._button(_("Edit again with mine"), go_on, is_main=True)


def _spelled(value: Any) -> str:
    return _("not set") if value is None else cell_text(value) or _("empty")


def _new(before: Any, after: Any) -> str:
    """Return a value after the change; of a secret that differs nothing more can be shown."""
    return _("a new secret") if after == MASK and before is not None else _spelled(after)


def _draw_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table whose first column has the names of its rows."""
    frame = ui.element("div").classes("tl-scroll").props(f'tabindex="0" role="region" aria-label="{head[0]}"')
    with frame, ui.element("table").classes("tl-table"):
        with ui.element("thead"), ui.element("tr"):
            for text in head:
                tag("th", text).props('scope="col"')
        with ui.element("tbody"):
            for first, *rest in rows:
                with ui.element("tr"):
                    tag("th", first).props('scope="row"')
                    for text in rest:
                        tag("td", text)
