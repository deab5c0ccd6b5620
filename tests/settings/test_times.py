"""Hours in plain words: what they mean, how they read, and what is refused."""

from __future__ import annotations

import pytest

from trunkline import InvalidArgument
from trunkline.settings.times import DAYS, parse_week, periods, week_in_words

ALL_DAY = ("00:00", "23:59")


@pytest.mark.parametrize(
    ("text", "spans", "words"),
    [
        ("Mon-Tue 09:00-17:30", [(0, "09:00", "17:30"), (1, "09:00", "17:30")], "Mon-Tue 09:00-17:30"),
        ("monday 9-17", [(0, "09:00", "17:00")], "Mon 09:00-17:00"),
        ("Mon, Wed 9:00-12:00", [(0, "09:00", "12:00"), (2, "09:00", "12:00")], None),
        ("Fri-Mon 8:00-9:00", [(day, "08:00", "09:00") for day in (0, 4, 5, 6)], None),
        ("Tue 13:30–17:30 and 9:00–12:30", [(1, "09:00", "12:30"), (1, "13:30", "17:30")], None),
        ("Sat 10-13; Sun 10-12", [(5, "10:00", "13:00"), (6, "10:00", "12:00")], "Sat 10:00-13:00, Sun 10:00-12:00"),
        ("weekends 0:00-24:00", [(5, *ALL_DAY), (6, *ALL_DAY)], "Sat-Sun 00:00-23:59"),
        ("every day 8-9", [(day, "08:00", "09:00") for day in range(7)], "Mon-Sun 08:00-09:00"),
        ("Mon 9-12, Mon 12-13", [(0, "09:00", "12:00"), (0, "12:00", "13:00")], "Mon 09:00-12:00, 12:00-13:00"),
    ],
)
def test_plain_words_mean_spans_and_read_so_again(
    text: str, spans: list[tuple[int, str, str]], words: str | None
) -> None:
    assert parse_week(text) == spans
    shown = week_in_words(periods(spans))
    assert words in (None, shown)
    assert parse_week(shown) == spans


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no hours"),
        ("Mon-Fri", "has days without hours"),
        ("Mon 9-12, Tue", "has days without hours"),
        ("09:00-17:00", "No day stands before 09:00-17:00"),
        ("Mon 17:00-09:00", "ends before it begins"),
        ("Mon 9-9", "ends before it begins"),
        ("Mon 25:00-26:00", "'25:00' is not a time"),
        ("Mon 9:60-10:00", "'9:60' is not a time"),
        ("Montag 9-17", "'Montag' is not a day"),
        ("Mon 9-12, 11-13", "Monday has hours twice: until 12:00 and 11:00-13:00"),
        ("Lundi 9-17", "neither a day nor a time"),
        ("Mon 9am-5pm", "neither a day nor a time"),
        ("Mon 9-10 " * 200, "at most 1,000 characters"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_week(text)
    assert said in str(caught.value)


def test_a_span_of_a_pbx_is_shown_however_it_is_written() -> None:
    rows = [{"DayOfWeek": day, "Start": "09:00:00.0000000", "Stop": "17:30:00"} for day in reversed(DAYS[:5])]
    assert week_in_words([*rows, {"DayOfWeek": "Sunday"}, {}]) == "Mon-Fri 09:00-17:30, Sun ?-?"
