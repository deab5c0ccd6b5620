"""A package of its own that some commands need, found by its entry point, so that no command imports it at start-up."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from ..errors import ConfigurationError


def load_package(group: str, name: str, install: str) -> Any:
    """Load what the only entry point of a group names. ``name`` is what errors call it, ``install`` their hint.

    Raises:
        ConfigurationError: It is not installed, or not completely.
    """
    for entry_point in entry_points(group=group):
        try:
            return entry_point.load()
        except ImportError as error:
            raise ConfigurationError(f"{name} can't be loaded: {error}.", hint=install) from None
    raise ConfigurationError(f"{name} is not installed.", hint=install)
