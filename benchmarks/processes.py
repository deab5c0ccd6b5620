"""Timing fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .figures import by_turns

BARE = (sys.executable, "-c", "pass")

Words = Sequence[str | Path]
Command = Words | Callable[[], Words]
"""A command line, or what gives the next one."""


def timed(
    commands: Mapping[str, Command], runs: int, variables: Mapping[str, str] | None = None
) -> dict[str, list[float]]:
    """Milliseconds from start to end of each command, by turns, after one run that is not counted."""
    with _environment() as base:
        environment = {**base, **(variables or {})}
        turns = {name: partial(_milliseconds, command, environment) for name, command in commands.items()}
        by_turns(turns, 1)
        return by_turns(turns, runs)


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """An environment whose first run writes all bytecode to a place of its own and whose later runs find it there.

    So a package installed with its bytecode has no advantage over one run from a checkout.
    """
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield {**kept, "PYTHONPYCACHEPREFIX": folder}


def _milliseconds(command: Command, environment: Mapping[str, str]) -> float:
    words = command() if callable(command) else command
    start = time.perf_counter()
    subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1000
