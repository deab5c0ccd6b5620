"""From options, environment and profiles to a client."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import ConfigurationError
from ..profiles import Profile, connection, profiles_file, read_profiles

if TYPE_CHECKING:
    from ..client import AsyncPbx

INSECURE, TIMEOUT = "TRUNKLINE_INSECURE", "TRUNKLINE_TIMEOUT"
SIZES = {"max_answer": "TRUNKLINE_MAX_ANSWER", "max_file": "TRUNKLINE_MAX_FILE"}
"""Options of a client for sizes in memory, in bytes, and the variables that set them, in MB."""
_LARGEST = 1_048_576  # MB, a terabyte
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
    """Take the connection options out of a command's values; a profile beside them comes before theirs."""
    given: dict[str, Any] = values.pop("connection")._asdict()
    return given | {"profile": values.pop("profile", None) or given["profile"]}


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
    """Limits of a client for time and size, as far as options and environment set them.

    Raises ConfigurationError, which names the option or variable, if it is not a number that can be used.
    """
    return {**_timeout(given), **_sizes()}


def _timeout(given: Mapping[str, Any]) -> dict[str, float]:
    text = given["timeout"] if given["timeout"] is not None else os.environ.get(TIMEOUT)
    if text is None or text == "":
        return {}
    from ..transport.options import is_time_limit, time_hint  # what sends nothing doesn't load it

    seconds = _number(text)
    if not is_time_limit(seconds):
        raise ConfigurationError(f"The timeout is {text}.", hint=f"--timeout and {TIMEOUT}: {time_hint()}")
    return {"timeout": seconds}


def _sizes() -> dict[str, int]:
    sizes = {}
    for option, variable in SIZES.items():
        text = os.environ.get(variable, "").strip()
        if not text:
            continue
        megabytes = _number(text)
        if not 0 < megabytes <= _LARGEST:
            raise ConfigurationError(
                f"{variable} is {text!r}.",
                hint=f"It is a number of MB above 0, {_LARGEST:,} at most; nothing was sent.",
            )
        sizes[option] = max(1, int(megabytes * 2**20))
    return sizes


def _number(text: Any) -> float:
    """A number of an option or variable; nan for what is none."""
    try:
        return float(text)
    except (ValueError, OverflowError):
        return math.nan


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
