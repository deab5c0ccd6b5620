"""The PBXs that the connection options of a command mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from ..connections.profiles import Profile
from ..connections.targets import Target
from .connection_options import ConnectionOptions


def taken(ctx: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Take the connection options out of a command's values."""
    return _options(values)._asdict()


def target(ctx: click.Context, values: dict[str, Any]) -> Target:
    return _options(values).target()


def targets(
    ctx: click.Context, values: dict[str, Any], choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]
) -> list[Target]:
    return _options(values).targets(choose)


def _options(values: dict[str, Any]) -> ConnectionOptions:
    """Take the options out of a command's values; a profile beside them comes before theirs."""
    options: ConnectionOptions = values.pop("connection")
    return options._replace(profile=values.pop("profile", None) or options.profile)
