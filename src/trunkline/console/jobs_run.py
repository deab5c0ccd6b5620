"""Jobs of this user's folder, and those of them that run in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from ..errors import ConfigurationError, Hint, TrunklineError, UnknownName
from ..jobs import Job, JobFolder, State, Summary
from ..jobs.summary import JobRecord
from ..transport.address import comparable_url
from ..work.outcome import as_error
from .jobs_tasks import Lent, begin
from .pbxs import pbxs

T = TypeVar("T")


class Running(NamedTuple):
    """A job that runs in this process."""

    job: Job
    task: asyncio.Task[None]


class Seen(NamedTuple):
    """A job as a page shows it: its counts, one page of its items, and how many items of those states there are."""

    summary: Summary
    records: list[JobRecord]
    size: int
    is_here: bool
    error: TrunklineError | None
    facts: Mapping[str, Any]


_running: dict[str, Running] = {}
_starting: set[str] = set()
_errors: dict[str, TrunklineError] = {}


def is_here(name: str) -> bool:
    """Whether a job runs in this process."""
    return name in _running or name in _starting


def adopt(job: Job) -> None:
    """Run a job that was just made, until nothing is left to do for now; it is closed then."""
    _errors.pop(job.name, None)
    task = begin(_run(job), job.stop)
    _running[job.name] = Running(job, task)


async def resume(name: str) -> None:
    """Go on with a job, in a task of this process. Raises ConfigurationError for one that can't be opened or runs."""
    if is_here(name):
        return
    _starting.add(name)
    try:
        job = await asyncio.to_thread(Job.open, JobFolder().existing(name))
        adopt(job)
    finally:
        _starting.discard(name)


async def pause(name: str) -> bool:
    """Let a job of this process start nothing more, and wait for the requests in progress; False if it had ended.

    Raises ConfigurationError for one that another process runs.
    """
    running = _running.get(name)
    if running is None:
        if (await opened(name, Job.summary)).status != "running":
            return False
        raise ConfigurationError(
            f"The job {name!r} does not run in this console.",
            hint="The process that runs it can pause it; cancelling it here ends it for good.",
        )
    running.job.stop()
    await asyncio.wait([running.task])
    return True


async def _run(job: Job) -> None:
    try:
        addresses = {target.name: target.url for target in job.ledger.targets()}
        await job.arun(lambda label: Lent(name_of(label, addresses[label])))
    except Exception as problem:
        _errors[job.name] = as_error(problem)
    finally:
        _running.pop(job.name, None)
        job.close()


def label_of(name: str) -> str:
    """Return what a ledger calls a PBX: its saved connection, "" for one without, as the command line does."""
    return pbxs().target(name).profile


def name_of(label: str, url: str) -> str:
    """Return what this console calls a PBX of a ledger. Raises UnknownName where it has none of that name."""
    if label:
        return pbxs().target(label).name
    for target in pbxs().targets:
        if comparable_url(target.url) == comparable_url(url):
            return target.name
    raise UnknownName(f"This console has no PBX at {url}.", hint="Start a console that has it, and go on there.")


async def seen(name: str, states: list[State], skip: int, most: int) -> Seen:
    """Look at a job, also at one that another process runs. Raises what `Job.open` raises."""

    def look(job: Job) -> Seen:
        summary = job.summary()
        records = job.page(states, skip, most)
        size = sum(summary.counts[state.label] for state in states)
        return Seen(summary, records, size, is_here(name), _errors.get(name), job.ledger.about())

    return await opened(name, look)


async def opened(name: str, work: Callable[[Job], T]) -> T:
    """Do something with a job in a thread, without reading all of its ledger first. Raises what `Job.open` raises."""

    def do() -> T:
        with Job.open(JobFolder().existing(name), check=False) as job:
            return work(job)

    return await asyncio.to_thread(do)


async def listed() -> list[tuple[str, Summary | TrunklineError]]:
    """Return the jobs of the folder by name, each with its counts, or with why it can't be read."""

    def look() -> list[tuple[str, Summary | TrunklineError]]:
        folder = JobFolder()
        found: list[tuple[str, Summary | TrunklineError]] = []
        for name in _names(folder):
            try:
                with Job.open(folder.existing(name), check=False) as job:
                    found.append((name, job.summary()))
            except TrunklineError as error:  # one that is damaged, or just being made, hides no other
                found.append((name, error))
        return found

    return await asyncio.to_thread(look)


def _names(folder: JobFolder) -> list[str]:
    try:
        return folder.names()
    except OSError as problem:
        raise ConfigurationError(
            f"The folder of jobs {folder.path} can't be read: {problem.strerror}.",
            hint=Hint("Let this user read it."),
        ) from None


async def remove(name: str) -> None:
    """Forget a job. Raises ConfigurationError while it runs."""
    await asyncio.to_thread(JobFolder().remove, name)
    _errors.pop(name, None)
