"""What a check of ``trunkline doctor`` finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from ..errors import TrunklineError
from .hints import spelled

Result = Literal["ok", "remark", "failed"]


class Line(NamedTuple):
    """What one check found. ``hint`` is what to do next, "" where nothing is."""

    check: str
    result: Result
    said: str
    hint: str = ""


class Failed(Exception):
    """A check failed: what it says, and the exit code of that."""

    def __init__(self, line: Line, exit_code: int) -> None:
        super().__init__(line.said)
        self.line = line
        self.exit_code = exit_code


def _failure(check: str, error: TrunklineError) -> Failed:
    return Failed(
        Line(check, "failed", error.message, spelled(error.hint) or "Check what was given, and try again."),
        error.exit_code,
    )


@contextmanager
def failing(check: str) -> Iterator[None]:
    """An error in here is the failure of a check."""
    try:
        yield
    except TrunklineError as error:
        raise _failure(check, error) from None
