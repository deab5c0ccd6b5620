"""The outcome of a step, errors as they are kept, and other exceptions as TrunklineErrors."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

from ..catalog.secret import masked
from ..errors import PbxError, TrunklineError, Unexpected
from .state import State

KEPT = 8 * 1024
"""Bytes of an error's text that are kept; a gateway's page or a PBX's own text can be megabytes."""


class HintRecord(TypedDict):
    """What to do next. ``action`` is an action of the catalog or a command, "" where the text says it all."""

    text: str
    action: str
    arguments: dict[str, Any]


class ErrorRecord(TypedDict):
    """An error: the ``code`` of its kind, the PBX's HTTP ``status`` where it answered, and 3CX's ``codes`` by field."""

    code: str
    status: int | None
    message: str
    hint: HintRecord
    codes: NotRequired[dict[str, str]]


class OutcomeRecord(TypedDict):
    """The outcome of one step. ``item`` is the place in the input that it came from, null where it came from none."""

    state: Literal["not_started", "sent", "done", "failed", "unknown"]
    action: str
    key: dict[str, Any] | None
    pbx: str
    item: int | None
    answer: NotRequired[Any]
    error: NotRequired[ErrorRecord]
    note: NotRequired[str]


class Outcome(NamedTuple):
    """The outcome of one step: ``n`` is its place in the input, ``attempts`` how often it was sent.

    ``answer`` is what is kept of the PBX's answer. ``error`` is what kept it from being done, as it was raised or, out
    of a ledger, as `described` has it; one that is not started may have the error of an earlier try.
    """

    n: int
    state: State
    attempts: int = 0
    answer: Any = None
    error: TrunklineError | Mapping[str, Any] | None = None
    note: str = ""

    @property
    def described_error(self) -> dict[str, Any]:
        """The error as JSON, with the note; {} where there is none."""
        if self.error is None:
            return {}
        record = described(self.error) if isinstance(self.error, TrunklineError) else dict(self.error)
        return {**record, "note": self.note} if self.note else record

    @property
    def record(self) -> dict[str, Any] | None:
        """Answer, error and note as a ledger keeps them; None where there is nothing to keep."""
        record: dict[str, Any] = {}
        if self.error is not None:
            error = self.error
            record["error"] = described(error) if isinstance(error, TrunklineError) else dict(error)
        elif self.answer is not None:
            record["answer"] = self.answer
        if self.note:
            record["note"] = self.note
        return record or None

    def __repr__(self) -> str:
        """Without the secrets that an answer may have."""
        return f"Outcome({self.n}, {self.state.label}, {masked(self.record)!r})"


def as_record(
    outcome: Outcome, *, action: str, key: Mapping[str, Any] | None = None, pbx: str = "", item: int | None = None
) -> OutcomeRecord:
    """Make the one JSON record of an outcome, with secrets that a PBX answered; whoever shows it masks them.

    ``item`` is the place in the input that the step came from, such as a line; None where it came from none.
    """
    head = {"state": outcome.state.label, "action": action, "key": None if key is None else dict(key)}
    return {**head, "pbx": pbx, "item": item, **(outcome.record or {})}  # type: ignore[typeddict-item]


def kept(text: str) -> str:
    """Return a text as it is kept: at most `KEPT` bytes of UTF-8, with a marker where it was cut."""
    if len(text) <= KEPT // 4:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) <= KEPT:
        return text
    marker = f"… [cut: {len(data):,} bytes in all]"
    return data[: KEPT - len(marker.encode())].decode("utf-8", "ignore") + marker


def described(error: TrunklineError) -> dict[str, Any]:
    """Return an error as JSON: code, status, message, hint, and 3CX's codes where it gave some."""
    text, action, arguments = error.hint
    record: dict[str, Any] = {
        "code": error.code,
        "status": error.status,
        "message": kept(error.message),
        "hint": {"text": kept(text), "action": action, "arguments": {k: _plain(v) for k, v in arguments.items()}},
    }
    if isinstance(error, PbxError) and error.codes:
        record["codes"] = _kept_codes(error.codes)
    return record


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else kept(str(value))


def _kept_codes(codes: Mapping[str, str]) -> dict[str, str]:
    left = KEPT
    short: dict[str, str] = {}
    for field, code in codes.items():
        left -= len(field) + len(code)
        if left < 0:
            short["…"] = f"{len(codes) - len(short):,} more were cut"
            break
        short[field] = code
    return short


def is_foreign(problem: BaseException) -> bool:
    """Whether an exception is a defect that belongs to one item or one PBX.

    Ctrl-C and the cancellation of this task keep their meaning. Everything else is foreign, also what Python keeps
    apart from ordinary exceptions: SystemExit (a library may not end a run over other PBXs), the panics of libraries
    in Rust, MemoryError and RecursionError (one item may be too large; the next one need not be).
    """
    if isinstance(problem, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # a thread without an event loop can't be cancelled
            return True
        return task is not None and not task.cancelling()  # a library let a cancellation of its own escape
    return not isinstance(problem, TrunklineError | KeyboardInterrupt | GeneratorExit)


def as_error(problem: BaseException) -> TrunklineError:
    """Return an exception as one of our errors. Raises what is not an error of one item: Ctrl-C and cancellation."""
    if isinstance(problem, TrunklineError):
        return problem
    if not is_foreign(problem):
        raise problem
    return Unexpected.of(problem)


class Listener:
    """Calls what wants to hear of progress. One that raises is not called again, and does not disturb the work."""

    def __init__(self, function: Callable[..., object] | None) -> None:
        self._function = function

    def __call__(self, *news: object) -> None:
        if self._function is None:
            return
        try:
            self._function(*news)
        except BaseException as problem:
            if not is_foreign(problem):
                raise
            self._function = None
            warnings.warn(f"Progress is not shown any more: {Unexpected.of(problem).message}", stacklevel=2)
