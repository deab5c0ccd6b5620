"""The status of many PBXs at once, each with its own status, whatever became of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from ..connections.profiles import keyless
from ..connections.targets import Target
from ..errors import TrunklineError
from ..local.timestamps import format_timestamp
from ..transport.retries import Retries
from ..work.fleet import aeach
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


async def survey(
    targets: Sequence[Target],
    limits: Limits = Limits(),  # noqa: B008 - immutable
    *,
    at_once: int = AT_ONCE,
) -> AsyncGenerator[Status, None]:
    """Read the status of many PBXs, and yield each when it is there. One that can't be read has its ``error``.

    Raises InvalidArgument for an ``at_once`` that is not 1 to 64.
    """

    async def read(target: Target) -> Status:
        return await read_status(target, limits)

    async with aclosing(aeach(targets, read, at_once=at_once, is_ordered=False)) as outcomes:
        async for outcome in outcomes:
            error = outcome.error
            yield failed_status(targets[outcome.n], error) if isinstance(error, TrunklineError) else outcome.answer


def failed_status(target: Target, error: TrunklineError) -> Status:
    """Give the status of a PBX that could not be read at all: only its ``error``."""
    time = format_timestamp(datetime.now(UTC))
    return Status(pbx=target.name, url=target.url, time=time, error=ErrorRecord.of(error))


def severity(status: Status) -> tuple[bool, int, str]:
    """Give the key that sorts PBXs: first those that failed, then those with the most concerns."""
    return status.error is None, -len(status.concerns), status.pbx
