"""A grid of rows as text: AG Grid, which shows one page and never sorts or filters by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

from nicegui import events, ui

from .language import _

_OPENED, _SELECTED, _SORTED = "tl-row-opened", "tl-rows-selected", "tl-rows-sorted"
_GRID = "event.api.getGridId()"
_OPEN = f"emitEvent('{_OPENED}', [{_GRID}, event.node.id])"
_SELECT = f"emitEvent('{_SELECTED}', [{_GRID}, event.api.getSelectedNodes().map(node => node.id)])"
_SORT = f"emitEvent('{_SORTED}', [{_GRID}, event.api.getColumnState().filter(each => each.sort)])"
_NUMBERS = count(1)


class Column(NamedTuple):
    """A column: ``name`` identifies it, ``label`` is its header."""

    name: str
    label: str
    is_sortable: bool = True


class Grid:
    """Rows, of which one can be opened (double click, Enter) and some be selected; Space selects.

    Cells are text. They go to the browser under names of our own, ``c0``, ``c1`` …, since NiceGUI takes a name that
    begins with a colon for JavaScript, and a PBX may have any name. Each time rows are shown they get new ids, so that
    what somebody did with rows that are gone meanwhile never hits those that stand in their place. The browser sends
    its selection and its order with each change: a question to it would have to wait for a busy browser.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        sort: tuple[str, bool] = ("", False),
        is_several: bool,
        label: str,
        on_open: Callable[[int], Awaitable[None]],
        on_sort: Callable[[str, bool], Awaitable[None]],
        on_select: Callable[[], None],
    ) -> None:
        """Draw it here, without rows. ``sort``: the column that rows are sorted by, and whether descending.

        ``selected`` are the places of the selected rows among those shown, in their order.
        """
        self.selected: Sequence[int] = ()
        self._id = f"rows-{next(_NUMBERS)}"
        self._shown = ""
        self._names = {column.name for column in columns}
        self._on_open, self._on_sort, self._on_select = on_open, on_sort, on_select
        selection = {"mode": "multiRow", "selectAll": "all"} if is_several else {"mode": "singleRow"}
        options = {
            "columnDefs": [self._definition(n, column, sort) for n, column in enumerate(columns)],
            "defaultColDef": {"minWidth": 70, "maxWidth": 420, "resizable": True, "cellDataType": "text"},
            "rowData": [],
            "loading": True,
            "rowSelection": {**selection, "checkboxes": True, "enableClickSelection": False},
            "selectionColumnDef": {"width": 48, "resizable": False},
            "autoSizeStrategy": {"type": "fitCellContents"},
            "ensureDomOrder": True,
            "suppressMovableColumns": True,
            "suppressMultiSort": True,
            "enableCellTextSelection": True,
            "localeText": _locale(),
            "rowHeight": 34,
            "headerHeight": 36,
            ":getRowId": "params => params.data.id",
            ":onCellDoubleClicked": f"event => {_OPEN}",
            ":onCellKeyDown": f"event => {{ if (event.event.key === 'Enter') {_OPEN} }}",
            ":onSelectionChanged": f"event => {_SELECT}",
            ":onSortChanged": f"event => {_SORT}",
            "gridId": self._id,
        }
        self._grid = ui.aggrid(options, auto_size_columns=False).classes("tl-grid")
        self._grid.props(f'role="region" aria-label="{label}"')
        ui.on(_OPENED, self._opened)
        ui.on(_SELECTED, self._selected)
        ui.on(_SORTED, self._sorted)

    def show(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these rows, in this order, with a text for each column; nothing is selected then."""
        self.selected = ()
        self._shown = f"{next(_NUMBERS)}-"
        data = [
            {"id": f"{self._shown}{n}", **{f"c{m}": cell for m, cell in enumerate(row)}} for n, row in enumerate(rows)
        ]
        with self._grid.props.suspend_updates():  # an update makes the grid anew, without its order and its focus
            self._grid.options.update(rowData=data, loading=False)
        self._grid.run_grid_method("setGridOption", "rowData", data)
        self._grid.run_grid_method("setGridOption", "loading", False)
        self._grid.run_grid_method("autoSizeAllColumns")

    def select(self, places: Sequence[int]) -> None:
        """Select the rows of these places among those shown; `selected` has them."""
        self.selected = sorted(places)
        for place in self.selected:
            self._grid.run_row_method(f"{self._shown}{place}", "setSelected", True)

    def _definition(self, n: int, column: Column, sort: tuple[str, bool]) -> dict[str, Any]:
        definition: dict[str, Any] = {
            "colId": column.name,
            "field": f"c{n}",
            "headerName": column.label,
            "sortable": column.is_sortable,
            ":comparator": "() => 0",  # the PBX sorts
        }
        if column.name == sort[0]:
            definition["sort"] = "desc" if sort[1] else "asc"
        return definition

    def _place(self, row_id: Any) -> int | None:
        """Return the place of a row among those shown now; None for one of those that are gone."""
        text = str(row_id)
        number = text.removeprefix(self._shown)
        return int(number) if self._shown and text.startswith(self._shown) and number.isdecimal() else None

    def _is_ours(self, event: events.GenericEventArguments) -> bool:
        """Whether an event comes from this grid: the page may have had another one before."""
        return isinstance(event.args, list) and len(event.args) == 2 and event.args[0] == self._id

    async def _opened(self, event: events.GenericEventArguments) -> None:
        if self._is_ours(event) and (place := self._place(event.args[1])) is not None:
            await self._on_open(place)

    def _selected(self, event: events.GenericEventArguments) -> None:
        if self._is_ours(event):
            places = [self._place(each) for each in event.args[1]]
            self.selected = sorted(place for place in places if place is not None)
            self._on_select()

    async def _sorted(self, event: events.GenericEventArguments) -> None:
        if self._is_ours(event):
            chosen: dict[str, Any] = next((each for each in event.args[1] if each.get("colId") in self._names), {})
            await self._on_sort(chosen.get("colId", ""), chosen.get("sort") == "desc")


def _locale() -> dict[str, str]:
    """Return the texts of AG Grid that it may show or read out."""
    return {
        "noRowsToShow": _("No rows."),
        "loadingOoo": _("Loading …"),
        "ariaRowSelect": _("Press Space to select this row"),
        "ariaRowDeselect": _("Press Space to deselect this row"),
        "ariaRowToggleSelection": _("Press Space to select or deselect this row"),
        "ariaHeaderSelection": _("Column with a box to select all rows"),
        "ariaChecked": _("selected"),
        "ariaUnchecked": _("not selected"),
        "ariaIndeterminate": _("some selected"),
        "ariaToggleCellValue": _("Press Space to select or deselect this row"),
        "ariaSortableColumn": _("Press Enter to sort"),
    }
