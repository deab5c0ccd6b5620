"""The three standard streams of a process, one of which may be closed, full, or read by nobody any more."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys

from ..errors import InvalidArgument, TrunklineError


def stand_in() -> None:
    """Put something in the place of closed streams, before a file or a socket gets their number.

    A closed stdin says so when it is read; what goes to a closed stderr is lost. TrunklineError if stdout is closed:
    then an action would be carried out whose answer nobody ever sees.

    What the encoding of a stream lacks is written as ``\\u0141``, which JSON readers understand.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_Closed()))
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        raise TrunklineError(
            "The standard output is closed; nothing was sent.", hint="> /dev/null is for output that nobody wants."
        )
    codecs.register_error("trunkline", _as_json_has_it)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="trunkline")


def _as_json_has_it(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeEncodeError)  # noqa: S101 - nothing is read here
    units = problem.object[problem.start : problem.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), problem.end


class _Closed(io.RawIOBase):
    """A stdin that was closed."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise InvalidArgument("The standard input is closed; nothing was sent.", hint="Name a file, or pipe it in.")


def write_out() -> None:
    """Write what is still buffered. What a stream does not take is lost: it was reported, or nobody listens."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
