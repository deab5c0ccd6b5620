"""What a check of a diagnosis finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Self

import msgspec

from ..errors import Hint, TrunklineError
from .records import HintRecord

_FALLBACK = Hint("Check the connection's settings, and try again.")


class Finding(msgspec.Struct, frozen=True):
    """What one check found. ``code`` is the code of the error where ``result`` is failed, else None."""

    check: str
    result: Literal["ok", "warning", "failed"]
    message: str
    hint: HintRecord = HintRecord()
    code: str | None = None

    @classmethod
    def ok(cls, check: str, message: str) -> Self:
        return cls(check, "ok", message)

    @classmethod
    def warning(cls, check: str, message: str, hint: str = "") -> Self:
        return cls(check, "warning", message, HintRecord(hint))

    @classmethod
    def failed(cls, check: str, error: TrunklineError) -> Self:
        return cls(check, "failed", error.message, HintRecord.of(error.hint or _FALLBACK), error.code)


class CheckFailed(Exception):
    """A check failed, and with it all that would come after."""

    def __init__(self, check: str, error: TrunklineError) -> None:
        super().__init__(error.message)
        self.finding = Finding.failed(check, error)


@contextmanager
def checking(check: str) -> Iterator[None]:
    """Turn an error in here into the failure of a check."""
    try:
        yield
    except TrunklineError as error:
        raise CheckFailed(check, error) from None
