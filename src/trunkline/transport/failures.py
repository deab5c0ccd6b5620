"""Exceptions that are not ours, at the border to an HTTP library: each becomes one of our errors.

What a caller's own function raises (a progress callback, a file object) is nobody's to translate, and passes as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import HttpLibraryFailed, TrunklineError, place_of
from ..request import HttpRequest
from .options import server_of


class CallersError(Exception):
    """Carries an exception of the caller's own code past all that translates exceptions; `error` is that exception."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@contextmanager
def callers_own() -> Iterator[None]:
    """Around a call of what the caller gave."""
    try:
        yield
    except TrunklineError:
        raise
    except Exception as error:
        raise CallersError(error) from error


def is_foreign(error: BaseException) -> bool:
    """Whether an exception is neither ours, nor the caller's, nor meant to end the task or the process.

    A panic of a Rust library is foreign, though it is not an Exception.
    """
    if isinstance(error, TrunklineError | CallersError):
        return False
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def unexpected(request: HttpRequest, error: BaseException) -> HttpLibraryFailed:
    """Return the error for an unexpected exception of an HTTP library. The outcome of the request is unknown."""
    return HttpLibraryFailed(
        f"The HTTP library failed on the way to {server_of(request.target)}: "
        f"{type(error).__name__}{place_of(error.__traceback__)}.",
        hint="Try the other HTTP library (TRUNKLINE_ADAPTER=httpx2 or pyreqwest), and please report it.",
    )
