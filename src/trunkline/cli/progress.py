"""How far long work is: one line on the terminal's stderr, drawn once the work has taken a while, and wiped after it.

    with progress("items", total=2300) as bar:
        bar.at(17, note="1 failed")

Every command has its bar from here. Nothing is drawn, and rich not even loaded, for work that ends within `DELAY`
seconds, where stderr is not a terminal, or where it is a dumb one. NO_COLOR leaves colours out. What is printed on
stderr meanwhile, such as a warning, stands above the line; a question wipes it until it is answered and something was
printed.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 0.5  # seconds: who gets the answer sooner needs no bar
BYTES = "bytes"


@contextmanager
def progress(unit: str, total: int | None = None, *, writing: bool = False) -> Iterator[Bar]:
    """Draw a bar for the work of the block; ``total`` is None while it is unknown.

    ``unit`` is what is counted, ``items`` or ``rows``; `BYTES` is written as kB and MB. ``writing``: rows go to stdout
    meanwhile. Then nothing is drawn where stdout is the terminal as well, or a pipe, whose reader may draw there too.
    """
    bar = Bar(unit, total)
    if not _drawable() or (writing and _shared()):
        yield bar
        return
    timer = threading.Timer(DELAY, bar.draw)
    timer.daemon = True
    timer.start()
    try:
        yield bar
    finally:
        timer.cancel()
        bar.wipe()


class Bar:
    """How far the work is, drawn or not; `at` may be called as often as one likes, from any thread."""

    def __init__(self, unit: str, total: int | None = None) -> None:
        self._unit = unit
        self._done = 0
        self._total = total
        self._note = ""
        self._drawn: Progress | None = None
        self._stderr: IO[str] = sys.stderr
        self._ended = False
        self._lock = threading.Lock()

    def at(self, done: int, total: int | None = None, note: str = "") -> None:
        """So much is done, of ``total`` if that is known by now; ``note`` stands at the end of the line."""
        with self._lock:
            self._done, self._note = done, note
            self._total = self._total if total is None else total
            if self._drawn is not None:
                self._drawn.update(
                    self._drawn.task_ids[0], completed=done, total=self._total, counted=self._counted(), note=note
                )

    def draw(self) -> None:
        """Begin to draw, unless the work is done by now."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._ended:
                return
            counted, note = TextColumn("{task.fields[counted]}"), TextColumn("{task.fields[note]}")
            known = self._total is not None
            shape = (
                (BarColumn(), counted, TimeRemainingColumn(compact=True)) if known else (SpinnerColumn("line"), counted)
            )
            self._stderr = sys.stderr
            self._drawn = Progress(
                *shape,
                note,
                console=Console(file=self._stderr),
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            # Begun with what is done, so that a job which goes on has no rate from long ago.
            self._drawn.add_task("", total=self._total, completed=self._done, counted=self._counted(), note=self._note)
            sys.stderr = _Above(self, self._stderr)
            self._drawn.start()

    def wipe(self) -> None:
        """Draw no more, and leave nothing behind."""
        with self._lock:
            self._ended = True
            if self._drawn is not None:
                sys.stderr = self._stderr
                self._drawn.stop()
                self._drawn = None

    def above(self, text: str) -> int:
        """Write a text on stderr above the line; one that ends within a line is a question, and goes without."""
        with self._lock:
            if self._drawn is not None:
                self._drawn.stop()
            written = self._stderr.write(text)
            self._stderr.flush()
            if self._drawn is not None and text.endswith("\n"):
                self._drawn.start()
        return written

    def _counted(self) -> str:
        parts = [self._done] if self._total is None else [self._done, self._total]
        if self._unit != BYTES:
            return f"{'/'.join(f'{part:,}' for part in parts)} {self._unit}"
        from rich.filesize import decimal

        return " of ".join(map(decimal, parts))


class Reading(io.FileIO):
    """A file that moves a bar as it is read, for what is sent."""

    def __init__(self, path: str | os.PathLike[str], bar: Bar) -> None:
        super().__init__(os.fspath(path))
        self._bar = bar
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(-1 if size is None else size) or b""
        self._bar.at(self.tell(), self._size)
        return content


class _Above:
    """Stderr while a bar is drawn on it."""

    def __init__(self, bar: Bar, stderr: IO[str]) -> None:
        self._bar = bar
        self._stderr = stderr

    def write(self, text: str) -> int:
        if not isinstance(text, str):  # click finds out in this way whether a file takes bytes
            raise TypeError("stderr takes text")
        return self._bar.above(text) if text else 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stderr, name)


def _drawable() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def _shared() -> bool:
    """Whether what is written to stdout may land on the terminal too."""
    if sys.stdout.isatty():
        return True
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):  # no file at all, as in a test
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
