"""PBXs that are measured again and again: one client each, kept open, and one reading for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from ..client import AsyncPbx
from ..connections.targets import Target
from ..errors import InvalidArgument, SignInError, TimedOut, TransportError, TrunklineError
from ..transport.retries import Retries
from ..transport.sign_in import TOKEN_PATH
from ..transport.watch import Event
from ..work.fleet import check_at_once
from ..work.outcome import as_error
from .concerns import Limits
from .measures import NO_TURN, Kept, Measures, failed_measures, measures_of, unasked_measures
from .measures_parts import FIRST, Asked, Part, parts_of
from .status import REQUESTS_AT_ONCE, no_answer, raise_if_down

AT_ONCE = 16
"""PBXs that are read at once."""
MIN_INTERVAL = 10.0
"""Seconds for which a reading is used again: less than the 15 s at which Prometheus is often set to scrape."""
MOST_PBXS = 2_000
"""PBXs that one process measures: each keeps a few connections and some fifty series."""

_CONNECT = 5.0  # seconds
_RETRIES = Retries(attempts=2)
_REFUSED = 900.0  # seconds without another sign-in once one was refused: failures can get an address blocked
_MARGIN = 0.25  # seconds
_LATEST_TURN = 0.75  # of the time: what is left must do to tell a PBX that is down from one that was asked too late
_TOO_LATE = (TimedOut.code, NO_TURN)
_FAILED = 60.0  # seconds for which the refusal of a part that is read rarely stands


class Source:
    """One PBX that is measured again and again.

    A reading serves all that ask while it lasts, and for ``min_interval`` seconds after it began; who had more time
    than one that ran out of it asks again. The parts that change rarely are read less often (`measures_parts`).
    """

    def __init__(self, target: Target, gate: asyncio.Semaphore, min_interval: float, limits: Limits) -> None:
        self.name = target.name
        self.last_seconds = 0.0
        self._target = target
        self._gate = gate
        self._min_interval = min_interval
        self._limits = limits
        self._pbx: AsyncPbx | None = None
        self._kept: dict[str, Kept] = {}
        self._read_at: dict[str, float] = {}
        self._latest: Measures | None = None
        self._began = 0.0
        self._limit = 0.0  # seconds that the latest reading had
        self._refused_until = 0.0
        self._requests = 0
        self._has_turn = False
        self._reading: asyncio.Task[Measures] | None = None

    async def measure(self, timeout: float, *, waits: bool = False) -> Measures:
        """Return the measures of the PBX within ``timeout`` seconds; those of one that fails have an ``error``.

        ``waits``: the time begins with the PBX's turn, however long that takes to come.
        """
        now = time.monotonic()
        if self._reading is None:
            is_refused = now < self._refused_until
            is_recent = is_refused or now - self._began < self._min_interval
            if self._latest is not None and is_recent and self._serves(self._latest, timeout):
                return self._latest
            self._limit = timeout
            self._reading = asyncio.create_task(self._read(timeout, waits=waits))
        reading = self._reading
        await asyncio.wait([reading], timeout=None if waits else timeout)
        if reading.done() and not reading.cancelled():
            measures = reading.result()
            left = timeout if waits else now + timeout - time.monotonic()
            return measures if self._serves(measures, left) else await self.measure(left, waits=waits)
        return self._failed(_late(self.name, timeout)) if self._has_turn else self._unasked()

    def _serves(self, measures: Measures, seconds: float) -> bool:
        """Whether the latest reading is one for who has so much time: not if it ran out of less."""
        return measures.error is None or measures.error.code not in _TOO_LATE or seconds <= self._limit

    async def close(self) -> None:
        """End a reading in progress, and close the connections."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._close_client()

    async def _close_client(self) -> None:
        pbx, self._pbx = self._pbx, None
        if pbx is not None:
            await pbx.close()

    async def _read(self, timeout: float, *, waits: bool) -> Measures:
        asked_at = time.monotonic()
        try:
            try:
                async with asyncio.timeout(None if waits else timeout * _LATEST_TURN):
                    await self._gate.acquire()
            except TimeoutError:
                self.last_seconds /= 2  # one that is slow gets its turn in the end
                return self._unasked()
            # What was read by then is better than nothing, so the reading ends before those who wait for it give up.
            begins = time.monotonic() if waits else asked_at
            try:
                self._latest = await self._read_now(begins + timeout - min(_MARGIN, timeout / 10))
            finally:
                self._gate.release()
            return self._latest
        finally:
            self._reading = None

    async def _read_now(self, deadline: float) -> Measures:
        self._has_turn, self._requests, self._began = True, 0, time.monotonic()
        try:
            return await self._measured(deadline)
        except Exception as problem:
            error = as_error(problem)
            if _is_refusal(error):
                # Another client tries again later: this one remembers the refusal for as long as it lives.
                self._refused_until = time.monotonic() + _REFUSED
                await self._close_client()
            return self._failed(error)
        finally:
            self._has_turn = False
            self.last_seconds = time.monotonic() - self._began

    async def _measured(self, deadline: float) -> Measures:
        if self._pbx is None:
            self._target.key()  # a profile that was signed out of has none
            self._pbx = self._target.client(
                label=self._target.profile, connect_timeout=_CONNECT, retries=_RETRIES, hooks=(self._count,)
            )
        pbx = self._pbx
        part_timeout = min((deadline - time.monotonic()) / 2, self._target.options.get("timeout", math.inf))
        if part_timeout <= 0:
            raise _late(self.name, 0)
        turn = asyncio.Semaphore(REQUESTS_AT_ONCE)
        parts = parts_of(pbx.url)
        now = datetime.now(UTC)

        async def read(name: str) -> Any:
            async with turn:
                seconds = min(part_timeout, deadline - time.monotonic())
                asked = Asked(now, _entity(self._kept.get(FIRST)), seconds)
                answer = await _answer(parts[name], pbx, asked, self.name)
            self._kept[name] = Kept(answer, now)
            self._read_at[name] = time.monotonic()
            return answer

        first = raise_if_down(await read(FIRST))
        due = [name for name, part in parts.items() if name != FIRST and self._is_due(name, part)]
        answers = [first, *await asyncio.gather(*map(read, due))]
        failures = [answer for answer in answers if isinstance(answer, TrunklineError)]
        if len(failures) == len(answers):
            raise no_answer(pbx.url, failures)
        if refused := next(filter(_is_refusal, failures), None):
            raise refused
        measures = measures_of(self.name, pbx.url, pbx.version, self._kept, now, self._limits)
        return msgspec.structs.replace(
            measures, requests=self._requests, duration_seconds=time.monotonic() - self._began
        )

    def _is_due(self, name: str, part: Part) -> bool:
        kept = self._kept.get(name)
        if kept is None:
            return True
        period = part.period
        if isinstance(kept.answer, TrunklineError):
            may_pass = kept.answer.retryable or isinstance(kept.answer, TransportError)
            period = 0.0 if may_pass else min(period, _FAILED)
        return time.monotonic() - self._read_at[name] >= period

    def _count(self, event: Event) -> None:
        self._requests += not event.finished

    def _unasked(self) -> Measures:
        """Return what is known without asking: a PBX that was down the last time has not been seen up since."""
        if self._latest is not None and self._latest.error is not None:
            return self._latest
        return unasked_measures(self.name, self._target.url, datetime.now(UTC))

    def _failed(self, error: TrunklineError) -> Measures:
        measures = failed_measures(self.name, self._target.url, error, datetime.now(UTC))
        seconds = time.monotonic() - self._began
        return msgspec.structs.replace(measures, requests=self._requests, duration_seconds=seconds)


class Sources:
    """Several PBXs by their names.

    async with Sources(Target.saved()) as sources:
        for measures in await sources.measure():
            print(measures.pbx, measures.error or measures.calls.active)
    """

    def __init__(
        self,
        targets: Iterable[Target],
        *,
        at_once: int = AT_ONCE,
        min_interval: float = MIN_INTERVAL,
        limits: Limits = Limits(),  # noqa: B008 - immutable
    ) -> None:
        """Take the PBXs. ``at_once``: how many are read at a time. Nothing is sent yet.

        Raises InvalidArgument for two of one name, for more than `MOST_PBXS`, and for an ``at_once`` out of range.
        """
        check_at_once(at_once)
        chosen = list(targets)
        if len(chosen) > MOST_PBXS:
            raise InvalidArgument(f"{len(chosen)} PBXs are more than one process measures ({MOST_PBXS}).")
        gate = asyncio.Semaphore(at_once)
        sources = [Source(target, gate, min_interval, limits) for target in chosen]
        self._sources = {source.name: source for source in sources}
        if len(self._sources) < len(sources):
            raise InvalidArgument("Two of the PBXs have the same name.", hint="Give each its own name.")

    @property
    def names(self) -> Sequence[str]:
        """The names of the PBXs, in order."""
        return tuple(self._sources)

    async def measure(self, timeout: float = 10.0, *, waits: bool = False) -> list[Measures]:
        """Measure all within ``timeout`` seconds, in the order of their names; a `NO_TURN` is one that was not asked.

        ``waits``: each has ``timeout`` seconds of its own, from its turn on. Those that took longest the last time
        begin last, so that they keep no other from its turn.
        """
        in_turn = sorted(self._sources.values(), key=lambda source: source.last_seconds)
        measured = await asyncio.gather(*(source.measure(timeout, waits=waits) for source in in_turn))
        by_name: Mapping[str, Measures] = dict(zip((source.name for source in in_turn), measured, strict=True))
        return [by_name[name] for name in self._sources]

    async def measure_one(self, name: str, timeout: float = 10.0) -> Measures:
        """Measure one of them. Raises KeyError for a name that is not among them."""
        return await self._sources[name].measure(timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(source.close() for source in self._sources.values()), return_exceptions=True)


async def _answer(part: Part, pbx: AsyncPbx, asked: Asked, label: str) -> Any:
    """Return the answer of a part, or the error that it ended with."""
    if asked.timeout <= 0:
        return _late(label, 0)
    try:
        async with asyncio.timeout(asked.timeout):
            return await part.read(pbx, asked)
    except TimeoutError:
        return _late(label, asked.timeout)
    except Exception as problem:
        return as_error(problem)


def _is_refusal(error: TrunklineError) -> bool:
    """Whether the credentials were refused. Another 401 may be the work of somebody who signed in meanwhile."""
    return isinstance(error, SignInError) and error.path == TOKEN_PATH


def _late(label: str, seconds: float) -> TimedOut:
    return TimedOut(f"{label} did not answer within {seconds:.3g} s.")


def _entity(kept: Kept | None) -> Mapping[str, Any]:
    return kept.answer if kept is not None and isinstance(kept.answer, dict) else {}
