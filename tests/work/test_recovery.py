"""The table of recovery, cell by cell, and the errors that lead to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from trunkline.catalog import load
from trunkline.errors import (
    BadRequest,
    BrokenAnswer,
    ConfigurationError,
    Conflict,
    ConnectionLost,
    Forbidden,
    InvalidArgument,
    NotFound,
    PbxError,
    PreconditionFailed,
    ServerError,
    SignInError,
    TimedOut,
    TooManyRequests,
    TrunklineError,
    Unexpected,
    Unreachable,
    VersionMismatch,
)
from trunkline.work.recovery import (
    Decision,
    Effect,
    Finding,
    Trouble,
    conclude,
    decide,
    proves_nothing,
    retry_after,
    trouble_of,
)

CREATE = load().action("users.create")
EFFECTS = list(Effect)
LETTERS = {
    "R": Decision.RESEND,
    "L": Decision.LOOK_UP,
    "D": Decision.DONE,
    "F": Decision.FAILED,
    "?": Decision.UNKNOWN,
    "P": Decision.PAUSE,
}

# For each trouble: the decision after a first try, after a later one, and after a look that did not show it as done.
# Columns: read, delete, keyed, doubling, blind.
SPECIFICATION = {
    Trouble.NOT_SENT: ("RRRRR", "RRLL?", "RRRR?"),
    Trouble.SLOW_DOWN: ("RLLL?", "RLLL?", "RRRR?"),
    Trouble.UNAVAILABLE: ("RLLL?", "RLLL?", "RRRR?"),
    Trouble.GATEWAY: ("RLLL?", "RLLL?", "RRR??"),
    Trouble.SERVER_ERROR: ("RLLL?", "RLLL?", "RRRF?"),
    Trouble.LOST: ("RLLL?", "RLLL?", "RRR??"),
    Trouble.BROKEN: ("RLLL?", "RLLL?", "RRR??"),
    Trouble.REDIRECTED: ("PPPPP", "PPPPP", "PPPPP"),
    Trouble.NOT_FOUND: ("FFFFF", "FDLL?", "FFFF?"),
    Trouble.REFUSED: ("FFFFF", "FLLL?", "FFFF?"),
    Trouble.NOT_ADMITTED: ("PPPPP", "PPPPP", "PPPPP"),
    Trouble.UNEXPECTED: ("FLLL?", "FLLL?", "FFF??"),
}


@pytest.mark.parametrize(
    ("trouble", "effect", "moment"),
    list(itertools.product(Trouble, Effect, range(3))),
    ids=lambda part: getattr(part, "name", part),
)
def test_every_cell(trouble: Trouble, effect: Effect, moment: int) -> None:
    expected = LETTERS[SPECIFICATION[trouble][moment][EFFECTS.index(effect)]]
    if moment == 2:
        assert conclude(trouble, effect, Finding.NOT_DONE) is expected
    else:
        assert decide(trouble, effect, perhaps_done=moment == 1) is expected


@pytest.mark.parametrize(("trouble", "effect"), list(itertools.product(Trouble, Effect)))
def test_what_holds_of_every_cell(trouble: Trouble, effect: Effect) -> None:
    """No write is sent again unchecked after an answer that proves nothing, and each look ends in a decision."""
    assert conclude(trouble, effect, Finding.DONE) is Decision.DONE
    assert all(conclude(trouble, effect, finding) is not Decision.LOOK_UP for finding in Finding)
    assert conclude(trouble, effect, Finding.NO_TELLING) in (Decision.UNKNOWN, Decision.FAILED)
    for perhaps_done in (False, True):
        decision = decide(trouble, effect, perhaps_done=perhaps_done)
        if effect is not Effect.READ and proves_nothing(trouble):
            assert decision in (Decision.LOOK_UP, Decision.UNKNOWN)
        if effect is Effect.BLIND:
            assert decision is not Decision.LOOK_UP
            assert not (perhaps_done and decision is Decision.RESEND)
        if effect is Effect.READ:
            assert decision not in (Decision.LOOK_UP, Decision.UNKNOWN)


def lost() -> ConnectionLost:
    return ConnectionLost("It broke.", processed=None)


def with_status(kind: type[BrokenAnswer], status: int) -> BrokenAnswer:
    return kind("What is this?", status=status)


def of(problem: BaseException) -> Unexpected:
    return Unexpected.of(problem)


ERRORS: list[tuple[Callable[[], TrunklineError], Trouble]] = [
    (lambda: Unreachable("Nobody is there.", processed=False), Trouble.NOT_SENT),
    (lambda: ServerError("At sign-in.", status=503, path="/connect/token"), Trouble.NOT_SENT),
    (lambda: TooManyRequests("At sign-in.", status=429, path="/connect/token"), Trouble.NOT_SENT),
    (lambda: ServerError("Before the write.", status=503, method="GET"), Trouble.NOT_SENT),
    (lambda: TooManyRequests("Slow down.", status=429), Trouble.SLOW_DOWN),
    (lambda: ServerError("Later.", status=503), Trouble.UNAVAILABLE),
    (lambda: ServerError("Gateway.", status=502), Trouble.GATEWAY),
    (lambda: ServerError("Gateway.", status=504), Trouble.GATEWAY),
    (lambda: PbxError("Too late.", status=408), Trouble.GATEWAY),
    (lambda: ServerError("It broke.", status=500), Trouble.SERVER_ERROR),
    (lambda: ServerError("A gateway's own.", status=524), Trouble.SERVER_ERROR),
    (lost, Trouble.LOST),
    (lambda: TimedOut("Too long."), Trouble.LOST),
    (lambda: BrokenAnswer("A web page."), Trouble.BROKEN),
    (lambda: with_status(BrokenAnswer, 404), Trouble.BROKEN),
    (lambda: with_status(BrokenAnswer, 302), Trouble.REDIRECTED),
    (lambda: NotFound("No fax.", status=404), Trouble.NOT_FOUND),
    (lambda: BadRequest("In use.", status=400), Trouble.REFUSED),
    (lambda: Conflict("In use.", status=409), Trouble.REFUSED),
    (lambda: PreconditionFailed("Changed.", status=412), Trouble.REFUSED),
    (lambda: InvalidArgument("No number."), Trouble.REFUSED),
    (lambda: SignInError("Who?", status=401), Trouble.NOT_ADMITTED),
    (lambda: Forbidden("No.", status=403), Trouble.NOT_ADMITTED),
    (lambda: ConfigurationError("No key."), Trouble.NOT_ADMITTED),
    (lambda: VersionMismatch("Too old."), Trouble.NOT_ADMITTED),
    (lambda: of(ValueError("ü")), Trouble.UNEXPECTED),
]


@pytest.mark.parametrize(("error", "trouble"), ERRORS)
def test_what_an_error_says(error: Callable[[], TrunklineError], trouble: Trouble) -> None:
    assert trouble_of(error(), CREATE) is trouble


def test_every_trouble_has_an_error_that_leads_to_it() -> None:
    assert {trouble for _, trouble in ERRORS} == set(Trouble) == set(SPECIFICATION)


def test_the_wait_that_a_pbx_asked_for() -> None:
    error = TooManyRequests("Slow down.", status=429)
    assert retry_after(error) is None
    assert (retry_after(error.replace(retry_after=2.5)), retry_after(lost())) == (2.5, None)
