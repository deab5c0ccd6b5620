"""Emulated PBXs that plans are applied to, and what was sent to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from trunkline import Pbx
from trunkline.catalog import load as catalog
from trunkline.config.applying.applies import name_of
from trunkline.config.applying.apply import Apply, Summary
from trunkline.config.applying.secrets import SecretSource
from trunkline.config.kinds import kind_of
from trunkline.config.model import Configuration
from trunkline.config.planning.plan import Plan, plan
from trunkline.config.reading import read
from trunkline_emulator import Emulator, running

CLIENT, KEY = "tests", "tests-key-0123456789"


class System(NamedTuple):
    """An emulated PBX, where it answers, and a client of it."""

    emulator: Emulator
    url: str
    pbx: Pbx

    def mark(self) -> int:
        """The last request so far."""
        entries = self.emulator.journal
        return entries[-1].id if entries else 0

    def written(self, since: int) -> Counter[tuple[str, str]]:
        """The requests that changed something or tried to, as method and path without the query."""
        return Counter(
            (entry.method, entry.path.partition("?")[0].removeprefix("/xapi/v1"))
            for entry in self.emulator.journal
            if entry.id > since and entry.method != "GET" and not entry.path.startswith("/connect")
        )


@contextmanager
def emulated(seed: str = "empty") -> Iterator[System]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed=seed)
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        yield System(emulator, url, pbx)


def calls_of(plan: Plan, system: System) -> Counter[tuple[str, str]]:
    """The requests that a plan names, as `System.written` gives them; Ids are those that the PBX has."""
    names = read(system.pbx).names
    calls: Counter[tuple[str, str]] = Counter()
    for step in plan.steps:
        kind = kind_of(catalog(), step.id)
        action = {"add": kind.creator, "remove": kind.deleter}.get(step.change, kind.updater)
        found = catalog().action(action)
        path = found.path
        for key in found.keys:
            row = plan.names.get(step.id.kind, {}).get(step.id.key) or names.row(step.id)
            value = row[key]
            path = path.replace(f"{{{key}}}", f"'{value}'" if isinstance(value, str) else str(value))
        calls[found.method, path] += 1
    return calls


GIVEN = SecretSource(None, {}, lambda path: f"Given{crc32(path.encode()):08}")
"""A value for every secret."""


def applied(plan: Plan, pbx: Pbx, folder: Path, secrets: SecretSource = GIVEN) -> Summary:
    """Apply a plan, with a yes to everything."""
    file = folder / f"{name_of(plan)}.job"
    with Apply(plan, file, secrets, confirm=True, max_removals="100%") as apply:
        apply.on(pbx)
        assert [outcome.error for outcome in apply.outcomes if outcome.error] == []
        return apply.summary


def brought(configuration: Configuration, system: System, folder: Path, *, remove: bool = False) -> Plan:
    """Plan a configuration for a PBX, with values of all secrets, and apply it."""
    made = plan(configuration, read(system.pbx), secrets=GIVEN, remove=remove)
    applied(made, system.pbx, folder)
    return made
