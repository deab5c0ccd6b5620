"""Parts that the pages of jobs, imports and configuration share: tables, states, and a row of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nicegui import ui
from nicegui.element import Element

from ..redaction import redacted
from ..work.state import State
from .frame import tag
from .language import _, format_number

MOST_BYTES = 32 * 2**20
"""Bytes of a file that a browser sends; for more there is the command line."""
ON_A_PAGE = 50

ui.add_head_html('<link rel="stylesheet" href="/assets/work.css">', shared=True)


class Link(NamedTuple):
    """A cell that leads to another page."""

    text: str
    path: str


Cell = str | Link


class _Table(Element, component="assets/jobs_table.js"):
    """A table of texts, which scrolls by itself where the window is narrow. No text in it is ever markup."""

    def __init__(self, label: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        super().__init__()
        self._props["label"] = label
        self._props["headings"] = [*headings]
        self._props["rows"] = [[_cell(cell) for cell in row] for row in rows]


def table(label: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Draw a table of texts. ``label`` says what it has."""
    _Table(label, headings, rows)


def _cell(cell: Cell) -> dict[str, str]:
    text, path = cell if isinstance(cell, Link) else (cell, "")
    return {"text": redacted(text), "path": path}


def state_word(state: str) -> str:
    """Return a state of an item, or of a job, in words."""
    words = {
        State.NOT_STARTED.label: _("not started"),
        State.SENT.label: _("sent"),
        State.DONE.label: _("done"),
        State.FAILED.label: _("failed"),
        State.UNKNOWN.label: _("unknown"),
        "running": _("running"),
        "paused": _("paused"),
        "finished": _("finished"),
        "cancelled": _("cancelled"),
        "waiting": _("waiting"),
    }
    return words[state]


def states_text(counts: Mapping[State, int]) -> str:
    """Return how many items are in each state: ``12 done, 3 failed``."""
    return ", ".join(f"{format_number(count)} {state_word(state.label)}" for state, count in sorted(counts.items()))


def change_word(change: str) -> str:
    """Return what a step of a plan does, or how a PBX differs from its files, in a word."""
    words = {
        "add": _("add"),
        "change": _("change"),
        "finish": _("finish"),
        "remove": _("remove"),
        "added": _("only on the PBX"),
        "removed": _("missing on the PBX"),
        "changed": _("differs"),
    }
    return words[change]


def progress_bar(done: int, total: int) -> None:
    """Draw how far a work is."""
    bar = ui.element("progress").classes("work-progress")
    bar.props(f'max="{max(total, 1)}" value="{done}" aria-label="{_("Progress")}"')
    tag("p", _("{done} of {total}", done=format_number(done), total=format_number(total)))


def pager(skip: int, size: int, go: Callable[[int], Any]) -> None:
    """Draw the way to the other pages of a list; ``go`` gets how many items are skipped."""
    if size <= ON_A_PAGE:
        return
    last = min(skip + ON_A_PAGE, size)
    with ui.row().classes("work-pager items-center"):
        back = button(_("Previous"), lambda: go(max(0, skip - ON_A_PAGE)))
        tag("span", _("{first}–{last} of {size}", first=skip + 1, last=last, size=format_number(size)))
        on = button(_("Next"), lambda: go(skip + ON_A_PAGE))
        back.set_enabled(skip > 0)
        on.set_enabled(last < size)


def button(text: str, on_click: Callable[[], Any], *, main: bool = False, danger: bool = False) -> ui.button:
    """Make a button; ``main`` is the one of its page that goes on, ``danger`` what can't be undone."""
    made = ui.button(text, on_click=on_click).props(f"no-caps {'unelevated' if main or danger else 'outline'}")
    return made.classes("tl-danger") if danger else made
