"""Saved connections: tables of a TOML file, each a PBX.

    [customer-acme]
    url = "https://pbx.example.com"
    client_id = "trunkline"
    client_secret_keyring = true    # or client_secret_file, client_secret_env, or client_secret itself
    ca_file = "/etc/ssl/pbx.pem"    # or verify = false, loudly
    default = true                  # the one that is used where none is named; at most one has it

A profile without a key is one that was signed out of; another login gives it one again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ConfigurationError, Hint
from ..local.folders import expanded, own_folder
from ..redaction import remember

PROFILES = "TRUNKLINE_PROFILES"
SERVICE = "trunkline"
"""What the system's keyring files our API keys under; the name beside it is the profile's."""


class Profile(NamedTuple):
    """A saved connection; ``client_secret`` is the API key or gives it when it is called, and stays out of the repr.

    It is "" once the profile was signed out of. ``key_in`` says where it is; ``default`` marks the profile that is used
    where none is named.
    """

    name: str
    url: str
    client_id: str
    client_secret: str | Callable[[], str]
    verify: bool | str = True
    key_in: str = ""
    default: bool = False

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.url!r}, {self.client_id!r})"


def profiles_file(environ: Mapping[str, str]) -> Path:
    """Return the file of saved connections: ``TRUNKLINE_PROFILES``, else ``profiles.toml`` in the user's own folder.

    ConfigurationError for a user who has none.
    """
    given = environ.get(PROFILES)
    if given:
        return Path(given)
    own = own_folder("config")
    if own is None:
        raise ConfigurationError("This user has no folder for saved connections.", hint=f"Name a file in {PROFILES}.")
    return own / "profiles.toml"


def known_profiles(file: Path, saved: Iterable[str], name: str) -> Hint:
    """Return a hint that names the saved connections, or how to save the one that was wanted."""
    known = ", ".join(saved)
    if known:
        return Hint(f"There are: {known}.")
    return Hint(f"{file} has none yet. Sign in to save one.", "login", {"name": name})


def named_profile(name: str, environ: Mapping[str, str], *, variable: str = "") -> Profile:
    """Return the profile of that name, which ``variable`` may hold. ConfigurationError if it isn't there."""
    return read_profile(profiles_file(environ), name, variable=variable)


def read_profile(file: Path, name: str, *, variable: str = "") -> Profile:
    """Return one profile, whatever is wrong with the others. ConfigurationError if it isn't there or is malformed."""
    tables = read_tables(file)
    if name not in tables:
        named = f" ({variable})" if variable else ""
        raise ConfigurationError(f"No profile is called {name!r}{named}.", hint=known_profiles(file, tables, name))
    return _profile(file, name, tables[name])


def default_profile(environ: Mapping[str, str]) -> Profile | None:
    """Return the default profile, whatever is wrong with the others; None if no profile is."""
    tables = saved_tables(environ)
    name = _default(profiles_file(environ), tables) if tables else None
    return None if name is None else read_profile(profiles_file(environ), name)


def saved_tables(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the tables of the saved connections, of which a user without a folder for them has none."""
    try:
        file = profiles_file(environ)
    except ConfigurationError:
        return {}
    return read_tables(file)


def read_profiles(file: Path) -> dict[str, Profile]:
    """Return the saved connections by name; none if there is no file. ConfigurationError says what is wrong with it.

    Warns (ExposedSecret) if an API key stands in it and others can read the file.
    """
    tables = read_tables(file)
    _default(file, tables)
    return {name: _profile(file, name, table) for name, table in tables.items()}


def read_tables(file: Path) -> dict[str, Any]:
    """Return the tables of the file as they stand there. ConfigurationError if it can't be read or is not TOML."""
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # editors on Windows begin it with a BOM
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise ConfigurationError(
            f"{file} can't be read ({problem.strerror}).", hint="TRUNKLINE_PROFILES names another file."
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigurationError(
            f"{file} can't be read: {problem}.", hint="It is TOML, a table for each PBX."
        ) from None


def is_default(table: Any) -> bool:
    """Whether a table is that of the default profile."""
    return isinstance(table, Mapping) and table.get("default") is True


def _default(file: Path, tables: Mapping[str, Any]) -> str | None:
    defaults = [name for name, table in tables.items() if is_default(table)]
    if len(defaults) > 1:
        raise ConfigurationError(
            f"{file}: {' and '.join(defaults)} both have default = true.",
            hint=Hint("Leave it to one of them.", "profiles.use", {"name": defaults[0]}),
        )
    return defaults[0] if defaults else None


def matching(profiles: Mapping[str, Profile], patterns: Iterable[str]) -> list[Profile]:
    """Return the profiles that any of the patterns (``customer-*``) names.

    ConfigurationError for a pattern that names none, and for a profile that was signed out of.
    """
    return [with_key(profile) for profile in fitting(profiles, patterns)]


def fitting(profiles: Mapping[str, Profile], patterns: Iterable[str]) -> list[Profile]:
    """As `matching`, with those that were signed out of."""
    found: dict[str, Profile] = {}
    for pattern in patterns:
        exact = {pattern: profiles[pattern]} if pattern in profiles else {}  # a[1] is its own name, too
        named = exact or {name: profile for name, profile in profiles.items() if fnmatchcase(name, pattern)}
        if not named:
            raise ConfigurationError(
                f"No profile is called {pattern!r}.", hint=f"There are: {', '.join(profiles) or 'none'}."
            )
        found.update(named)
    return list(found.values())


def with_key(profile: Profile) -> Profile:
    """Return the profile, unless it has no key to sign in with: ConfigurationError."""
    if not profile.client_secret:
        raise keyless(profile.name)
    return profile


def keyless(name: str) -> ConfigurationError:
    """Return the error of a profile that was signed out of."""
    return ConfigurationError(
        f"Profile {name!r} lacks one of {', '.join(WAYS)}.",
        hint=Hint("Sign in again with an API key.", "login", {"name": name}),
    )


WAYS = ("client_secret", "client_secret_file", "client_secret_env", "client_secret_keyring")
"""The fields of which a profile has one: where its API key is."""
_KINDS: dict[str, tuple[Any, str]] = {
    "verify": (bool | str, "true or false"),
    "default": (bool, "true or false"),
    "client_secret_keyring": (bool, "true or false"),
}
_FIELDS = frozenset({"url", "client_id", "ca_file", "verify", "default", *WAYS})


def _profile(file: Path, name: str, table: Any) -> Profile:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{file}: {name!r} is not a table.", hint="A profile is one, under its name in [ ].")
    if odd := table.keys() - _FIELDS:
        raise ConfigurationError(
            f"{file}: profile {name!r} has {', '.join(sorted(odd))}, which no profile has.",
            hint=f"It may have {', '.join(sorted(_FIELDS))}.",
        )
    ways = [way for way in WAYS if table.get(way)]
    missing = [field for field in ("url", "client_id") if not isinstance(table.get(field), str) or not table[field]]
    if missing:
        raise ConfigurationError(
            f"{file}: profile {name!r} lacks {' and '.join(missing)}.",
            hint=Hint("Write them into the file, or remove the profile.", "profiles.remove", {"name": name}),
        )
    for field, value in table.items():
        kind, said = _KINDS.get(field, (str, "text"))
        if not isinstance(value, kind):  # not shown: it may be a key
            raise ConfigurationError(f"{file}: {field} of profile {name!r} must be {said}.")
    if len(ways) > 1:
        raise ConfigurationError(f"{file}: profile {name!r} has {' and '.join(ways)}.", hint="One of them is enough.")
    verify: bool | str = table.get("ca_file") or table.get("verify", True)
    secret, key_in = _secret(file, name, ways[0], table[ways[0]]) if ways else ("", "")
    default = table.get("default", False) is True
    return Profile(name, table["url"], table["client_id"], secret, verify, key_in, default)


def _secret(file: Path, name: str, way: str, value: Any) -> tuple[str | Callable[[], str], str]:
    """Return the API key, or what gives it; and where it is, in words."""
    from ..local.private_files import warn_if_exposed
    from . import secrets

    match way:
        case "client_secret_file":
            source = secrets.from_file(value)
            return source, source.place if source.place != str(expanded(value)) else f"the file {value}"
        case "client_secret_env":
            source = secrets.from_environment(value)
            return source, source.place.replace("environment ", "")
        case "client_secret_keyring":  # looked for when it is needed: other profiles may do without a keyring

            def look() -> str:
                return secrets.from_keyring(SERVICE, name)()

            return look, "the system's keyring"
    warn_if_exposed(file)
    remember(str(value))
    return str(value), str(file)
