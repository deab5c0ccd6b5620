"""Reading the call log: in windows, a few at once, and never less than the PBX has.

The report pages before it filters, counts the page only, may lose the newest rows under ``$orderby``, and ends at
20,000 rows (docs/pbx.md, Pages). So nothing is filtered, counted or ordered by the PBX; windows are read page by page,
and one that may have been cut is halved. Some builds ignore the period (docs/pbx.md, Requests), so each row is checked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from ..catalog import Action, Catalog
from ..errors import (
    BadRequest,
    BrokenAnswer,
    InvalidArgument,
    NotFound,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    UnknownName,
    Unreachable,
    VersionMismatch,
)
from ..result import Page
from ..transport.paging import PageSize
from ..transport.retries import Retries
from ..transport.sign_in import TOKEN_PATH
from ..transport.threads import in_thread
from ..work.drivers import AsyncSystem, System
from ..work.outcome import as_error
from .period import Window, days

ACTIONS = ("report_call_log_data.get_call_log_data", "report_call_log_data.get_old_call_log_data")
"""The action that reads it, and the one for a PBX that answers 404 to that."""
ROW_TYPE = "Pbx.CallLogData"
CAP = 20_000
"""The most rows that the report gives in all (docs/pbx.md, Pages)."""
PAGE = 2_000
"""Rows asked for at once; the report takes more than the 100 of an entity set (docs/pbx.md, Pages)."""
_ROUND = 50
"""A PBX may have other limits than are known. They are round numbers, so an answer of such a length is looked into."""
_BUSY = 1_000
"""Below this, a round number of rows in one minute is nothing but a busy minute. From here on any number may be a limit
that is not round, until some window had more."""
_SHORT = 100
"""Rows of a page that no PBX is known to cut shorter (docs/pbx.md, Pages)."""
_TRIES = 3
_LONGEST_WAIT = 120.0
_PAUSES = Retries(base=1.0)


class Leg(NamedTuple):
    """One row: when it began (None where the PBX doesn't say), what tells it from others, and all of it as JSON."""

    started: datetime | None
    id: str
    line: bytes


class Read(NamedTuple):
    """What came of a window: its legs in order of time, or why they could not be read."""

    window: Window
    legs: list[Leg]
    error: TrunklineError | None = None


class InThreads:
    """A `Pbx` whose pages are awaited, each of which is read in a thread."""

    def __init__(self, pbx: System) -> None:
        self._pbx = pbx
        self.url = pbx.url
        self.action = pbx.action

    @property
    def catalog(self) -> Catalog:
        return self._pbx.catalog

    def call(self, action: str, /, **arguments: Any) -> Any:
        return _AwaitedRows(self._pbx.call(action, **arguments))


class _AwaitedRows(NamedTuple):
    rows: Any

    async def page(self, *, size: int) -> Page:
        page: Page = await in_thread(self.rows.page, 0, size)
        return page


class _Answer(NamedTuple):
    """All pages of a window: ``got`` rows, ``outside`` of them not asked for. ``full``: there may be more.

    ``stuck``: the PBX gave the same page again.
    """

    legs: list[Leg]
    got: int
    outside: int
    stuck: bool
    full: bool


class _TooMany(Exception):
    """A window may have more rows than the PBX gives."""


class CallLog:
    """The call log of one PBX, for a client with the role System Owner (docs/pbx.md, Rights).

        async with AsyncPbx(…) as pbx:
            async for row in CallLog(pbx).rows(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)):
                print(row["StartTime"], row["Status"])

    One call is several rows, one for each leg. ``concurrency`` windows are read at once; ``outside`` counts the rows
    that the PBX sent from outside of a window, ``windows`` those that are known so far to make up what was asked for.
    """

    def __init__(self, pbx: AsyncSystem, *, concurrency: int = 4) -> None:
        if concurrency < 1:
            raise InvalidArgument(f"concurrency must be 1 or more, not {concurrency}.")
        self._pbx = pbx
        self._concurrency = concurrency
        self._turn = asyncio.Semaphore(concurrency)
        self._size = PageSize(PAGE)
        self._action = ACTIONS[0]
        self._answered = False
        self._longest = 0  # rows of a page so far, and
        self._most = 0  # of a window: what was exceeded once is not a limit
        self.outside = 0
        self.windows = 0

    async def rows(self, start: datetime, end: datetime) -> AsyncIterator[dict[str, Any]]:
        """Yield the rows of a period as the PBX gives them, in order of time.

        Raises what the first lost window raised.
        """
        async with aclosing(self.read(days(start.astimezone(UTC), end.astimezone(UTC)))) as reads:
            async for read in reads:
                if read.error is not None:
                    raise read.error
                for leg in read.legs:
                    yield msgspec.json.decode(leg.line)

    async def read(self, wanted: Iterable[Window]) -> AsyncGenerator[Read, None]:
        """Read windows, and give them in their order; one with too many rows comes as several.

        Only those under way are in memory. Leaving early cancels them.
        """
        waiting = deque(wanted)
        self.windows = len(waiting)
        running: deque[tuple[Window, asyncio.Task[list[Leg]]]] = deque()

        def started(window: Window) -> tuple[Window, asyncio.Task[list[Leg]]]:
            return window, asyncio.create_task(self._patiently(window))

        try:
            while waiting or running:
                while waiting and len(running) < self._concurrency:
                    running.append(started(waiting.popleft()))
                window, task = running[0]
                try:
                    read = Read(window, await task)
                except _TooMany:
                    halves = window.halves()
                    if halves is None:
                        read = Read(window, [], self._endless(window))
                    else:
                        running.popleft()
                        running.extendleft(map(started, reversed(halves)))
                        self.windows += 1
                        continue
                except BaseException as problem:
                    read = Read(window, [], as_error(problem))
                running.popleft()
                yield read
        finally:
            for _, task in running:
                task.cancel()
            await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    async def _patiently(self, window: Window) -> list[Leg]:
        """Return the legs of a window; what may pass (a broken answer, a 500, a busy PBX) is tried again."""
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._turn:
                    answer = await self._everything(window)
                return self._whole(window, answer)
            except (_TooMany, asyncio.CancelledError):
                raise
            except (TransportError, ServerError, TooManyRequests, SignInError) as error:
                # A token may die twice where others sign in with the same client id; a sign-in is not repeated.
                refused = isinstance(error, SignInError) and error.path == TOKEN_PATH
                if attempt == _TRIES or refused or isinstance(error, Unreachable):
                    raise
                asked = getattr(error, "retry_after", None)
                await asyncio.sleep(min(asked if asked is not None else _PAUSES.delay(attempt), _LONGEST_WAIT))
            except BaseException as problem:  # here, because an event loop stops at a SystemExit that leaves a task
                raise as_error(problem) from problem.__cause__

    def _whole(self, window: Window, answer: _Answer) -> list[Leg]:
        """Return the legs of an answer that has all of them.

        _TooMany if it may not; TrunklineError if halving won't help.
        """
        if answer.full and answer.outside:
            raise TrunklineError(
                f"{self._pbx.url} does not keep to the period {window}, and may have more rows than it gives at once, "
                f"so those of that window can't be had.",
                hint="Export a later period.",
            )
        if answer.full and (answer.stuck or answer.got >= _BUSY or window.halves() is not None):
            raise _TooMany
        self.outside += answer.outside
        return answer.legs

    async def _everything(self, window: Window) -> _Answer:
        """Page through a window. The report gives the newest rows first, whichever it gives of too many."""
        known: set[str | bytes] = set()
        legs: list[Leg] = []
        got, on_the_end, stuck, shifted, oldest, falling = 0, 0, False, False, None, True
        while got < CAP:
            page, asked = await self._page(window, got)
            fresh = {_key(row, leg): leg for row in page.rows for leg in (leg_of(row),)}
            again = known & fresh.keys()
            known |= fresh.keys()
            for key, leg in fresh.items():
                if key in again:
                    continue
                if leg.started is not None:
                    falling = falling and (oldest is None or leg.started <= oldest)
                    oldest = leg.started if oldest is None else min(oldest, leg.started)
                if leg.started is None or window.holds(leg.started):
                    legs.append(leg)
                else:
                    on_the_end += leg.started == window.end  # the next window's, where a period includes its end
            got += len(page.rows)
            shifted = shifted or bool(again)
            stuck = bool(again) and len(again) == len(fresh)  # $skip was ignored
            if not page.rows or stuck or self._is_last(page, asked):
                break
        legs.reverse()
        legs.sort(key=lambda leg: leg.started or window.start)
        outside = len(known) - len(legs) - on_the_end
        unlimited = len(known) < self._most
        self._most = max(self._most, len(known))
        odd = len(known) >= _BUSY and not outside and window.halves() is not None
        cut = (
            stuck
            or got >= CAP
            or (len(known) > 0 and not unlimited and (len(known) % _ROUND == 0 or odd))
            # Rows that moved from page to page may have moved past us; not where new ones pushed the older on.
            or (shifted and not (falling and outside))
        )
        # The newest come first, so what is cut off is older still.
        reaches_back = falling and oldest is not None and oldest < window.start
        return _Answer(legs, got, outside, stuck, cut and not reaches_back)

    def _is_last(self, page: Page, asked: int) -> bool:
        """Whether a page is short because there is no more, and not because the PBX gives no longer ones."""
        rows = len(page.rows)
        unlimited = rows < self._longest or (rows < _SHORT and rows % _ROUND != 0)
        self._longest = max(self._longest, rows)
        return rows < asked and unlimited and page.next_link is None

    async def _page(self, window: Window, skip: int) -> tuple[Page, int]:
        """Return the page after the first ``skip`` rows, and how many rows it was asked for."""
        while True:
            asked, name = self._size.rows, self._action
            try:
                given = _arguments(self._pbx.action(name), window)
                rows: Any = self._pbx.call(name, **given, skip=skip)
                page: Page = await rows.page(size=asked)
            except BadRequest as refused:
                self._size.refused(asked, refused)
            except NotFound:
                if self._action == name:  # else another window has found out already
                    if name == ACTIONS[1] or self._answered or not self._has(ACTIONS[1]):
                        raise
                    self._action = ACTIONS[1]
            else:
                self._answered = True
                return page, asked

    def _has(self, name: str) -> bool:
        try:
            self._pbx.action(name)
        except (VersionMismatch, UnknownName):
            return False
        return True

    def _endless(self, window: Window) -> TrunklineError:
        return BrokenAnswer(
            f"{self._pbx.url} may have more rows for {window} than it gives at once.",
            hint="A minute can't have that many; check what answers there.",
        )


def _arguments(action: Action, window: Window) -> dict[str, Any]:
    """Everything of a window: no filter of the report's own, as docs/pbx.md (Requests) spells that."""
    given: dict[str, Any] = {"periodFrom": window.start, "periodTo": window.end}
    given |= dict.fromkeys(("callTimeFilterFrom", "callTimeFilterTo"), "0:00:0")
    empty = {"String": "", "Boolean": False}
    return {each.name: given.get(each.name, empty.get(each.type.name, 0)) for each in action.parameters}


def leg_of(row: Any) -> Leg:
    """Return a row as a leg with its identity; BrokenAnswer if it is not one."""
    if not isinstance(row, dict):
        raise BrokenAnswer(f"A row of the call log is not an object but {row!r}.")
    return Leg(_started(row), _identity(row), msgspec.json.encode(row))


def _key(row: Mapping[str, Any], leg: Leg) -> str | bytes:
    """Return what tells a leg within one reading; without a ``CdrId`` two may share all that an id could be made of."""
    return leg.id if row.get("CdrId") else leg.line


def _started(row: Mapping[str, Any]) -> datetime | None:
    text = row.get("StartTime")
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise BrokenAnswer(f"A row of the call log has the StartTime {text!r}.") from None


def _identity(row: Mapping[str, Any]) -> str:
    """``CdrId``; before 20.0.6 there is none, and what a leg has from its beginning stands in for it (assumed)."""
    cdr = row.get("CdrId")
    parts = (
        row.get(name) for name in ("CallHistoryId", "CallId", "SegmentId", "StartTime", "SourceDn", "DestinationDn")
    )
    return str(cdr) if cdr else "/".join("" if part is None else str(part) for part in parts)
