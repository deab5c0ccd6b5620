"""Who talks to which PBX, and what was learned on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ..errors import ConfigurationError, SignInError
from .token import Token


class Session:
    """One client at one PBX: address, credentials, the live token, the version once an answer named it.

    ``label`` is what messages call the PBX. ``refused`` holds the error of refused credentials: they are never
    tried again, because repeated failures can get an address blocked (PBX.md, Sign-in).
    """

    def __init__(
        self, url: str, client_id: str, client_secret: str, *, label: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self.url = base_url(url)
        if not client_id:
            raise ConfigurationError("The client id is missing.", hint="Set TRUNKLINE_CLIENT_ID or give client_id.")
        if not client_secret:
            raise ConfigurationError(
                "The API key is missing.", hint="Set TRUNKLINE_CLIENT_SECRET or give client_secret."
            )
        self.client_id = client_id
        self._client_secret = client_secret
        self.label = label or urlsplit(self.url).netloc
        self.clock = clock
        self.token: Token | None = None
        self.version: str | None = None
        self.refused: SignInError | None = None

    @property
    def client_secret(self) -> str:
        return self._client_secret

    def learn(self, headers_version: str | None) -> None:
        """Take the version from an ``X-3CX-Version`` header (PBX.md, Sign-in)."""
        if headers_version and re.fullmatch(r"\d+(\.\d+)+", headers_version):
            self.version = headers_version

    def __repr__(self) -> str:
        return f"Session({self.url!r}, {self.client_id!r})"


def base_url(url: str) -> str:
    """An address as ``https://host[:port]``, with a trailing ``/xapi/v1`` taken off; else ConfigurationError."""
    hint = "It should look like https://pbx.example.com or https://pbx.example.com:5001."
    if not url or not url.strip():
        raise ConfigurationError("The address of the PBX is missing.", hint="Set TRUNKLINE_URL or give url.")
    text = url.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigurationError("The address of the PBX can't be read.", hint=hint) from None
    if parts.username or parts.password:
        raise ConfigurationError("The address of the PBX has a user name or password in it.", hint=hint)
    path = re.sub(r"/(xapi(/v1)?/?)?$", "", parts.path)
    host = parts.hostname or ""
    named = host and not re.search(r"[\s<>\"'^`{|}\\]", host)
    if parts.scheme not in ("http", "https") or not named or path or parts.query or parts.fragment:
        raise ConfigurationError(f"{url!r} is no address of a PBX.", hint=hint)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
