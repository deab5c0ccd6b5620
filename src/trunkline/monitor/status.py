"""The status of a PBX: a few cheap reads, and what of them needs attention.

A part that can't be read does not fail the others: its fields are None, and ``unavailable`` has its error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import msgspec

from ..client import AsyncPbx, Pbx
from ..client.rows import Rows
from ..errors import ConfigurationError, Forbidden, Hint, SignInError, TrunklineError, Unreachable
from ..transport.sign_in import TOKEN_PATH
from ..work.outcome import as_error
from .concerns import Concern, Limits, find_concerns
from .readings import Readings, read_answers
from .records import ErrorRecord

TIMEOUT = 10.0
"""Seconds that each part may take: a status should not wait the minute that a report may need."""

_FIRST = "licence"
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    _FIRST: ("license_status.get", {}),
    "system": ("system_status.get", {}),
    "services": ("services.list", {"select": "Name,Status"}),
    "trunks": ("trunks.list", {"select": "Number,IsOnline,Gateway"}),
    "backups": ("backups.list", {"select": "FileName,CreationTime"}),
    "updates": ("updates.get_updates", {}),
}
"""What is read: the name of each part, its action and options. The first goes out by itself, so that a PBX that is
down gets one request only."""

REQUESTS_AT_ONCE = 4
"""Requests that a PBX gets at once (docs/pbx.md, Throttling)."""

_HOPELESS = (ConfigurationError, SignInError, Unreachable)
"""After these the other parts would fail the same way, and a sign-in be tried again (docs/pbx.md, Signing in)."""


class Status(Readings, frozen=True, kw_only=True):
    """The status of a PBX: what was read from it, and what of that needs attention.

    ``error`` is None, except in a `survey` for a PBX that could not be read at all; then the other fields are None.
    """

    concerns: list[Concern] = []  # noqa: RUF012 - msgspec copies it
    error: ErrorRecord | None = None

    @classmethod
    def read(cls, pbx: Pbx, limits: Limits = Limits(), *, timeout: float = TIMEOUT) -> Self:  # noqa: B008 - immutable
        """Read the status of a PBX; each part within ``timeout`` seconds.

        Raises: the error of a PBX that can't be reached or signed in to, and of one that answers nothing at all.
        """

        def read(part: str) -> Any:
            action, options = PARTS[part]
            try:
                answer = pbx.call(action, **options, timeout=timeout)
                return list(answer) if isinstance(answer, Rows) else answer
            except BaseException as problem:
                return as_error(problem)

        answers = {_FIRST: raise_if_down(read(_FIRST))}
        answers |= {part: read(part) for part in PARTS if part != _FIRST}
        return cls._of(pbx, answers, limits)

    @classmethod
    async def aread(cls, pbx: AsyncPbx, limits: Limits = Limits(), *, timeout: float = TIMEOUT) -> Self:  # noqa: B008
        """Read the status of a PBX in the current event loop, four parts at once; as `read` otherwise."""
        turn = asyncio.Semaphore(REQUESTS_AT_ONCE)

        async def read(part: str) -> Any:
            action, options = PARTS[part]
            try:
                async with turn:
                    return await pbx.call(action, **options, timeout=timeout)
            except BaseException as problem:
                return as_error(problem)

        answers = {_FIRST: raise_if_down(await read(_FIRST))}
        others = [part for part in PARTS if part != _FIRST]
        answers |= zip(others, await asyncio.gather(*map(read, others)), strict=True)
        return cls._of(pbx, answers, limits)

    @classmethod
    def _of(cls, pbx: Pbx | AsyncPbx, answers: Mapping[str, Any], limits: Limits) -> Self:
        failures = [answer for answer in answers.values() if isinstance(answer, TrunklineError)]
        if len(failures) == len(answers):
            raise no_answer(pbx.url, failures)
        readings = read_answers(pbx.label, pbx.url, pbx.version, answers, datetime.now(UTC))
        return cls(**msgspec.structs.asdict(readings), concerns=find_concerns(readings, limits))


def raise_if_down(answer: Any) -> Any:
    """Return the first answer, or raise the error of a PBX that should get no other request."""
    if isinstance(answer, _HOPELESS) or (isinstance(answer, TrunklineError) and answer.path == TOKEN_PATH):
        raise answer
    return answer


def no_answer(url: str, failures: list[TrunklineError]) -> TrunklineError:
    """Return the error of a PBX of which no part could be read."""
    if all(isinstance(failure, Forbidden) for failure in failures):
        return Forbidden(
            f"Signed in to {url}, but this client may see nothing of its status (403).",
            hint=Hint("The client's role may be too small, or the licence", "doctor"),
            status=403,
        )
    return failures[0]
