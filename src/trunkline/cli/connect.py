"""The connection options of a command, and the PBXs that they mean."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ..connections.profiles import Profile, profiles_file, read_profiles
from ..connections.targets import Target, find_target, saved_targets

if TYPE_CHECKING:
    from ..client import AsyncPbx


def taken(ctx: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Take the connection options out of a command's values; a profile beside them comes before theirs."""
    given: dict[str, Any] = values.pop("connection")._asdict()
    return given | {"profile": values.pop("profile", None) or given["profile"]}


def target(ctx: click.Context, values: dict[str, Any]) -> Target:
    """Return the PBX of the command's connection options, the environment and the profiles. ConfigurationError."""
    return find_target(taken(ctx, values), os.environ)


def targets(
    ctx: click.Context, values: dict[str, Any], choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]
) -> list[Target]:
    """Return the saved PBXs that ``choose`` takes. UsageError for options that only make sense for one."""
    given = taken(ctx, values)
    for name in ("url", "client_id", "client_secret"):
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with one PBX, not with several.")
    return saved_targets(choose(read_profiles(profiles_file(os.environ))), given, os.environ)


def open_async_pbx(ctx: click.Context, values: dict[str, Any]) -> AsyncPbx:
    """Return a client for the command's connection options, which are taken out of ``values``."""
    return target(ctx, values).client()
