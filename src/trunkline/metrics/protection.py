"""Basic authentication and headers in front of the pages, as a web config file asks for them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from ..errors import ConfigurationError
from ..serving.hosts import App, Message, Receive, Scope, Send
from .current_config import CurrentConfig

log = logging.getLogger(__name__)
_LONGEST = 1_024  # characters of a header with credentials
_REMEMBERED = 100  # passwords
_LASTS = 3_600.0  # seconds for which a verified password is remembered
_LONGEST_PASSWORD = 72  # bytes; bcrypt compares no more


class Protected:
    """The pages behind users and headers of a web config file, as it is at each request.

    Nobody is let in while the file can't be used: whoever it was to keep out is not known then.
    """

    def __init__(self, app: App, config: CurrentConfig) -> None:
        self._app = app
        self._current = config
        self._problem: ConfigurationError | None = None
        self._config = config.first
        self._protected = self._behind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            config = self._current.read()
        except ConfigurationError as problem:
            if problem is not self._problem:
                log.error("%s %s", problem, problem.hint)
                self._problem = problem
            await _answer(send, 500, b"The web config file can't be used. The exporter's log says why.\n")
            return
        if config is not self._config:
            self._config = config
            self._protected = self._behind()
        await self._protected(scope, receive, send)

    def _behind(self) -> App:
        users, headers = self._config.users, self._config.headers
        app = BasicAuth(self._app, users) if users else self._app
        return WithHeaders(app, headers) if headers else app


async def _answer(send: Send, status: int, text: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    plain = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [plain, *headers]})
    await send({"type": "http.response.body", "body": text})


class BasicAuth:
    """Answers only requests with the name and password of a user; others get 401.

    ``users``: bcrypt hashes by name, of one user at least. A password is verified in a thread, one at a time, because
    that takes long on purpose; one that was right is remembered for an hour, as a keyed digest in this process only.
    """

    def __init__(self, app: App, users: Mapping[str, bytes]) -> None:
        self._app = app
        self._users = users
        self._anybody = next(iter(users.values()))
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, float] = OrderedDict()
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or await self._is_user(scope):
            await self._app(scope, receive, send)
            return
        await _answer(send, 401, b"Unauthorized\n", [(b"www-authenticate", b'Basic realm="metrics"')])

    async def _is_user(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        credentials = _credentials(given[0]) if len(given) == 1 else None
        if credentials is None:
            return False
        name, password = credentials
        digest = hmac.digest(self._key, name.encode() + b"\0" + password, hashlib.sha256)
        if self._verified.get(digest, 0) > time.monotonic():
            return True
        async with self._turn:
            if self._verified.get(digest, 0) > time.monotonic():  # another request just verified it
                return True
            # For an unknown name another user's hash is tried: that takes as long, so that nobody can try out names.
            hashed = self._users.get(name, self._anybody)
            is_right = await asyncio.to_thread(_verify, hashed, password) and name in self._users
        if is_right:
            self._verified[digest] = time.monotonic() + _LASTS
            while len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return is_right


def _credentials(header: bytes) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _LONGEST:
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _verify(hashed: bytes, password: bytes) -> bool:
    import bcrypt

    try:
        return len(password) <= _LONGEST_PASSWORD and bcrypt.checkpw(password, hashed)
    except ValueError:  # a zero byte, or a hash that bcrypt itself refuses
        return False


class WithHeaders:
    """Adds headers to each answer that lacks them."""

    def __init__(self, app: App, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = {name.lower().encode(): value.encode() for name, value in headers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                has = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in self._headers.items() if name not in has]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, sending)
