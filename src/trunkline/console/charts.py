"""The tab of the charts: the calls of today or of some days, from the call log."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui
from nicegui.element import Element

from ..errors import InvalidArgument, TrunklineError
from ..transfer.call_counts import CallTally
from .charts_drawn import Drawing, drawings
from .charts_reading import Counting, counting
from .csv_files import download
from .frame import show_error, tag
from .language import _, format_number, format_time
from .pbx_table import Table
from .visitor import visitor

_PERIODS = (1, 7, 30)
_TICK = 0.5  # seconds between two looks at the progress
_SCRIPT = '<script src="/assets/charts.js"></script>'


class Period(NamedTuple):
    """Whole days of a zone, the last of which is ``until``."""

    days: int
    until: date
    zone: tzinfo

    @classmethod
    def parse(cls, days: str, until: str, zone: tzinfo, now: datetime) -> Period:
        """Read the period of an address; today where it has none. Raises InvalidArgument."""
        today = now.astimezone(zone).date()
        try:
            last = date.fromisoformat(until) if until else today
            number = int(days or 1)
        except ValueError:
            raise InvalidArgument(_("The period in the address can't be read.")) from None
        if number not in _PERIODS or not date(2000, 1, 1) <= last <= today:
            raise InvalidArgument(_("Charts have 1, 7 or 30 days, and end today at the latest."))
        return cls(number, last, zone)

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """Return from when until before when it lasts; until now where its last day goes on."""
        first = self.until - timedelta(days=self.days - 1)
        start, end = (_midnight(day, self.zone) for day in (first, self.until + timedelta(days=1)))
        return start, min(end, now.replace(microsecond=0) + timedelta(seconds=1))


def draw_charts(name: str, days: str = "", until: str = "") -> None:
    """Draw the charts of a PBX."""
    zone = ZoneInfo(visitor().zone)
    _Charts(name, Period.parse(days, until, zone, datetime.now(UTC))).draw()


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


class _Charts:
    def __init__(self, name: str, period: Period) -> None:
        self._name, self._period = name, period
        self._task: asyncio.Task[None] | None = None

    def draw(self) -> None:
        ui.add_head_html(_SCRIPT)
        with ui.element("div").classes("tl-tools"):
            names = {1: _("One day"), 7: _("7 days"), 30: _("30 days")}
            period = ui.select(
                names, value=self._period.days, label=_("Period"), on_change=lambda e: self._go(days=e.value)
            )
            period.props("outlined dense options-dense").classes("tl-picker")
            until = ui.input(_("Until"), value=str(self._period.until)).props('outlined dense type="date" stack-label')
            until.on("change", lambda event: self._go(until=event.args), js_handler="value => emit(value)")
        self._place = ui.element("div").classes("tl-charts-place")
        self._start()

    def _go(self, **changes: Any) -> None:
        wanted = {"days": self._period.days, "until": self._period.until, **changes}
        ui.navigate.to(f"charts?{urlencode(wanted)}")

    def _start(self) -> None:
        self._place.clear()
        self._task = background_tasks.create(self._load(), name=f"charts of {self._name}")
        ui.context.client.on_delete(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _load(self) -> None:
        now = datetime.now(UTC)
        start, end = self._period.bounds(now)
        with self._place:
            try:
                reading = counting(self._name, start, end, is_over=end <= now)
                waiting = self._draw_progress(reading)
                tally = await reading.result()
            except TrunklineError as error:
                self._place.clear()
                show_error(error)
                ui.button(_("Try again"), on_click=self._start).props("no-caps")
                return
            except asyncio.CancelledError:
                with suppress(RuntimeError):  # NiceGUI's, for a page that was closed
                    self._place.clear()
                    tag("p", _("The reading was cancelled."))
                    ui.button(_("Read again"), on_click=self._start).props("no-caps")
                raise
            waiting.delete()
            self._draw_all(tally)

    def _draw_progress(self, reading: Counting) -> Element:
        with ui.element("div").classes("tl-progress") as waiting:
            text = tag("p", _("The call log is read …")).props('role="status"')
            bar = ui.linear_progress(0, show_value=False)
            bar.props["aria-label"] = _("Progress")

            def look() -> None:
                if reading.total:
                    bar.set_value(reading.done / reading.total)
                    parts = {"done": format_number(reading.done), "total": format_number(reading.total)}
                    text.set_text(_("The call log is read: {done} of {total} parts.", **parts))

            ui.timer(_TICK, look)
            ui.button(_("Cancel"), on_click=self._cancel).props("flat no-caps")
        return waiting

    def _draw_all(self, tally: CallTally) -> None:
        total = tally.total
        facts = _(
            "Calls: {calls}. From outside: {answered} answered, {lost} lost. Read at {time}.",
            calls=format_number(total.calls),
            answered=format_number(total.answered),
            lost=format_number(total.lost),
            time=format_time(datetime.now(UTC)),
        )
        tag("p", facts).props('role="status"')
        with ui.element("div").classes("tl-charts"):
            for drawing in drawings(tally, self._period.zone):
                self._draw_one(drawing)

    def _draw_one(self, drawing: Drawing) -> None:
        with ui.element("section").classes("tl-chart-card") as card:
            card.props["aria-label"] = drawing.title
            tag("h2", drawing.title)
            chart = ui.echart(drawing.options, renderer="svg").classes("tl-chart").props('role="img"')
            chart.props["aria-label"] = f"{drawing.title}. {drawing.summary}"
            with ui.element("div").classes("tl-chart-table") as numbers:
                numbers.props["tabindex"] = 0
                numbers.props["role"] = "region"
                numbers.props["aria-label"] = _("{title} as table", title=drawing.title)
                table = Table(drawing.title, drawing.header, right=range(1, len(drawing.header)))
                table.update({place: [str(cell) for cell in row] for place, row in enumerate(drawing.rows)})
            numbers.visible = False
            with ui.element("div").classes("tl-tools"):
                switch = ui.switch(_("As table"), on_change=lambda event: _swap(chart, numbers, bool(event.value)))
                switch.props["aria-label"] = _("{title} as table", title=drawing.title)
                file = f"{self._name}-{drawing.name}-{self._period.until}-{self._period.days}d"
                save = ui.button("CSV", on_click=lambda: download(drawing.csv, file))
                save.props("flat dense no-caps")
                save.props["aria-label"] = _("Save {title} as {format}", title=drawing.title, format="CSV")
                picture = ui.button("PNG", on_click=lambda: _save_picture(chart, f"{file}.png")).props(
                    "flat dense no-caps"
                )
                picture.props["aria-label"] = _("Save {title} as {format}", title=drawing.title, format="PNG")


def _swap(chart: Element, numbers: Element, as_table: bool) -> None:
    chart.visible, numbers.visible = not as_table, as_table


def _save_picture(chart: Element, file: str) -> None:
    ui.run_javascript(f"saveChart({json.dumps(chart.html_id)}, {json.dumps(file)})")
