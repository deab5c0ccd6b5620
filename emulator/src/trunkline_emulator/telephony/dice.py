"""Chance that comes out the same each time: what is drawn depends on the seed and what it is drawn for, alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from struct import Struct

_SEEDED = Struct("<QQQ").pack
_DRAWS = Struct("<16I").unpack
WHOLE = 2**32

Roll = Callable[[], int]


def draws(seed: int, topic: int, number: int) -> tuple[int, ...]:
    """Sixteen numbers below 2**32; ``topic`` tells calls from chats and days."""
    drawn: tuple[int, ...] = _DRAWS(blake2b(_SEEDED(seed, topic, number)).digest())
    return drawn


def evenly(draw: int, shortest: float, longest: float) -> timedelta:
    """Return a time between two numbers of seconds."""
    return timedelta(microseconds=int((shortest + (longest - shortest) * draw / WHOLE) * 1_000_000))


def mostly_short(draw: int, mean: float, longest: float) -> timedelta:
    """Return a time in which short ones are common and long ones rare, in seconds."""
    seconds = -math.log((draw + 1) / (WHOLE + 1)) * mean
    return timedelta(microseconds=int(min(seconds, longest) * 1_000_000))
