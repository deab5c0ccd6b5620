"""The one dialog in which the console asks before it changes something."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from weakref import WeakSet

from nicegui import Client, ui

from .frame_parts import tag
from .language import _

_ASKING: WeakSet[Client] = WeakSet()
"""Pages on which a question is open."""
_HIDES = 1.0  # seconds that a browser has at most to hide a question


class Hiding:
    """Waits until the browser has hidden a dialog: meanwhile it gives the focus back to where it was.

    To be made before the dialog is drawn: NiceGUI draws an element again where a listener comes later.
    """

    def __init__(self, dialog: ui.dialog) -> None:
        self._hidden = asyncio.Event()
        dialog.on("hide", self._hidden.set)

    async def end(self) -> None:
        """Wait for that, a second at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hidden.wait(), _HIDES)


async def confirmed(
    sentence: str, facts: Sequence[str] = (), *, danger: bool = False, word: str = "", notes: Sequence[str] = ()
) -> bool:
    """Ask a question, and return whether the answer was yes. Esc, a click elsewhere and a lost browser are a no.

    ``sentence`` is the question; ``facts`` say what the answer would do, a line each, and ``notes``, below, what is
    true of all of it. ``danger`` is for what can't be undone: the button is red, and No has the focus. With a ``word``
    the person has to type it first.

    A page asks one question at a time: a second one, as after a double click, is a no that nobody sees.
    """
    client = ui.context.client
    if client in _ASKING:
        return False
    _ASKING.add(client)
    try:
        return await _answer(sentence, facts, notes, danger=danger, word=word)
    finally:
        _ASKING.discard(client)


async def _answer(sentence: str, facts: Sequence[str], notes: Sequence[str], *, danger: bool, word: str) -> bool:
    # A dialog goes with the part of the page that it was made in, and the button may be drawn again meanwhile.
    with ui.context.client.content:
        place = ui.element("div")
        place.visible = False
    with place, ui.dialog() as dialog, ui.card().classes("tl-question"):
        dialog.props('role="alertdialog" aria-labelledby="tl-question" aria-describedby="tl-facts tl-notes"')
        tag("h2", sentence).props('id="tl-question"')
        with ui.element("ul").props('id="tl-facts"').classes("tl-facts"):
            for fact in facts:
                tag("li", fact)
        with ui.element("div").props('id="tl-notes"').classes("tl-muted"):
            for note in notes:
                tag("p", note)
        typed = ui.input(_("Type {word} to go on", word=word)).props("autofocus outlined dense") if word else None
        with ui.row().classes("tl-buttons"):
            no = ui.button(_("No"), on_click=lambda: dialog.submit(False)).props("flat no-caps")
            yes = ui.button(_("Yes"), on_click=lambda: dialog.submit(True)).props("unelevated no-caps")
        if danger:
            yes.classes("tl-danger")
        if typed is not None:
            yes.bind_enabled_from(typed, "value", lambda value: value == word)
        elif danger:
            no.props("autofocus")
        else:
            yes.props("autofocus")
    hiding = Hiding(dialog)
    try:
        answer = bool(await dialog)
        await hiding.end()
        return answer
    finally:
        if not dialog.is_deleted:  # as it is where the browser has left
            dialog.delete()
        if not place.is_deleted:
            place.delete()
