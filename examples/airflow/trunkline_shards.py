"""Shards of a job as mapped tasks of an Airflow DAG. The ledger on Postgres decides what is done.

airflow dags trigger trunkline_shards --conf '{"name": "old-faxes", "action": "fax.delete", "parameters":
  {"Id": "{{ $json.Id }}"}, "items": "/srv/jobs/faxes.jsonl", "profiles": ["customer-*"]}'
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from airflow.exceptions import AirflowException
from airflow.sdk import Param, dag, get_current_context, task

from trunkline import PostgresLedger, SharedJob, Target, run_shard

WAIT = timedelta(seconds=30)


@task
def plan() -> list[str]:
    """Make the job, or open it where an earlier try has made it; gives the shards that are left."""
    given = get_current_context()["params"]
    with PostgresLedger.from_environment() as ledger:
        if given["name"] not in ledger.names():
            targets = {target.name: target.url for target in Target.saved(*given["profiles"])}
            with Path(given["items"]).open(encoding="utf-8") as lines:
                items = map(json.loads, lines)
                SharedJob.create(ledger, given["name"], given["action"], given["parameters"], items, targets)
        job = SharedJob.open(ledger, given["name"])
        left = [shard for shard in job.shards(with_results=False) if shard.state != "done"]
        return [shard.id for shard in sorted(left, key=lambda shard: shard.first or 0)]  # those of all PBXs in turn


@task(retries=1_000, retry_delay=WAIT)
def carry_out(shard: str) -> dict[str, int]:
    """Carry out one shard with the saved connections of this machine; one that has to wait is tried again."""
    result = run_shard(os.environ["TRUNKLINE_LEDGER"], shard)
    if result.retry_in is not None:
        raise AirflowException(f"{shard} is {result.state}; it is tried again in {WAIT.seconds} seconds.")
    return dict(result.counts)


@dag(
    schedule=None,
    params={
        "name": Param("", type="string", minLength=1, description="A new job, or one to go on with."),
        "action": Param("", type="string", description="Such as fax.delete."),
        "parameters": Param({}, type="object", description='Such as {"Id": "{{ $json.Id }}"}.'),
        "items": Param("", type="string", description="A file of JSON Lines on the machine that plans."),
        "profiles": Param([], type="array", description="Saved connections, such as customer-*."),
    },
    max_active_tasks=16,
    tags=["trunkline"],
)
def trunkline_shards() -> None:
    carry_out.expand(shard=plan())


trunkline_shards()
