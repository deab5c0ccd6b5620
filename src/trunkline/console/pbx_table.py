"""A table that is updated in place: rows keep their elements, so that the focus stays where it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ..printable import printable
from .frame import tag


class Drawn(NamedTuple):
    """A cell with more than a text. It is drawn again when its ``state`` is another one."""

    state: Hashable
    draw: Callable[[], object]


Cell = str | Drawn


class _Row(NamedTuple):
    element: Element
    cells: list[Element]
    texts: list[Cell | None]


class Table:
    """A table with a caption for screen readers. Columns in ``right`` are numbers. ``update`` fills it.

    On a narrow screen each row becomes a block of lines, each with the name of its column.
    """

    def __init__(self, caption: str, labels: Sequence[str], right: Sequence[int] = ()) -> None:
        self._labels, self._right = labels, frozenset(right)
        self._rows: dict[Hashable, _Row] = {}
        self.element = ui.element("table").classes("tl-pbx-table").props('role="table"')
        with self.element:
            tag("caption", caption).classes("tl-unseen")
            with ui.element("thead").props('role="rowgroup"'), ui.element("tr").props('role="row"'):
                for place, label in enumerate(labels):
                    head = tag("th", label).props('scope="col" role="columnheader"')
                    if place in self._right:
                        head.classes("tl-right")
            self._body = ui.element("tbody").props('role="rowgroup"')

    def update(self, rows: Mapping[Hashable, Sequence[Cell]]) -> None:
        """Show these rows, in their order, by keys that stay the same from update to update."""
        for key in [key for key in self._rows if key not in rows]:
            self._rows.pop(key).element.delete()
        for place, (key, cells) in enumerate(rows.items()):
            row = self._rows.get(key) or self._made(key)
            for column, cell in enumerate(cells):
                self._fill(row, column, cell)
            children = self._body.default_slot.children
            if children[place] is not row.element:
                row.element.move(target_index=place)

    def set_text(self, key: Hashable, column: int, text: str) -> None:
        """Change one text of a row that is there."""
        if (row := self._rows.get(key)) is not None:
            self._fill(row, column, text)

    def _made(self, key: Hashable) -> _Row:
        with self._body, ui.element("tr").props('role="row"') as element:
            cells: list[Element] = []
            for place, label in enumerate(self._labels):
                cell = TextElement(tag="td", text="").props('role="cell"')
                cell.props["data-label"] = label
                if place in self._right:
                    cell.classes("tl-right")
                cells.append(cell)
        self._rows[key] = row = _Row(element, cells, [None] * len(cells))
        return row

    def _fill(self, row: _Row, column: int, cell: Cell) -> None:
        shown, element = row.texts[column], row.cells[column]
        if isinstance(cell, str):
            if cell != shown and isinstance(element, TextElement):
                element.set_text(printable(cell))
                row.texts[column] = cell
        elif not isinstance(shown, Drawn) or shown.state != cell.state:
            element.clear()
            with element:
                cell.draw()
            row.texts[column] = cell
