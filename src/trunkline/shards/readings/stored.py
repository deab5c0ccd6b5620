"""Where readings are kept: the result with its shard, and the snapshot that the next reading is compared with.

One statement writes both and ends the shard, while its lease is held. So a machine that died in between has left
neither, and one that is late changes nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..ledger import HELD, Held, LeaseLost, PostgresLedger, ShardRow
from . import Reading

_END = f"""
WITH {HELD}, kept AS (
    INSERT INTO snapshot (pbx, name, taken, content)
    SELECT %(pbx)s, %(name)s, clock_timestamp(), %(content)b::bytea FROM held WHERE %(content)b::bytea IS NOT NULL
    ON CONFLICT (pbx, name) DO UPDATE SET taken = excluded.taken, content = excluded.content
), ended AS (
    UPDATE shard s SET state = 'done', result = %(result)s::json, error = NULL, not_before = NULL,
    done_at = clock_timestamp() FROM held WHERE s.id = %(shard)s RETURNING 1
) SELECT count(*) FROM ended
"""


def last_snapshot(ledger: PostgresLedger, shard: ShardRow) -> bytes | None:
    """Return what the last reading of this kind has left for the PBX of a shard. Raises LedgerFailed."""
    rows = ledger.database.execute("SELECT content FROM snapshot WHERE pbx = %s AND name = %s", [shard.pbx, shard.kind])
    return bytes(rows[0][0]) if rows else None


def store(ledger: PostgresLedger, shard: ShardRow, lease: Held, reading: Reading) -> None:
    """End a shard with what was read. Raises LeaseLost where another machine holds the PBX; LedgerFailed."""
    values: dict[str, Any] = {
        "shard": shard.id,
        "pbx": lease.pbx,
        "holder": lease.holder,
        "generation": lease.generation,
        "name": shard.kind,
        "content": reading.snapshot,
        "result": msgspec.json.encode(reading.result).decode(),
    }
    ((count,),) = ledger.database.execute(_END, values)
    if count != 1:
        raise LeaseLost(
            f"This machine does not hold {shard.url} for the shard {shard.id!r} any more.",
            hint="Nothing was kept. Another machine reads it again.",
        )
