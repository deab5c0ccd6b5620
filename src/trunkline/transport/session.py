"""Who talks to which PBX, and what was learned on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigurationError
from ..redaction import remember
from .browser import BrowserSignIn
from .paging import PageSize
from .retries import RetryBudget
from .token import Token
from .token_store import Kept, TokenStore

API = "/xapi/v1"
Credentials = str | Callable[[], str] | BrowserSignIn
"""An API key, a function that gives it at each sign-in, or a person at a browser."""


class Secret(str):
    """A secret: text that does not show where Python shows values, and that is taken out of all other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        remember(text)
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        return "'…'"


class Refusal(NamedTuple):
    """Credentials that were refused, where, and what to tell whoever tries them again."""

    secret: str
    message: str
    hint: str
    path: str

    def __repr__(self) -> str:
        return f"Refusal({self.message!r})"


class Session:
    """One client at one PBX: address, credentials, the live token, the version once an answer named it.

    ``label`` is what messages call the PBX. ``kept`` has the token where other processes find it, if a store is
    given. ``refused`` remembers refused credentials: they are never tried again, because repeated failures can get
    an address blocked (PBX.md, Sign-in).
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: Credentials,
        *,
        label: str = "",
        clock: Callable[[], float] = time.time,
        store: TokenStore | None = None,
    ) -> None:
        if isinstance(client_secret, str) and client_secret:
            client_secret = Secret(client_secret)  # before the address is looked at, which may have it in it by mistake
        self.url = base_url(url)
        if not client_id:
            raise ConfigurationError("The client id is missing.", hint="Set TRUNKLINE_CLIENT_ID or give client_id.")
        if not client_secret:
            raise ConfigurationError(
                "The API key is missing.", hint="Set TRUNKLINE_CLIENT_SECRET or give client_secret."
            )
        self.client_id = client_id
        self.credentials = client_secret
        self.label = label or urlsplit(self.url).netloc
        self.clock = clock
        self.token: Token | None = None
        self.version: str | None = None
        self.kept = Kept(self.url, client_id) if store is None else store.file(self.url, client_id)
        self.refused: Refusal | None = None
        self.budget = RetryBudget()
        self.page_size = PageSize()

    def learn(self, headers_version: str | None) -> None:
        """Take the version from an ``X-3CX-Version`` header (PBX.md, Sign-in)."""
        if headers_version and headers_version != self.version and re.fullmatch(r"\d+(\.\d+)+", headers_version):
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
        raise ConfigurationError(f"{_harmless(parts)} is no address of a PBX.", hint=hint)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _harmless(parts: SplitResult) -> str:
    """An address that can't be used, for a message: without what may be a key that was put into it."""
    shown = [f"{parts.scheme}://", parts.netloc.rpartition("@")[2]]
    shown += [lead + "…" for lead, part in (("/", parts.path), ("?", parts.query), ("#", parts.fragment)) if part]
    return repr("".join(shown))
