"""Queues as they are now, and ending one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx, PreconditionFailed, ServerError
from trunkline.monitor.call_end import end_call
from trunkline.monitor.queues import QueueNow, read_queues, trunk_calls
from trunkline.transport.retries import Retries
from trunkline.work.guards import NotConfirmed


def ask(system: System, work: Callable[[AsyncPbx], Awaitable[Any]]) -> Any:
    async def asking() -> Any:
        async with AsyncPbx(system.url, CLIENT, KEY, retries=Retries(attempts=1)) as client:
            return await work(client)

    return asyncio.run(asking())


def test_who_waits_and_who_takes_calls(pbx: Pbx, system: System) -> None:
    pbx.users.update(22, {"QueueStatus": "LoggedOut"})
    queues: list[QueueNow] = ask(system, read_queues)
    rows: dict[str, Any] = {str(row["Number"]): row for row in pbx.queues.list(expand="Agents")}
    assert [queue.number for queue in queues] == sorted(rows)
    callees = [str(call["Callee"]) for call in pbx.active_calls.list()]
    for queue in queues:
        assert queue.waiting == sum(callee.startswith(f"{queue.number} ") for callee in callees)
        assert [agent.number for agent in queue.agents] == [agent["Number"] for agent in rows[queue.number]["Agents"]]
    support = next(queue for queue in queues if queue.number == "801")
    assert support.waiting == 1
    assert [agent.number for agent in support.agents if not agent.is_logged_in] == ["111"]
    assert support.logged_in == len(support.agents) - 1


def test_what_cant_be_read_is_unknown_and_not_zero(system: System) -> None:
    system.emulator.add_fault("500@/Users*")
    system.emulator.add_fault("500@/ActiveCalls*")
    queues: list[QueueNow] = ask(system, read_queues)
    assert {(queue.waiting, queue.logged_in) for queue in queues} == {(None, None)}
    system.emulator.add_fault("500@/Queues*")
    with pytest.raises(ServerError):
        ask(system, read_queues)


def test_calls_of_a_trunk() -> None:
    calls: list[dict[str, Any]] = [
        {"Caller": "10000 London SIP (+442079460123)", "Callee": "101 Wren, Oskar"},
        {"Caller": "101 Wren, Oskar", "Callee": "10001 New York SIP (+12025550155)"},
        {"Caller": "100001 another", "Callee": None},
    ]
    assert [trunk_calls(calls, number) for number in ("10000", "10001", "10002")] == [1, 1, 0]


def test_the_call_that_was_seen_is_ended_once(pbx: Pbx, system: System) -> None:
    call, *others = list(pbx.active_calls.list())
    with pytest.raises(NotConfirmed):
        ask(system, lambda client: end_call(client, call, False))
    assert system.sent("POST").count(f"/xapi/v1/ActiveCalls({call['Id']})/Pbx.DropCall") == 0
    assert ask(system, lambda client: end_call(client, call, True)) is True
    assert [row["Id"] for row in pbx.active_calls.list()] == [row["Id"] for row in others]
    assert ask(system, lambda client: end_call(client, call, True)) is False


def test_another_call_with_the_same_id_goes_on(pbx: Pbx, system: System) -> None:
    call = next(iter(pbx.active_calls.list()))
    other = {**call, "Caller": "100 Quill, Ada", "Callee": "102 Marsh, Ivo", "EstablishedAt": "2026-06-15T09:00:00Z"}
    with pytest.raises(PreconditionFailed, match=r"is another call by now, .* Nothing was done"):
        ask(system, lambda client: end_call(client, other, True))
    assert call["Id"] in [row["Id"] for row in pbx.active_calls.list()]
