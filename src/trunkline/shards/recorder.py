"""Writing outcomes from an event loop: a thread writes, and all that comes up meanwhile shares the next statement."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..work.ledger import Entry, LedgerFailed
from ..work.outcome import Outcome, as_error
from .ledger import ShardLedger, write_outcomes
from .postgres import Database

if TYPE_CHECKING:
    from .lease import Lease

_PATIENCE = 2.0  # seconds for one try; whose lease has not ended meanwhile is tried again


class _Waiting(NamedTuple):
    """Outcomes that are to be written, and who waits for it."""

    ledger: ShardLedger
    lease: Lease
    outcomes: Sequence[Outcome]
    written: asyncio.Future[None]


class Recorder:
    """Writes the outcomes of all shards of one process, in a thread with a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database.separate()
        self._waiting: list[_Waiting] = []
        self._news = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._write_always, name="trunkline-ledger", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, after what was given to it is written."""
        with self._news:
            self._is_closing = True
            self._news.notify()
        self._thread.join()
        self._database.close()

    def write(self, ledger: ShardLedger, lease: Lease, outcomes: Sequence[Outcome]) -> asyncio.Future[None]:
        """Have outcomes written, from the event loop that waits for it.

        The future ends when they are, or raises LedgerFailed: LeaseLost if the shard's lease was.
        """
        written = asyncio.get_running_loop().create_future()
        with self._news:
            self._waiting.append(_Waiting(ledger, lease, outcomes, written))
            self._news.notify()
        return written

    def _write_always(self) -> None:
        while True:
            with self._news:
                while not self._waiting and not self._is_closing:
                    self._news.wait()
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                self._write(batch)
            except Exception as problem:  # a defect; whoever waits must not wait for ever
                failure = LedgerFailed(f"Outcomes can't be written: {as_error(problem).message}")
                _tell([(each, failure) for each in batch])

    def _write(self, batch: list[_Waiting]) -> None:
        """Write a batch; a database that is away is tried again for those whose lease has not ended."""
        while batch:
            outcomes: dict[ShardLedger, list[Outcome]] = {}
            for each in batch:
                outcomes.setdefault(each.ledger, []).extend(each.outcomes)
            try:
                lost = write_outcomes(self._database, outcomes, patience=_PATIENCE)
            except LedgerFailed as problem:
                lasting = [each for each in batch if problem.retryable and each.lease.left]
                _tell([(each, problem) for each in batch if each not in lasting])
                batch = lasting
                continue
            _tell([(each, each.ledger.lost() if each.ledger in lost else None) for each in batch])
            return


class Recorded:
    """The ledger of a shard as its run sees it: nothing in the event loop waits for the database."""

    is_durable = True

    def __init__(self, ledger: ShardLedger, lease: Lease, recorder: Recorder) -> None:
        self._ledger = ledger
        self._lease = lease
        self._recorder = recorder
        self._under_way: list[asyncio.Future[None]] = []

    @property
    def size(self) -> int:
        return self._ledger.size

    def take(self) -> Entry | None:
        return self._ledger.take()

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Have outcomes written; `written` waits for it."""
        self._under_way.append(self._recorder.write(self._ledger, self._lease, outcomes))

    async def arecord(self, outcomes: Sequence[Outcome]) -> None:
        """Return when outcomes are written. Raises LedgerFailed."""
        await self._recorder.write(self._ledger, self._lease, outcomes)

    async def written(self) -> None:
        """Return when all that was given to `record` is written. Raises LedgerFailed."""
        for problem in await asyncio.gather(*self._under_way, return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem


def _tell(ended: Sequence[tuple[_Waiting, LedgerFailed | None]]) -> None:
    """Let each event loop know whether its outcomes are written; one that has ended needs it no more."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], LedgerFailed | None]]] = {}
    for each, problem in ended:
        by_loop.setdefault(each.written.get_loop(), []).append((each.written, problem))
    for loop, results in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, results)


def _resolve(results: Sequence[tuple[asyncio.Future[None], LedgerFailed | None]]) -> None:
    for written, problem in results:
        if written.done():
            continue  # who waited was cancelled
        if problem is None:
            written.set_result(None)
        else:
            written.set_exception(problem)
            written.exception()  # seen: Python would warn of it where the run has ended with another
