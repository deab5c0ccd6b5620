"""The calls in progress as a table that is drawn anew on a screen of its own, as `top` has it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..errors import TrunklineError
from ..local.timestamps import format_duration, parse_timestamp
from .call_events import Calls, Row, seconds
from .drawing import fitted

_AROUND = 5  # lines that are no call: what is watched, a blank line, the head of the table, its rule, and the rest
_COLUMNS = ["Id", "Caller", "Callee", "Status", "Duration", "Since (UTC)"]


class LiveTable:
    """What is drawn while the ``with`` block runs; what was on the terminal before comes back after it."""

    def __init__(self, name: str, interval: float, counts: Counter[str]) -> None:
        self._name = name
        self._interval = interval
        self._counts = counts
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._calls: Calls | None = None
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
        """A terminal may go in the middle of a table."""
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

    def seen(self, events: list[Row], calls: Calls, at: datetime) -> None:
        self._calls = calls
        self._counts.update(event["event"] for event in events)
        self._draw(at)

    def lost(self, error: TrunklineError, wait: float, at: datetime) -> None:
        self._away = self._away or f"{at:%H:%M:%S} UTC"
        self._draw(at, f"Away since {self._away}, trying again in {wait:.0f} s. {error.message}")

    def back(self, away: float) -> None:
        self._away = ""

    def _draw(self, at: datetime, trouble: str = "") -> None:
        calls = self._calls.chosen if self._calls else []
        total = self._calls.total if self._calls else 0
        number = f"{len(calls)} of {total}" if len(calls) != total else str(total)
        word = "call" if number == "1" else "calls"
        head = f"{self._name}   {number} {word}   {at:%H:%M:%S} UTC, every {self._interval:g} s   Ctrl-C ends"
        room = max(1, self._console.height - _AROUND - 2 * bool(trouble))
        parts = [Text(head, style="bold", no_wrap=True, overflow="ellipsis")]
        if trouble:
            parts.append(Text(trouble, style="red"))
        drawn = fitted(_COLUMNS, [_cells(call) for call in calls[:room]], self._console.width, droppable=True)
        more = [Text(f"… and {len(calls) - room} more")] if len(calls) > room else []
        with self._drawing():
            self._live.update(Group(*parts, Text(), drawn, *more), refresh=True)


def _end(number: int, _: object) -> None:
    """Unwind, so that the terminal gets its own screen and cursor back; then end as the shell has it."""
    raise SystemExit(128 + number)


def _cells(call: Row) -> list[str]:
    since, length = parse_timestamp(call.get("EstablishedAt")), seconds(call)
    return [
        *(str(call.get(name) or "") for name in ("Id", "Caller", "Callee", "Status")),
        "" if length is None else format_duration(length),
        f"{since:%H:%M:%S}" if since else "",
    ]
