"""Jobs that many machines share, as the command line sees them: handed to an engine, and resumed."""

from __future__ import annotations

import os

import click

from ..connections.profiles import fitting, profiles_file, read_profiles
from ..errors import TrunklineError
from ..shards.job import SharedJob
from .connection_options import ConnectionOptions
from .engines import engine_names, load_engine
from .hints import explained
from .job_places import ENGINE, SHARED, engine_of
from .job_shown import write_summary
from .job_watch import goes_on, watch


def shared_targets(patterns: tuple[str, ...], connection: ConnectionOptions) -> dict[str, str]:
    """Return name and address of the saved PBXs that a new shared job is for.

    Keys are not looked at: each worker has its own file of saved connections.

    Raises:
        click.UsageError: no saved PBX is named, or an option has a meaning only where the requests are sent.
        ConfigurationError: a pattern names none.
    """
    check_reaches_workers(connection)
    patterns = patterns or connection.profiles
    if not patterns and not connection.all_profiles:
        raise click.UsageError(
            "The workers open saved connections by name: give --profile NAME. `trunkline login NAME` saves one."
        )
    saved = read_profiles(profiles_file(os.environ))
    return {profile.name: profile.url for profile in fitting(saved, patterns or saved)}


def check_reaches_workers(connection: ConnectionOptions) -> None:
    """Refuse what this command line says about a connection, because the workers would not know. click.UsageError."""
    for name in ("url", "client_id", "client_secret", "ca_file", "insecure", "timeout", "no_check_version"):
        if getattr(connection, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} does not reach the workers, which use connections as they are saved.")


def carry_out(job: SharedJob, engine: str, lanes: int | None, output: str | None, *, detach: bool) -> int:
    """Hand a job to an engine and watch it to its end, unless ``detach``; the exit code.

    Raises: ConfigurationError if the engine can't be reached; the job stays in the ledger.
    """
    try:
        page = load_engine(engine).hand_over(job.name, lanes=lanes)
    except TrunklineError as error:
        kept = f"The job is in the ledger and nothing moves it: `trunkline job resume {job.name}` hands it over again."
        raise error.replace(hint=error.hint.after(kept)) from None
    with goes_on(job.name):
        job.rows.tell({ENGINE: engine})
        click.echo(f"{job.name} is on {engine}: {page}", err=True)
        if detach:
            write_summary(job.summary(), output, engine)
            return 0
        return watch(job, output)


def resume(
    job: SharedJob,
    on: str | None,
    lanes: int | None,
    output: str | None,
    connection: ConnectionOptions,
    *,
    detach: bool,
) -> int:
    """Let the paused shards of a job be taken again, and go on as `carry_out`.

    Raises: click.UsageError for options of this machine, or if several engines are possible.
    """
    check_reaches_workers(connection)
    if connection.profiles or connection.all_profiles:
        raise click.UsageError(f"The job {job.name!r} goes on on all its PBXs: leave --profile out.")
    engine = on if on not in (None, SHARED) else engine_of(job)
    if engine == SHARED:  # made by a program, which handed it to no engine that is known here
        known = engine_names()
        if len(known) != 1:
            raise click.UsageError(f"No engine is noted for {job.name!r}: --on ENGINE names one.")
        (engine,) = known
    assert engine is not None  # noqa: S101 - a shared job has one
    job.resume()
    return carry_out(job, engine, lanes, output, detach=detach)


def end_lanes(name: str, engine: str) -> None:
    """Let an engine forget the lanes of a cancelled job. The ledger has ended the job itself, so this may fail."""
    if engine == SHARED:
        return
    try:
        load_engine(engine).cancel(name)
    except TrunklineError as error:
        click.echo(f"Its runs on {engine} end by themselves: {explained(error)}", err=True)
