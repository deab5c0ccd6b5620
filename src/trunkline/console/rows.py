"""The choice of a list whose rows are to be shown."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from nicegui import ui

from .frame import empty, page, pbx_picker, tag
from .language import _
from .pbxs import pbxs
from .rows_view import label, lists

PAUSE = 400
"""Milliseconds after the last key until something is looked for."""


@page("/rows", lambda: _("Rows"), section="rows")
def choose(pbx: str = "", text: str = "") -> None:
    """Show every list that there is, and those alone whose name or summary has a text."""
    chosen = chosen_pbx(pbx)
    with ui.element("div").classes("tl-tools"):
        search = ui.input(_("Find"), value=text).props(f'outlined dense type="search" debounce="{PAUSE}"')
        search.classes("tl-search")
        if len(pbxs().names) > 1:
            pbx_picker(chosen, lambda name: ui.navigate.to(f"/rows?{urlencode({'pbx': name})}"))
    place = ui.element("div")

    def draw() -> None:
        place.clear()
        with place:
            _draw_lists(search.value or "", chosen or "")

    search.on_value_change(draw)
    draw()


def _draw_lists(text: str, pbx: str) -> None:
    words = text.casefold().split()
    found = {
        name: action
        for name, action in lists().items()
        if all(word in f"{name} {label(name)} {action.summary}".casefold() for word in words)
    }
    if not found:
        empty(_("No list is called so."))
    with ui.element("ul").classes("tl-lists"):
        for name, action in found.items():
            with ui.element("li"):
                query = f"?{urlencode({'pbx': pbx})}" if pbx else ""
                ui.link(label(name), f"/rows/{quote(name, safe='')}{query}")
                tag("span", action.summary).classes("tl-muted")


def chosen_pbx(name: str) -> str | None:
    """Return the PBX of an address; where there is one PBX only, that. Raises UnknownName."""
    names = pbxs().names
    if name:
        return pbxs().target(name).name
    return names[0] if len(names) == 1 else None
