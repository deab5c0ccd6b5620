"""A server in a process of its own, so that it shares neither the interpreter nor its lock with a client.

Run as a module this one serves the emulator; `prepared.py` is another. Each is told what to do line by line: a line on
stdin is the latency from now on, in seconds, and is answered on stdout with the processor time used so far. It ends
with its stdin, so it can't outlive the benchmark.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trunkline_emulator import Emulator

CLIENT_ID = "benchmark"
API_KEY = "benchmark-key"
FIRST_USER = 11  # the lowest id among prepared users


class Server:
    """The running server, seen from the benchmark."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._read()

    def set_latency(self, seconds: float) -> float:
        """Let each answer wait that long; gives the processor time that the server has used so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return float(self._read())

    def used(self) -> float:
        """The processor time that the server has used so far."""
        return self.set_latency(0.0)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("the server's process ended; what it said stands above")
        return line


@contextmanager
def started(module: str = "benchmarks.server", *arguments: str) -> Iterator[Server]:
    """A server on a free port while the block runs; the emulator, without contacts, unless another is named."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    ) as process:
        try:
            yield Server(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def serve(emulator: Emulator) -> None:
    """Serve an emulator on a free port until stdin ends."""
    from trunkline_emulator import running

    with running(emulator) as url:
        print(url, flush=True)
        for line in sys.stdin:
            emulator.latency = float(line)
            print(time.process_time(), flush=True)


def main() -> None:
    from trunkline_emulator import Emulator

    serve(Emulator(client_id=CLIENT_ID, api_key=API_KEY, seed="empty"))


if __name__ == "__main__":
    main()
