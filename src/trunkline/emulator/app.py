"""The emulator: an ASGI application that answers as a 3CX does.

A request goes one way, the list of steps in ``Emulator._way``: sign in, find the route, check the rights, read the
query, handle, write. A step that refuses raises Refusal.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from .. import catalog
from . import behaviours, crud, rights, shapes
from .answers import Call
from .messages import Disconnected, Receive, Request, Response, Scope, Send, read, write
from .odata import query
from .odata.paths import BadPath, Segment, read_path
from .refusals import Refusal, no_such_path
from .routes import Route, Router
from .rules import RULES
from .seeds import SEEDS
from .signin import OWNER, SIGN_IN, Client, SignIn
from .store import Store
from .views import VIEWS

API = b"/xapi/v1"
JOURNAL_LENGTH = 10_000
# Sets whose reading and writing is 3CX's own: those with rules (MyUser and MyGroup are rows of such), and those that
# are computed from others.
_RULED = frozenset({*RULES, *VIEWS, "MyUser", "MyGroup"})
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

    ``api_key`` None makes a key; ``seed`` is "demo" or "empty"; ``etags`` sends ETags and honours If-Match, as no
    observed PBX does; ``latency`` is the pause before each answer and ``token_lifetime`` the life of a token, both in
    seconds. ValueError for an unknown version or seed.
    """

    def __init__(
        self,
        version: str = "20.0.10",
        client_id: str = "trunkline",
        api_key: str | None = None,
        *,
        seed: str = "demo",
        etags: bool = False,
        latency: float = 0.0,
        token_lifetime: float = 3600.0,
    ) -> None:
        if seed not in SEEDS:
            raise ValueError(f"No seed is called {seed!r}; there are {', '.join(sorted(SEEDS))}.")
        self.version = version
        self.client_id = client_id
        self.api_key = api_key if api_key is not None else secrets.token_urlsafe()
        self.etags = etags
        self.latency = latency
        self._seed = seed
        self._catalog = catalog.load(version)
        self._router = Router(self._catalog)
        self._sign_in = SignIn(version, token_lifetime)
        self._journal: deque[Entry] = deque(maxlen=JOURNAL_LENGTH)
        self.add_client(client_id, self.api_key, roles=DEFAULT_ROLES)
        self.reset()

    def __repr__(self) -> str:
        return f"Emulator(version={self.version!r}, client_id={self.client_id!r}, seed={self._seed!r})"

    @property
    def journal(self) -> list[Entry]:
        """The latest requests, oldest first, without bodies, headers or secrets; at most 10,000."""
        return list(self._journal)

    def add_client(self, client_id: str, api_key: str, *, roles: tuple[str, ...] = ()) -> None:
        """Let another client sign in; without roles it is a mere user, who gets 403 everywhere (PBX.md, Rights)."""
        self._sign_in.add(Client(client_id, api_key, tuple(roles)))

    def reset(self) -> None:
        """Back to the seed, with an empty journal; clients and tokens stay."""
        self._store = Store(self._catalog, SEEDS[self._seed]())
        self._journal.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                request = await read(scope, receive)
            except Disconnected:
                return
            await asyncio.sleep(self.latency)
            await write(self._answer(request), send)
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


def level(route: Route) -> str:
    """How truly an action is played: behaviour (does what 3CX does), crud (generic over the store), shape (made up)."""
    ruled = route.action.kind in crud.HANDLERS and route.resource in _RULED
    if ruled or route.action.id in behaviours.HANDLERS:
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
