"""Processes that end with the one that started them, even where that one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_LARGE = 10_000_000  # bytes of a log, after which the next start begins another
# Waits for the end of its input, that is of who holds the other end. Then: signal $0 to $1, and SIGKILL 20 s later.
_GUARD = """
read -r line
kill -"$0" "$1" 2>/dev/null
for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$1" 2>/dev/null || exit 0
    sleep 1
done
kill -KILL "$1" 2>/dev/null
"""


class Child:
    """A process of its own session that appends to a log.

    A guard, a shell that waits on a pipe, ends it when this process is gone. ``farewell`` is the signal that asks it
    to end; it goes to all processes that it started, or with ``has_group`` off to it only. The guard keeps the
    ``held`` file descriptor open until the process has ended. ``user`` is who it runs as.

    Raises:
        OSError: It can't be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        farewell: signal.Signals = signal.SIGTERM,
        has_group: bool = True,
        held: int | None = None,
    ) -> None:
        self.log, self._farewell, self._has_group = log, farewell, has_group
        with suppress(FileNotFoundError):
            if log.stat().st_size > _LARGE:
                log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as written:
            self._process = subprocess.Popen(  # noqa: S603 (programs of this package's own choice)
                command,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                cwd="/",
                env=environment,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                start_new_session=True,  # Ctrl-C on this terminal is not for it
            )
        target = str(-self.pid if has_group else self.pid)
        self._guard = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _GUARD, farewell.name.removeprefix("SIG"), target],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
            pass_fds=[] if held is None else [held],
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; below zero is the signal that ended it."""
        return self._process.poll()

    def end(self, sent: signal.Signals | None = None, *, patience: float = 20.0) -> None:
        """End it, by SIGKILL where it is still there after ``patience`` seconds, and with it all that it started."""
        self._send(sent or self._farewell)
        limit = time.monotonic() + patience
        while self._is_there() and time.monotonic() < limit:
            time.sleep(0.02)
        self._send(signal.SIGKILL)
        self._process.wait()
        self._guard.kill()
        self._guard.communicate()  # closes the pipe

    def _is_there(self) -> bool:
        ended = self.exit_code is not None  # a process that has ended stays in its group until it is asked for
        return self._send(0) if self._has_group else not ended

    def _send(self, sent: int) -> bool:
        """Send a signal; whether somebody was there to get it."""
        if not self._has_group and self.exit_code is not None:
            return False
        try:
            (os.killpg if self._has_group else os.kill)(self.pid, sent)
        except (ProcessLookupError, PermissionError):  # macOS denies where only ended ones are left
            return False
        return True
