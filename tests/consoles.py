"""``trunkline console`` as a process of its own, for tests of its pages."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PATIENCE = 180.0  # seconds until a process must have said something; it starts in three seconds of processor time
_DRAWN_ANEW = "Event listeners changed after initial definition"  # NiceGUI draws such an element once more
NewPage = Callable[..., "Page"]


class Console:
    """A running ``trunkline console``. ``url`` is its base address; `line` waits for what it prints."""

    def __init__(self, environment: Mapping[str, str], *options: str) -> None:
        own = {name: value for name, value in environment.items() if name != "PYTEST_CURRENT_TEST"}
        command = [sys.executable, "-m", "trunkline", "console", "--no-open", "--port", "0", *options]
        self.process = subprocess.Popen(
            command, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.output: list[str] = []
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()
        self.url = self.line("The console answers at ").removesuffix(". Ctrl-C ends it.")

    def _read(self, stdout: IO[str]) -> None:
        for line in stdout:
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def line(self, start: str) -> str:
        """Wait for a line that begins so, and return the rest of it."""
        while (line := self._lines.get(timeout=_PATIENCE)) is not None:
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError(f"The console ended: {''.join(self.output)}")

    def link(self) -> str:
        """Wait for the next one-time link."""
        return self.line("Sign in within five minutes, once: ")

    def stop(self) -> int:
        """End it with SIGTERM, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_PATIENCE)
        finally:
            self.process.kill()
            self._reader.join()
            assert self.process.stdout is not None
            self.process.stdout.close()


@contextmanager
def running_console(environment: Mapping[str, str], *options: str) -> Iterator[Console]:
    """Run a console for a block; it must end well."""
    console = Console(environment, *options)
    try:
        yield console
    finally:
        if console.process.returncode is None:
            assert console.stop() == 0, "".join(console.output)
        assert not [line for line in console.output if _DRAWN_ANEW in line], "what was typed into it is lost"
