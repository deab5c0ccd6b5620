"""Who talks to which PBX, and what was learned on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .address import base_url
from .browser import BrowserSignIn
from .paging import PageSize
from .retries import RetryBudget
from .token import Token
from .token_store import Kept, TokenStore

API = "/xapi/v1"
Credentials = str | Callable[[], str] | BrowserSignIn
"""An API key, a function that gives it at each sign-in, or a person at a browser."""


class Secret(str):
    """Text that doesn't show where Python shows values, such as in a traceback with its local variables."""

    __slots__ = ()

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
        self.url = base_url(url)
        if not client_id:
            raise ConfigurationError("The client id is missing.", hint="Set TRUNKLINE_CLIENT_ID or give client_id.")
        if not client_secret:
            raise ConfigurationError(
                "The API key is missing.", hint="Set TRUNKLINE_CLIENT_SECRET or give client_secret."
            )
        self.client_id = client_id
        self.credentials = Secret(client_secret) if isinstance(client_secret, str) else client_secret
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
