"""Whether the write-ahead log of a ledger lost commits.

SQLite takes the log's first frame with a wrong checksum for its end, because that is what a power cut leaves behind.
Where a disk damaged a frame in the middle, every commit from there on is dropped without a word, and what those commits
recorded as sent would be sent again. This tells the two apart (https://www.sqlite.org/fileformat2.html#the_write_ahead_log,
https://www.sqlite.org/walformat.html).
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER, _FRAME = 32, 24
_MAGIC = 0x377F0682
_INDEX = 48  # bytes of the index's header, of which there are two copies
_TRIES, _LOOK_AGAIN = 3, 0.05  # another process may close the ledger just now, and with it the log


class _Log(NamedTuple):
    """``committed`` frames until the last good commit; ``beyond``: good ones of the same log after a bad one."""

    salts: bytes
    committed: int
    beyond: bool


def has_frames(ledger: Path) -> bool:
    """Whether a ledger has a write-ahead log with anything in it."""
    try:
        return ledger.with_name(f"{ledger.name}-wal").stat().st_size > _HEADER
    except OSError:
        return False


def lost_commits(ledger: Path) -> str:
    """Return what is wrong with the log of a ledger that no process writes to; "" if nothing is."""
    wrong = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_LOOK_AGAIN)
        wrong = _look(ledger)
        if not wrong:
            break
    return wrong


def _look(ledger: Path) -> str:
    log_file = ledger.with_name(ledger.name + "-wal")
    known = _known(ledger, log_file)
    try:
        with log_file.open("rb") as file:
            size = log_file.stat().st_size
            log = _read(file) if size else _Log(b"", 0, beyond=False)
    except FileNotFoundError:
        log = _Log(b"", 0, beyond=False)
    except OSError as problem:
        return f"its write-ahead log can't be read ({problem.strerror})"
    if log is None:
        return "the beginning of its write-ahead log is damaged"
    if log.beyond:
        return f"frame {log.committed + 1} of its write-ahead log, or one soon after, is damaged, with others behind it"
    if known is not None and known.committed > log.committed and known.salts == (log.salts or known.salts):
        return f"of {known.committed} frames of its write-ahead log {known.committed - log.committed} are lost"
    return ""


def _read(file: BinaryIO) -> _Log | None:
    """None if not even the header is right."""
    header = file.read(_HEADER)
    if len(header) < _HEADER:
        return None
    magic, _, page = struct.unpack(">III", header[:12])
    if magic & ~1 != _MAGIC or page not in (512 << n for n in range(8)):
        return None
    order = ">" if magic & 1 else "<"
    sums = _checksum(order, header[:24], 0, 0)
    if sums != struct.unpack(">II", header[24:]):
        return None
    salts = header[16:24]
    number = committed = 0
    while len(frame := file.read(_FRAME + page)) == _FRAME + page:
        if frame[8:16] != salts:
            break
        sums = _checksum(order, frame[:8] + frame[_FRAME:], *sums)
        if sums != struct.unpack(">II", frame[16:24]):
            return _Log(salts, committed, _goes_on(file, page, salts))
        number += 1
        if frame[4:8] != b"\0\0\0\0":
            committed = number
    else:
        return _Log(salts, committed, beyond=False)
    return _Log(salts, committed, _goes_on(file, page, salts))


def _goes_on(file: BinaryIO, page: int, salts: bytes) -> bool:
    """Whether a later frame is of this log too; those that an older one left behind have other salts."""
    while len(frame := file.read(_FRAME + page)) >= _FRAME:
        if frame[8:16] == salts:
            return True
    return False


def _checksum(order: str, data: bytes, first: int, second: int) -> tuple[int, int]:
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for word in words:
        first = (first + word + second) & 0xFFFFFFFF
        second = (second + next(words) + first) & 0xFFFFFFFF
    return first, second


class _Known(NamedTuple):
    salts: bytes
    committed: int


def _known(ledger: Path, log_file: Path) -> _Known | None:
    """Return what the processes that shared the log knew of it last; None where unknown, or from before a restart.

    The index is not synced, so after a restart of the machine it may know of commits that never came to the disk.
    """
    try:
        with ledger.with_name(ledger.name + "-shm").open("rb") as file:
            one, other = file.read(_INDEX), file.read(_INDEX)
        written = log_file.stat().st_mtime if log_file.exists() else time.time()
    except OSError:
        return None
    if len(other) < _INDEX or one != other or not one[12] or written < time.time() - _up():
        return None
    (committed,) = struct.unpack("=I", one[16:20])
    return _Known(one[32:40], committed) if committed else None


def _up() -> float:
    """Seconds since this machine started; fewer where it slept and the system doesn't count that."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()
