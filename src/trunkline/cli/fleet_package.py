"""The package trunkline-prefect, found by its entry point when `trunkline fleet` needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from .entry_point import load_package

GROUP = "trunkline.fleet"
INSTALL = "Install it: pip install 'trunkline[prefect]'"


class RunningFleet(Protocol):
    """Where a fleet answers."""

    @property
    def address(self) -> str: ...
    @property
    def environment(self) -> Mapping[str, str]: ...
    @property
    def folder(self) -> Path: ...
    @property
    def was_running(self) -> bool: ...


class Service(Protocol):
    """One process of a fleet."""

    @property
    def service(self) -> str: ...
    @property
    def state(self) -> Literal["starting", "running", "restarting", "down"]: ...
    @property
    def pid(self) -> int | None: ...
    @property
    def restarts(self) -> int: ...
    @property
    def since(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def log(self) -> str: ...


class FleetPackage(Protocol):
    """What the commands need of the package. Raises: ConfigurationError."""

    def up(
        self,
        *,
        folder: Path | None,
        postgres: str | None,
        workers: int,
        port: int,
        on_progress: Callable[[str], None],
    ) -> RunningFleet:
        """Start a fleet and wait until all of it answers."""
        ...

    def status(self, *, folder: Path | None) -> Sequence[Service]:
        """Describe its processes; none if it has never run."""
        ...

    def down(self, *, folder: Path | None, remove: bool) -> bool:
        """End it; whether it ran."""
        ...


def load_fleet() -> FleetPackage:
    """Find the installed package. Raises: ConfigurationError if it is not there, or not complete."""
    package: FleetPackage = load_package(GROUP, "trunkline-prefect", INSTALL)
    return package
