"""The emulator in a process of its own, so that it shares neither the interpreter nor its lock with a client.

It is told what to do line by line: each line on stdin is the latency from now on, in seconds, and is answered on
stdout with the processor time used so far. It ends with its stdin, so it can't outlive the benchmark.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLIENT_ID = "benchmark"
API_KEY = "benchmark-key"


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

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("the emulator's process ended; what it said stands above")
        return line


@contextmanager
def started() -> Iterator[Server]:
    """A server without contacts, on a free port, while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
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


def main() -> None:
    from trunkline.emulator import Emulator, running

    emulator = Emulator(client_id=CLIENT_ID, api_key=API_KEY, seed="empty")
    with running(emulator) as url:
        print(url, flush=True)
        for line in sys.stdin:
            emulator.latency = float(line)
            print(time.process_time(), flush=True)


if __name__ == "__main__":
    main()
