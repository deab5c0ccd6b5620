"""Engines, which move the shards of a job between machines, such as Prefect: found by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Protocol

from ..errors import ConfigurationError

GROUP = "trunkline.engines"
INSTALL = "Prefect comes with: pip install 'trunkline[prefect]'"


class Engine(Protocol):
    """What the commands need of an engine."""

    def hand_over(self, job: str, *, lanes: int | None) -> str:
        """Start lanes for a job of the shared ledger, ``None`` for as many as the engine thinks fit.

        Return the address of a page that shows them. Raises: ConfigurationError if the engine can't be reached.
        """
        ...

    def cancel(self, job: str) -> None:
        """End the lanes of a job. Raises: ConfigurationError if the engine can't be reached."""


def engine_names() -> list[str]:
    """Return the names of the installed engines."""
    return sorted(entry_points(group=GROUP).names)


def check_engine(name: str) -> None:
    """Refuse a name that no installed engine has. Raises ConfigurationError."""
    if name not in (known := engine_names()):
        there = f"There are: {', '.join(known)}. " if known else ""
        raise ConfigurationError(f"No engine {name!r} is installed.", hint=f"{there}{INSTALL}")


def load_engine(name: str) -> Engine:
    """Load an installed engine.

    Raises:
        ConfigurationError: it is not installed, or not completely.
    """
    check_engine(name)
    try:
        engine: Engine = entry_points(group=GROUP)[name].load()
    except ImportError as error:
        raise ConfigurationError(f"The engine {name!r} can't be loaded: {error}.", hint=INSTALL) from None
    return engine
