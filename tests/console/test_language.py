"""The texts of the console in English and German, and how it spells numbers and times."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trunkline.console.language import _, format_bytes, format_duration, format_number, format_time
from trunkline.console.visitor import Visitor, enter, language_of

TOOL = Path(__file__).parents[2] / "tools/console_texts.py"


def test_every_text_has_its_german_one_with_the_same_placeholders() -> None:
    checked = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, fr;q=0.9, de;q=0.5, en;q=0.3", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("fr", "en"),
        ("*;q=oops,;;,de", "de"),
    ],
)
def test_the_language_is_what_the_browser_likes_best_of_the_two(header: str, language: str) -> None:
    assert language_of(header) == language


def test_times_and_numbers_are_spelled_as_language_and_zone_have_them() -> None:
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    enter(Visitor("en", "America/New_York"))
    assert (format_time(moment), format_number(1234.56)) == ("Jul 1, 2026, 18:30", "1,234.6")
    enter(Visitor("de", "Europe/Berlin"))
    assert (format_time("2026-07-01T22:30:00Z"), format_number(1234.56)) == ("02.07.2026, 00:30", "1.234,6")
    assert (format_bytes(1536), format_bytes(3 * 1024**4)) == ("1,5 KiB", "3 TiB")
    assert [format_duration(seconds) for seconds in (7, 754, 3723)] == ["0:07", "12:34", "1:02:03"]
    assert (format_time(None), format_number(None), format_bytes(None), format_time("never")) == ("", "", "", "never")


def test_a_value_in_a_text_is_never_read_as_a_placeholder() -> None:
    enter(Visitor("en"))
    assert _("Open action {action}", action="{action.__class__}") == "Open action {action.__class__}"
