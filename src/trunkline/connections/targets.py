"""Which PBX to use: options first, then the environment, then a saved profile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigurationError, Hint
from ..redaction import remember
from .profiles import (
    Profile,
    default_profile,
    fitting,
    keyless,
    named_profile,
    profiles_file,
    read_profiles,
    saved_tables,
    with_key,
)
from .settings import VARIABLES, client_options

if TYPE_CHECKING:
    from ..client import AsyncPbx, Pbx

PROFILE = "TRUNKLINE_PROFILE"
_WORDS = {"url": "the address of the PBX", "client_id": "the client id", "client_secret": "the API key"}


class Target(NamedTuple):
    """One PBX and how to reach it; ``profile`` names the saved connection that took part, or is "".

    ``options`` are those of a client. The repr never shows the API key.
    """

    url: str
    client_id: str
    client_secret: str | Callable[[], str]
    options: dict[str, Any]
    profile: str = ""

    def __repr__(self) -> str:
        return f"Target({self.url!r}, {self.client_id!r})"

    @property
    def name(self) -> str:
        """What it is called among others: its profile, else its host."""
        return self.profile or urlsplit(self.url).netloc or self.url

    @classmethod
    def saved(cls, *patterns: str, environ: Mapping[str, str] = os.environ) -> list[Target]:
        """Return the saved PBXs that any of the patterns names, such as ``customer-*``; all without a pattern.

        Raises:
            ConfigurationError: none is saved, a pattern names none, or the file of profiles can't be used.
        """
        return several_targets(patterns, {}, environ)

    def open(self) -> Pbx:
        """Make a client for threads, labelled with its name. ConfigurationError if its profile was signed out of."""
        from ..client import Pbx

        return Pbx(self.url, self.client_id, self.key(), **{"label": self.profile, **self.options})

    def aopen(self) -> AsyncPbx:
        """As `open`, for an event loop."""
        self.key()
        return self.client(label=self.profile)

    def key(self) -> str | Callable[[], str]:
        """Return the API key, or what gives it. ConfigurationError if its profile was signed out of."""
        if not self.client_secret:
            raise keyless(self.profile)
        return self.client_secret

    def client(self, **options: Any) -> AsyncPbx:
        """Make a client of it; ``options`` come before its own."""
        from ..client import AsyncPbx

        return AsyncPbx(self.url, self.client_id, self.client_secret, **{**self.options, **options})


def find_target(given: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Find the PBX that options, environment and saved profiles describe.

    ``given`` may have ``url``, ``client_id``, ``client_secret``, ``ca_file``, ``profile``, and what `client_options`
    takes. What is None or absent comes from the profile if that was given; else from ``TRUNKLINE_URL``,
    ``TRUNKLINE_CLIENT_ID``, ``TRUNKLINE_CLIENT_SECRET`` and ``TRUNKLINE_CA_FILE``; else from the profile of
    ``TRUNKLINE_PROFILE``, or the default one. Spaces and line ends around a variable don't count: one made of a file
    has its last line's end. A profile that nobody gave as an option fills in only where the address is its own: its
    key must not go to another PBX, because a variable was left over.

    Raises:
        ConfigurationError: something is missing, or can't be used; the hint names it.
    """
    options = {name: given.get(name) or "" for name in VARIABLES}
    variables = {name: (environ.get(variable) or "").strip() for name, variable in VARIABLES.items()}
    profile = _profile(given.get("profile"), options, variables, environ)
    saved = dict.fromkeys(VARIABLES, "")
    if profile is not None:
        saved |= {"url": profile.url, "client_id": profile.client_id}
        saved["ca_file"] = profile.verify if isinstance(profile.verify, str) else ""
    # A profile that is an option itself goes before the environment, as options do.
    order = (options, saved, variables) if given.get("profile") else (options, variables, saved)
    values = {name: next((source[name] for source in order if source[name]), "") for name in VARIABLES}
    secret: str | Callable[[], str] = values["client_secret"]
    ours = profile is not None and values["client_id"] == profile.client_id  # the key of another client is of no use
    if profile is not None and ours and not options["client_secret"] and (given.get("profile") or not secret):
        secret = with_key(profile).client_secret
    if isinstance(secret, str) and secret:
        remember(secret)
    missing = [name for name in _WORDS if not (secret if name == "client_secret" else values[name])]
    if missing:
        raise _missing(missing, environ)
    verify: bool | str = values["ca_file"] or (profile is None or profile.verify)
    client = client_options(given, environ, verify)
    return Target(values["url"], values["client_id"], secret, client, profile.name if profile else "")


def saved_targets(profiles: Iterable[Profile], given: Mapping[str, Any], environ: Mapping[str, str]) -> list[Target]:
    """Make a target of each saved profile, with the options of `client_options`."""
    return [
        Target(each.url, each.client_id, each.client_secret, client_options(given, environ, each.verify), each.name)
        for each in profiles
    ]


def is_several(patterns: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether these are several PBXs, however many they turn out to be: two patterns, or one with a ``*``.

    A profile whose own name looks like a pattern is one PBX.
    """
    if len(patterns) != 1:
        return len(patterns) > 1
    (name,) = patterns
    return bool(set(name) & set("*?[")) and name not in saved_tables(environ)


def several_targets(patterns: Sequence[str], given: Mapping[str, Any], environ: Mapping[str, str]) -> list[Target]:
    """Make a target of each saved profile that any of the patterns names, in their order; of all without a pattern.

    Those that were signed out of are among them: each fails by itself when it is opened. ``given`` as in
    `saved_targets`.

    Raises:
        ConfigurationError: none is saved, a pattern names none, or the file of profiles can't be used.
    """
    saved = read_profiles(profiles_file(environ))
    if not saved:
        raise ConfigurationError("No connection is saved.", hint=Hint("Save one first.", "login", {"name": "NAME"}))
    return saved_targets(fitting(saved, patterns) if patterns else saved.values(), given, environ)


def _profile(
    name: str | None, options: Mapping[str, str], variables: Mapping[str, str], environ: Mapping[str, str]
) -> Profile | None:
    """Choose the profile that takes part, if any does. ConfigurationError if the one that was named isn't there."""
    if name:
        return named_profile(name, environ)
    url = options["url"] or variables["url"]
    complete = url and all((options[name] or variables[name]) for name in ("client_id", "client_secret"))
    if complete:
        return None
    wanted = environ.get(PROFILE)
    if wanted:
        profile: Profile | None = named_profile(wanted, environ, variable=PROFILE)
    else:
        profile = default_profile(environ)
    return profile if profile is None or not url or _is_same(url, profile.url) else None


def _is_same(one: str, other: str) -> bool:
    from ..transport.address import comparable_url

    return comparable_url(one) == comparable_url(other)


def _missing(missing: list[str], environ: Mapping[str, str]) -> ConfigurationError:
    *first, last = (_WORDS[name] for name in missing)
    spoken = f"{', '.join(first)} and {last}" if first else last
    variables = ", ".join(VARIABLES[name] for name in missing)
    saved = list(saved_tables(environ))
    if saved:
        hint = Hint(f"Set {variables}, or take a saved connection ({', '.join(saved)}).", arguments={"profile": "NAME"})
    else:
        hint = Hint(f"Set {variables}, or start the emulator and set what it prints, or save a connection.", "login")
    return ConfigurationError(
        f"{spoken[0].upper()}{spoken[1:]} {'are' if len(missing) > 1 else 'is'} missing.",
        hint=hint,
    )
