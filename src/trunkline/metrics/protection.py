"""Basic authentication and headers in front of the pages, as a web config file asks for them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping

from ..serving.hosts import App, Message, Receive, Scope, Send

_LONGEST = 1_024  # characters of a header with credentials
_REMEMBERED = 100  # passwords
_LASTS = 3_600.0  # seconds for which a verified password is remembered
_LONGEST_PASSWORD = 72  # bytes; bcrypt compares no more


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
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"www-authenticate", b'Basic realm="metrics"')]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"Unauthorized\n"})

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
