"""Many PBXs in one process, each at a port of its own, on one event loop.

They share the catalog, the routes and the packed rows of their seed; the store of each is made at its first request.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .app import Emulator
from .messages import Receive, Scope, Send
from .server import Address, running_all
from .tls import Tls


@dataclass(frozen=True)
class Tenant:
    """One PBX of a fleet and where it answers."""

    url: Address
    emulator: Emulator

    @property
    def ca_file(self) -> Path | None:
        return self.url.ca

    @property
    def version(self) -> str:
        return self.emulator.version

    @property
    def client_id(self) -> str:
        return self.emulator.client_id

    @property
    def api_key(self) -> str:
        return self.emulator.api_key


class Fleet:
    """Emulators behind one ASGI application, which tells them apart by the port that a request came in by."""

    def __init__(self, emulators: Sequence[Emulator]) -> None:
        self.emulators = list(emulators)
        self._by_port: dict[int, Emulator] = {}

    def moved_in(self, addresses: Sequence[Address]) -> list[Tenant]:
        """Every PBX has its port; from now on requests find them."""
        found = [Tenant(url, emulator) for url, emulator in zip(addresses, self.emulators, strict=True)]
        self._by_port = {int(tenant.url.rpartition(":")[2]): tenant.emulator for tenant in found}
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        emulator = self.emulators[0] if scope["type"] == "lifespan" else self._by_port[scope["server"][1]]
        await emulator(scope, receive, send)

    def close(self) -> None:
        for emulator in self.emulators:
            emulator.close()


def fleet_of(
    count: int,
    *,
    client_id: str = "trunkline",
    api_key: str | None = None,
    state: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Fleet:
    """Return a fleet of ``count`` PBXs that is not served yet; ``options`` are those of `Emulator`.

    Each has a client and a key of its own, numbered from 1: ``trunkline-1``, and ``KEY-1`` where a key is given. What
    is sent to the wrong PBX is so refused, as in a real fleet. ``state`` is a folder with a file for each. ValueError
    as of `Emulator`, and for less than one PBX.
    """
    if count < 1:
        raise ValueError(f"A fleet has one PBX at least, not {count}.")
    if state is not None:
        try:
            Path(state).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"The folder {state} for state files can't be made: {error.strerror or error}.") from error
    emulators: list[Emulator] = []
    try:
        for number in range(1, count + 1):
            emulators.append(
                Emulator(
                    client_id=f"{client_id}-{number}",
                    api_key=None if api_key is None else f"{api_key}-{number}",
                    state=None if state is None else Path(state) / f"{number}.db",
                    **options,
                )
            )
    except ValueError:
        Fleet(emulators).close()
        raise
    return Fleet(emulators)


def ports_of(count: int, first: int) -> list[int]:
    """Ports one after the other; port 0 takes free ones. ValueError where they would go past the last."""
    if first + count > 2**16:
        raise ValueError(f"There are no {count} ports from {first} on: the last is {2**16 - 1}.")
    return [first + n if first else 0 for n in range(count)]


@contextmanager
def fleet(
    count: int, port: int = 0, host: str = "127.0.0.1", *, tls: bool | Tls = False, **options: Any
) -> Iterator[list[Tenant]]:
    """Serve many PBXs in a thread while the block runs; ``options`` are those of `fleet_of`.

    Ports count up from ``port``, 0 takes free ones. OSError if one is in use, ValueError as of `fleet_of`.
    """
    ports = ports_of(count, port)
    app = fleet_of(count, **options)
    try:
        found: list[Tenant] = []
        with running_all(app, ports, host, tls=tls, on_start=lambda addresses: found.extend(app.moved_in(addresses))):
            yield found
    finally:
        app.close()


def write_list(path: str | os.PathLike[str], found: Sequence[Tenant]) -> None:
    """Write the fleet's addresses and secrets to a file that only its owner can read. OSError if it can't be.

    It is JSON; a name that ends in ``.toml`` gets saved connections, ``pbx-1`` and so on, as the client reads them.
    """
    rows = [
        {"url": str(tenant.url), "client_id": tenant.client_id, "api_key": tenant.api_key}
        | ({"ca_file": str(tenant.url.ca)} if tenant.url.ca else {})
        for tenant in found
    ]
    text = _as_connections(rows) if os.fspath(path).endswith(".toml") else json.dumps(rows, indent=1)
    new = Path(f"{os.fspath(path)}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _as_connections(rows: Sequence[Mapping[str, str]]) -> str:
    """Return tables of TOML, whose basic strings are spelled as JSON spells these."""
    digits = len(str(len(rows)))
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"[pbx-{number:0{digits}}]")
        lines += [f"{'client_secret' if name == 'api_key' else name} = {json.dumps(row[name])}" for name in row]
        lines.append("")
    return "\n".join(lines)
