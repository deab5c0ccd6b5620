"""When an entry of a blocklist ends."""

from __future__ import annotations

import datetime as dt

import pytest

from trunkline.errors import InvalidArgument
from trunkline.transfer.expiry import expiry

NOW = dt.datetime(2026, 12, 30, 10, 20, 30, 500_000, dt.UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30d", "2027-01-29T10:20:30Z"),
        ("12h", "2026-12-30T22:20:30Z"),
        ("2 W", "2027-01-13T10:20:30Z"),
        ("2026-12-31", "2027-01-01T00:00:00Z"),
        ("2026-12-30", "2026-12-31T00:00:00Z"),
        ("2027-01-01T00:00:00+02:00", "2026-12-31T22:00:00Z"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_when_it_ends(text: str, end: str) -> None:
    assert expiry(text, NOW) == end


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "is not when an entry ends"),
        ("30", "is not when an entry ends"),
        ("2026-02-30", "is not when an entry ends"),
        ("9999-12-31", "is not when an entry ends"),
        ("2027-01-01T00:00:00", "has no zone"),
        ("0d", "is past"),
        ("2026-12-29", "is past"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        expiry(text, NOW)
