"""A command on a terminal of its own, for tests of prompts, tables, progress, Ctrl-C and pagers."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

TRUNKLINE = str(Path(sys.executable).with_name("trunkline"))


class Terminal:
    """A command on a terminal of its own, as a person has it."""

    def __init__(
        self,
        argv: list[str],
        environment: dict[str, str],
        stdin: Path | None = None,
        size: tuple[int, int] = (40, 120),
        folder: Path | None = None,
    ) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child
            try:
                _size(0, *size)  # here, or it may come too late for the command
                for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                    signal.signal(number, signal.SIG_DFL)  # whatever pytest does with them, or was told to
                if folder is not None:
                    os.chdir(folder)
                if stdin is not None:
                    os.dup2(os.open(stdin, os.O_RDONLY), 0)
                os.execvpe(argv[0], argv, environment)
            finally:
                os._exit(127)  # or there would be two of pytest
        self.seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may come in two pieces

    def until(self, text: str, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            if not ready or time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)  # or it would go on asking the PBX of other tests
                raise AssertionError(f"waited for {text!r}, saw {self.seen!r}")
            if not self._read():
                raise AssertionError(f"ended before {text!r}: {self.seen!r}")
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self, seconds: float = 120) -> int:
        """Read to the end; the exit code. What goes on for longer is killed, and the test fails."""
        end = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0.0, end - time.monotonic()))[0] and time.monotonic() < end:
            if not self._read():
                os.close(self.fd)
                return self.exit_code(seconds)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"goes on after {self.seen!r}")

    def exit_code(self, seconds: float = 60) -> int:
        end = time.monotonic() + seconds
        while (ended := os.waitpid(self.pid, os.WNOHANG)) == (0, 0):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"still there after {self.seen!r}")
            time.sleep(0.01)
        return os.waitstatus_to_exitcode(ended[1])

    def _read(self) -> bool:
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.seen += self._decoder.decode(more)
        return bool(more)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.type("\x03")

    def interrupt_question(self) -> None:
        """Press Ctrl-C at a question, again where nothing comes of it: a process misses one that comes in the moment
        before it begins to read, in which no person can press it."""
        for _ in range(4):
            before = len(self.seen)
            self.interrupt()
            while select.select([self.fd], [], [], 5)[0]:
                if not self._read() or not "^C".startswith(self.seen[before:]):
                    return
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"goes on asking: {self.seen!r}")


def _size(fd: int, rows: int, columns: int) -> None:
    """Make a terminal so large. COLUMNS and LINES of the environment come before that."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
