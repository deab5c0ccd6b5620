"""Where a connection comes from: options first, then the environment, then a saved profile.

Profiles are tables of a TOML file, each a PBX:

    [customer-acme]
    url = "https://pbx.example.com"
    client_id = "trunkline"
    client_secret_keyring = true    # or client_secret_file, client_secret_env, or client_secret itself
    ca_file = "/etc/ssl/pbx.pem"    # or verify = false, loudly
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .transport.token_store import TokenStore

VARIABLES = {
    "url": "TRUNKLINE_URL",
    "client_id": "TRUNKLINE_CLIENT_ID",
    "client_secret": "TRUNKLINE_CLIENT_SECRET",
    "ca_file": "TRUNKLINE_CA_FILE",
}
PROFILES = "TRUNKLINE_PROFILES"
TOKEN_DIR = "TRUNKLINE_TOKEN_DIR"  # noqa: S105 - the name of a variable
_SPOKEN = {"url": "the address of the PBX", "client_id": "the client id", "client_secret": "the API key"}


class Connection(NamedTuple):
    """How to reach and sign in to one PBX; its repr never shows the API key."""

    url: str
    client_id: str
    client_secret: str
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"Connection({self.url!r}, {self.client_id!r})"


def connection(given: Mapping[str, str | None], environ: Mapping[str, str]) -> Connection:
    """The connection that options and environment describe; ConfigurationError names what is missing.

    ``given`` may have ``url``, ``client_id``, ``client_secret`` and ``ca_file``; what is None or absent comes from
    ``TRUNKLINE_URL``, ``TRUNKLINE_CLIENT_ID``, ``TRUNKLINE_CLIENT_SECRET`` and ``TRUNKLINE_CA_FILE``.
    """
    found = {name: given.get(name) or environ.get(variable) or "" for name, variable in VARIABLES.items()}
    missing = [name for name in _SPOKEN if not found[name]]
    if missing:
        spoken = " and ".join(_SPOKEN[name] for name in missing)
        variables = ", ".join(VARIABLES[name] for name in missing)
        raise ConfigurationError(
            f"{spoken[0].upper()}{spoken[1:]} {'are' if len(missing) > 1 else 'is'} missing.",
            hint=f"Set {variables}, or give --{' --'.join(name.replace('_', '-') for name in missing)}. "
            "No 3CX at hand? `trunkline emulator` starts one and prints all three.",
        )
    return Connection(found["url"], found["client_id"], found["client_secret"], found["ca_file"] or None)


class Profile(NamedTuple):
    """A saved connection; ``client_secret`` is the API key or gives it when it is called, and stays out of the repr."""

    name: str
    url: str
    client_id: str
    client_secret: str | Callable[[], str]
    verify: bool | str = True

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.url!r}, {self.client_id!r})"


def profiles_file(environ: Mapping[str, str]) -> Path:
    """The file of saved connections: ``TRUNKLINE_PROFILES``, else ``profiles.toml`` in the user's own folder."""
    given = environ.get(PROFILES)
    if given:
        return Path(given)
    import platformdirs

    return platformdirs.user_config_path("trunkline", appauthor=False) / "profiles.toml"


def read_profiles(file: Path) -> dict[str, Profile]:
    """The saved connections by name; none if there is no file. ConfigurationError says what is wrong with it.

    Warns (ExposedSecret) if an API key stands in it and others can read the file.
    """
    import tomllib

    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigurationError(
            f"{file} can't be read: {problem}.", hint="It is TOML, a table for each PBX."
        ) from None
    return {name: _profile(file, name, table) for name, table in tables.items()}


def matching(profiles: Mapping[str, Profile], patterns: Iterable[str]) -> list[Profile]:
    """The profiles that any of the patterns (``customer-*``) names. ConfigurationError for one that names none."""
    found: dict[str, Profile] = {}
    for pattern in patterns:
        named = {name: profile for name, profile in profiles.items() if fnmatchcase(name, pattern)}
        if not named:
            raise ConfigurationError(
                f"No profile is called {pattern!r}.", hint=f"There are: {', '.join(profiles) or 'none'}."
            )
        found.update(named)
    return list(found.values())


_WAYS = ("client_secret", "client_secret_file", "client_secret_env", "client_secret_keyring")
_FIELDS = frozenset({"url", "client_id", "ca_file", "verify", *_WAYS})


def _profile(file: Path, name: str, table: Any) -> Profile:
    if not isinstance(table, dict) or table.keys() - _FIELDS:
        odd = ", ".join(sorted(table.keys() - _FIELDS)) if isinstance(table, dict) else name
        raise ConfigurationError(
            f"{file}: profile {name!r} has {odd}, which no profile has.",
            hint=f"It may have {', '.join(sorted(_FIELDS))}.",
        )
    ways = [way for way in _WAYS if table.get(way)]
    missing = [field for field in ("url", "client_id") if not isinstance(table.get(field), str) or not table[field]]
    if missing or len(ways) != 1:
        wanted = " and ".join(missing) or f"one of {', '.join(_WAYS)}"
        raise ConfigurationError(f"{file}: profile {name!r} lacks {wanted}.", hint="Each needs all three.")
    verify: bool | str = table.get("ca_file") or table.get("verify", True)
    return Profile(name, table["url"], table["client_id"], _secret(file, name, ways[0], table[ways[0]]), verify)


def _secret(file: Path, name: str, way: str, value: Any) -> str | Callable[[], str]:
    from . import secrets

    match way:
        case "client_secret_file":
            return secrets.from_file(value)
        case "client_secret_env":
            return secrets.from_environment(value)
        case "client_secret_keyring":
            return secrets.from_keyring("trunkline", name)
    secrets.warn_if_exposed(file)
    return str(value)


def token_store(given: TokenStore | str | Path | bool | None, environ: Mapping[str, str]) -> TokenStore | None:
    """Where tokens are kept for other processes; None if they aren't.

    True means ``TRUNKLINE_TOKEN_DIR`` (``off`` for none), else the user's own folder for such things. It is what
    clients do unless told otherwise: two processes that don't share their token end each other's (PBX.md, Sign-in).
    """
    if given is None or given is False:
        return None
    from .transport.token_store import TokenStore

    if isinstance(given, TokenStore):
        return given
    if given is not True:
        return TokenStore(given)
    folder = environ.get(TOKEN_DIR)
    if folder == "off":
        return None
    if folder:
        return TokenStore(folder)
    import platformdirs

    own = platformdirs.user_state_path("trunkline", appauthor=False) / "tokens"
    return TokenStore(own) if own.is_absolute() else None  # a user without a home has no folder of his own
