"""Many threads and tasks that share one session: they sign in once, and whoever is cut off gives the lock back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from playing import (
    GET,
    NO_WAIT,
    granted,
    reply,
    signed_in,
    signed_out,
)
from trunkline.errors import (
    SignInError,
)
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange


class Pbx:
    """A stand-in PBX: one token lives at a time, as on a 3CX, and it counts sign-ins."""

    def __init__(self) -> None:
        self.sign_ins = 0
        self.lock = threading.Lock()

    def answer(self, request: HttpRequest) -> HttpResponse:
        with self.lock:
            if request.target.endswith("/connect/token"):
                self.sign_ins += 1
                return granted(f"t{self.sign_ins}")
            live = dict(request.headers)["Authorization"] == f"Bearer t{self.sign_ins}"
            return reply(200 if live else 401)


class Adapter(Pbx):
    def send(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def close(self) -> None: ...


class AsyncAdapter(Pbx):
    async def send(self, request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return self.answer(request)

    async def close(self) -> None: ...


@pytest.mark.parametrize("first", ["no token", "a dead token"])
def test_many_threads_at_once_sign_in_once(first: str) -> None:
    adapter, session = Adapter(), signed_out() if first == "no token" else signed_in("dead")
    driver, statuses, start = Driver(adapter), [], threading.Barrier(16)

    def work() -> None:
        start.wait(10)
        statuses.append(driver.run(exchange(session, GET, NO_WAIT)).status)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert statuses == [200] * 16
    assert adapter.sign_ins == 1


@pytest.mark.parametrize("first", ["no token", "a dead token"])
def test_many_tasks_at_once_sign_in_once(first: str) -> None:
    adapter, session = AsyncAdapter(), signed_out() if first == "no token" else signed_in("dead")

    async def run() -> list[HttpResponse]:
        driver = AsyncDriver(adapter)
        return await asyncio.gather(*(driver.run(exchange(session, GET, NO_WAIT)) for _ in range(50)))

    assert [answer.status for answer in asyncio.run(run())] == [200] * 50
    assert adapter.sign_ins == 1


def test_many_threads_with_refused_credentials_ask_once() -> None:
    class Refusing(Adapter):
        def answer(self, request: HttpRequest) -> HttpResponse:
            with self.lock:
                self.sign_ins += 1
            return reply(401)

    adapter, session, refused = Refusing(), signed_out(), []
    driver, start = Driver(adapter), threading.Barrier(8)

    def work() -> None:
        start.wait(10)
        try:
            driver.run(exchange(session, GET, NO_WAIT))
        except SignInError as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refused) == 8
    assert adapter.sign_ins == 1


def test_a_task_cancelled_while_it_signs_in_gives_the_lock_back() -> None:
    class Hanging(AsyncAdapter):
        hang = True
        asked: asyncio.Event

        async def send(self, request: HttpRequest) -> HttpResponse:
            if self.hang:
                self.asked.set()
                await asyncio.Event().wait()
            return self.answer(request)

    adapter, session = Hanging(), signed_out()

    async def run() -> int:
        adapter.asked = asyncio.Event()
        driver = AsyncDriver(adapter)
        task = asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT)))
        waiting = asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT)))
        await adapter.asked.wait()
        adapter.hang = False
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            return (await waiting).status

    assert asyncio.run(run()) == 200
    assert adapter.sign_ins == 1


def test_a_task_cancelled_while_it_waits_for_the_lock_does_not_take_it_along() -> None:
    class Gated(AsyncAdapter):
        gate: asyncio.Event

        async def send(self, request: HttpRequest) -> HttpResponse:
            if request.target.endswith("/connect/token"):
                await self.gate.wait()
            return self.answer(request)

    adapter, session = Gated(), signed_out()

    async def run() -> list[int]:
        adapter.gate = asyncio.Event()
        driver = AsyncDriver(adapter)
        tasks = [asyncio.create_task(driver.run(exchange(session, GET, NO_WAIT))) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        adapter.gate.set()
        async with asyncio.timeout(10):
            return [(await task).status for task in (tasks[0], tasks[2])]

    assert asyncio.run(run()) == [200, 200]
    assert adapter.sign_ins == 1


def test_a_thread_that_is_interrupted_while_it_signs_in_gives_the_lock_back() -> None:
    class Interrupted(Adapter):
        first = True

        def send(self, request: HttpRequest) -> HttpResponse:
            if self.first:
                self.first = False
                raise KeyboardInterrupt
            return self.answer(request)

    driver, session = Driver(Interrupted()), signed_out()
    with pytest.raises(KeyboardInterrupt):
        driver.run(exchange(session, GET, NO_WAIT))
    statuses: list[int] = []
    thread = threading.Thread(
        target=lambda: statuses.append(driver.run(exchange(session, GET, NO_WAIT)).status), daemon=True
    )
    thread.start()
    thread.join(10)
    assert statuses == [200]
