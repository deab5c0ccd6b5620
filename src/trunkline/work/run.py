"""Carrying out steps on one PBX: sent, sent again, looked up and recorded, until every item has its outcome.

The work is a generator (`Run.worker`) that yields what is to be asked, waited for and recorded; `drivers` runs several
of them at once, in threads or in an event loop. What follows an error is decided by the table in `recovery`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

from ..errors import BrokenAnswer, TrunklineError
from .ledger import Entry, Ledger, LedgerFailed
from .outcome import Outcome, as_error, is_foreign
from .recovery import (
    BUSY,
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
from .state import State
from .step import Ask, Record, Step, Wait

CARRIED_OUT = "It was carried out; only its answer can't be used."
CHECKED = "The answer was lost; the PBX shows it as done."
NOT_SHOWN = "The PBX was read after that, and does not show it as done."
CUT_OFF = BrokenAnswer(
    "The process that sent it ended before an answer came, and the PBX does not show whether it was carried out.",
    hint="Look at the PBX. If it was not, send it again in a new job.",
)

Work = Generator[Ask | Wait | Record, Any, Any]
LONGEST_WAIT = 120.0
"""Seconds; where a PBX asks to wait longer, it is not asked again in this run."""
_LOOK_AGAIN = 0.5  # seconds between two looks at whether waiting still makes sense


class Policy(NamedTuple):
    """How hard a run tries, and when it stops.

    ``concurrency``: steps at once. ``rate``: requests a second, None for no limit. ``attempts``: how often a step is
    sent at most. ``delay``: the seconds to wait after the nth trouble in a row where the PBX does not say how long.
    ``longest_wait``: where the PBX asks to wait longer, the step is not sent again. ``patience``: seconds of trouble
    without a good answer after which the run stops, None for no limit. ``is_missing_done``: a delete of what is not
    there counts as done. ``most_failures``: failed steps after which nothing more is started. ``most_in_a_row``: so
    many steps in a row that failed on the way to the PBX, and nothing more is started.
    ``is_resumable``: another run will go on; what is not settled is put back instead of failing, and tries that surely
    were not carried out don't count. ``stops_when_refused``: a missing API key or right ends the run.
    """

    concurrency: int = 4
    rate: float | None = None
    attempts: int = 1
    delay: Callable[[int], float] = lambda _: 1.0
    longest_wait: float = LONGEST_WAIT
    patience: float | None = None
    is_missing_done: bool = False
    most_failures: int | None = None
    most_in_a_row: int | None = None
    is_resumable: bool = False
    stops_when_refused: bool = False


class Run:
    """The steps of one PBX in progress. `stop` may be called from anywhere; requests in progress are finished.

    ``make`` gives the step of an entry, or raises why there is none. ``heard`` gets each outcome once an item has it.
    """

    def __init__(
        self,
        ledger: Ledger,
        make: Callable[[Entry], Step],
        policy: Policy,
        heard: Callable[[Outcome], object] = lambda _: None,
    ) -> None:
        self.policy = policy
        self.ledger = ledger
        self.halt: TrunklineError | None = None
        """Why nothing more was started, where the PBX or a failure ended the run."""
        self.stopping = threading.Event()
        self._is_closed = False
        self._make = make
        self._heard = heard
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._next_slot = 0.0
        self._trouble_since: float | None = None
        self._troubles = 0
        self._failures = 0
        self._in_a_row = 0

    def stop(self, why: TrunklineError | None = None) -> None:
        """Start nothing more, and send nothing again."""
        if self.halt is None:
            self.halt = why
        self.stopping.set()

    @property
    def workers(self) -> int:
        """How many workers are of use."""
        return max(1, min(self.policy.concurrency, self.ledger.size))

    def worker(self) -> Work:
        """Take one item after the other. In a durable ledger an outcome is recorded with the next item's sending."""
        unwritten: list[Outcome] = []
        try:
            while (yield from self._turn(unwritten)) and (entry := self._take()) is not None:
                trial = Trial(entry)
                outcome = yield from self._settled(entry, trial, unwritten)
                unwritten.append(outcome)
                self._count(trial, outcome)
                # Another one left means that this item was not sent, so that nothing was written with its sending.
                if len(unwritten) > 1 or not self.ledger.is_durable:
                    yield from self._flush(unwritten)
        finally:
            if unwritten:
                with self._lock:
                    self.ledger.record(unwritten)

    def _take(self) -> Entry | None:
        with self._lock:
            return None if self._is_closed else self.ledger.take()

    def _turn(self, unwritten: list[Outcome]) -> Work:
        """Wait until a step may be sent; whether one may be sent at all."""
        while not self.stopping.is_set():
            if not self._not_before and not self.policy.rate:
                return True
            now = time.monotonic()
            with self._lock:
                wait = max(self._not_before, self._next_slot) - now
                if wait <= 0:
                    if self.policy.rate:
                        self._next_slot = max(self._next_slot, now) + 1 / self.policy.rate
                    return True
            yield from self._flush(unwritten)
            yield Wait(min(wait, _LOOK_AGAIN))
        return False

    def _flush(self, unwritten: list[Outcome]) -> Work:
        """Record what is not recorded yet."""
        if unwritten:
            yield from self._record(unwritten)

    def _record(self, unwritten: list[Outcome], *more: Outcome) -> Work:
        """Record an outcome, together with those that are not recorded yet."""
        outcomes = [*unwritten, *more]
        unwritten.clear()
        if self.ledger.is_durable:
            yield Record(outcomes)
        else:
            with self._lock:
                self.ledger.record(outcomes)

    def _settled(self, entry: Entry, trial: Trial, unwritten: list[Outcome]) -> Work:
        """Carry out one item; return its outcome, always."""
        try:
            return (yield from self._carried_out(entry, trial, unwritten))
        except LedgerFailed:
            raise
        except BaseException as problem:  # a defect between an item's requests is that item's own
            if not is_foreign(problem) and not isinstance(problem, TrunklineError):
                raise
            return trial.ended(as_error(problem), is_unknown=trial.is_in_doubt or trial.was_sent)

    def _carried_out(self, entry: Entry, trial: Trial, unwritten: list[Outcome]) -> Work:
        step = self._make(entry)
        if trial.is_in_doubt and step.effect is not Effect.READ:
            yield from self._flush(unwritten)
            outcome = yield from self._look(step, trial, _trouble_before(entry), unwritten)
            if outcome is not None:
                return outcome
        while True:
            if trial.attempts >= self.policy.attempts:
                return trial.given_up()
            trial.sent()
            if self.ledger.is_durable:
                yield from self._record(unwritten, trial.on_its_way())
            try:
                answer = yield from step.send()
            except LedgerFailed:  # the ledger no longer lets it be sent, so nothing came of it
                raise
            except BaseException as problem:
                outcome = yield from self._after(step, trial, as_error(problem), unwritten)
                if outcome is not None:
                    return outcome
                continue
            self._is_well()
            return trial.done(step, answer)

    def _after(self, step: Step, trial: Trial, error: TrunklineError, unwritten: list[Outcome]) -> Work:
        """Return the outcome of a step after an error; None if it is to be sent again."""
        trouble = trouble_of(error, step.action)
        if trouble is Trouble.NOT_FOUND and self.policy.is_missing_done and step.action.kind == "delete":
            self._is_well()
            return trial.done(step, None, is_missing=not trial.is_in_doubt)
        effect = step.effect
        decision = decide(trouble, effect, perhaps_done=trial.is_in_doubt)
        is_doubtful = effect is not Effect.READ and proves_nothing(trouble)
        is_put_back = self.policy.is_resumable and decision in (Decision.RESEND, Decision.PAUSE)
        trial.failed(error, trouble, is_doubtful=is_doubtful, counts=is_doubtful or not is_put_back)
        if decision is Decision.LOOK_UP:
            if self.ledger.is_durable:
                yield from self._record(unwritten, trial.put_back())
            if trouble in BUSY and not (yield from self._rest(trial, error, unwritten)):
                return trial.ended(error, is_unknown=True)
            return (yield from self._look(step, trial, trouble, unwritten))
        if decision is Decision.RESEND:
            if trial.attempts < self.policy.attempts and (yield from self._rest(trial, error, unwritten)):
                return None
        elif trouble in BUSY:
            self._leave_in_peace(error)
        return self._concluded(step, trial, decision)

    def _look(self, step: Step, trial: Trial, trouble: Trouble, unwritten: list[Outcome]) -> Work:
        """Look up the outcome of a step; None if it is to be sent (again)."""
        while True:
            try:
                finding = yield from step.look_up()
                break
            except LedgerFailed:
                raise
            except BaseException as problem:
                error = as_error(problem)
            if not self.policy.is_resumable:  # the client has read several times by then
                return trial.ended(trial.error or error, is_unknown=True)
            reading = decide(trouble_of(error, step.action), Effect.READ, perhaps_done=False)
            if reading is Decision.PAUSE:
                self.stop(error)
            if reading is not Decision.RESEND or not (yield from self._rest(trial, error, unwritten)):
                return trial.ended(trial.error or error, is_unknown=True)
        decision = conclude(trouble, step.effect, finding)
        if decision is Decision.RESEND:
            is_busy = trouble in BUSY
            if is_busy and self.policy.is_resumable:
                trial.forget_attempt()
            may_send = trial.attempts < self.policy.attempts and not self.stopping.is_set()
            # After a busy PBX was waited for, and after a job's own look, nothing speaks for waiting once more.
            is_rested = is_busy or self.policy.is_resumable
            if may_send and (is_rested or (yield from self._rest(trial, trial.error, unwritten))):
                return None
        return self._concluded(step, trial, decision, was_read=finding is Finding.NOT_DONE)

    def _concluded(self, step: Step, trial: Trial, decision: Decision, *, was_read: bool = False) -> Outcome:
        """Return the outcome of a step that is not sent again. ``was_read``: the PBX does not show it as done."""
        if decision is Decision.DONE:
            self._is_well()
            return trial.done(step, None, is_checked=True)
        if decision is Decision.PAUSE and (self.policy.stops_when_refused or self.policy.is_resumable):
            self.stop(trial.error if isinstance(trial.error, TrunklineError) else None)
        will_be_tried = decision is Decision.PAUSE or (
            decision is Decision.RESEND and trial.attempts < self.policy.attempts
        )
        if self.policy.is_resumable and will_be_tried:
            return trial.put_back(was_read=was_read)
        is_settled = was_read or decision is Decision.FAILED
        is_unknown = decision is Decision.UNKNOWN or (trial.is_in_doubt and not is_settled)
        return trial.ended(trial.error, is_unknown=is_unknown, note=NOT_SHOWN if was_read else "")

    def _rest(self, trial: Trial, error: TrunklineError | Mapping[str, Any] | None, unwritten: list[Outcome]) -> Work:
        """Leave the PBX in peace for as long as it asked, else for a while; whether it may be asked again then."""
        if not self._leave_in_peace(error):
            return False
        if self.ledger.is_durable:
            yield from self._record(unwritten, trial.put_back())
        return (yield from self._turn(unwritten))

    def _leave_in_peace(self, error: TrunklineError | Mapping[str, Any] | None) -> bool:
        """Let every step wait, since the trouble is the PBX's; False, and the end of the run, if for too long."""
        now = time.monotonic()
        asked = retry_after(error) if isinstance(error, TrunklineError) else None
        with self._lock:
            self._troubles += 1
            if self._trouble_since is None:
                self._trouble_since = now
            wait = self.policy.delay(self._troubles) if asked is None else asked
            is_too_long = asked is not None and asked > self.policy.longest_wait
            if self.policy.patience is not None:
                is_too_long = is_too_long or now - self._trouble_since > self.policy.patience
            if not is_too_long:
                self._not_before = max(self._not_before, now + wait)
            else:  # to ask before the time that it named could get this address blocked
                self._is_closed = True
                self.halt = self.halt or (error if isinstance(error, TrunklineError) else None)
        return not is_too_long

    def _is_well(self) -> None:
        """Note that the PBX gave an answer of its own."""
        if self._troubles or self._in_a_row:
            with self._lock:
                self._trouble_since = None
                self._troubles = 0
                self._in_a_row = 0

    def _count(self, trial: Trial, outcome: Outcome) -> None:
        """Stop after too many failures, or too many in a row that are not of one item but of the PBX."""
        if outcome.state in (State.FAILED, State.UNKNOWN):
            with self._lock:
                self._failures += 1
                if trial.trouble in (Trouble.NOT_FOUND, Trouble.REFUSED):
                    self._in_a_row = 0
                elif trial.trouble is not None:
                    self._in_a_row += 1
                most, in_a_row = self.policy.most_failures, self.policy.most_in_a_row
                is_too_many = most is not None and self._failures >= most
                is_in_trouble = in_a_row is not None and self._in_a_row >= in_a_row
            if is_too_many or is_in_trouble:
                self.stop(outcome.error if isinstance(outcome.error, TrunklineError) else None)
        self._heard(outcome)


class Trial:
    """One item being tried: what is true of it now."""

    def __init__(self, entry: Entry) -> None:
        self.n = entry.n
        self.attempts = entry.attempts
        self.error: TrunklineError | Mapping[str, Any] | None = entry.record.get("error")
        self.trouble: Trouble | None = None
        self.is_in_doubt = entry.state is State.UNKNOWN
        """Whether an earlier try may have been carried out; also after a look, for it may still arrive."""
        self.was_sent = False

    def sent(self) -> None:
        self.attempts += 1
        self.was_sent = True

    def failed(self, error: TrunklineError, trouble: Trouble, *, is_doubtful: bool, counts: bool) -> None:
        """Note that a try ended with an error; ``counts``: it uses up an attempt."""
        self.error = error
        self.trouble = trouble
        self.is_in_doubt = self.is_in_doubt or is_doubtful
        if not counts:
            self.attempts -= 1

    def forget_attempt(self) -> None:
        """Give back an attempt, where the PBX was only too busy."""
        self.attempts = max(0, self.attempts - 1)

    def on_its_way(self) -> Outcome:
        return Outcome(self.n, State.SENT, self.attempts, error=self.error)

    def put_back(self, *, was_read: bool = False) -> Outcome:
        """To be tried by another run: what may have been carried out stays unknown, unless the PBX was read."""
        state = State.UNKNOWN if self.is_in_doubt and not was_read else State.NOT_STARTED
        return Outcome(self.n, state, self.attempts, error=self.error)

    def done(self, step: Step, answer: Any, *, is_missing: bool = False, is_checked: bool = False) -> Outcome:
        """Done, with what the step keeps of the answer; failed where that can't be used."""
        try:
            kept = step.keep(answer, is_missing=is_missing)
        except BaseException as problem:
            carried_out = "" if step.action.method == "GET" else CARRIED_OUT
            return Outcome(self.n, State.FAILED, self.attempts, error=as_error(problem), note=carried_out)
        note = step.note
        if is_checked:
            note = CHECKED if is_missing or not note else f"{CHECKED} {note}"
        return Outcome(self.n, State.DONE, self.attempts, kept, note=note)

    def given_up(self) -> Outcome:
        """Sent as often as it may be, by runs before this one."""
        error = self.error or BrokenAnswer(f"It was sent {self.attempts} times without an answer.")
        return Outcome(self.n, State.FAILED, self.attempts, error=error)

    def ended(self, error: TrunklineError | Mapping[str, Any] | None, *, is_unknown: bool, note: str = "") -> Outcome:
        state = State.UNKNOWN if is_unknown else State.FAILED
        return Outcome(self.n, state, self.attempts, error=error or CUT_OFF, note=note)


def _trouble_before(entry: Entry) -> Trouble:
    """Tell what an item in doubt met in an earlier run, by its error's status; a process that died left none."""
    statuses = {429: Trouble.SLOW_DOWN, 503: Trouble.UNAVAILABLE, 502: Trouble.GATEWAY, 504: Trouble.GATEWAY}
    return statuses.get(entry.record.get("error", {}).get("status") or 0, Trouble.LOST)
