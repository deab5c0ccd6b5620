"""How periods are written, and the windows in which they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument
from trunkline.local.timestamps import format_timestamp
from trunkline.transfer.period import Window, days, moment, span

NOW = datetime(2026, 6, 15, 9, 30, 15, 123456, tzinfo=UTC)
BERLIN, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "zone", "means"),
    [
        ("2026-01-31", UTC, "2026-01-31T00:00:00Z"),
        ("2026-01-31", BERLIN, "2026-01-30T23:00:00Z"),
        ("2026-07-31", BERLIN, "2026-07-30T22:00:00Z"),
        ("2026-01-31T08:00:00Z", BERLIN, "2026-01-31T08:00:00Z"),
        ("2026-01-31t08:00z", BERLIN, "2026-01-31T08:00:00Z"),
        ("2026-01-31T08:00+01:00", UTC, "2026-01-31T07:00:00Z"),
        ("2026-01-31 08:00", BERLIN, "2026-01-31T07:00:00Z"),
        ("now", UTC, "2026-06-15T09:30:15Z"),
        ("today", UTC, "2026-06-15T00:00:00Z"),
        ("today", LONDON, "2026-06-14T23:00:00Z"),
        ("yesterday", UTC, "2026-06-14T00:00:00Z"),
        ("Yesterday", BERLIN, "2026-06-13T22:00:00Z"),
        ("tomorrow", UTC, "2026-06-16T00:00:00Z"),
        ("-90s", UTC, "2026-06-15T09:28:45Z"),
        ("-30m", UTC, "2026-06-15T09:00:15Z"),
        ("-2h", UTC, "2026-06-15T07:30:15Z"),
        ("-7d", BERLIN, "2026-06-08T09:30:15Z"),
        ("-2w", UTC, "2026-06-01T09:30:15Z"),
    ],
)
def test_a_moment(text: str, zone: Any, means: str) -> None:
    assert format_timestamp(moment(text, zone, NOW).at) == means


def test_words_that_move_with_the_clock_keep_their_name() -> None:
    later = NOW + timedelta(minutes=5)
    for text in ("now", "-7d"):
        assert moment(text, UTC, NOW).name == moment(text, UTC, later).name == text
        assert moment(text, UTC, NOW).at != moment(text, UTC, later).at
    assert moment("yesterday", UTC, NOW).name == moment("2026-06-14", UTC, later).name == "2026-06-14T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is not a date or time."),
        ("soon", "'soon' is not a date or time."),
        ("2026-02-30", "'2026-02-30' is not a date or time."),
        ("7d", "'7d' is not a date or time."),
        ("-7y", "'-7y' is not a date or time."),
        ("31.01.2026", "'31.01.2026' is not a date or time."),
        ("1926-01-31", "is before the year 2000"),
        ("-99999w", "is not a date or time|is before the year 2000"),
        ("0001-01-01", "is not a date or time"),
        ("2026-01-31T08:00:00.5Z", "has a fraction of a second"),
    ],
)
def test_a_moment_that_is_none(text: str, told: str) -> None:
    with pytest.raises(InvalidArgument, match=told):
        moment(text, BERLIN, NOW)


@pytest.mark.parametrize(("text", "length"), [("24h", 86400), ("90m", 5400), ("2D", 172800), ("0s", 0)])
def test_a_length_of_time(text: str, length: int) -> None:
    assert span(text) == timedelta(seconds=length)


@pytest.mark.parametrize("text", ["", "24", "-24h", "a day"])
def test_a_length_of_time_that_is_none(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a length of time"):
        span(text)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))


@given(start=MOMENTS, length=st.timedeltas(timedelta(seconds=1), timedelta(days=900)))
def test_the_days_of_a_period_are_the_period(start: Any, length: Any) -> None:
    end = (start + length).replace(microsecond=0)
    windows = list(days(start, end))
    assert [window.start for window in windows] == [start, *(window.end for window in windows[:-1])][: len(windows)]
    assert not windows or windows[-1].end == end
    for window in windows:
        assert timedelta() < window.end - window.start <= timedelta(days=1)
        assert window.start.date() == (window.end - timedelta(seconds=1)).date()


def leaves(window: Window) -> list[Window]:
    halves = window.halves()
    return [window] if halves is None else [leaf for half in halves for leaf in leaves(half)]


@given(start=MOMENTS, seconds=st.integers(1, 86400))
def test_halves_of_halves_are_the_window_down_to_a_minute(start: Any, seconds: Any) -> None:
    window = Window(start, start + timedelta(seconds=seconds))
    found = leaves(window)
    assert found[0].start == window.start
    assert found[-1].end == window.end
    assert all(left.end == right.start for left, right in pairwise(found))
    assert all(timedelta() < leaf.end - leaf.start <= timedelta(minutes=1) for leaf in found)


def test_windows_are_named_by_their_day() -> None:
    whole = next(days(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)))
    assert str(whole) == "2026-01-31"
    assert [str(half) for half in whole.halves()] == [
        "2026-01-31T00:00:00Z to 2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z to 2026-02-01T00:00:00Z",
    ]
