"""Errors as they are kept, and exceptions that are not ours."""

from __future__ import annotations

import asyncio
import re
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import load
from trunkline.errors import BadRequest, ConfigurationError, Hint, TrunklineError, Unexpected
from trunkline.work.outcome import KEPT, Listener, Outcome, as_error, as_record, described, kept
from trunkline.work.state import State


@given(st.text(max_size=200), st.integers(1, 400))
def test_a_kept_text_is_at_most_8_kb_and_says_that_it_was_cut(piece: str, times: int) -> None:
    text = piece * times
    short = kept(text)
    if len(text.encode()) <= KEPT:
        assert short == text
    else:
        assert len(short.encode()) <= KEPT
        assert short.endswith(f"… [cut: {len(text.encode()):,} bytes in all]")
        assert text.startswith(short.partition("… [cut:")[0])


def test_a_lone_surrogate_can_be_cut() -> None:
    assert len(kept("\ud800" * 20_000).encode()) <= KEPT


def test_message_hint_and_codes_are_cut() -> None:
    hint = Hint("h" * 10**6, "fax.list", {"filter": "f" * 10**6, "top": 2})
    error = BadRequest("m" * 10**6, hint=hint, status=400, codes={f"Field{n}": "C" * 100 for n in range(10_000)})
    record = described(error)
    assert len(msgspec.json.encode(record)) < 4 * KEPT + 1_000
    assert record["codes"]["…"].endswith("more were cut")


class Panic(BaseException):
    """As a library in Rust raises it."""


@pytest.mark.parametrize(
    "problem",
    [ValueError("s3cret"), MemoryError(), RecursionError(), SystemExit(3), Panic("s3cret"), OSError(5, "s3cret")],
)
def test_whatever_is_raised_is_one_error_without_its_text(problem: BaseException) -> None:
    try:
        raise problem
    except BaseException as caught:
        error = as_error(caught)
    assert isinstance(error, Unexpected)
    assert error.__cause__ is problem
    assert (error.exit_code, error.retryable, error.status) == (1, False, None)
    assert type(problem).__name__ in error.message
    assert f"{__name__}, line " in error.message
    assert "s3cret" not in f"{error} {error!r} {described(error)}"


def test_where_names_the_place_and_who_called() -> None:
    with pytest.raises(AttributeError) as caught:
        load().action(5)  # type: ignore[arg-type]
    assert re.search(r" in trunkline\.catalog[.\w]*, line \d+", as_error(caught.value).message)
    ours = ConfigurationError("ours stays ours")
    assert as_error(ours) is ours


@pytest.mark.parametrize("ours", [KeyboardInterrupt(), GeneratorExit()])
def test_what_ends_a_process_keeps_its_meaning(ours: BaseException) -> None:
    with pytest.raises(type(ours)):
        as_error(ours)


def test_a_cancellation_keeps_its_meaning_and_one_that_escaped_a_library_does_not() -> None:
    async def escaped() -> TrunklineError:
        try:
            raise asyncio.CancelledError
        except asyncio.CancelledError as caught:
            return as_error(caught)

    async def cancelled() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as caught:
            as_error(caught)

    async def both() -> None:
        assert isinstance(await escaped(), Unexpected)
        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(both())
    assert isinstance(as_error(asyncio.CancelledError()), Unexpected)  # a thread can't be cancelled


def test_a_listener_that_raises_is_warned_of_once_and_left_alone() -> None:
    calls: list[int] = []

    def raises(number: object) -> None:
        calls.append(1)
        raise ValueError("s3cret")

    listener = Listener(raises)

    def twice() -> None:
        listener(1)
        listener(2)

    with pytest.warns(UserWarning, match="Progress is not shown any more: ValueError") as caught:
        twice()
    assert len(caught) == len(calls) == 1
    assert "s3cret" not in str(caught[0].message)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Listener(interrupted)()


@pytest.mark.parametrize(
    ("outcome", "rest"),
    [
        (Outcome(0, State.DONE, 1, {"Id": 7}), {"state": "done", "answer": {"Id": 7}}),
        (Outcome(0, State.DONE, 1, note="Read back."), {"state": "done", "note": "Read back."}),
        (
            Outcome(0, State.UNKNOWN, 1, error=ConfigurationError("No key."), note="Read."),
            {"state": "unknown", "error": described(ConfigurationError("No key.")), "note": "Read."},
        ),
        (Outcome(0, State.FAILED, 1, error={"status": 404}), {"state": "failed", "error": {"status": 404}}),
        (Outcome(0, State.NOT_STARTED), {"state": "not_started"}),
    ],
)
def test_a_record_has_what_became_of_a_step(outcome: Outcome, rest: dict[str, object]) -> None:
    head = {"action": "fax.delete", "key": {"Id": 7}, "pbx": "acme", "item": 3}
    assert as_record(outcome, **head) == {**head, **rest}  # type: ignore[arg-type]


def test_a_traceback_still_shows_the_cause() -> None:
    try:
        raise ValueError("the cause")
    except ValueError as caught:
        error = as_error(caught)
    assert "the cause" in "".join(traceback.format_exception(error))
