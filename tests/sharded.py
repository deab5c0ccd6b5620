"""Jobs on Postgres and the PBXs that they are about: what the tests of shards, lanes and machines have in common."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from trunkline import AsyncPbx
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.opening import OpenPbx
from trunkline.shards.tokens import TokenRows
from trunkline_emulator import Entry
from trunkline_emulator.tenants import Tenant

DELETE_404 = ("DELETE", 404)
LANE = """
import asyncio, json, sys
from trunkline import AsyncPbx
from trunkline.shards.lane import run_lane
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.run import arun_shard
from trunkline.shards.tokens import TokenRows

database, tenants, job, ttl, at_once = sys.argv[1:]
with open(tenants) as file:
    systems = json.load(file)

async def main():
    with PostgresLedger(database) as ledger, LeaseKeeper(ledger, ttl=float(ttl)) as keeper:
        tokens = TokenRows(ledger, lock_lasts=float(ttl))

        def open_pbx(name):
            return AsyncPbx(**systems[name], label=name, token_store=tokens, unacknowledged=15.0)

        async def carry_out(shard):
            return await arun_shard(ledger, shard, open_pbx, keeper=keeper)

        print("begins", flush=True)
        print(json.dumps(await run_lane(ledger, job, carry_out, at_once=int(at_once), keeper=keeper)), flush=True)

asyncio.run(main())
"""
"""A process that is one lane of a job, of no engine."""


class Lane:
    """Such a process. Its lease ends ``ttl`` seconds after it was killed."""

    def __init__(
        self, database: str, tenants: Path, job: str, *, ttl: float, at_once: int = 8, inside: Sequence[str] = ()
    ) -> None:
        given = (database, str(tenants), job, str(ttl), str(at_once))
        self.process = subprocess.Popen(
            [*inside, sys.executable, "-c", LANE, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def counts(self) -> dict[str, int]:
        """Wait for its end, and return how many shards of the job are in each state."""
        out, err = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, err
        counts: dict[str, int] = json.loads(out.splitlines()[-1])
        return counts


def write_systems(path: Path, systems: Mapping[str, Tenant], host: str = "") -> Path:
    """Write what a lane needs to open the PBXs. ``host``: what they are called there, if not as here."""
    options = {
        name: {
            "url": str(tenant.url).replace("127.0.0.1", host or "127.0.0.1"),
            "client_id": tenant.client_id,
            "client_secret": tenant.api_key,
        }
        for name, tenant in systems.items()
    }
    path.write_text(json.dumps(options), encoding="utf-8")
    return path


def rows_to_delete(count: int) -> list[dict[str, Any]]:
    return [{"Id": 100 + n, "Number": f"F{n:05}"} for n in range(count)]


def named(tenants: Sequence[Tenant]) -> dict[str, Tenant]:
    return {f"customer-{n}": tenant for n, tenant in enumerate(tenants, 1)}


def opener(ledger: PostgresLedger, systems: Mapping[str, Tenant]) -> OpenPbx:
    """Open the PBXs of this process, with tokens in rows."""
    tokens = TokenRows(ledger)

    def open_pbx(name: str) -> AsyncPbx:
        tenant = systems[name]
        return AsyncPbx(str(tenant.url), tenant.client_id, tenant.api_key, label=name, token_store=tokens)

    return open_pbx


class Asked(NamedTuple):
    """A request for one fax: what it was, and whether it took effect, answered or not."""

    method: str
    status: int
    effect: bool


def asked(journal: Iterable[Entry]) -> dict[int, list[Asked]]:
    """What was asked of each fax, in the order of the effects."""
    found = defaultdict(list)
    for entry in journal:
        match = re.match(r"/xapi/v1/Fax\((\d+)\)", entry.path)
        if match:
            found[int(match[1])].append(Asked(entry.method, entry.status, entry.effect))
    return found


def most_at_once(journal: Iterable[Entry]) -> int:
    """How many requests were under way at one time at most, sign-ins included."""
    return len(crowd(journal))


def crowd(journal: Iterable[Entry]) -> list[Entry]:
    """The requests that were under way when there were most."""
    most: list[Entry] = []
    now: list[Entry] = []
    for entry in sorted(journal, key=lambda entry: entry.at):
        now = [each for each in now if each.at + (each.seconds or 0.0) > entry.at]
        now.append(entry)
        if len(now) > len(most):
            most = now.copy()
    return most


def sign_ins(journal: Iterable[Entry]) -> list[int]:
    return [entry.status for entry in journal if entry.path == "/connect/token"]


def check_history(job: SharedJob, systems: Mapping[str, Tenant], count: int) -> None:
    """Each item was done once, nothing was sent again unchecked, and the ledger says what the journals say."""
    records = defaultdict(list)
    for record in job.records():
        records[record["pbx"]].append(record)
    for name, tenant in systems.items():
        journal = tenant.emulator.journal
        history = asked(journal)
        assert len(history) == len(records[name]) == count
        for record in records[name]:
            requests = history[record["input"]["json"]["Id"]]
            assert record["state"] == "done", record
            assert [each.effect for each in requests if each.method == "DELETE"].count(True) == 1, requests
            for first, second in itertools.pairwise(requests):
                assert (first.method, second.method) != ("DELETE", "DELETE"), requests
            assert DELETE_404 not in [each[:2] for each in requests], requests
            sent = sum(each.method == "DELETE" for each in requests)
            assert record["attempts"] <= sent + 1, "it was recorded as sent, and may not have got as far as the PBX"
        assert most_at_once(journal) <= 4, f"{name}: {crowd(journal)}"
        check_tokens(name, journal)


def check_tokens(name: str, journal: Sequence[Entry]) -> None:
    """No token was asked for while one lived, but where a process died before it could leave it in the ledger."""
    used = False
    for entry in journal:
        assert entry.status not in (401, 403), f"{name}: the token of a request was no longer alive"
        if entry.path == "/connect/token":
            assert not used, f"{name} was asked for a second token"
        else:
            used = True
