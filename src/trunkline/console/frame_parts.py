"""Small parts of pages: headings, notes, and the choice of a PBX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from ..printable import printable
from .language import _
from .pbxs import pbxs


def tag(name: str, text: str = "") -> TextElement:
    """Make an HTML element with a text, which is escaped: ``tag("h2", "Queues")``.

    What turns the direction of a text is written out, so that no name looks like another.
    """
    return TextElement(tag=name, text=printable(text))


def heading(text: str, level: int = 2) -> TextElement:
    """Make a heading. The page's title is the only one of level 1; levels follow each other without a gap."""
    return tag(f"h{level}", text)


def empty(text: str) -> None:
    """Say that there is nothing to show, and why."""
    tag("p", text).classes("tl-empty")


def loading(text: str = "") -> None:
    """Show that something is not there yet."""
    with ui.element("div").classes("tl-loading").props('role="status"'):
        ui.spinner(size="1.2em").props('aria-hidden="true"')
        tag("span", text or _("Loading …"))


def pbx_picker(selected: str | None, on_change: Callable[[str], Any]) -> ui.select:
    """Make the choice of one PBX among those of this console; ``on_change`` gets its name."""
    names = pbxs().names
    picker = ui.select(
        names,
        value=selected if selected in names else None,
        label=_("PBX"),
        with_input=True,
        on_change=lambda event: on_change(event.value) if event.value else None,
    )
    return picker.classes("tl-picker").props("outlined dense")
