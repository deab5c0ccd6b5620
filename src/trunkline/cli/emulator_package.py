"""The package trunkline-emulator, found by its entry point when a command needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from .entry_point import load_package

GROUP = "trunkline.emulator"
INSTALL = "Install it: pip install 'trunkline[emulator]'"


class RunningPbx(Protocol):
    """An emulated PBX that answers."""

    @property
    def url(self) -> str: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def client_id(self) -> str: ...
    @property
    def api_key(self) -> str: ...
    @property
    def version(self) -> str: ...


class Server(Protocol):
    """One emulated PBX, or a fleet of them, ready to be served."""

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""

    def serve(self, on_start: Callable[[Sequence[RunningPbx]], None]) -> None:
        """Serve until Ctrl-C or SIGTERM. Raises: OSError if it can't listen."""

    def write_list(self, path: Path) -> None:
        """Write addresses and keys of the running PBXs. Raises: OSError."""

    def close(self) -> None: ...


class EmulatorPackage(Protocol):
    """What the commands need of the package."""

    def prepare(
        self,
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
        """Check the options and make the PBXs. Raises: ValueError if an option can't be used."""

    def run_demo(self, client: tuple[str, str], viewer: tuple[str, str]) -> AbstractContextManager[RunningPbx]:
        """Serve the demo company, with a client that may do everything and one without rights."""


def load_emulator() -> EmulatorPackage:
    """Find the installed emulator. Raises: ConfigurationError if it is not there, or not complete."""
    package: EmulatorPackage = load_package(GROUP, "The emulator", INSTALL)
    return package
