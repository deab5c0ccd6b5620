"""The emulator: an ASGI application that answers as a 3CX does.

A request goes one way, the list of steps in ``Emulator._way``: sign in, find the route, check the rights, read the
query, handle, write. A step that refuses raises Refusal.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .. import catalog
from . import behaviours, crud, rights, shapes
from .answers import Call
from .asking import Answer, Asker
from .memory import Memory
from .messages import Disconnected, Receive, Request, Response, Scope, Send, read, write
from .odata import query
from .odata.paths import BadPath, Segment, read_path
from .refusals import Refusal, no_such_path
from .routes import Route, Router
from .signin import OWNER, SIGN_IN, Client, SignIn
from .state import StateError
from .store import Store

API = b"/xapi/v1"
JOURNAL_LENGTH = 10_000
DEFAULT_ROLES = (OWNER, "App", "Reports")


class Entry(NamedTuple):
    """One request in the journal: its path as sent with the query, and who sent it ("" if nobody signed in)."""

    method: str
    path: str
    status: int
    client_id: str


@dataclass
class Visit:
    """What is known of a request so far, for the journal and the headers of its answer."""

    request: Request
    client_id: str = ""
    level: str = ""


class Emulator:
    """A stand-in PBX of one version, as an ASGI 3 application.

    ``api_key`` None makes a key; ``seed`` is "demo", "empty", "large", a YAML or JSON file, or a mapping of sets to
    rows; ``state`` is a file that keeps what was written. ``etags`` sends ETags and honours If-Match, as no observed
    PBX does; ``latency`` is the pause before each answer and ``token_lifetime`` the life of a token, both in seconds.
    ValueError for an unknown version, an unfit seed, or a state file that is in use, damaged or of something else.
    """

    def __init__(
        self,
        version: str = "20.0.10",
        client_id: str = "trunkline",
        api_key: str | None = None,
        *,
        seed: str | Path | Mapping[str, Any] = "demo",
        state: str | os.PathLike[str] | None = None,
        etags: bool = False,
        latency: float = 0.0,
        token_lifetime: float = 3600.0,
    ) -> None:
        self.version = version
        self.client_id = client_id
        self._memory = Memory(version, seed, state)
        self.api_key = api_key if api_key is not None else self._memory.made_key(client_id)
        self.etags = etags
        self.latency = latency
        self._catalog = catalog.load(version)
        self._router = _router(version)
        self._sign_in = SignIn(version, token_lifetime)
        self._journal: deque[Entry] = deque(maxlen=JOURNAL_LENGTH)
        self.add_client(client_id, self.api_key, roles=DEFAULT_ROLES)
        self._asker = Asker(self, lambda name, key: self.add_client(name, key, roles=DEFAULT_ROLES))

    def __repr__(self) -> str:
        return f"Emulator(version={self.version!r}, client_id={self.client_id!r}, seed={self._memory.seed!r})"

    @property
    def _store(self) -> Store:
        return self._memory.store

    @property
    def journal(self) -> list[Entry]:
        """The latest requests, oldest first, without bodies, headers or secrets; at most 10,000."""
        return list(self._journal)

    def add_client(self, client_id: str, api_key: str, *, roles: tuple[str, ...] = ()) -> None:
        """Let another client sign in; without roles it is a mere user, who gets 403 everywhere (PBX.md, Rights)."""
        self._sign_in.add(Client(client_id, api_key, tuple(roles)))

    def reset(self) -> None:
        """Back to the seed, with an empty journal and an empty state file; clients and tokens stay."""
        with self._memory.lock:
            self._memory.reset()
            self._journal.clear()

    def close(self) -> None:
        """Give the state file back."""
        self._memory.close()

    def ask(self, method: str, path: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask in process, signed in, without a socket: ``ask("GET", "/Users?$top=1").json()``.

        ``path`` is below ``/xapi/v1`` unless it starts there, or with ``/connect``; spaces become ``%20``.
        """
        return self._asker.ask(method, path, json, headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                request = await read(scope, receive)
            except Disconnected:
                return
            await asyncio.sleep(self.latency)
            with self._memory.lock:
                response = self._answer(request)
            await write(response, send)
        else:
            raise ValueError(f"The emulator speaks HTTP, not {scope['type']}")

    def _answer(self, request: Request) -> Response:
        """Send a request on its way, and put down in the journal what became of it."""
        visit = Visit(request)
        try:
            response = self._way(visit)
        except Refusal as refusal:
            response = refusal.response()
        except RecursionError:
            response = Refusal(400, "Recursion depth exceeded allowed limit.").response()
        try:
            self._memory.commit()
        except StateError as error:  # what isn't kept must not be acknowledged
            logging.getLogger("trunkline.emulator").error("%s", error)
            response = Refusal(500).response()
        response.headers["X-3CX-Version"] = self._full_version
        if visit.level:
            response.headers["X-Trunkline-Level"] = visit.level
        self._journal.append(Entry(request.method, request.target, response.status, visit.client_id))
        return response

    def _way(self, visit: Visit) -> Response:
        """The steps of a request, in order. Each may raise Refusal, and the rest is not gone."""
        request = visit.request
        if request.too_large:
            raise Refusal(413)
        if request.path.startswith(SIGN_IN):
            return self._sign_in.answer(request)
        path = _api_path(request)
        client = self._sign_in.client_of(request)
        visit.client_id = client.client_id
        route, arguments = self._router.find(request.method, _segments(path))
        visit.level = level(route)
        rights.check(client, route.action)
        asked = query.for_action(route.action, request.query, self._catalog)
        return handle(Call(request, route, arguments, asked, self._store, self.etags))

    @property
    def _full_version(self) -> str:
        return f"{self.version}.0" if self.version.count(".") == 2 else self.version


@lru_cache(maxsize=8)
def _router(version: str) -> Router:
    return Router(catalog.load(version))


def level(route: Route) -> str:
    """How truly an action is played: behaviour (does what 3CX does), crud (generic over the store), shape (made up)."""
    if route.action.id in behaviours.HANDLERS:
        return "behaviour"
    return "crud" if route.action.kind in crud.HANDLERS else "shape"


def levels(version: str = "20.0.10") -> dict[str, str]:
    """The level of every action of a version, by action id. ValueError for text that is no version."""
    return {route.action.id: level(route) for route in Router(catalog.load(version)).routes()}


def handle(call: Call) -> Response:
    """Run the handler of a call. Raises Refusal."""
    handler = behaviours.HANDLERS.get(call.action.id) or crud.HANDLERS.get(call.action.kind, shapes.answer)
    return handler(call)


def _api_path(request: Request) -> bytes:
    if not request.path.startswith(API + b"/"):
        raise no_such_path()
    return request.path[len(API) :]


def _segments(path: bytes) -> list[Segment]:
    try:
        segments = read_path(path)
    except BadPath:
        raise Refusal(400) from None
    if segments is None:
        raise no_such_path()
    return segments


async def _live(receive: Receive, send: Send) -> None:
    """The lifespan protocol; there is nothing to open or to close."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
