"""The engine by itself: a PBX that a test tells what to answer, and a clock that stands until somebody waits."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.errors import BadRequest, ConnectionLost, Forbidden, ServerError, TooManyRequests, TrunklineError
from trunkline.work import run as engine
from trunkline.work.drivers import run_in_threads
from trunkline.work.ledger import Entry, MemoryLedger
from trunkline.work.run import Policy, Run
from trunkline.work.state import State
from trunkline.work.step import Step

READ = load().action("fax.get")


class Clock(threading.Event):
    """Time passes only while somebody waits."""

    now = 1000.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0
        return self.is_set()

    def monotonic(self) -> float:
        return self.now


class Pbx:
    """Answers each call with the next of its answers, and notes when it was asked."""

    def __init__(self, clock: Clock, answers: list[Any]) -> None:
        self._clock = clock
        self._answers = iter(answers)
        self.asked: list[float] = []

    def call(self, action: str, /, **arguments: Any) -> Any:
        self.asked.append(self._clock.now - Clock.now)
        answer: Any = next(self._answers, {})
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    return clock


def step(entry: Entry) -> Step:
    return Step(READ, {"Id": entry.n})


def carried_out(clock: Clock, policy: Policy, answers: list[Any], count: int = 3) -> tuple[Run, Pbx, list[State]]:
    """One worker over some items; what became of each, not started where nothing is on record."""
    ledger = MemoryLedger(range(count))
    run = Run(ledger, step, policy._replace(concurrency=1))
    run.stopping = clock
    pbx = Pbx(clock, answers)
    run_in_threads(run, pbx)
    states = [outcome.state if (outcome := ledger.outcomes.get(n)) else State.NOT_STARTED for n in range(count)]
    return run, pbx, states


def lost() -> TrunklineError:
    return ConnectionLost("The connection broke.")


def busy(seconds: float | None) -> TrunklineError:
    return TooManyRequests("Slow down.", status=429, retry_after=seconds)


DONE, FAILED, NOT_STARTED = State.DONE, State.FAILED, State.NOT_STARTED


def test_a_wait_of_the_caller_may_be_longer_than_any_that_a_pbx_asks_for(clock: Clock) -> None:
    policy = Policy(attempts=2, delay=lambda _: 3600.0)
    run, pbx, states = carried_out(clock, policy, [lost()])
    assert (states, run.halt) == ([DONE] * 3, None)
    assert pbx.asked == [0.0, 3600.0, 3600.0, 3600.0]


@pytest.mark.parametrize(("asked", "states"), [(60, [DONE] * 3), (121, [FAILED, NOT_STARTED, NOT_STARTED])])
def test_a_pbx_that_asks_for_too_long_a_wait_is_not_asked_again(
    clock: Clock, asked: float, states: list[State]
) -> None:
    run, pbx, found = carried_out(clock, Policy(attempts=2), [busy(asked)])
    assert found == states
    assert isinstance(run.halt, TooManyRequests) is (asked > engine.LONGEST_WAIT)
    assert all(at in (0.0, asked) for at in pbx.asked)


@pytest.mark.parametrize(
    ("policy", "answers", "states"),
    [
        (Policy(most_failures=1), [BadRequest("No.", status=400)], [FAILED, NOT_STARTED, NOT_STARTED]),
        (Policy(most_failures=2), [BadRequest("No.", status=400)], [FAILED, DONE, DONE]),
        (Policy(), [BadRequest("No.", status=400)] * 3, [FAILED] * 3),
        (Policy(most_in_a_row=2), [lost(), lost()], [FAILED, FAILED, NOT_STARTED]),
        (Policy(most_in_a_row=2), [lost(), {}, lost()], [FAILED, DONE, FAILED]),
        (Policy(most_in_a_row=2), [BadRequest("No.", status=400)] * 3, [FAILED] * 3),
        (Policy(most_in_a_row=2), [lost(), BadRequest("No.", status=400), lost()], [FAILED] * 3),
        (Policy(), [Forbidden("No right.", status=403)], [FAILED, DONE, DONE]),
        (Policy(stops_when_refused=True), [Forbidden("No right.", status=403)], [FAILED, NOT_STARTED, NOT_STARTED]),
        (Policy(attempts=2, delay=lambda _: 0), [ServerError("Oh.", status=500)], [DONE] * 3),
        (Policy(attempts=2, delay=lambda _: 0), [ServerError("Oh.", status=500)] * 2, [FAILED, DONE, DONE]),
        (Policy(attempts=9, delay=lambda _: 10, patience=15), [lost()] * 9, [FAILED, NOT_STARTED, NOT_STARTED]),
    ],
)
def test_when_a_run_stops(clock: Clock, policy: Policy, answers: list[Any], states: list[State]) -> None:
    assert carried_out(clock, policy, answers)[2] == states


def test_requests_keep_their_distance(clock: Clock) -> None:
    _, pbx, states = carried_out(clock, Policy(rate=2), [])
    assert states == [DONE] * 3
    assert pbx.asked == [0.0, 0.5, 1.0]


def test_what_a_stopped_run_has_begun_is_finished(clock: Clock) -> None:
    ledger = MemoryLedger(range(3))
    run = Run(ledger, step, Policy(concurrency=1), lambda outcome: run.stop())
    run_in_threads(run, Pbx(clock, []))
    assert {n: outcome.state for n, outcome in ledger.outcomes.items()} == {0: DONE}
    assert ledger.under_way == []


def test_a_step_that_can_not_be_made_fails_its_item(clock: Clock) -> None:
    def make(entry: Entry) -> Step:
        if entry.n == 1:
            raise ValueError("s3cret")
        return step(entry)

    ledger = MemoryLedger(range(3))
    pbx = Pbx(clock, [])
    run_in_threads(Run(ledger, make, Policy()), pbx)
    assert [ledger.outcomes[n].state for n in range(3)] == [DONE, FAILED, DONE]
    assert (len(pbx.asked), "s3cret" in str(ledger.outcomes[1].error)) == (2, False)
