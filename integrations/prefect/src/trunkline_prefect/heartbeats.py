"""Signs of life in the ledger: which runs of Prefect are alive, and which jobs lack lanes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from trunkline.shards.ledger import PostgresLedger

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

ENGINE = "prefect"
BEAT = 10.0
"""Seconds between two signs of life."""
HEARD_OF_WITHIN = 120.0
"""Seconds after which a run that lives has given a sign of life, however busy its machine is."""

_OPEN = "(s.state IN ('waiting', 'running') OR s.state = 'paused' AND s.not_before IS NOT NULL)"
"""A shard that is carried out, or will be without anybody's help."""
_BEAT = """
INSERT INTO watcher AS w (job, engine, run, lanes)
SELECT job.id, %s, %s, %s FROM job WHERE job.name = %s
ON CONFLICT (job, engine, run) DO UPDATE SET lanes = excluded.lanes, heartbeat = clock_timestamp()
"""
_SILENCES = """
SELECT run, min(extract(epoch FROM clock_timestamp() - heartbeat)) FROM (
    SELECT engine_run AS run, heartbeat FROM lane UNION ALL SELECT run, heartbeat FROM watcher WHERE engine = %s
) heard WHERE run <> '' GROUP BY run
"""
_HAS_BEATEN = """
SELECT EXISTS (SELECT FROM watcher w JOIN job j ON j.id = w.job WHERE j.name = %s AND w.engine = %s AND w.run = %s)
"""
_LEFT = f"SELECT count(*) FROM shard s JOIN job j ON j.id = s.job WHERE j.name = %s AND NOT j.cancelled AND {_OPEN}"  # noqa: S608
_UNFINISHED = f"""
SELECT j.name, w.lanes FROM job j JOIN LATERAL (
    SELECT lanes FROM watcher WHERE job = j.id AND engine = %s ORDER BY heartbeat DESC LIMIT 1
) w ON true
WHERE j.loaded AND NOT j.cancelled AND EXISTS (SELECT FROM shard s WHERE s.job = j.id AND {_OPEN}) ORDER BY j.id
"""  # noqa: S608 - constants of this module


class Unfinished(NamedTuple):
    """A job that Prefect carries out and that has shards left, and how many lanes it is to have."""

    job: str
    lanes: int


def beat(ledger: PostgresLedger, job: str, run: str, lanes: int) -> None:
    """Say that a run that sees a job through is alive, and how many lanes the job is to have. Raises LedgerFailed."""
    ledger.database.execute(_BEAT, (ENGINE, run, lanes, job))


def silences(ledger: PostgresLedger) -> dict[str, float]:
    """Return for how many seconds nothing was heard of each run, lanes and others. Raises LedgerFailed."""
    return {str(run): float(seconds) for run, seconds in ledger.database.execute(_SILENCES, (ENGINE,))}


def silence_of(run: FlowRun, heard: Mapping[str, float]) -> float:
    """Return for how many seconds a run has been silent: since its last sign of life, or since it got its state.

    Prefect's state alone says little: nobody reports the end of a process that was killed.
    """
    age = (datetime.now(UTC) - run.state.timestamp).total_seconds() if run.state else float("inf")
    return min(age, heard.get(str(run.id), float("inf")))


def has_beaten(ledger: PostgresLedger, job: str, run: str) -> bool:
    """Whether a run has seen this job through before, and was started again. Raises LedgerFailed."""
    ((has,),) = ledger.database.execute(_HAS_BEATEN, (job, ENGINE, run))
    return bool(has)


def shards_left(ledger: PostgresLedger, job: str) -> int:
    """Return how many shards are carried out, or will be without anybody's help. Raises LedgerFailed."""
    ((count,),) = ledger.database.execute(_LEFT, (job,))
    return int(count)


def unfinished(ledger: PostgresLedger) -> list[Unfinished]:
    """Return the jobs that Prefect carries out and that have shards left. Raises LedgerFailed."""
    return [Unfinished(str(job), int(lanes)) for job, lanes in ledger.database.execute(_UNFINISHED, (ENGINE,))]
