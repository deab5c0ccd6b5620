"""A part of a page that is read when the page opens, and again every few seconds while it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ..errors import TrunklineError
from .frame import later, show_error, tag
from .language import _, format_time
from .pbx_shared import LASTING

Read = TypeVar("Read")


class Refreshed(Generic[Read]):
    """Reads with ``read``, and shows with ``show``, which draws at the first call and changes what it drew later.

    A reading that fails leaves what is shown, and says why it is not fresh. It is repeated by itself, except where the
    PBX refused: refused sign-ins can get this machine's address blocked, so a person has to ask for the next one.
    """

    def __init__(self, read: Callable[[], Awaitable[Read]], show: Callable[[Read], None], period: float) -> None:
        self._read, self._show, self._period = read, show, period
        self._parts: _Parts | None = None
        self._begun = 0

    def draw(self) -> None:
        """Draw here, once the first reading is there."""

        async def first() -> None:
            note, problem = tag("p").classes("tl-muted").props('role="status"'), ui.element("div").classes("tl-outage")
            place = ui.element("div").classes("tl-later")
            self._parts = _Parts(note, problem, place, ui.timer(self._period, self.refresh, immediate=False))
            await self.refresh()

        later(first)

    async def refresh(self) -> None:
        """Read again now. Only the reading that began last is shown: an earlier one may not know of a change yet."""
        if self._parts is None:
            return
        self._begun += 1
        mine = self._begun
        reading: Read | TrunklineError
        try:
            reading = await self._read()
        except TrunklineError as failure:
            reading = failure
        if mine != self._begun:
            return
        self._parts.problem.clear()
        self._parts.timer.active = not isinstance(reading, LASTING)
        if isinstance(reading, TrunklineError):
            with self._parts.problem:
                show_error(reading)
                if not self._parts.timer.active:
                    ui.button(_("Try again"), on_click=self.refresh).props("no-caps")
            return
        with self._parts.place:
            self._show(reading)
            self._parts.note.set_text(_("Read at {time}.", time=format_time(datetime.now(UTC), seconds=True)))


class _Parts(NamedTuple):
    note: TextElement
    problem: Element
    place: Element
    timer: ui.timer
