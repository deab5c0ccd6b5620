"""The PBXs that a command's connection options mean, where a profile of its own may stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from ..connections.profiles import Profile
from ..connections.targets import Target
from .connection_options import ConnectionOptions


def taken(values: dict[str, Any]) -> ConnectionOptions:
    """Take the connection options out of a command's values; a profile beside them comes before theirs."""
    options: ConnectionOptions = values.pop("connection")
    return options._replace(profile=values.pop("profile", None) or options.profile)


def target(_: click.Context, values: dict[str, Any]) -> Target:
    """Return the PBX of the command's connection options, the environment and the profiles. ConfigurationError."""
    return taken(values).target()


def targets(
    _: click.Context, values: dict[str, Any], choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]
) -> list[Target]:
    """Return the saved PBXs that ``choose`` takes. UsageError for options that only make sense for one."""
    return taken(values).targets(choose)
