"""What an export has read so far: a file for each finished window, in a folder beside the file that it is for.

Only its owner can read it, as call logs tell who called whom. A part gets its name once it is on the disk, so whatever
ends a run, a part that is there is whole. The folder goes when the file is there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import ConfigurationError, InvalidArgument, TrunklineError
from ..transport.whole import whole
from .call_log import Leg
from .period import Window

_PLAN, _LOCK, _WHOLE = "plan.json", "lock", "whole"
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
        """What another one has otherwise, in words: ``from 2026-01-01T00:00:00Z``."""
        differing = [name for name in _SPOKEN if getattr(self, name) != getattr(other, name)]
        said = {**msgspec.structs.asdict(self), "columns": ",".join(self.columns) or "of all fields"}
        return [f"{_SPOKEN[name]} {said[name]}" for name in differing]


class Parts:
    """The folder ``FILE.parts``. Use it inside `held`, which keeps other processes out."""

    def __init__(self, file: Path) -> None:
        self.file = Path(os.path.realpath(file))  # a link stays a link, as with open()
        self._named = file
        self.folder = self.file.with_name(self.file.name + ".parts")
        self._done: set[Window] = set()

    def check(self, *, overwrite: bool) -> None:
        """Refuse a file that can't be written, or that is there already. Nothing has been asked of the PBX yet."""
        special = self._named.exists() and not self._named.is_file()  # asked of a pipe in /dev, which has no real path
        if special and not self._named.is_dir():
            raise InvalidArgument(f"{self._named} is no ordinary file.", hint="Leave --out away, and use a pipe.")
        if self.file.is_dir() or not self.file.parent.is_dir():
            raise InvalidArgument(f"{self.file} can't be written: {_why(self.file)}.")
        if self.file.exists() and not overwrite:
            raise InvalidArgument(f"{self.file} is there already.", hint="Name another file, or give --overwrite.")

    @contextmanager
    def held(self, plan: Plan, *, restart: bool = False, settling: timedelta | None = None) -> Iterator[None]:
        """Keep the folder for this process while a block runs, and make it if there is none.

        ``settling``: how long after its end a window gets new rows; one that was read before doesn't count as read.
        ConfigurationError if another process has it, if it belongs to another export (``restart`` throws that away),
        or if it is no folder of ours.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / _LOCK, mode=0o600)
        with _saying(self.folder):
            if self.folder.exists() and not self._ours():
                raise ConfigurationError(
                    f"{self.folder} is there, and was not made by an export.",
                    hint="Move it away, or name another file.",
                )
            self.folder.mkdir(mode=0o700, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise ConfigurationError(
                    f"Another process is exporting to {self.file}.", hint="Wait for it, or name another file."
                ) from None
        try:
            with _saying(self.folder):
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
        names = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else {""}
        return _PLAN in names or names <= {_LOCK, f"{_PLAN}.new"}

    def _begin(self, plan: Plan, restart: bool, settling: timedelta | None) -> None:
        there = self.folder / _PLAN
        if restart:
            self._forget()
        # Before anything can be refused: what has no finished windows goes when the block ends.
        self._done = {window for path in self.folder.glob("*.jsonl") if (window := _window(path.name)) is not None}
        if there.exists():
            try:
                before = msgspec.json.decode(there.read_bytes(), type=Plan)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise ConfigurationError(f"{there} can't be read.", hint="--restart begins anew.") from None
            if other := before.unlike(plan):
                raise ConfigurationError(
                    f"{self.folder} has the beginning of another export: {', '.join(other)}.",
                    hint="The same command as then goes on with it; --restart throws it away and begins anew.",
                )
            if settling is not None:
                self._done = {window for window in self._done if window.end + settling <= self._read_at(window)}
        else:
            with _new(there) as file:
                file.write(msgspec.json.encode(plan))

    @property
    def begun(self) -> bool:
        """Whether an earlier run has left finished windows."""
        return bool(self._done)

    def missing(self, window: Window) -> Iterator[Window]:
        """What of a window has not been read. One that had to be halved is there in halves."""
        if window in self._done:
            return
        halves = self._halved(window)
        if not halves:
            yield window
        for half in halves:
            yield from self.missing(half)

    def windows(self, window: Window) -> Iterator[Window]:
        """What of a window has been read, in order of time."""
        if window in self._done:
            yield window
            return
        for half in self._halved(window):
            yield from self.windows(half)

    def _halved(self, window: Window) -> tuple[Window, ...]:
        """The halves of a window of which something may be there."""
        inside = any(window.start <= done.start and done.end <= window.end for done in self._done)
        return (window.halves() or ()) if inside else ()

    def keep(self, window: Window, legs: Iterable[Leg]) -> None:
        """Put a finished window on the disk."""
        with _saying(self.folder), _new(self._path(window)) as file:
            file.writelines(leg.line + b"\n" for leg in legs)
        self._done.add(window)

    def lines(self, window: Window) -> Iterator[bytes]:
        """The rows of a window that has been read."""
        with _saying(self.folder), self._path(window).open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")

    @contextmanager
    def whole(self) -> Iterator[BinaryIO]:
        """A file that takes the place of the real one when the block ends well, and is nowhere otherwise."""
        with _saying(self.file):
            with whole(self.file, self.folder / _WHOLE) as file:
                yield file
            self._forget()

    def _forget(self) -> None:
        """Remove what an export made, and nothing else that somebody may have put there."""
        for path in self.folder.iterdir():
            if path.name in (_PLAN, _WHOLE) or _window(path.name.removesuffix(".new")) or path.name == f"{_PLAN}.new":
                path.unlink(missing_ok=True)
        self._done.clear()

    def _read_at(self, window: Window) -> datetime:
        return datetime.fromtimestamp(self._path(window).stat().st_mtime, UTC)

    def _path(self, window: Window) -> Path:
        return self.folder / f"{window.start:{_STAMP}}-{window.end:{_STAMP}}.jsonl"


def _window(name: str) -> Window | None:
    try:
        start, end = name.removesuffix(".jsonl").split("-")
        return Window(*(datetime.strptime(text, _STAMP).replace(tzinfo=UTC) for text in (start, end)))
    except ValueError:
        return None


def _new(path: Path) -> AbstractContextManager[BinaryIO]:
    return whole(path, path.with_name(f"{path.name}.new"))


def _why(file: Path) -> str:
    return "it is a folder" if file.is_dir() else f"there is no folder {file.parent}"


@contextmanager
def _saying(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise TrunklineError(
            f"{path} can't be written ({problem.strerror or problem}).",
            hint="Mend that; the same command then goes on.",
        ) from None
