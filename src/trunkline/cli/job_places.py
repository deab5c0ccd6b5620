"""Where a job is: in a ledger of this machine, or in the one that many machines share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..errors import ConfigurationError, Hint, TrunklineError

if TYPE_CHECKING:
    from ..jobs import Job
    from ..shards.job import SharedJob

HERE, SHARED = "here", "shared"
ENGINE = "engine"
"""The fact in the ledger that names the engine to which a job was last handed."""
LEDGER = "TRUNKLINE_LEDGER"
"""The address of the shared ledger. It has no option beside it: the command line of a process, and so a password in
it, can be read by everybody on the machine."""


def _places(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    from .candidates import job_places

    return job_places(ctx, param, incomplete)


place_option: Callable[[Any], Any] = click.option(
    "--on",
    metavar="PLACE",
    shell_complete=_places,
    help="Which job, if two have the name: here, or prefect for that of the shared ledger.",
)
"""For commands on an existing job: here, an engine, or `SHARED`, which stands for any engine."""


def has_shared_ledger() -> bool:
    """Whether the environment names one; nothing is connected to, or even loaded, to find out."""
    return bool(os.environ.get(LEDGER, "").strip())


@contextmanager
def shared_job(name: str, on: str | None) -> Iterator[SharedJob | None]:
    """Open the job of that name in the shared ledger; None where the job is one of this machine.

    A ledger that can't be reached hides no job of this machine: one line on stderr says that it was not looked at.

    Raises:
        click.UsageError: there is one in both places, and ``on`` doesn't say which.
        ConfigurationError: there is none, or the ledger that was asked for can't be used.
    """
    if on == HERE or (on is None and not has_shared_ledger()):
        yield None
        return
    if on not in (None, SHARED):
        from .engines import check_engine  # brings what finds packages, which --help needs not

        check_engine(on)  # a misspelled place is not taken for another
    from ..jobs import JobFolder
    from ..shards.job import SharedJob
    from ..shards.ledger import PostgresLedger

    is_here = on is None and JobFolder().file(name).exists()
    try:
        ledger = PostgresLedger.from_environment()
    except TrunklineError as error:
        if not is_here:
            raise
        not_looked_at(error)
        yield None
        return
    with ledger:
        is_there = name in ledger.names()
        if is_here and is_there:
            raise click.UsageError(
                f"{name!r} is a job of this machine and one of the shared ledger: --on here or --on prefect says which."
            )
        if not is_here and not is_there:
            where = "in the shared ledger" if on else "on this machine or in the shared ledger"
            raise ConfigurationError(
                f"There is no job {name!r} {where}.", hint=Hint("All that there are are listed by", "job.list")
            )
        yield SharedJob.open(ledger, name) if is_there else None


@contextmanager
def either_job(name: str, on: str | None, *, check: bool = True) -> Iterator[Job | SharedJob]:
    """Open a job where it is. ``check``: whether all of a local ledger is read and compared with its checksums.

    Raises: as `shared_job` and `Job.open`.
    """
    from ..jobs import Job, JobFolder

    with shared_job(name, on) as shared:
        if shared is not None:
            yield shared
            return
    with Job.open(JobFolder().existing(name), check=check) as local:
        yield local


def not_looked_at(error: TrunklineError) -> None:
    """Say in one line why the jobs of the shared ledger are missing from what is shown."""
    from .hints import explained

    click.echo(f"The shared ledger was not looked at: {explained(error)}", err=True)


def engine_of(job: Job | SharedJob) -> str | None:
    """Return the engine that a shared job was last handed to, else `SHARED`; None for a job of this machine."""
    from ..jobs import Job

    return None if isinstance(job, Job) else str(job.rows.about().get(ENGINE) or SHARED)
