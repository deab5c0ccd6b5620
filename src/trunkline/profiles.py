"""Where a connection comes from: options first, then the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .transport.token_store import TokenStore

VARIABLES = {
    "url": "TRUNKLINE_URL",
    "client_id": "TRUNKLINE_CLIENT_ID",
    "client_secret": "TRUNKLINE_CLIENT_SECRET",
    "ca_file": "TRUNKLINE_CA_FILE",
}
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
