"""Who talks to which PBX, and what was learned on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..redaction import remember
from .address import base_url
from .browser import BrowserSignIn
from .paging import PageSize
from .retries import RetryBudget
from .token import Token
from .token_store import Kept, Tokens

API = "/xapi/v1"
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,9}){1,3}")
_LONGEST_KEY = 4096
_LONGEST_TIMEOUT = 86_400.0
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
    an address blocked (docs/pbx.md, Signing in).
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: Credentials,
        *,
        label: str = "",
        clock: Callable[[], float] = time.time,
        store: Tokens | None = None,
    ) -> None:
        if isinstance(client_secret, str) and client_secret:
            client_secret = Secret(client_secret)  # before the address is looked at, which may have it in it by mistake
        self.url = base_url(url)
        if not client_id:
            raise ConfigurationError("The client id is missing.", hint="Set TRUNKLINE_CLIENT_ID or give client_id.")
        if not isinstance(client_id, str) or not client_id.isprintable():
            raise ConfigurationError("The client id is not a text that can be sent.", hint="Copy it again.")
        self.client_id = client_id
        self.credentials = _checked_credentials(client_id, client_secret)
        self.label = label or urlsplit(self.url).netloc
        self.clock = clock
        self.token: Token | None = None
        self.version: str | None = None
        self.kept = Kept(self.url, client_id) if store is None else store.file(self.url, client_id)
        self.refused: Refusal | None = None
        self.renewed_after_403: Token | None = None
        self.budget = RetryBudget()
        self.page_size = PageSize()

    def learn(self, headers_version: str | None) -> None:
        """Take the version from an ``X-3CX-Version`` header; what does not look like a version is ignored."""
        if headers_version and headers_version != self.version and _VERSION.fullmatch(headers_version):
            self.version = headers_version

    def __repr__(self) -> str:
        return f"Session({self.url!r}, {self.client_id!r})"


def checked_key(client_id: str, text: str) -> Secret:
    """Return an API key, without the spaces and line ends around it.

    ConfigurationError if it has characters that no API key has: a PBX would refuse it, and remember the failure.
    """
    key = text.strip()
    if not key:
        raise ConfigurationError("The API key is missing.", hint="Set TRUNKLINE_CLIENT_SECRET or give client_secret.")
    if not (key.isascii() and key.isprintable()):
        wrong = next(character for character in key if not (character.isascii() and character.isprintable()))
        raise ConfigurationError(
            f"The API key of client {client_id!r} has a character in it that no API key has (U+{ord(wrong):04X}).",
            hint="Copy it again: Admin console, Integrations, API. Nothing was sent.",
        )
    if len(key) > _LONGEST_KEY:
        raise ConfigurationError(
            f"The API key of client {client_id!r} is longer than any API key.", hint="Check where it comes from."
        )
    return Secret(key)


def _checked_credentials(client_id: str, given: Credentials) -> Credentials:
    if isinstance(given, BrowserSignIn):
        if not (isinstance(given.timeout, int | float) and 0 < given.timeout < _LONGEST_TIMEOUT):
            raise ConfigurationError(
                f"BrowserSignIn can't wait for {given.timeout} s.", hint="Give it a timeout of up to a day, in seconds."
            )
        return given
    if given is None or isinstance(given, str):
        return checked_key(client_id, given or "")
    if not callable(given):
        raise ConfigurationError(
            f"The API key of client {client_id!r} is a {type(given).__name__}.",
            hint="Give a str, a function without arguments that returns one, or BrowserSignIn().",
        )
    return given
