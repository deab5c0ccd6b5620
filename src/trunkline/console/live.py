"""The tab of the calls in progress: who talks to whom, for how long, and ending one."""

from __future__ import annotations

from functools import partial
from time import monotonic

from nicegui import ui
from nicegui.element import Element

from ..monitor.call_end import end_call
from ..monitor.calls import CallFilter, Row, duration
from .frame import confirmed, loading, show_error, tag
from .language import _, format_duration, format_number, format_time, ngettext
from .live_watch import CallWatch, Look, call_watch
from .pbx_table import Cell, Drawn, Table
from .pbxs import pbxs

_MOST_SHOWN = 200
_DURATION = 3


def draw_live(name: str) -> None:
    """Draw the calls in progress of a PBX, as they come and go."""
    _LiveCalls(name, call_watch(name)).draw()


class _LiveCalls:
    def __init__(self, name: str, watch: CallWatch) -> None:
        self._name, self._watch = name, watch
        self._filter = ""

    def draw(self) -> None:
        with ui.element("div").classes("tl-tools"):
            self._search = ui.input(_("Number or name"), on_change=self._narrow).classes("tl-search")
            self._search.props('outlined dense clearable type="search" debounce="200"')
            self._count = tag("p").classes("tl-muted").props('role="status"')
        self._outage = ui.element("div").classes("tl-outage")
        self._place = ui.element("div")
        with self._place:
            self._waiting = ui.element("div")
            with self._waiting:
                loading()
            labels = [_("From"), _("To"), _("State"), _("Duration"), _("Change")]
            self._table = Table(_("Calls in progress"), labels, right=[_DURATION])
            self._none = tag("p").classes("tl-empty")
        self._table.element.visible = self._none.visible = False
        ui.timer(1.0, self._tick)
        ui.context.client.on_delete(self._watch.listen(self._show))
        if self._watch.look is not None:
            self._show(self._watch.look)

    def _narrow(self, event: object) -> None:
        self._filter = str(self._search.value or "").strip()
        if self._watch.look is not None:
            self._show(self._watch.look)

    def _show(self, look: Look) -> None:
        with self._place:  # which page this is, and in which language
            self._waiting.visible = look.calls is None and look.error is None
            self._show_outage(look)
            if look.calls is not None:
                self._show_calls(look.calls, look)

    def _show_calls(self, calls: list[Row], look: Look) -> None:
        wanted = CallFilter(text=self._filter)
        matching = [call for call in calls if wanted.matches(call)]
        shown = matching[:_MOST_SHOWN]
        self._table.update({call.get("Id"): self._cells(call, look) for call in shown})
        self._table.element.visible = bool(matching)
        self._none.visible = not matching
        self._none.set_text(_("No call matches the filter.") if calls else _("There is no call in progress."))
        text = ngettext("{number} call", "{number} calls", len(calls))
        if len(shown) < len(calls):
            text = _("{shown} of {all} calls", shown=format_number(len(shown)), all=format_number(len(calls)))
        if text != self._count.text:
            self._count.set_text(text)

    def _cells(self, call: Row, look: Look) -> list[Cell]:
        caller, callee = str(call.get("Caller") or ""), str(call.get("Callee") or "")
        ending = Drawn((caller, callee, call.get("EstablishedAt")), partial(self._draw_end, dict(call)))
        return [caller, callee, _state(call), _lasted(call, look), ending]

    def _draw_end(self, call: Row) -> None:
        button = ui.button(_("End"), on_click=partial(self._end, call)).props("flat dense no-caps")
        button.props["aria-label"] = _(
            "End the call from {caller} to {callee}", caller=call.get("Caller"), callee=call.get("Callee")
        )

    def _show_outage(self, look: Look) -> None:
        self._outage.clear()
        if look.error is None:
            return
        with self._outage:
            show_error(look.error)
            if look.retry_in is None:
                ui.button(_("Try again"), on_click=self._watch.restart_if_idle).props("no-caps")
                return
            text = _("It is asked again in {duration}.", duration=format_duration(look.retry_in))
            if look.calls is not None:
                seen = _("The calls below are as they were before {time}.", time=format_time(look.time, seconds=True))
                text = f"{text} {seen}"
            tag("p", text)

    def _tick(self) -> None:
        look = self._watch.look
        if look is None or look.error is not None:
            return
        for call in look.calls or ():
            self._table.set_text(call.get("Id"), _DURATION, _lasted(call, look))

    async def _end(self, call: Row) -> None:
        place: Element = self._place  # the row may be gone while the question is open
        with place:
            question = _(
                "End the call from {caller} to {callee} on {pbx}?",
                caller=call.get("Caller"),
                callee=call.get("Callee"),
                pbx=self._name,
            )
            if not await confirmed(question, [_("It ends for everybody on it.")], danger=True):
                return
            ended = await end_call(pbxs().client(self._name), call, True)
            ui.notify(_("The call was ended.") if ended else _("The call had ended already."))


def _state(call: Row) -> str:
    status = str(call.get("Status") or "")
    return {"Talking": _("Talking"), "Routing": _("Routing")}.get(status, status)


def _lasted(call: Row, look: Look) -> str:
    seconds = duration(call)
    return "" if seconds is None else format_duration(seconds + (0.0 if look.error else monotonic() - look.at))
