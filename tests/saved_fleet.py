"""Many emulated PBXs with saved connections, of which some are dead and one is slow; for tests of what watches many."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from trunkline_emulator import fleet
from trunkline_emulator.tenants import Tenant

KEY = "saved-key-0123456789"


class SavedFleet(NamedTuple):
    """``tenants`` answer, in the order of their names ``pbx-01`` …; ``environment`` is that of a process that has them
    saved, and no other connection. ``dead`` and ``slow`` are names."""

    tenants: Sequence[Tenant]
    names: Sequence[str]
    dead: Sequence[str]
    slow: str
    environment: Mapping[str, str]

    def tenant(self, name: str) -> Tenant:
        return self.tenants[self.names.index(name)]


@contextmanager
def saved_fleet(
    folder: Path, count: int, *, dead: int = 0, latency: float = 0.0, **options: Any
) -> Iterator[SavedFleet]:
    """Serve ``count`` PBXs, the last of which answers after ``latency`` seconds; ``dead`` more answer nothing.

    ``folder`` becomes the home of the process: its profiles, tokens and state. ``options`` are those of `Emulator`.
    """
    with ExitStack() as stack:
        tenants = stack.enter_context(fleet(count, api_key=KEY, **options))
        if latency:
            tenants[-1].emulator.vary({"latency": latency})
        names = [f"pbx-{number:02}" for number in range(1, count + 1)]
        gone = [f"pbx-{number:02}" for number in range(count + 1, count + dead + 1)]
        profiles = folder / "profiles.toml"
        tables = [
            f'[{name}]\nurl = "{tenant.url}"\nclient_id = "{tenant.client_id}"\nclient_secret = "{tenant.api_key}"\n'
            for name, tenant in zip(names, tenants, strict=True)
        ]
        for name in gone:
            # A socket that is bound and doesn't listen refuses connections, and nothing else gets its port.
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
            tables.append(f'[{name}]\nurl = "{url}"\nclient_id = "trunkline"\nclient_secret = "{KEY}"\n')
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(profiles, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(tables))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        environment = {
            **inherited,
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TRUNKLINE_PROFILES": str(profiles),
        }
        yield SavedFleet(tenants, names, gone, names[-1] if latency else "", environment)
