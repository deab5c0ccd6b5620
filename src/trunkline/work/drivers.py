"""Running the generators of this room: in threads with a `Caller`, in an event loop with an `AsyncCaller`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from ..catalog import Action, Catalog
from ..errors import InvalidArgument
from .outcome import Outcome
from .run import Run, Work
from .step import Ask, Record, Wait

_SLICE = 0.1  # seconds; how soon a waiting task notices that the run was stopped
_KINDS = "Nothing was sent. A Pbx is for run, plan and apply; an AsyncPbx for arun, aplan and aapply."


class Caller(Protocol):
    """What work is carried out on: a `Pbx`, or anything else that can call an action.

    Where it has ``send`` as well, as a `Pbx` has, that gets the checked call, so that nothing is checked twice.
    """

    def call(self, action: str, /, **arguments: Any) -> Any: ...


class AsyncCaller(Protocol):
    """As `Caller`, with an answer to await: an `AsyncPbx`."""

    def call(self, action: str, /, **arguments: Any) -> Awaitable[Any]: ...


class _Known(Protocol):
    """Where a PBX is, and what it can be asked."""

    @property
    def url(self) -> str: ...

    @property
    def catalog(self) -> Catalog: ...

    def action(self, name: str) -> Action: ...


class System(Caller, _Known, Protocol):
    """A `Caller` that says which PBX it is: a `Pbx`."""


class AsyncSystem(AsyncCaller, _Known, Protocol):
    """As `System`, with answers to await: an `AsyncPbx`."""


Write = Callable[[Sequence[Outcome]], None]
AsyncWrite = Callable[[Sequence[Outcome]], Awaitable[None]]


def run_in_threads(run: Run, pbx: Caller, write: Write | None = None) -> None:
    """Run until nothing is left, or the run is stopped. ``write`` records, where the ledger is durable.

    Raises LedgerFailed.
    """
    stopping = run.stopping.wait
    lock = threading.Lock()

    def record(outcomes: Sequence[Outcome]) -> None:
        with lock:
            (write or run.ledger.record)(outcomes)

    workers = run.workers
    with ThreadPoolExecutor(workers, "trunkline-work") as pool:
        futures = [pool.submit(drive, run.worker(), pbx, stopping, record) for _ in range(workers)]
        try:
            for future in futures:
                future.result()
        except BaseException:
            run.stop()
            raise


def check_sync(pbx: object) -> None:
    """Refuse a client whose answers have to be awaited. Raises InvalidArgument."""
    if hasattr(pbx, "__aenter__") and not hasattr(pbx, "__enter__"):
        raise InvalidArgument(f"Threads take a Pbx, not {type(pbx).__name__}.", hint=_KINDS)


def check_async(pbx: object) -> None:
    """Refuse a client whose answers can't be awaited. Raises InvalidArgument."""
    if hasattr(pbx, "__enter__") and not hasattr(pbx, "__aenter__"):
        raise InvalidArgument(f"An event loop takes an AsyncPbx, not {type(pbx).__name__}.", hint=_KINDS)


def drive(
    work: Work,
    pbx: Caller,
    wait: Callable[[float], object] = time.sleep,
    record: Write = lambda _: None,
) -> Any:
    """Do what a generator yields, in the calling thread; gives its value."""
    check_sync(pbx)
    try:
        step = next(work)
        while True:
            if isinstance(step, Wait):
                wait(step.seconds)
                step = work.send(None)
                continue
            answer = None
            try:
                if isinstance(step, Record):
                    record(step.outcomes)
                else:
                    answer = _call(pbx, step)
            except BaseException as problem:
                step = work.throw(problem)
            else:
                step = work.send(answer)
    except StopIteration as end:
        return end.value
    finally:
        work.close()


def _sent(pbx: Caller | AsyncCaller, ask: Ask) -> Any:
    send: Callable[..., Any] | None = getattr(pbx, "send", None)
    if send is not None:  # it takes a checked call as it is
        return send(ask.call, **ask.options)
    return pbx.call(ask.call.action.id, **ask.call.arguments, **ask.options)


def _call(pbx: Caller, ask: Ask) -> Any:
    answer = _sent(pbx, ask)
    if ask.call.action.answer_kind != "list":
        return answer
    if ask.is_count:
        return answer.count()
    if ask.on_page is None:
        return list(answer)
    rows: list[Any] = []
    for page in _pages(answer):
        ask.on_page(page)
        rows += page
    return rows


def _pages(answer: Any) -> Iterator[Sequence[Any]]:
    """Yield the rows of each page of a list; a caller other than a client may give rows without pages."""
    if hasattr(answer, "pages"):
        yield from (page.rows for page in answer.pages())
    else:
        yield from ([row] for row in answer)


async def run_in_loop(run: Run, pbx: AsyncCaller, write: AsyncWrite | None = None) -> None:
    """As `run_in_threads`, with tasks of the current event loop."""
    check_async(pbx)

    async def wait(seconds: float) -> None:
        # The run may be stopped by a signal or another thread, which can't set an asyncio.Event.
        ends = asyncio.get_running_loop().time() + seconds
        while not run.stopping.is_set() and (left := ends - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, _SLICE))

    async with asyncio.TaskGroup() as group:
        for _ in range(run.workers):
            group.create_task(adrive(run.worker(), pbx, wait, write))


async def adrive(
    work: Work,
    pbx: AsyncCaller,
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    record: AsyncWrite | None = None,
) -> Any:
    """As `drive`, in the current task."""
    check_async(pbx)
    try:
        step = next(work)
        while True:
            if isinstance(step, Wait):
                await wait(step.seconds)
                step = work.send(None)
                continue
            answer = None
            try:
                if isinstance(step, Ask):
                    answer = await _acall(pbx, step)
                elif record is not None:
                    await record(step.outcomes)
            except BaseException as problem:
                step = work.throw(problem)
            else:
                step = work.send(answer)
    except StopIteration as end:
        return end.value
    finally:
        work.close()


async def _acall(pbx: AsyncCaller, ask: Ask) -> Any:
    rows: list[Any] = []
    answer = _sent(pbx, ask)
    is_list = ask.call.action.answer_kind == "list"
    if is_list and ask.is_count:
        return await answer.count()
    pages = getattr(answer, "pages", None)
    if not is_list or ask.on_page is None or pages is None:
        value = await answer
        if not is_list:
            return value
        if ask.on_page is None:
            return list(value)
        for page in _pages(value):
            ask.on_page(page)
            rows += page
        return rows
    async for page in pages():
        ask.on_page(page.rows)
        rows += page.rows
    return rows
