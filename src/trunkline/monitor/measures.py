"""The measures of a PBX: its status, and what a monitoring system counts besides.

Nothing is guessed: what was not read, or what the PBX leaves out, is None or missing, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ..errors import TrunklineError
from ..local.timestamps import format_timestamp, parse_timestamp
from .concerns import MISSING, Concern, Limits, find_concerns
from .measures_parts import CERTIFICATE, REPORTS
from .queues import party_number
from .readings import Readings, Row, read_answers
from .records import ErrorRecord, HintRecord

_MOST_STATUSES = 20  # of calls; 3CX's are a handful, and each becomes a series
_LONGEST_NAME = 100  # characters of a name that a PBX gave


NO_TURN = "no_turn"
"""The code of the error of a PBX that was not asked, because the time was over before its turn came."""


class Kept(NamedTuple):
    """What a part answered, an entity, rows, a number or an error, and when, in UTC."""

    answer: Any
    time: datetime


class Machine(msgspec.Struct, frozen=True):
    """The machine under the PBX. ``cpu_usage``: of 1, from a percentage. That the sizes are bytes is assumed."""

    memory_size_bytes: int | None = None
    memory_free_bytes: int | None = None
    cpu_usage: float | None = None


class QueueMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. ``today`` is the PBX's own day (`measures_parts.today`), by the PBX's own reports.

    Assumed: a call in progress whose callee is the queue waits in it; an agent is logged in who is logged in to
    queues at all (``QueueStatus``). ``abandoned_today`` are the calls that nobody answered, callbacks among them.
    ``service_level_today``: of 1, the calls that did not wait longer than the queue's SLA time; None without calls.
    """

    number: str
    name: str = ""
    waiting: int | None = None
    agents: int | None = None
    agents_logged_in: int | None = None
    answered_today: int | None = None
    abandoned_today: int | None = None
    service_level_today: float | None = None


class Measures(Readings, frozen=True, kw_only=True):
    """What was measured of a PBX at a ``time``.

    ``error`` is None unless the PBX could not be read at all; then the other fields are None or empty. ``requests``
    and ``duration_seconds`` are those of this reading, from the PBX's turn on; ``part_times`` has when each part that
    answered was read, for some are used again for a while.
    """

    concerns: list[Concern] = []  # noqa: RUF012 - msgspec copies it
    error: ErrorRecord | None = None
    calls_by_status: dict[str, int] | None = None
    services_running: dict[str, bool] | None = None
    queues: list[QueueMeasures] = []  # noqa: RUF012
    machine: Machine = Machine()
    backup_size_bytes: int | None = None
    certificate_expires: str | None = None
    blocklist_entries: int | None = None
    event_log_errors: int | None = None
    part_times: dict[str, str] = {}  # noqa: RUF012
    reports_time: str | None = None
    requests: int = 0
    duration_seconds: float = 0.0

    @property
    def was_asked(self) -> bool:
        """Whether anything was asked of the PBX: of one whose turn never came nothing is known, so it is not down."""
        return self.error is None or self.error.code != NO_TURN

    @property
    def parts_read(self) -> dict[str, bool]:
        """Whether each part could be read, without those that the PBX's version lacks."""
        failed = {part: False for part, error in self.unavailable.items() if error.code not in MISSING}
        return {**dict.fromkeys(self.part_times, True), **failed}


def measures_of(
    pbx: str, url: str, version: str | None, kept: Mapping[str, Kept], now: datetime, limits: Limits
) -> Measures:
    """Put the answers of all parts together; ``version`` is what the client knows of it."""
    answers = {part: each.answer for part, each in kept.items()}
    readings = read_answers(pbx, url, version, answers, now)
    expires = answers.get(CERTIFICATE)
    report_times = [kept[part].time for part in REPORTS if isinstance(answers.get(part), list)]
    return Measures(
        **msgspec.structs.asdict(readings),
        concerns=find_concerns(readings, limits),
        calls_by_status=_calls_by_status(_rows(answers.get("calls"))),
        services_running=_services_running(_rows(answers.get("services"))),
        queues=_queues(answers),
        machine=_machine(_rows(answers.get("machine"))),
        backup_size_bytes=_backup_size(_rows(answers.get("backups"))),
        certificate_expires=format_timestamp(expires) if isinstance(expires, datetime) else None,
        blocklist_entries=_number(answers.get("blocklist")),
        event_log_errors=_number(answers.get("events")),
        part_times={
            part: format_timestamp(each.time)
            for part, each in kept.items()
            if not isinstance(each.answer, TrunklineError)
        },
        reports_time=format_timestamp(min(report_times)) if report_times else None,
    )


def failed_measures(pbx: str, url: str, error: TrunklineError, now: datetime) -> Measures:
    """Return the measures of a PBX that could not be read at all."""
    return Measures(pbx=pbx, url=url, time=format_timestamp(now), error=ErrorRecord.of(error))


def unasked_measures(pbx: str, url: str, now: datetime) -> Measures:
    """Return the measures of a PBX that was not asked, because the time was over before its turn came."""
    hint = HintRecord("Allow more time, or read more PBXs at once.")
    error = ErrorRecord(NO_TURN, None, f"{pbx} was not asked: the time was over before its turn came.", hint)
    return Measures(pbx=pbx, url=url, time=format_timestamp(now), error=error)


def _rows(answer: Any) -> list[Row] | None:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _counted(row: Row, field: str) -> int:
    """Return a count of a report's row, which may leave a zero out (docs/pbx.md, Answers)."""
    return _number(row.get(field)) or 0


def _calls_by_status(rows: list[Row] | None) -> dict[str, int] | None:
    if rows is None:
        return None
    counts = Counter(str(row["Status"])[:_LONGEST_NAME] for row in rows if row.get("Status"))
    return dict(counts.most_common(_MOST_STATUSES))


def _services_running(rows: list[Row] | None) -> dict[str, bool] | None:
    if rows is None:
        return None
    return {str(row["Name"]): row["Status"] == "Running" for row in rows if row.get("Name") and row.get("Status")}


def _machine(rows: list[Row] | None) -> Machine:
    """Take the latest sample; without times the last one, as a series is written."""
    samples = [(parse_timestamp(row.get("Time")), n, row) for n, row in enumerate(rows or ())]
    dated = [each for each in samples if each[0] is not None] or samples
    if not dated:
        return Machine()
    row = max(dated, key=lambda each: (each[0], each[1]) if each[0] else (datetime.min, each[1]))[2]
    cpu = row.get("CpuUsage")
    return Machine(
        _number(row.get("TotalPhysicalMemory")),
        _number(row.get("FreePhysicalMemory")),
        cpu / 100 if isinstance(cpu, int | float) and not isinstance(cpu, bool) else None,
    )


def _backup_size(rows: list[Row] | None) -> int | None:
    dated = [(created, row) for row in rows or () if (created := parse_timestamp(row.get("CreationTime")))]
    return _number(max(dated, key=lambda each: each[0])[1].get("Size")) if dated else None


def _queues(answers: Mapping[str, Any]) -> list[QueueMeasures]:
    rows, calls, users = _rows(answers.get("queues")), _rows(answers.get("calls")), _rows(answers.get("agents"))
    counted = {row.get("QueueDnNumber"): row for row in _rows(answers.get("queue_report")) or ()}
    rated = {row.get("QueueDnNumber"): row for row in _rows(answers.get("sla_report")) or ()}
    callees = None if calls is None else Counter(party_number(row.get("Callee")) for row in calls)
    logged_in = None if users is None else {row.get("Number") for row in users if row.get("QueueStatus") == "LoggedIn"}
    measured = []
    for row in rows or ():
        number, agents = row.get("Number"), _rows(row.get("Agents"))
        if not isinstance(number, str):
            continue
        report, rating = counted.get(number), rated.get(number)
        received, late = (_counted(rating, name) if rating else 0 for name in ("ReceivedCount", "BadSlaCallsCount"))
        numbers = None if agents is None else {agent.get("Number") for agent in agents}
        measured.append(
            QueueMeasures(
                number=number,
                name=str(row.get("Name") or "")[:_LONGEST_NAME],
                waiting=None if callees is None else callees[number],
                agents=None if agents is None else len(agents),
                agents_logged_in=None if numbers is None or logged_in is None else len(numbers & logged_in),
                answered_today=_counted(report, "AnsweredCount") if report else None,
                abandoned_today=_abandoned(report) if report else None,
                service_level_today=max(0.0, 1 - late / received) if received else None,
            )
        )
    return measured


def _abandoned(report: Row) -> int:
    return max(0, _counted(report, "CallsCount") - _counted(report, "AnsweredCount"))
