"""What a pass takes, by the clock and of processors."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

if sys.platform == "win32":
    import os

    def _user() -> float:
        return os.times().user
else:
    import resource

    def _user() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_utime  # finer than os.times, which counts in hundredths


class Spent(NamedTuple):
    """Seconds by the clock, processor seconds of this process, the part of those outside the kernel, the server's."""

    wall: float
    own: float
    user: float
    server: float = 0.0

    @property
    def busy(self) -> float:
        """The part of the time in which the server was at work; near 1 it is the server that is measured."""
        return min(self.server / self.wall, 1.0)


class Stopwatch:
    def __init__(self) -> None:
        self._wall, self._own, self._user = time.perf_counter(), time.process_time(), _user()

    def read(self) -> Spent:
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._own, _user() - self._user)
