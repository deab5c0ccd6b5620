"""What the commands ``trunkline emulator`` and ``trunkline demo`` run; they find it by an entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import tenants as fleets
from . import tls as certificates
from .app import Emulator
from .hosts import is_this_machine
from .server import Address, running, serve
from .tenants import Fleet, Tenant
from .tls import Tls


class Server:
    """One PBX, or a fleet, that is served when it is asked to."""

    def __init__(self, app: Emulator | Fleet, host: str, ports: Sequence[int], tls: Tls | None) -> None:
        self._app = app
        self._host = host
        self._ports = ports
        self._tls = tls
        self._tenants: list[Tenant] = []

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_this_machine(self._host.lower())

    def serve(self, on_start: Callable[[Sequence[Tenant]], None]) -> None:
        """Serve until Ctrl-C or SIGTERM; give ``on_start`` the PBXs once they answer. Raises: OSError."""

        def start(addresses: Sequence[Address]) -> None:
            app = self._app
            self._tenants = app.moved_in(addresses) if isinstance(app, Fleet) else [Tenant(addresses[0], app)]
            on_start(self._tenants)

        serve(self._app, self._host, self._ports, start, self._tls or False)

    def write_list(self, path: Path) -> None:
        """Write addresses and keys of the running PBXs as JSON. Raises: OSError."""
        fleets.write_list(path, self._tenants)

    def close(self) -> None:
        self._app.close()


def prepare(
    *,
    host: str,
    port: int,
    tenants: int | None,
    make_tls: bool,
    tls_folder: Path | None,
    certificate: Path | None,
    certificate_key: Path | None,
    **options: Any,
) -> Server:
    """Check the options and make the PBXs; ``options`` are those of `Emulator`. Raises: ValueError."""
    tls = None
    if certificate is not None:
        tls = certificates.from_files(certificate, certificate_key)
    elif make_tls:
        tls = certificates.made(host, folder=tls_folder)
    ports = fleets.ports_of(tenants or 1, port)
    app = fleets.fleet_of(tenants, **options) if tenants else Emulator(**options)
    return Server(app, host, ports, tls)


@contextmanager
def run_demo(client: tuple[str, str], viewer: tuple[str, str]) -> Iterator[Tenant]:
    """Serve the demo company while the block runs, with a client that may do everything and one without rights."""
    client_id, api_key = client
    emulator = Emulator(client_id=client_id, api_key=api_key, seed="demo", etags=True)
    emulator.add_client(*viewer, roles=())
    with running(emulator) as url:
        yield Tenant(url, emulator)
