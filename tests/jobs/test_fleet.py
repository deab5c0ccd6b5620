"""One job on two hundred PBXs, of which two are dead and two are slow."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AbstractAsyncContextManager
from typing import Any

from nasty import closed_port
from trunkline import AsyncPbx
from trunkline.cli.open_files import allow_many
from trunkline.jobs import Job, JobFolder, Limits
from trunkline_emulator import fleet

PBXS, ITEMS = 200, 50
DEAD, SLOW = ("customer-7", "customer-120"), ("customer-3", "customer-77")
SLOWNESS = 0.2


def test_slow_and_dead_pbxs_hold_up_none_of_the_others(folder: JobFolder) -> None:
    allow_many()  # clients and servers are in one process here
    contacts = [{"Id": n, "FirstName": f"Contact {n}", "PhoneNumber": "+12025550142"} for n in range(1, ITEMS + 1)]
    ended: dict[str, float] = {}
    with fleet(PBXS, seed={"Contacts": contacts}, api_key="k") as tenants:
        systems = {f"customer-{n}": tenant for n, tenant in enumerate(tenants, 1)}
        urls = {name: closed_port() if name in DEAD else str(tenant.url) for name, tenant in systems.items()}
        for name in SLOW:
            systems[name].emulator.latency = SLOWNESS

        def opened(name: str) -> AbstractAsyncContextManager[AsyncPbx]:
            tenant = systems[name]
            return Client(name, AsyncPbx(urls[name], tenant.client_id, tenant.api_key, label=name, token_store=None))

        class Client:
            """Notes when work on a PBX is over."""

            def __init__(self, name: str, pbx: AsyncPbx) -> None:
                self.name, self.pbx = name, pbx

            async def __aenter__(self) -> AsyncPbx:
                return await self.pbx.__aenter__()

            async def __aexit__(self, *exc: Any) -> None:
                await self.pbx.__aexit__(*exc)
                ended[self.name] = time.monotonic()

        items = ({"Id": row["Id"]} for row in contacts)
        parameters = {"Id": "{{ $json.Id }}"}
        with Job.create(
            folder.new("fleet"), "contacts.delete", parameters, items, urls, Limits(patience=0.5, concurrency=4)
        ) as job:
            summary = asyncio.run(job.arun(opened))
        journals = {
            name: Counter(entry.status for entry in tenant.emulator.journal if entry.method == "DELETE")
            for name, tenant in systems.items()
        }

    told = {target.name: target for target in summary.targets}
    assert summary.counts == {"not_started": 100, "sent": 0, "done": (PBXS - 2) * ITEMS, "failed": 0, "unknown": 0}
    assert sorted(name for name, target in told.items() if target.halt) == sorted(DEAD)
    assert all(journals[name] == ({} if name in DEAD else {204: ITEMS}) for name in systems)
    fast = [ended[name] for name in systems if name not in DEAD + SLOW]
    assert max(fast) < min(ended[name] for name in SLOW), "the slow ones ended last"
