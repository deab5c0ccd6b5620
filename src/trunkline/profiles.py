"""Where a connection comes from: options first, then the environment, then a saved profile.

Profiles are tables of a TOML file, each a PBX:

    [customer-acme]
    url = "https://pbx.example.com"
    client_id = "trunkline"
    client_secret_keyring = true    # or client_secret_file, client_secret_env, or client_secret itself
    ca_file = "/etc/ssl/pbx.pem"    # or verify = false, loudly
    default = true                  # the one that is used where nothing else is said; at most one has it

A profile without a key is one that was signed out of; `trunkline login` gives it one again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ConfigurationError, Hint
from .folders import expanded, own_folder
from .redaction import remember

if TYPE_CHECKING:
    from .transport.token_store import TokenStore

VARIABLES = {
    "url": "TRUNKLINE_URL",
    "client_id": "TRUNKLINE_CLIENT_ID",
    "client_secret": "TRUNKLINE_CLIENT_SECRET",
    "ca_file": "TRUNKLINE_CA_FILE",
}
PROFILES = "TRUNKLINE_PROFILES"
PROFILE = "TRUNKLINE_PROFILE"
SERVICE = "trunkline"
"""What the system's keyring files our API keys under; the name beside it is the profile's."""
TOKEN_DIR = "TRUNKLINE_TOKEN_DIR"  # noqa: S105 - the name of a variable
_SPOKEN = {"url": "the address of the PBX", "client_id": "the client id", "client_secret": "the API key"}


class Connection(NamedTuple):
    """How to reach and sign in to one PBX; its repr never shows the API key.

    ``verify``: True, False, or the path of CA certificates. ``profile`` is the name of the saved connection that took
    part, or "".
    """

    url: str
    client_id: str
    client_secret: str | Callable[[], str]
    verify: bool | str = True
    profile: str = ""

    def __repr__(self) -> str:
        return f"Connection({self.url!r}, {self.client_id!r})"


def connection(given: Mapping[str, str | None], environ: Mapping[str, str]) -> Connection:
    """The connection that options, environment and saved profiles describe; ConfigurationError names what is missing.

    ``given`` may have ``url``, ``client_id``, ``client_secret``, ``ca_file`` and ``profile``. What is None or absent
    comes from the profile if that was given; else from ``TRUNKLINE_URL``, ``TRUNKLINE_CLIENT_ID``,
    ``TRUNKLINE_CLIENT_SECRET`` and ``TRUNKLINE_CA_FILE``; else from the profile of ``TRUNKLINE_PROFILE``, or the
    default one. Spaces and line ends around a variable don't count: one made of a file has its last line's end. A
    profile that nobody gave as an option fills in only where the address is its own: its key must not go to another
    PBX, because a variable was left over.
    """
    options = {name: given.get(name) or "" for name in VARIABLES}
    variables = {name: (environ.get(variable) or "").strip() for name, variable in VARIABLES.items()}
    profile = _chosen(given.get("profile"), options, variables, environ)
    saved = dict.fromkeys(VARIABLES, "")
    if profile is not None:
        saved |= {"url": profile.url, "client_id": profile.client_id}
        saved["ca_file"] = profile.verify if isinstance(profile.verify, str) else ""
    # A profile that is an option itself goes before the environment, as options do.
    order = (options, saved, variables) if given.get("profile") else (options, variables, saved)
    found = {name: next((source[name] for source in order if source[name]), "") for name in VARIABLES}
    secret: str | Callable[[], str] = found["client_secret"]
    ours = profile is not None and found["client_id"] == profile.client_id  # the key of another client is of no use
    if profile is not None and ours and not options["client_secret"] and (given.get("profile") or not secret):
        secret = _with_key(profile).client_secret
    if isinstance(secret, str) and secret:
        remember(secret)
    missing = [name for name in _SPOKEN if not (secret if name == "client_secret" else found[name])]
    if missing:
        raise _missing(missing, environ)
    verify: bool | str = found["ca_file"] or (profile is None or profile.verify)
    return Connection(found["url"], found["client_id"], secret, verify, profile.name if profile else "")


def _chosen(
    named: str | None, options: Mapping[str, str], variables: Mapping[str, str], environ: Mapping[str, str]
) -> Profile | None:
    """The profile that takes part, if any does. ConfigurationError if the one that was named isn't there."""
    if named:
        return _named(profiles_file(environ), named, "")
    url = options["url"] or variables["url"]
    complete = url and all((options[name] or variables[name]) for name in ("client_id", "client_secret"))
    if complete:
        return None
    wanted = environ.get(PROFILE)
    if wanted:
        profile: Profile | None = _named(profiles_file(environ), wanted, f" ({PROFILE})")
    else:
        saved = _saved(environ)
        profile = next((each for each in saved.values() if each.default), None)
    return profile if profile is None or not url or _same(url, profile.url) else None


def _same(one: str, other: str) -> bool:
    from .transport.address import base_url

    try:
        return base_url(one) == base_url(other)
    except ConfigurationError:
        return False


def _named(file: Path, name: str, by: str) -> Profile:
    saved = read_profiles(file)
    if name not in saved:
        known = Hint(f"There are: {', '.join(saved)}.")
        if not saved:
            known = Hint(f"{file} has none yet. Sign in and save one.", "login", {"name": name})
        raise ConfigurationError(f"No profile is called {name!r}{by}.", hint=known)
    return saved[name]


def _missing(missing: list[str], environ: Mapping[str, str]) -> ConfigurationError:
    *first, last = (_SPOKEN[name] for name in missing)
    spoken = f"{', '.join(first)} and {last}" if first else last
    variables = ", ".join(VARIABLES[name] for name in missing)
    saved = list(_saved(environ))
    if saved:
        hint = Hint(f"Set {variables}, or take a saved connection ({', '.join(saved)}).", arguments={"profile": "NAME"})
    else:
        hint = Hint(f"Set {variables}, or start the emulator and set what it prints, or save a connection.", "login")
    return ConfigurationError(
        f"{spoken[0].upper()}{spoken[1:]} {'are' if len(missing) > 1 else 'is'} missing.",
        hint=hint,
    )


class Profile(NamedTuple):
    """A saved connection; ``client_secret`` is the API key or gives it when it is called, and stays out of the repr.

    It is "" after `trunkline logout`. ``key_in`` says where it is; ``default`` marks the profile that is used where
    nothing else is said.
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
    """The file of saved connections: ``TRUNKLINE_PROFILES``, else ``profiles.toml`` in the user's own folder.

    ConfigurationError for a user who has none.
    """
    given = environ.get(PROFILES)
    if given:
        return Path(given)
    own = own_folder("config")
    if own is None:
        raise ConfigurationError("This user has no folder for saved connections.", hint=f"Name a file in {PROFILES}.")
    return own / "profiles.toml"


def _saved(environ: Mapping[str, str]) -> dict[str, Profile]:
    """The saved connections, of which a user without a folder for them has none."""
    try:
        file = profiles_file(environ)
    except ConfigurationError:
        return {}
    return read_profiles(file)


def read_profiles(file: Path) -> dict[str, Profile]:
    """The saved connections by name; none if there is no file. ConfigurationError says what is wrong with it.

    Warns (ExposedSecret) if an API key stands in it and others can read the file.
    """
    saved = {name: _profile(file, name, table) for name, table in read_tables(file).items()}
    defaults = [name for name, profile in saved.items() if profile.default]
    if len(defaults) > 1:
        raise ConfigurationError(
            f"{file}: {' and '.join(defaults)} both have default = true.",
            hint=Hint("Leave it to one of them.", "profiles.use", {"name": defaults[0]}),
        )
    return saved


def read_tables(file: Path) -> dict[str, Any]:
    """The tables of the file as they stand there. ConfigurationError if it can't be read or is no TOML."""
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
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


def matching(profiles: Mapping[str, Profile], patterns: Iterable[str]) -> list[Profile]:
    """The profiles that any of the patterns (``customer-*``) names.

    ConfigurationError for a pattern that names none, and for a profile that was signed out of.
    """
    return [_with_key(profile) for profile in fitting(profiles, patterns)]


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


def _with_key(profile: Profile) -> Profile:
    """The profile, unless it has no key to sign in with: ConfigurationError."""
    if not profile.client_secret:
        raise keyless(profile.name)
    return profile


def keyless(name: str) -> ConfigurationError:
    """The error of a profile that was signed out of."""
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
    if not isinstance(table, dict) or table.keys() - _FIELDS:
        odd = ", ".join(sorted(table.keys() - _FIELDS)) if isinstance(table, dict) else name
        raise ConfigurationError(
            f"{file}: profile {name!r} has {odd}, which no profile has.",
            hint=f"It may have {', '.join(sorted(_FIELDS))}.",
        )
    ways = [way for way in WAYS if table.get(way)]
    missing = [field for field in ("url", "client_id") if not isinstance(table.get(field), str) or not table[field]]
    if missing:
        raise ConfigurationError(
            f"{file}: profile {name!r} lacks {' and '.join(missing)}.",
            hint=Hint("Sign in again to save them.", "login", {"name": name}),
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
    """The API key, or what gives it; and where it is, in words."""
    from . import secrets
    from .transport.private_files import warn_if_exposed

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


def token_store(given: TokenStore | str | Path | bool | None, environ: Mapping[str, str]) -> TokenStore | None:
    """Where tokens are kept for other processes; None if they aren't.

    True means ``TRUNKLINE_TOKEN_DIR`` (``off`` for none), else the user's own folder for such things. It is what
    clients do unless told otherwise: two processes that don't share their token end each other's (docs/pbx.md, Signing
    in).
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
    own = own_folder("state")
    return TokenStore(own / "tokens") if own is not None else None
