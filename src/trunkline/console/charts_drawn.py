"""Charts of counted calls: what ECharts draws, and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from babel import dates

from ..local.csv_text import csv_line
from ..transfer.call_counts import CallTally, Count
from .language import _, format_number
from .visitor import visitor

_ANSWERED, _LOST, _OUTBOUND, _INTERNAL = "#2f8f58", "#c9453c", "#3f7fd6", "#8a94a1"
_INK = "currentColor"  # that of the page, light or dark
_TOOLTIP = {
    "renderMode": "richText",  # drawn, not HTML: the names of queues are a PBX's
    "backgroundColor": "#ffffff",
    "borderColor": "#8a94a1",
    "textStyle": {"color": "#1b2430"},
}


class Drawing(NamedTuple):
    """A chart: ``summary`` is read out in its place, ``header`` and ``rows`` are its numbers."""

    name: str
    title: str
    summary: str
    options: dict[str, Any]
    header: Sequence[str]
    rows: Sequence[Sequence[str | int]]

    @property
    def csv(self) -> str:
        """The numbers as CSV, in which no cell is a formula."""
        return "".join(csv_line(line) for line in (self.header, *self.rows))


def drawings(tally: CallTally, zone: tzinfo) -> list[Drawing]:
    """Make all charts of a count, in a zone and in the session's language."""
    days = tally.days(zone)
    hours = tally.hours(zone)
    names = [f"{hour:02}" for hour in range(24)]
    by_day = (
        _outside("answered", _("Answered and lost by day"), _("Day"), [str(day) for day in days], list(days.values()))
        if len(days) > 1
        else _outside("answered", _("Answered and lost by hour"), _("Hour"), names, hours)
    )
    return [_by_hour(hours, names), by_day, _by_queue(tally), _by_week(tally.week(zone), names)]


def _by_hour(hours: Sequence[Count], names: Sequence[str]) -> Drawing:
    labels = [_("Answered"), _("Lost"), _("Outbound"), _("Internal")]
    series = [
        _bar(label, [count[place] for count in hours], color)
        for place, (label, color) in enumerate(zip(labels, (_ANSWERED, _LOST, _OUTBOUND, _INTERNAL), strict=True))
    ]
    busiest = max(range(24), key=lambda hour: hours[hour].calls)
    calls = sum(count.calls for count in hours)
    summary = _("Calls: {calls}. Most of them begin at {hour} hours.", calls=format_number(calls), hour=names[busiest])
    return Drawing(
        "calls-by-hour",
        _("Calls by hour"),
        summary if calls else _("There are no calls."),
        _bars(names, series),
        [_("Hour"), *labels],
        [[name, *count] for name, count in zip(names, hours, strict=True)],
    )


def _outside(name: str, title: str, label: str, names: Sequence[str], counts: Sequence[Count]) -> Drawing:
    labels = [_("Answered"), _("Lost")]
    answered, lost = [count.answered for count in counts], [count.lost for count in counts]
    return Drawing(
        name,
        title,
        _outcome(sum(answered), sum(lost)),
        _bars(names, [_bar(labels[0], answered, _ANSWERED), _bar(labels[1], lost, _LOST)]),
        [label, *labels],
        list(zip(names, answered, lost, strict=True)),
    )


def _by_queue(tally: CallTally) -> Drawing:
    labels = [_("Answered"), _("Lost")]
    names = [queue.name or queue.number for queue in tally.queues]
    answered, lost = [queue.answered for queue in tally.queues], [queue.lost for queue in tally.queues]
    options = _bars(names, [_bar(labels[0], answered, _ANSWERED), _bar(labels[1], lost, _LOST)])
    options["xAxis"], options["yAxis"] = options["yAxis"], {**options["xAxis"], "inverse": True}
    return Drawing(
        "calls-by-queue",
        _("Calls by queue"),
        _outcome(sum(answered), sum(lost)),
        options,
        [_("Number"), _("Queue"), *labels],
        [[queue.number, queue.name, queue.answered, queue.lost] for queue in tally.queues],
    )


def _by_week(week: Sequence[Sequence[Count]], names: Sequence[str]) -> Drawing:
    days = dates.get_day_names("abbreviated", locale=visitor().language)
    counts = [[count.calls for count in day] for day in week]
    most = max(max(day) for day in counts)
    busiest = max(((day, hour) for day in range(7) for hour in range(24)), key=lambda each: counts[each[0]][each[1]])
    full = dates.get_day_names("wide", locale=visitor().language)
    summary = _("Most calls begin on {day} at {hour} hours.", day=full[busiest[0]], hour=names[busiest[1]])
    options = {
        **_frame(),
        "grid": {**_frame()["grid"], "top": 8},
        "xAxis": {"type": "category", "data": list(names), **_axis()},
        "yAxis": {"type": "category", "data": [days[day] for day in range(7)], "inverse": True, **_axis()},
        "visualMap": {
            "min": 0,
            "max": max(most, 1),
            "show": False,
            "inRange": {"color": ["#dfe8f5", "#7ba7e6", "#1f5fbf", "#12305f"]},
        },
        "series": [
            {
                "type": "heatmap",
                "name": _("Calls"),
                "data": [[hour, day, counts[day][hour]] for day in range(7) for hour in range(24)],
            }
        ],
    }
    return Drawing(
        "calls-by-weekday",
        _("Calls by weekday and hour"),
        summary if most else _("There are no calls."),
        options,
        [_("Weekday"), *names],
        [[full[day], *counts[day]] for day in range(7)],
    )


def _outcome(answered: int, lost: int) -> str:
    return _(
        "Answered: {answered}. Lost: {lost}.",
        answered=format_number(answered),
        lost=format_number(lost),
    )


def _bar(name: str, data: Sequence[int], color: str) -> dict[str, Any]:
    return {"type": "bar", "stack": "calls", "name": name, "data": list(data), "itemStyle": {"color": color}}


def _bars(names: Sequence[str], series: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_frame(),
        "legend": {
            "type": "scroll",
            "top": 0,
            "left": 0,
            "itemGap": 18,
            "itemWidth": 14,
            "textStyle": {"color": _INK},
            "inactiveColor": "#8a94a1",
        },
        "xAxis": {"type": "category", "data": list(names), **_axis()},
        "yAxis": {"type": "value", "minInterval": 1, **_axis(), "splitLine": {"lineStyle": {"color": "#8a94a140"}}},
        "series": series,
    }


def _frame() -> dict[str, Any]:
    return {
        "animation": False,
        "textStyle": {"color": _INK, "fontFamily": "sans-serif"},
        "tooltip": _TOOLTIP,
        "grid": {"left": 8, "right": 14, "top": 34, "bottom": 4, "containLabel": True},
    }


def _axis() -> dict[str, Any]:
    return {"axisLabel": {"color": _INK, "hideOverlap": True}, "axisLine": {"lineStyle": {"color": "#8a94a1"}}}
