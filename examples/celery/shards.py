"""Shards of jobs as Celery tasks. The ledger on Postgres decides what is done; Celery only hands shards out.

On each machine:  celery -A shards worker --concurrency 4
To make a job:    python shards.py old-faxes fax.delete '{"Id": "{{ $json.Id }}"}' 'customer-*' < faxes.jsonl
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from celery import Celery

from trunkline import PostgresLedger, SharedJob, Target, run_shard
from trunkline.work.ledger import LedgerFailed

# Seconds after which a message that nobody acknowledged is handed out again: its worker may have died. If it has not,
# the second worker finds the PBX leased and leaves, so a time that is too short costs a look and nothing more.
VISIBILITY = int(os.environ.get("SHARDS_VISIBILITY", "120"))
RETRY = float(os.environ.get("SHARDS_RETRY", "30"))

app = Celery("shards", broker=os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0"))
app.conf.update(
    task_acks_late=True,  # a shard is acknowledged after it was carried out, so a worker that dies loses none
    task_reject_on_worker_lost=True,  # nor does a process of its pool that dies
    task_ignore_result=True,  # results are in the ledger
    worker_prefetch_multiplier=1,  # no worker keeps shards waiting that another one could carry out
    broker_transport_options={
        "visibility_timeout": VISIBILITY,
        "unacked_restore_interval": 5,  # seconds between two looks for such messages,
        "unacked_restore_throttle": 1,  # of which each is really made
    },
)


@app.task(bind=True, max_retries=None, autoretry_for=(LedgerFailed,), retry_backoff=True, retry_backoff_max=60)
def carry_out(self: Any, shard: str) -> str:
    """Carry out a shard with the saved connections of this machine; one that has to wait comes back later."""
    result = run_shard(os.environ["TRUNKLINE_LEDGER"], shard)
    if result.retry_in is not None:
        raise self.retry(countdown=min(result.retry_in, RETRY))
    return result.state


def send(job: SharedJob) -> int:
    """Send the shards of a job that are left, those of all PBXs in turn. A second time does no harm."""
    left = [shard for shard in job.shards(with_results=False) if shard.state != "done"]
    for shard in sorted(left, key=lambda shard: shard.first or 0):
        carry_out.delay(shard.id)
    return len(left)


def main(name: str, action: str, parameters: str, *profiles: str) -> None:
    """Make a job for the PBXs of saved connections, of items as JSON Lines, and send its shards."""
    targets = {target.name: target.url for target in Target.saved(*profiles)}
    with PostgresLedger.from_environment() as ledger:
        job = SharedJob.create(ledger, name, action, json.loads(parameters), map(json.loads, sys.stdin), targets)
        print(f"Sent {send(job)} shards of {name} for {len(targets)} PBXs.")


if __name__ == "__main__":
    main(*sys.argv[1:])
