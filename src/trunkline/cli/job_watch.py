"""A job that runs elsewhere, watched until it ends: in a process of its own here, or on many machines."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..jobs import Job, Summary
from .job_places import engine_of
from .job_run import exit_code, report
from .progress import progress

if TYPE_CHECKING:
    from ..shards.job import SharedJob

GRACE = 15.0
"""Seconds that lanes get to end. One that died counts as alive for longer than anybody wants to wait."""
IDLE = 120.0
"""Seconds for which nobody works on a shared job before that is worth a line."""
EVERY = 1.0
"""Seconds between two looks at a ledger; where a look takes long, ten times as long as that."""


def watch(job: Job | SharedJob, output: str | None) -> int:
    """Show the progress of a job until nothing more is going to be done, then its summary; the exit code."""
    with goes_on(job.name):
        summary = _to_end(job)
    report(summary, output, engine_of(job))
    return exit_code(summary)


@contextmanager
def goes_on(name: str) -> Iterator[None]:
    """Let Ctrl-C end a block that only looks at a job. Raises: KeyboardInterrupt, with what to do next."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"the job goes on. `trunkline job watch {name}` watches it again, `trunkline job cancel {name}` ends it."
        ) from None


def _to_end(job: Job | SharedJob) -> Summary:
    idle_since: float | None = None
    with progress("items") as bar:
        while True:
            begun = time.monotonic()
            left = _is_left(job)  # before the items are counted, so that the last ones are among them
            summary = job.summary()
            done, failed = summary.counts["done"], summary.counts["failed"]
            bar.at(done + failed, sum(summary.counts.values()), note=f"{failed} failed" if failed else "")
            if not left:
                _wait_for_lanes(job)
                summary = job.summary()
                return summary._replace(status="paused") if summary.status == "running" else summary
            if summary.status == "running":
                idle_since = None
            elif idle_since is None:
                idle_since = begun
            elif idle_since < begun - IDLE:
                click.echo(f"Nobody has worked on {job.name} for {IDLE:.0f} s: look whether workers run.", err=True)
                idle_since = math.inf
            time.sleep(max(EVERY, 10 * (time.monotonic() - begun)))


def _wait_for_lanes(job: Job | SharedJob) -> None:
    """Return when the lanes of a job, which have nothing left to do, have ended: it can be removed then."""
    until = time.monotonic() + GRACE
    while not isinstance(job, Job) and job.rows.is_held() and time.monotonic() < until:
        time.sleep(EVERY / 4)


def _is_left(job: Job | SharedJob) -> bool:
    """Whether something is going to be done without another command."""
    if isinstance(job, Job):
        return job.summary().status == "running"
    from ..shards.lane import is_left

    return is_left(job.ledger, job.name)
