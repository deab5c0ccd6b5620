"""How long the ledger keeps what was read: without an end, a schedule would fill its disk."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from trunkline.errors import ConfigurationError
from trunkline.shards.ledger import PostgresLedger

from .heartbeats import ENGINE

KEPT_FOR = timedelta(days=30)
"""How long a reading (status, drift, call log) is kept after its end. Jobs that change something are kept for ever."""
_AT_ONCE = 20  # a look takes seconds, and the next one removes more

_OLD = """
SELECT j.name FROM job j WHERE j.kind <> 'items' AND j.loaded
AND EXISTS (SELECT FROM watcher w WHERE w.job = j.id AND w.engine = %s)
AND (j.cancelled OR NOT EXISTS (SELECT FROM shard s WHERE s.job = j.id AND s.state <> 'done'))
AND greatest(j.created, (SELECT max(s.done_at) FROM shard s WHERE s.job = j.id)) < clock_timestamp() - %s
ORDER BY j.id LIMIT %s
"""


def remove_old_readings(ledger: PostgresLedger) -> list[str]:
    """Remove some readings of this engine that ended long ago, and return their names. Raises LedgerFailed."""
    removed = []
    for (name,) in ledger.database.execute(_OLD, (ENGINE, KEPT_FOR, _AT_ONCE)):
        with suppress(ConfigurationError):  # somebody has removed it, or works on it
            ledger.remove(name)
            removed.append(name)
    return removed
