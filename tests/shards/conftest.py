"""A ledger on a real Postgres, and machines that hold leases of PBXs in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger, ShardLedger

URL = "https://pbx.example.com"


class Lease(NamedTuple):
    """A lease, as the one who holds it knows it."""

    pbx: str
    holder: uuid.UUID
    generation: int


@pytest.fixture
def ledger(database_url: str) -> Iterator[PostgresLedger]:
    with PostgresLedger(database_url) as ledger:
        yield ledger


def made(ledger: PostgresLedger, name: str = "night", count: int = 4, **options: Any) -> SharedJob:
    """A job that deletes faxes on one PBX."""
    items = [{"Id": n} for n in range(count)]
    targets = options.pop("targets", {"acme": URL})
    options.setdefault("confirm", lambda question: True)
    return SharedJob.create(ledger, name, "fax.delete", {"Id": "{{ $json.Id }}"}, items, targets, **options)


def taken_over(ledger: PostgresLedger, shard: str, seconds: float = 90) -> ShardLedger:
    """The ledger of a shard, on a machine that has just taken its PBX over, whoever had it."""
    row = ledger.shard(shard)
    holder = uuid.uuid4()
    ((generation,),) = ledger.database.execute(
        "INSERT INTO lease VALUES (%s, %s, 1, %s, 'here', clock_timestamp() + %s * interval '1 second')"
        " ON CONFLICT (pbx) DO UPDATE SET holder = excluded.holder, generation = lease.generation + 1,"
        " shard = excluded.shard, expires = excluded.expires RETURNING generation",
        [row.pbx, holder, row.id, seconds],
    )
    return ShardLedger(ledger, row, Lease(row.pbx, holder, generation))


Expire = Callable[[], None]


@pytest.fixture
def expire(ledger: PostgresLedger) -> Expire:
    """Let every lease end now."""

    def expire() -> None:
        ledger.database.execute("UPDATE lease SET expires = clock_timestamp()")

    return expire
