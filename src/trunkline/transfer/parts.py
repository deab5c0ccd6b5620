"""What an export has read so far: a file for each finished window, in a folder beside the file that it is for.

Only its owner can read it, as call logs tell who called whom. A part gets its name once it is on the disk, so whatever
ends a run, a part that is there was whole. Its last line says how many rows it has, when they were read, and their
checksum: one that a disk, a copy or a person has damaged is thrown away and its window read again from the PBX. So is
one of an older version, which had no such line. The folder goes when the file is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import ConfigurationError, Hint, InvalidArgument, TrunklineError
from ..local.atomic import replace_file
from ..local.contained import open_regular, reason, spelled
from ..local.lock import LockTaken, acquire_lock
from .call_log import Leg
from .period import Window

_PLAN, _LOCK, _WHOLE = "plan.json", "lock", "whole"
_LONGEST_PLAN = 2**20  # bytes
_LONGEST_PART = 2**30  # bytes, far more than the rows that a PBX gives for one window
_STAMP = "%Y%m%dT%H%M%SZ"
_SPOKEN = {"pbx": "of", "start": "from", "end": "to", "output": "as", "columns": "with columns"}


class Plan(msgspec.Struct, frozen=True):
    """What an export is. A later run that means the same goes on with it."""

    pbx: str
    start: str
    end: str
    output: str
    columns: tuple[str, ...] = ()

    def unlike(self, other: Plan) -> list[str]:
        """Return what another one has otherwise, in words: ``from 2026-01-01T00:00:00Z``."""
        differing = [name for name in _SPOKEN if getattr(self, name) != getattr(other, name)]
        said = {**msgspec.structs.asdict(self), "columns": ",".join(self.columns) or "of all fields"}
        return [f"{_SPOKEN[name]} {said[name]}" for name in differing]


class _Kept(msgspec.Struct, frozen=True):
    """``plan.json``: the plan, and its checksum."""

    plan: Plan
    sha256: str


class _Seal(msgspec.Struct, frozen=True, rename={"of": "@trunkline.part"}):
    """The last line of a part. ``sha256`` is of the rows and of everything in this line, PBX and window included."""

    of: str
    rows: int
    read_at: datetime
    sha256: str


_PLANS, _KEPT, _SEALS = msgspec.json.Decoder(Plan), msgspec.json.Decoder(_Kept), msgspec.json.Decoder(_Seal)


class Parts:
    """The folder ``FILE.parts``. Use it inside `held`, which keeps other processes out."""

    def __init__(self, file: Path) -> None:
        try:
            self.file = Path(os.path.realpath(file))  # a link stays a link, as with open()
            self.folder = self.file.with_name(self.file.name + ".parts")
            os.fsencode(self.folder)
        except FileNotFoundError:  # only of the working folder; a file need not be there
            raise TrunklineError(
                "The folder that this runs in is gone.", hint="Change into another one, and try again."
            ) from None
        except (OSError, ValueError) as problem:
            raise InvalidArgument(f"{spelled(file)} can't be written ({reason(problem)}).") from None
        self._named = file
        self._done: set[Window] = set()
        self._ordered: list[Window] = []  # the same by their start: years of busy days are thousands
        self._pbx = ""
        self.damaged: list[str] = []
        """The names of what an earlier run had left and was damaged; it is read again."""

    def check(self, *, overwrite: bool) -> None:
        """Refuse a file that can't be written, or that is there already. Nothing has been asked of the PBX yet."""
        try:
            special = self._named.exists() and not self._named.is_file()  # a pipe in /dev has no real path
            if special and not self._named.is_dir():
                raise InvalidArgument(f"{self._named} is not an ordinary file.", hint="Write to a stream instead.")
            if self.file.is_dir() or not self.file.parent.is_dir():
                raise InvalidArgument(f"{self.file} can't be written: {_why(self.file)}.")
            if self.file.exists() and not overwrite:
                raise InvalidArgument(
                    f"{self.file} is there already.",
                    hint=Hint("Name another file, or overwrite it.", arguments={"overwrite": True}),
                )
        except OSError as problem:
            raise InvalidArgument(f"{spelled(self._named)} can't be written ({reason(problem)}).") from None

    @contextmanager
    def held(self, plan: Plan, *, restart: bool = False, settling: timedelta | None = None) -> Iterator[None]:
        """Keep the folder for this process while a block runs, and make it if there is none.

        ``settling``: how long after its end a window gets new rows; one that was read before doesn't count as read.
        ConfigurationError if another process has it, if it belongs to another export (``restart`` throws that away),
        or if it is not a folder of an export.
        """
        with saying_why(self.folder):
            if self.folder.exists() and not self._ours():
                raise ConfigurationError(
                    f"{self.folder} is there, and was not made by an export.",
                    hint="Move it away, or name another file.",
                )
            try:
                lock = acquire_lock(self.folder / _LOCK)
            except LockTaken:
                raise ConfigurationError(
                    f"Another process is exporting to {self.file}.", hint="Wait for it, or name another file."
                ) from None
        try:
            with saying_why(self.folder):
                self._begin(plan, restart, settling)
            yield
        finally:
            with contextlib.suppress(OSError):
                if not self._done:
                    self._forget()
            if not self._done:
                with contextlib.suppress(
                    OSError
                ):  # while it is ours, or it may be another's; Windows removes it itself
                    (self.folder / _LOCK).unlink(missing_ok=True)
            lock.release()
            if not self._done:
                with contextlib.suppress(OSError):  # somebody else has just begun, or put something there
                    self.folder.rmdir()

    def _ours(self) -> bool:
        """Whether an export made it; one that was killed at once has left nothing but its lock."""
        if not self.folder.is_dir():
            return False
        names = {path.name for path in self.folder.iterdir()}
        return _PLAN in names or all(_is_own(name) for name in names)

    def _begin(self, plan: Plan, restart: bool, settling: timedelta | None) -> None:
        there = self.folder / _PLAN
        self._pbx = plan.pbx
        if restart:
            self._forget()
        parts = {window for path in self.folder.glob("*.jsonl") if (window := _window(path.name)) is not None}
        self._done = set(parts)  # before anything can be refused: what has no finished windows goes when the block ends
        before = self._plan(there)
        if before is not None and (other := before.unlike(plan)):
            raise ConfigurationError(
                f"{self.folder} has the beginning of another export: {', '.join(other)}.",
                hint=Hint(
                    "Export as then to go on with it, or throw it away and start again.", arguments={"restart": True}
                ),
            )
        if before is None:
            for window in parts:  # they may be another export's
                self._discard(self._path(window))
            self._done.clear()
            with _new(there) as file:
                file.write(msgspec.json.encode(_Kept(plan, _digest(msgspec.json.encode(plan)))))
        for window in sorted(self._done):
            seal = self._opened(window)
            if seal is None:
                self._discard(self._path(window))
            if seal is None or (settling is not None and window.end + settling > seal[0].read_at):
                self._done.discard(window)
        self._ordered = sorted(self._done)

    def _plan(self, path: Path) -> Plan | None:
        """Return the plan that an earlier run has left; None if there is none, or it is damaged."""
        if not os.path.lexists(path):
            return None
        try:
            with open_regular(path, follow=False) as file:
                content = file.read(_LONGEST_PLAN)
            try:
                kept = _KEPT.decode(content)
            except msgspec.ValidationError:  # an older version had no checksum, nor have its parts
                return _PLANS.decode(content)
            if kept.sha256 == _digest(msgspec.json.encode(kept.plan)):
                return kept.plan
        except PermissionError:  # it may be whole; on Windows a folder cannot be opened either
            if not path.is_dir():
                raise
        except (OSError, ValueError, RecursionError):  # all that msgspec raises are ValueErrors
            pass
        self._discard(path)
        return None

    def _opened(self, window: Window) -> tuple[_Seal, bytes] | None:
        """Return the last line of a part and its rows, or None if anything about it is damaged."""
        path = self._path(window)
        try:
            with open_regular(path, follow=False) as file:
                content = file.read(_LONGEST_PART)
            rows, end, last = content.removesuffix(b"\n").rpartition(b"\n")
            seal = _SEALS.decode(last)
        except PermissionError:
            if not path.is_dir():
                raise
            return None
        except (OSError, ValueError, RecursionError):
            return None
        rows += end
        if not content.endswith(b"\n") or seal != self._seal(window, rows, seal.read_at):
            return None
        return seal, rows

    def _seal(self, window: Window, rows: bytes, read_at: datetime) -> _Seal:
        count, name = rows.count(b"\n"), self._path(window).stem
        about = msgspec.json.encode([self._pbx, name, count, read_at])
        return _Seal(name, count, read_at, _digest(about, rows))

    def _discard(self, path: Path) -> None:
        self.damaged.append(path.name)
        self._remove(path)

    def _remove(self, path: Path) -> None:
        """Remove what has the name of a part. A folder with something in it was made by somebody: it is moved aside."""
        try:
            path.unlink()
        except FileNotFoundError:
            return
        except OSError:
            if not path.is_dir():
                raise
            try:
                path.rmdir()
            except OSError:
                path.rename(self.folder.with_name(f"{self.folder.name}.{secrets.token_hex(4)}.{path.name}"))

    @property
    def begun(self) -> bool:
        """Whether an earlier run has left finished windows."""
        return bool(self._done)

    def missing(self, window: Window) -> Iterator[Window]:
        """Yield what of a window has not been read. One that had to be halved is there in halves."""
        if window in self._done:
            return
        halves = self._halved(window)
        if not halves:
            yield window
        for half in halves:
            yield from self.missing(half)

    def windows(self, window: Window) -> Iterator[Window]:
        """Yield what of a window has been read, in order of time."""
        if window in self._done:
            yield window
            return
        for half in self._halved(window):
            yield from self.windows(half)

    def _halved(self, window: Window) -> tuple[Window, ...]:
        """Return the halves of a window of which something may be there."""
        return (window.halves() or ()) if self._any_inside(window) else ()

    def _any_inside(self, window: Window) -> bool:
        for place in range(bisect_left(self._ordered, (window.start,)), len(self._ordered)):
            done = self._ordered[place]
            if done.start >= window.end:
                return False
            if done.end <= window.end:
                return True
        return False

    def keep(self, window: Window, legs: Iterable[Leg]) -> None:
        """Put a finished window on the disk."""
        rows = b"".join([leg.line + b"\n" for leg in legs])
        seal = self._seal(window, rows, _now())
        with saying_why(self.folder), _new(self._path(window)) as file:
            file.write(rows)
            file.write(msgspec.json.encode(seal) + b"\n")
        self._done.add(window)
        insort(self._ordered, window)

    def lines(self, window: Window) -> Iterator[bytes]:
        """Yield the rows of a window that has been read. TrunklineError if they were damaged since."""
        with saying_why(self.folder):
            part = self._opened(window)
        if part is None:
            raise TrunklineError(
                f"{self._path(window)} was damaged while this export ran, so {self.file} was not written.",
                hint="The same command reads that part again from the PBX.",
            )
        yield from part[1].splitlines()

    @contextmanager
    def whole(self) -> Iterator[BinaryIO]:
        """Open a file that takes the place of the real one when the block ends well, and is removed if not."""
        with saying_why(self.file):
            with replace_file(self.file, self.folder / _WHOLE) as file:
                yield file
            self._forget()

    def _forget(self) -> None:
        """Remove what an export made, and nothing else that somebody may have put there."""
        for path in self.folder.iterdir():
            if path.name != _LOCK and _is_own(path.name):
                self._remove(path)
        self._done.clear()
        self._ordered.clear()

    def _path(self, window: Window) -> Path:
        return self.folder / f"{window.start:{_STAMP}}-{window.end:{_STAMP}}.jsonl"


def _window(name: str) -> Window | None:
    try:
        start, end = name.removesuffix(".jsonl").split("-")
        return Window(*(datetime.strptime(text, _STAMP).replace(tzinfo=UTC) for text in (start, end)))
    except ValueError:
        return None


def _is_own(name: str) -> bool:
    """Whether an export gives files such a name."""
    plain = name.removesuffix(".new")
    return name in (_WHOLE, _LOCK) or plain == _PLAN or (plain.endswith(".jsonl") and _window(plain) is not None)


def _now() -> datetime:
    return datetime.now(UTC)


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()


def _new(path: Path) -> AbstractContextManager[BinaryIO]:
    return replace_file(path, path.with_name(f"{path.name}.new"))


def _why(file: Path) -> str:
    return "it is a folder" if file.is_dir() else f"there is no folder {file.parent}"


@contextmanager
def saying_why(path: Path) -> Iterator[None]:
    """Raise TrunklineError, with what to do, where a file of an export can't be written."""
    try:
        yield
    except OSError as problem:
        raise TrunklineError(
            f"{spelled(path)} can't be written ({reason(problem)}).",
            hint="Free space or give yourself the right to write there; the same command then goes on.",
        ) from None
