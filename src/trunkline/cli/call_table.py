"""The calls in progress as a table that is refreshed on its own screen, as in `top`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..catalog.secret import masked
from ..local.timestamps import format_duration, parse_timestamp
from ..monitor.call_watch import Outage, Snapshot
from ..monitor.calls import Row, duration
from .drawing import fitted

_AROUND = 5  # lines that show no call: what is watched, a blank line, the head of the table, its rule, and the rest
_COLUMNS = ["Id", "Caller", "Callee", "Status", "Duration", "Since (UTC)"]


class LiveTable:
    """What is drawn while the ``with`` block runs; what was on the terminal before comes back after it."""

    def __init__(self, name: str, interval: float) -> None:
        self._name = name
        self._interval = interval
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._last: Snapshot | None = None
        self._away = ""
        self._busy = self._pauses = False

    def __enter__(self) -> Self:
        self._before = {signal.SIGTERM: signal.signal(signal.SIGTERM, _end)}
        if hasattr(signal, "SIGTSTP"):  # Windows has none
            self._before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._pause)
        with self._drawing():
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._drawing():
            self._live.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _pause(self, number: int, _: object) -> None:
        """Ctrl-Z: the shell gets its own screen and cursor back; `fg` brings the table again.

        In the middle of a table it has to wait: a stream that is being written to refuses to be written to.
        """
        if self._busy:
            self._pauses = True
            return
        shown = self._live.is_started
        self._live.stop()
        ours = signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, ours)
        if shown:
            self._live.start()

    @property
    def gone(self) -> bool:
        """Whether the terminal has gone. It ends us by itself, unless its hang-up is ignored."""
        return not self._console.file.isatty()

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """Ignore that the terminal goes in the middle of a table."""
        self._busy = True
        try:
            yield
        except OSError:
            if not self.gone:
                raise
        finally:
            self._busy = False
        if self._pauses:
            self._pauses = False
            self._pause(signal.SIGTSTP, None)

    def show(self, snapshot: Snapshot) -> None:
        self._last, self._away = snapshot, ""
        self._draw(snapshot.time)

    def show_outage(self, outage: Outage) -> None:
        self._away = self._away or f"{outage.time:%H:%M:%S} UTC"
        trouble = f"Away since {self._away}, trying again in {outage.retry_in:.0f} s. {outage.error.message}"
        self._draw(outage.time, trouble)

    def _draw(self, now: datetime, trouble: str = "") -> None:
        calls, total = (self._last.calls, self._last.total) if self._last else ([], 0)
        number = f"{len(calls)} of {total}" if len(calls) != total else str(total)
        word = "call" if number == "1" else "calls"
        head = f"{self._name}   {number} {word}   {now:%H:%M:%S} UTC, every {self._interval:g} s   Ctrl-C ends"
        room = max(1, self._console.height - _AROUND - 2 * bool(trouble))
        parts = [Text(head, style="bold", no_wrap=True, overflow="ellipsis")]
        if trouble:
            parts.append(Text(trouble, style="red"))
        drawn = fitted(_COLUMNS, [_cells(masked(call)) for call in calls[:room]], self._console.width, droppable=True)
        more = [Text(f"… and {len(calls) - room} more")] if len(calls) > room else []
        with self._drawing():
            self._live.update(Group(*parts, Text(), drawn, *more), refresh=True)


def _end(number: int, _: object) -> None:
    """Unwind, so that the terminal gets its own screen and cursor back; then end as the shell has it."""
    raise SystemExit(128 + number)


def _cells(call: Row) -> list[str]:
    since, seconds = parse_timestamp(call.get("EstablishedAt")), duration(call)
    return [
        *(str(call.get(name) or "") for name in ("Id", "Caller", "Callee", "Status")),
        "" if seconds is None else format_duration(seconds),
        f"{since:%H:%M:%S}" if since else "",
    ]
