"""Which metrics there are: the name, help and labels of each, and its series from the measures of a PBX.

Each series also has the label ``pbx``. No label holds a person or the number of a caller. A value that is not known
has no series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ..local.timestamps import parse_timestamp
from ..monitor.measures import Measures, QueueMeasures
from ..monitor.measures_parts import EVENT_HOURS

Series = tuple[tuple[str, ...], float | None]
"""The values of a family's labels, and the value of the series; None where it is not known."""
PREFIX = "threecx_"
_UNITS = ("seconds", "bytes", "ratio")


class Family(NamedTuple):
    """A metric: a gauge, or with ``is_info`` an info, whose name ends in ``_info`` and whose value is always 1.

    ``labels`` are those besides ``pbx``.
    """

    name: str
    help: str
    series: Callable[[Measures], Iterable[Series]]
    labels: tuple[str, ...] = ()
    is_info: bool = False

    @property
    def unit(self) -> str:
        """The unit at the end of the name, "" where it has none."""
        return next((unit for unit in _UNITS if self.name.endswith(f"_{unit}")), "")


def _one(name: str, help: str, value: Callable[[Measures], float | None]) -> Family:
    return Family(PREFIX + name, help, lambda measures: [((), value(measures))])


def _by(name: str, help: str, label: str, values: Callable[[Measures], Mapping[str, float] | None]) -> Family:
    def series(measures: Measures) -> Iterator[Series]:
        for key, value in (values(measures) or {}).items():
            yield (key,), value

    return Family(PREFIX + name, help, series, (label,))


def _queue(name: str, help: str, value: Callable[[QueueMeasures], float | None]) -> Family:
    def series(measures: Measures) -> Iterator[Series]:
        for queue in measures.queues:
            yield (queue.number,), value(queue)

    return Family(f"{PREFIX}queue_{name}", help, series, ("queue",))


def _info(
    name: str, help: str, labels: tuple[str, ...], values: Callable[[Measures], Iterable[tuple[str, ...]]]
) -> Family:
    return Family(
        PREFIX + name, help, lambda measures: [(each, 1.0) for each in values(measures)], labels, is_info=True
    )


def _at(text: str | None) -> float | None:
    moment = parse_timestamp(text)
    return None if moment is None else moment.timestamp()


def _part_times(measures: Measures) -> dict[str, float]:
    return {part: moment for part, text in measures.part_times.items() if (moment := _at(text)) is not None}


def _if_asked(value: Callable[[Measures], float | None]) -> Callable[[Measures], float | None]:
    """Leave a value out for a PBX whose turn never came."""
    return lambda measures: value(measures) if measures.was_asked else None


def _if_up(value: Callable[[Measures], float | None]) -> Callable[[Measures], float | None]:
    """Leave a count out for a PBX that could not be read, where it would be 0."""
    return lambda measures: None if measures.error else value(measures)


FAMILIES = (
    _one(
        "up",
        "Whether the PBX could be read: 1, or 0; no series of one that was not asked.",
        _if_asked(lambda m: float(m.error is None)),
    ),
    _info(
        "down_info",
        "Why the PBX was not read; only while it isn't.",
        ("reason",),
        lambda m: [(m.error.code,)] if m.error else [],
    ),
    _by(
        "part_up",
        "Whether a part of the PBX could be read; a part that its version lacks has no series.",
        "part",
        lambda m: m.parts_read,
    ),
    _by("part_timestamp_seconds", "When a part was read; some are read less often than others.", "part", _part_times),
    _info("build_info", "The version of the PBX.", ("version",), lambda m: [(m.version,)] if m.version else []),
    _one("scrape_duration_seconds", "How long the reading of the PBX took.", _if_asked(lambda m: m.duration_seconds)),
    _one(
        "scrape_requests",
        "How many requests that reading sent, sign-in and retries included.",
        _if_asked(lambda m: m.requests),
    ),
    _one("concerns", "How many things need attention on the PBX.", _if_up(lambda m: len(m.concerns))),
    # ── licence
    _one("licence_active", "Whether the licence is active: 1, or 0.", lambda m: m.licence.active),
    _one("licence_expiry_timestamp_seconds", "When the licence ends.", lambda m: _at(m.licence.expires)),
    _one(
        "licence_maintenance_expiry_timestamp_seconds",
        "When the maintenance of the licence ends.",
        lambda m: _at(m.licence.maintenance_expires),
    ),
    # ── calls
    _one("calls_licensed", "How many calls at once the licence allows.", lambda m: m.calls.licensed),
    _one("calls_active", "Calls in progress.", lambda m: m.calls.active),
    _by("calls_by_status", "Calls in progress by their status, in 3CX's words.", "status", lambda m: m.calls_by_status),
    # ── extensions, trunks, services
    _one("extensions", "Extensions.", lambda m: m.extensions.total),
    _one("extensions_registered", "Extensions with a registered phone or app.", lambda m: m.extensions.registered),
    _one("trunks", "Trunks.", lambda m: m.trunks.total),
    _one("trunks_registered", "Trunks that are registered.", lambda m: m.trunks.registered),
    _one("services", "Services of the PBX.", lambda m: m.services.total),
    _one("services_running", "Services that run.", lambda m: m.services.running),
    _by("service_running", "Whether a service runs: 1, or 0.", "service", lambda m: m.services_running),
    # ── queues
    _info(
        "queue_info",
        "The name of a queue.",
        ("queue", "name"),
        lambda m: [(queue.number, queue.name) for queue in m.queues],
    ),
    _queue("waiting_calls", "Calls that wait in a queue.", lambda q: q.waiting),
    _queue("agents", "Agents of a queue.", lambda q: q.agents),
    _queue("agents_logged_in", "Agents of a queue who are logged in to queues.", lambda q: q.agents_logged_in),
    _queue("today_answered_calls", "Calls of a queue that were answered today.", lambda q: q.answered_today),
    _queue(
        "today_abandoned_calls",
        "Calls of a queue that nobody answered today, callbacks among them.",
        lambda q: q.abandoned_today,
    ),
    _queue(
        "today_service_level_ratio",
        "Share of today's calls of a queue that did not wait longer than its SLA time; none without calls.",
        lambda q: q.service_level_today,
    ),
    _one("reports_timestamp_seconds", "When the reports of today were read.", lambda m: _at(m.reports_time)),
    # ── machine
    _one("disk_size_bytes", "Size of the disk.", lambda m: m.disk.total_bytes),
    _one("disk_free_bytes", "Free space of the disk.", lambda m: m.disk.free_bytes),
    _one("memory_size_bytes", "Memory of the machine.", lambda m: m.machine.memory_size_bytes),
    _one("memory_free_bytes", "Memory that is free.", lambda m: m.machine.memory_free_bytes),
    _one("cpu_usage_ratio", "Load of the processor, 0 to 1.", lambda m: m.machine.cpu_usage),
    # ── safety
    _one("backups", "Backups that the PBX lists.", lambda m: m.backup.count),
    _one("backup_last_timestamp_seconds", "When the last backup was made.", lambda m: _at(m.backup.last)),
    _one("backup_last_size_bytes", "Size of the last backup.", lambda m: m.backup_size_bytes),
    _one(
        "certificate_expiry_timestamp_seconds",
        "When the TLS certificate at the address of the PBX ends.",
        lambda m: _at(m.certificate_expires),
    ),
    _one("blocklist_entries", "IP addresses and ranges that the PBX blocks.", lambda m: m.blocklist_entries),
    _one("updates_available", "Updates that are available.", lambda m: m.updates.available),
    _one(
        "event_log_errors",
        f"Errors in the event log of the last {EVENT_HOURS} hours.",
        lambda m: m.event_log_errors,
    ),
)
"""All metrics of a PBX, in the order in which they are shown."""
