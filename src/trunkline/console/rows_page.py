"""The page of one list: its rows as a grid, of which one is opened and some are deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from nicegui import ui

from ..catalog import Action, TypeSpec
from ..catalog.secret import is_secret
from ..client import AsyncPbx
from ..errors import TrunklineError
from ..transfer.table import Table, columns_of
from .edit import open_row
from .frame import empty, later, page, pbx_picker, set_pbx, set_title, show_error, tag
from .grid import Column, Grid
from .language import _, format_number
from .pbxs import pbxs
from .rows import PAUSE, chosen_pbx
from .rows_cells import cells
from .rows_delete import Deletion, deleter
from .rows_view import PAGE, View, label, list_named


@page("/rows/{name}", lambda: _("Rows"), section="rows")
def rows(
    name: str, pbx: str = "", columns: str = "", text: str = "", filter: str = "", sort: str = "", page: str = ""
) -> None:
    """Show the rows of one list of one PBX."""
    action = list_named(name)
    set_title(label(name))
    view = View.parse(name, chosen_pbx(pbx) or "", columns, text, filter, sort, page)
    if not view.pbx:
        pbx_picker(None, lambda chosen: ui.navigate.to(view._replace(pbx=chosen).address))
        empty(_("Choose a PBX."))
        return
    set_pbx(view.pbx)
    RowsPage(view, action, pbxs().client(view.pbx)).draw()


class RowsPage:
    """One open page. What changes what it shows changes its address, too, so that it can be shared."""

    def __init__(self, view: View, action: Action, pbx: AsyncPbx) -> None:
        self.view, self.action, self.pbx = view, action, pbx
        self.rows: Sequence[Mapping[str, Any]] = []
        self.grid: Grid | None = None
        self._asked = 0

    def draw(self) -> None:
        """Draw the tools at once, and the rows when they are there."""
        with ui.element("div").classes("tl-tools"):
            self._draw_filters()
        with ui.element("div").classes("tl-tools"):
            self._draw_buttons()
        self.trouble = ui.element("div").classes("tl-slot")
        self.body = ui.element("div").classes("tl-slot")  # not where `later` draws: a grid that is hidden has no width
        later(self._first)
        with ui.element("nav").classes("tl-tools").props(f'aria-label="{_("Pages")}"'):
            self.before = ui.button(_("Previous"), on_click=lambda: self._turn(-1)).props("flat no-caps dense")
            self.count = tag("span").props('role="status"')
            self.after = ui.button(_("Next"), on_click=lambda: self._turn(1)).props("flat no-caps dense")
        self.before.disable()
        self.after.disable()

    def _draw_filters(self) -> None:
        view = self.view
        if len(pbxs().names) > 1:
            pbx_picker(view.pbx, lambda name: ui.navigate.to(self.view._replace(pbx=name, page=1).address))
        search = ui.input(_("Find in the columns"), value=view.text)
        search.props(f'outlined dense type="search" maxlength="200" debounce="{PAUSE}"').classes("tl-search")
        search.on_value_change(lambda event: self._change(text=(event.value or "").strip()))
        condition = ui.input(_("OData filter"), value=view.filter, placeholder="Number eq '100'")
        condition.props('outlined dense maxlength="4000" spellcheck="false"').classes("tl-search")
        for moment in ("keydown.enter", "blur"):
            condition.on(moment, lambda: self._change(filter=(condition.value or "").strip()), args=[])
        chosen = list(self._columns())
        names = list(dict.fromkeys([*columns_of(self.pbx.catalog, self.action), *chosen]))
        columns = ui.select(names, value=chosen, multiple=True, with_input=True, label=_("Columns"))
        columns.props("outlined dense options-dense").classes("tl-columns")
        columns.on("popup-hide", lambda: self._change(columns=tuple(columns.value or ())), args=[])

    def _draw_buttons(self) -> None:
        self.open_button = ui.button(_("Open"), on_click=self._open_selected).props("outline no-caps dense")
        self.open_button.disable()
        self.delete_button: ui.button | None = None
        if deleter(self.pbx.catalog, self.action) is not None:
            self.delete_button = ui.button(_("Delete …"), on_click=self._delete).props("outline no-caps dense")
            self.delete_button.disable()
        create = self.pbx.catalog.resources[self.action.resource].get("create")
        if create is not None and self.action.verb == "list":
            ui.link(_("New …"), f"/actions/{quote(create.id)}?{urlencode({'pbx': self.view.pbx})}")
        self.export = ui.link(_("Export CSV"), self.view.csv_address)

    def _columns(self) -> tuple[str, ...]:
        """Return the columns that are shown; what an address asks for and can't be shown is reported by the loading."""
        try:
            return self.view.table(self.pbx.catalog, self.action).columns
        except TrunklineError:
            return self.view.columns

    async def _first(self) -> None:
        await self._load(is_new_grid=True)

    async def _turn(self, by: int) -> None:
        await self._show(self.view._replace(page=max(1, self.view.page + by)))

    async def _change(self, **parts: Any) -> None:
        """Show something else from its first page on, if it is something else."""
        is_new_grid = "columns" in parts
        if is_new_grid and parts["columns"] == self._columns():
            return
        if (changed := self.view._replace(**parts)) != self.view:
            await self._show(changed._replace(page=1), is_new_grid=is_new_grid)

    async def _sort(self, column: str, is_descending: bool) -> None:
        changed = self.view.sorted_by(column, descending=is_descending)
        if changed.sort != self.view.sort:
            await self._show(changed)

    async def _show(self, view: View, *, is_new_grid: bool = False) -> None:
        self.view = view
        ui.navigate.history.replace(view.address)
        self.export.props["href"] = view.csv_address
        await self._load(is_new_grid=is_new_grid)

    async def _load(self, *, is_new_grid: bool = False) -> None:
        """Read the page and show it. An answer that comes after a later question is dropped."""
        self._asked += 1
        asked, view = self._asked, self.view
        try:
            table = view.table(self.pbx.catalog, self.pbx.action(self.action.id))
            if is_new_grid or self.grid is None:
                self._draw_grid(table)
            listing = self.pbx.call(table.action.id, **table.arguments, count=True)
            found = await listing.page(view.page - 1, PAGE)
        except TrunklineError as error:
            if asked == self._asked:
                self._fill(None, [], None)
                self._report(error)
            return
        if asked != self._asked:
            return
        self.trouble.clear()
        if not found.rows and view.page > 1:
            last = max(1, -(-(found.total or 0) // PAGE))
            if last != view.page:
                await self._show(view._replace(page=last))
                return
        self._fill(table, found.rows, found.total)

    def _draw_grid(self, table: Table) -> None:
        self.body.clear()
        sort = (self.view.sort_column, self.view.is_descending)
        with self.body:
            self.grid = Grid(
                [Column(name, name, _is_sortable(name, spec, self)) for name, spec in table.paths.items()],
                sort=sort,
                is_several=self.delete_button is not None,
                label=label(self.view.name),
                on_open=self._open,
                on_sort=self._sort,
                on_select=self._selected,
            )

    def _fill(self, table: Table | None, found: Sequence[Mapping[str, Any]], total: int | None) -> None:
        # A PBX leaves out what is null (docs/pbx.md, Answers); a row has it, so that a deletion compares it, too.
        heads = dict.fromkeys(name.partition(".")[0] for name in table.columns) if table is not None else {}
        self.rows = [{**heads, **row} for row in found]
        if self.grid is not None:
            self.grid.show([cells(table, row) for row in found] if table is not None else [])
        first = (self.view.page - 1) * PAGE
        span = f"{format_number(first + 1)}–{format_number(first + len(found))}"
        if total is None:
            self.count.set_text(span if found else "")
        else:
            text = _("{span} of {total}", span=span, total=format_number(total)) if found else _("No rows.")
            self.count.set_text(text)
        self.before.set_enabled(self.view.page > 1)
        more = first + len(found) < total if total is not None else len(found) == PAGE
        self.after.set_enabled(more)
        self._set_buttons(0)

    def _report(self, error: TrunklineError) -> None:
        self.trouble.clear()
        with self.trouble:
            show_error(error)
            if self.view.filter and error.status == 400:
                tag("p", _("The filter was: {filter}", filter=self.view.filter)).classes("tl-muted")

    def _selected(self) -> None:
        if self.grid is not None:
            self._set_buttons(len(self.grid.selected))

    def _set_buttons(self, selected: int) -> None:
        self.open_button.set_enabled(selected == 1)
        if self.delete_button is not None:
            self.delete_button.set_enabled(selected > 0)
            self.delete_button.set_text(_("Delete {number} …", number=selected) if selected else _("Delete …"))

    async def _open_selected(self) -> None:
        if self.grid is not None and len(places := self.grid.selected) == 1:
            await self._open(places[0])

    async def _open(self, place: int) -> None:
        if place < len(self.rows) and await open_row(self.view.pbx, self.pbx, self.action, self.rows[place]):
            await self._load()

    async def _delete(self) -> None:
        """Delete the selected rows after a question; those that failed stay selected."""
        if self.grid is None:
            return
        chosen = [self.rows[place] for place in self.grid.selected if place < len(self.rows)]
        if not chosen:
            return
        deletion = Deletion(self.view.pbx, self.pbx, self.action, chosen)
        with self._busy():
            question = await deletion.question()
        if not await question.confirmed():
            return
        with self._busy():
            await deletion.run()
        await self._load()
        with self.trouble:
            deletion.show()
        left = deletion.failed_keys
        self.grid.select([n for n, row in enumerate(self.rows) if deletion.key(row) in left])
        self._set_buttons(len(self.grid.selected))

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Show at the button that something is being read or deleted; it can't be pressed meanwhile."""
        assert self.delete_button is not None  # noqa: S101 - it was pressed
        self.delete_button.props("loading")
        try:
            yield
        finally:
            self.delete_button.props(remove="loading")


def _is_sortable(name: str, spec: TypeSpec, page: RowsPage) -> bool:
    """Whether the PBX can sort by a column: not by secrets, lists and objects."""
    return not (spec.collection or spec.name in page.pbx.catalog.types or is_secret(name.rpartition(".")[2]))
