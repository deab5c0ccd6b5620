"""From options, environment and profiles to a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import ConfigurationError
from ..profiles import VARIABLES, Profile, connection, profiles_file, read_profiles
from ..redaction import remember
from .root import CONNECTION

if TYPE_CHECKING:
    from ..client import AsyncPbx

_NAMES = [spec[0][-1].removeprefix("--").replace("-", "_") for spec in CONNECTION]

INSECURE, TIMEOUT = "TRUNKLINE_INSECURE", "TRUNKLINE_TIMEOUT"
UNCHECKED = "TRUNKLINE_NO_CHECK_VERSION"
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


class Target(NamedTuple):
    """One PBX and how to reach it; ``profile`` is "" where none took part."""

    url: str
    client_id: str
    client_secret: str | Callable[[], str]
    options: dict[str, Any]
    profile: str = ""

    def __repr__(self) -> str:
        return f"Target({self.url!r}, {self.client_id!r})"

    def client(self, **options: Any) -> AsyncPbx:
        """A client of it; ``options`` come before its own."""
        from ..client import AsyncPbx

        return AsyncPbx(self.url, self.client_id, self.client_secret, **{**self.options, **options})


def taken(ctx: click.Context, values: dict[str, Any]) -> dict[str, Any]:
    """Take the connection options out of a command's values; those of the root stand in for what is not given."""
    root: Mapping[str, Any] = ctx.find_root().obj or {}
    given = {name: own if (own := values.pop(name, None)) is not None else root.get(name) for name in _NAMES}
    for key in (given["client_secret"], os.environ.get(VARIABLES["client_secret"], "").strip()):
        if key:
            remember(key)  # another option may have it too, by mistake
    return given


def target(ctx: click.Context, values: dict[str, Any]) -> Target:
    """The PBX of the command's connection options, the environment and the profiles. ConfigurationError."""
    given = taken(ctx, values)
    found = connection(
        {k: v for k, v in given.items() if k not in ("insecure", "timeout", "no_check_version")}, os.environ
    )
    verify = verified(given, found.verify)
    options = {"verify": verify, **limits(given), **_unchecked(given)}
    return Target(found.url, found.client_id, found.client_secret, options, found.profile)


def verified(given: Mapping[str, Any], verify: bool | str) -> bool | str:
    """``verify`` of a client, where ``verify`` is what CA files and profile say of it."""
    if given["insecure"]:
        return False
    return False if not given["ca_file"] and insecure_everywhere() else verify


def insecure_everywhere() -> bool:
    """Whether TRUNKLINE_INSECURE says so; ConfigurationError if it can't be told."""
    return _is_set(INSECURE)


def _is_set(variable: str) -> bool:
    said = os.environ.get(variable, "").strip().lower()
    if said not in (*_YES, *_NO):
        raise ConfigurationError(f"{variable} is {said!r}.", hint="Set it to 1, or unset it.")
    return said in _YES


def limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """``timeout`` of a client, if options or TRUNKLINE_TIMEOUT set one. ConfigurationError if that is no number."""
    said = given["timeout"] if given["timeout"] is not None else os.environ.get(TIMEOUT)
    if said is None or said == "":
        return {}
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(f"The timeout is {said}.", hint=f"--timeout and {TIMEOUT} are seconds above 0.")
    return {"timeout": seconds}


def targets(
    ctx: click.Context, values: dict[str, Any], choose: Callable[[Mapping[str, Profile]], Iterable[Profile]]
) -> list[Target]:
    """The saved PBXs that ``choose`` takes. UsageError for options that only make sense for one."""
    given = taken(ctx, values)
    for name in ("url", "client_id", "client_secret"):
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with one PBX, not with several.")
    return [
        Target(
            p.url,
            p.client_id,
            p.client_secret,
            {"verify": verified(given, p.verify), **limits(given), **_unchecked(given)},
            p.name,
        )
        for p in choose(read_profiles(profiles_file(os.environ)))
    ]


def _unchecked(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"check_version": False} if given["no_check_version"] or _is_set(UNCHECKED) else {}


def open_async_pbx(ctx: click.Context, values: dict[str, Any]) -> AsyncPbx:
    """A client for the command's connection options, which are taken out of ``values``."""
    return target(ctx, values).client()
