"""Where a connection comes from: options first, then the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .errors import ConfigurationError

VARIABLES = {
    "url": "TRUNKLINE_URL",
    "client_id": "TRUNKLINE_CLIENT_ID",
    "client_secret": "TRUNKLINE_CLIENT_SECRET",
    "ca_file": "TRUNKLINE_CA_FILE",
}
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
