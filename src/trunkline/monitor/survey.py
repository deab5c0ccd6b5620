"""The status of many PBXs at once, each with its own status, whatever became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..connections.profiles import keyless
from ..connections.targets import Target
from ..local.timestamps import format_timestamp
from ..transport.retries import Retries
from ..work.outcome import as_error
from .concerns import Limits
from .records import ErrorRecord
from .status import TIMEOUT, Status

AT_ONCE = 16
"""PBXs that are read at once: each has a few connections, and a laptop's 256 open files must be enough."""
_CONNECT = 5.0  # seconds: a PBX that takes longer to accept a connection counts as down
_RETRIES = Retries(attempts=2)


async def read_status(target: Target, limits: Limits = Limits()) -> Status:  # noqa: B008 - immutable
    """Read the status of one PBX through a client of its own. Raises as `Status.read` does."""
    if not target.client_secret:
        raise keyless(target.profile)
    timeout = target.options.get("timeout", TIMEOUT)
    async with target.client(label=target.profile, timeout=timeout, connect_timeout=_CONNECT, retries=_RETRIES) as pbx:
        return await Status.aread(pbx, limits, timeout=timeout)


async def survey(targets: Sequence[Target], limits: Limits = Limits()) -> AsyncGenerator[Status, None]:  # noqa: B008
    """Read the status of many PBXs, and yield each when it is there. One that can't be read has its ``error``."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(target: Target) -> Status:
        async with gate:
            try:
                return await read_status(target, limits)
            except BaseException as problem:
                return _failed(target, problem)

    tasks = [asyncio.create_task(read(target)) for target in targets]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _failed(target: Target, problem: BaseException) -> Status:
    name = target.profile or urlsplit(target.url).netloc or target.url
    error = ErrorRecord.of(as_error(problem))
    return Status(pbx=name, url=target.url, time=format_timestamp(datetime.now(UTC)), error=error)


def severity(status: Status) -> tuple[bool, int, str]:
    """Give the key that sorts PBXs: first those that failed, then those with the most concerns."""
    return status.error is None, -len(status.concerns), status.pbx
