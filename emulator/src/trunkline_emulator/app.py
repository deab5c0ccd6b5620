"""The emulator: an ASGI application that answers as a 3CX does.

A request goes one way: where a rule says so a fault hits it, then come the steps of ``Emulator._way``: who may ask at
all, sign in, find the route, check the rights, read the query, handle. A step that refuses raises Refusal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from . import behaviours, builds, crud, describe, downloads, licence, rights, session, shapes
from .answers import Call
from .asking import Answer, Asker
from .behaviours.version import four_parts
from .clock import Clock
from .control import api
from .control.access import Access
from .control.controls import Controls
from .control.rules import Asked, Faults, Rule
from .control.wire import Wire, from_a_proxy, made_up
from .evidence import ASSUMED, OWN, Evidence, Fact, published, refusal
from .guard import Guard
from .hosts import Hosts
from .journal import Entry, Journal, redacted
from .memory import Memory
from .messages import (
    MAX_FORM,
    MAX_JSON,
    MAX_UPLOAD,
    Disconnected,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    read_body,
    read_head,
    write,
)
from .odata import query
from .odata.literals import Value
from .odata.paths import BadPath, Segment, read_path
from .principals import client_of
from .refusals import NoSuchPath, Refusal, not_found
from .routes import Route, Router
from .signin import OWNER, SIGN_IN, TOKEN, Client, SignIn
from .state import StateError
from .store import Store
from .variants import Variants

API = b"/xapi/v1"
BAD_PATH = refusal("A path that can't be read answers 400.", published("requests"))
DEFAULT_ROLES = (OWNER, "App", "Reports")


@dataclass(slots=True)
class Visit:
    """What is known of a request so far, for the journal and the headers of its answer."""

    request: Request
    entry: Entry


class Emulator(Controls):
    """A stand-in PBX of one version, as an ASGI 3 application.

    ``api_key`` None makes a key; ``seed`` is "demo", "empty", "large", a YAML or JSON file, or a mapping of sets to
    rows; ``state`` is a file that keeps what was written. ``etags`` sends ETags and honours If-Match, as no observed
    PBX does: "weak" (or True), or "strict". ``latency`` is the pause before each answer and ``token_lifetime`` the life
    of a token, both in seconds. ``variants`` has these and all else in which PBXs differ. ``faults`` are rules, as
    short text, JSON or objects; ``fault_seed`` makes what they hit come out the same again. ``clock_skew`` is by how
    many seconds this PBX is ahead of the machine.

    ``strict`` lets assumed rules refuse too, which finds mistakes early and may refuse what a PBX accepts.

    ``allow_hosts`` are the host names, beside this machine's own, by which it may be reached on a port. Without a
    ``control_key`` only programs on this machine may use ``/_emulator``; with one, whoever sends it and nobody else.

    ValueError for what makes no sense, for an unfit seed, and for a state file that is in use, damaged or of something
    else.
    """

    def __init__(
        self,
        version: str = "20.0.10",
        client_id: str = "trunkline",
        api_key: str | None = None,
        *,
        seed: str | Path | Mapping[str, Any] = "demo",
        state: str | os.PathLike[str] | None = None,
        etags: bool | str | None = None,
        latency: float | None = None,
        token_lifetime: float | None = None,
        variants: Variants | Mapping[str, Any] | None = None,
        faults: Iterable[str | Mapping[str, Any]] = (),
        fault_seed: int = 0,
        clock_skew: float = 0.0,
        allow_hosts: Iterable[str] = (),
        control_key: str | None = None,
        strict: bool = False,
    ) -> None:
        self.strict = strict
        self.version = version
        self.client_id = client_id
        self.clock = Clock(clock_skew)
        self._hosts = Hosts(allow_hosts)
        self._access = Access(self._hosts, control_key)
        self._catalog = builds.load(version)
        self._router = _router(version)
        self._guard = Guard(self.clock)
        self._sign_in = SignIn(
            version, self.clock, find_more=lambda client_id: client_of(self._store, client_id), tell=self._signed_in
        )
        self._journal = Journal()
        self._faults = Faults(fault_seed)
        # The oldest file that 3CX published names no version.
        self._own_headers = {"X-3CX-Version": four_parts(version)} if version[0].isdigit() else {}
        self._pauses = Random(fault_seed)  # noqa: S311
        self._variants = Variants()
        self._memory = Memory(version, seed, state, self.clock.now, self._adopt)
        self.api_key = api_key if api_key is not None else self._memory.made_key(client_id)
        self.add_client(client_id, self.api_key, roles=DEFAULT_ROLES)
        self._asker = Asker(
            self, lambda name, key: self.add_client(name, key, roles=DEFAULT_ROLES), self._access.headers
        )
        self.vary(variants or {})
        named = {"etags": etags, "latency": latency, "token_lifetime": token_lifetime}
        self.vary({name: value for name, value in named.items() if value is not None})
        for fault in faults:
            self.add_fault(fault)

    def __repr__(self) -> str:
        return f"Emulator(version={self.version!r}, client_id={self.client_id!r}, seed={self.seed!r})"

    def add_client(self, client_id: str, api_key: str, *, roles: tuple[str, ...] = ()) -> None:
        """Let another client sign in; without roles it gets 403 everywhere (docs/pbx.md, Rights)."""
        self._sign_in.add(Client(client_id, api_key, tuple(roles)))

    def reset(self) -> None:
        """Back to the seed, with an empty journal and state file; faults count anew. Clients, tokens, variants and
        faults stay."""
        with self._memory.lock:
            self._memory.reset()
            self._journal.clear()
            self._faults.restart()
            self._pauses.seed(self._faults.seed)

    def _adopt(self, store: Store) -> None:
        """From now on this is what the PBX holds."""
        store.strict = store.values.strict = self.strict
        self._guard.adopt(store)
        licence.show(store, self._variants.licence)

    def close(self) -> None:
        """Give the state file back."""
        self._memory.close()

    def ask(self, method: str, path: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask in process, signed in, without a socket: ``ask("GET", "/Users?$top=1").json()``.

        ``path`` is below ``/xapi/v1`` unless it starts there, or with ``/connect``; spaces become ``%20``.
        """
        return self._asker.ask(method, path, json, headers or {})

    @property
    def evidence(self) -> dict[str, str]:
        """How sure the behaviour of every action of this version is, by action id."""
        return {route.action.id: str(behaviour(route).fact.evidence) for route in self._router.routes()}

    def _signed_in(self, peer: str, worked: bool) -> None:
        if worked:
            self._guard.succeeded(peer)
        else:
            self._guard.failed(peer, self._store, self._variants)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"The emulator speaks HTTP, not {scope['type']}")
        request = read_head(scope)
        is_control = api.serves(request)
        if is_control:
            why_not = self._access.why_not(request)
            if why_not:
                await write(api.refused(why_not), send)
                return
        elif request.listens and not self._hosts.answers(request):
            request.refused = WRONG_HOST
        try:
            if not request.refused and request.has_body and (limit := self._largest_body(request, is_control)):
                await read_body(request, receive, limit)
        except Disconnected:
            return
        if is_control:
            with self._memory.lock:
                response = api.answer(self, request)
            await write(response, send)
            return
        visit = Visit(request, Entry(request.method, redacted(request.target), time.time()))
        started = time.perf_counter()
        if self._variants.latency or self._variants.jitter:
            await asyncio.sleep(self._variants.latency + self._pauses.uniform(0, self._variants.jitter))
        try:
            rule = self._faults.strike(self._asked(request)) if self._faults.rules else None
            if rule is None:
                with self._memory.lock:
                    response = self._answer(visit)
                visit.entry.status = response.status
                await write(response, send, request.http_version)
            else:
                await self._go_wrong(rule, visit, Wire(scope, receive, send))
        finally:
            visit.entry.seconds = time.perf_counter() - started

    def _largest_body(self, request: Request, is_control: bool) -> int:
        """How many bytes of a body are read; none without a living token, as the answer won't depend on it."""
        if is_control:
            return MAX_UPLOAD
        if request.path == TOKEN:
            return MAX_FORM
        if not self._sign_in.is_signed_in(request):
            return 0
        multipart = request.headers.get("content-type", "").lower().startswith("multipart/")
        return MAX_UPLOAD if multipart else MAX_JSON

    async def _go_wrong(self, rule: Rule, visit: Visit, wire: Wire) -> None:
        """Answer a request that a fault hit: before it takes effect, so that it never does, or after it did."""
        fault, entry = rule.fault, visit.entry
        entry.fault = fault.name
        if fault.drop_tokens:
            self.revoke_tokens(self._sign_in.asker(visit.request) if fault.drop_tokens == "own" else None)
        if fault.when == "before":
            await asyncio.sleep(rule.delay())
        if fault.takes_effect:
            with self._memory.lock:
                response = self._answer(visit)
        else:
            self._journal.add(entry)
            response = Response(200)
        if fault.when == "after":
            await asyncio.sleep(rule.delay())
        if fault.kind in ("status", "html"):
            response = made_up(fault, self.clock.time())
            if not from_a_proxy(fault):
                self._sign(response)
        entry.status = await wire.play(fault, response)

    def _asked(self, request: Request) -> Asked:
        """Return what the rules of the faults look at; operation and client are found only where a rule wants them."""

        def operation() -> tuple[str, ...]:
            try:
                action = self._find(request)[0].action
            except Refusal:
                return ()
            return action.operation_id, action.id

        return Asked(request.method, request.path, operation, lambda: self._sign_in.asker(request))

    def _answer(self, visit: Visit) -> Response:
        """Route a request, and note its outcome in the journal."""
        entry = visit.entry
        try:
            response = self._way(visit)
            entry.effect = response.status < 400 and entry.method != "GET"
        except Refusal as refusal:
            if refusal.fact.is_assumed and not self.strict:
                raise AssertionError(f"an assumed rule refused {entry.method} {entry.path}: {refusal}") from refusal
            response = self._refused(refusal)
            entry.evidence = str(refusal.fact.evidence)
        except RecursionError:
            response = Refusal(400, "Recursion depth exceeded allowed limit.", fact=OWN).response()
        except Exception:
            entry.status = 500  # a mistake of the emulator's own, which its server reports
            raise
        finally:
            self._journal.add(entry)
        try:
            self._memory.commit()
        except StateError as error:  # what isn't kept must not be acknowledged
            logging.getLogger("trunkline_emulator").error("%s", error)
            entry.effect = False
            response = self._refused(Refusal(500, fact=OWN))
        if entry.evidence:
            response.headers["X-Trunkline-Evidence"] = entry.evidence
        self._sign(response)
        return response

    def _way(self, visit: Visit) -> Response:
        """Return the steps of a request, in order. Each may raise Refusal, and the rest is not gone."""
        request, entry, variants = visit.request, visit.entry, self._variants
        if request.refused:
            raise Refusal(request.refused, _FOR_ANOTHER_HOST if request.refused == WRONG_HOST else "", fact=OWN)
        self._guard.check(request.peer, self._store, variants)
        if request.path.startswith(SIGN_IN):
            entry.evidence = str(Evidence.SEEN)
            return self._sign_in.answer(request)
        if downloads.serves(request):
            client = self._sign_in.client_of(request)
            entry.client_id, entry.evidence = client.client_id, str(downloads.FACT.evidence)
            return downloads.answer(request, client, self._store)
        if request.path == session.PATH:
            entry.client_id = self._sign_in.client_of(request).client_id
            entry.evidence = str(session.FACT.evidence)
            return session.answer(request)
        path = _api_path(request)
        if path == describe.OPENAPI:
            entry.evidence = str(Evidence.SEEN)
            return describe.openapi_file(request, self._catalog)
        client = self._sign_in.client_of(request)
        entry.client_id = client.client_id
        if path in describe.DESCRIPTIONS:
            entry.evidence = str(Evidence.SEEN)
            return describe.DESCRIPTIONS[path](request, self._catalog)
        route, arguments = self._find(request)
        entry.operation = route.action.operation_id
        handler, fact = behaviour(route)
        rights.check(client, route.action)
        licence.check(variants.licence, route.action)
        asked = query.for_action(route.action, request.query, self._catalog, variants, self._store.now)
        response = handler(Call(request, route, arguments, asked, self._store, variants))
        entry.evidence = str(fact.evidence)
        return response

    def _find(self, request: Request) -> tuple[Route, dict[str, Value]]:
        path = _api_path(request)
        return self._router.find_plain(request.method, path) or self._router.find(
            request.method, _segments(path), any_date=self._variants.bad_dates == "ignored"
        )

    def _refused(self, refusal: Refusal) -> Response:
        """Return the answer to a request that was refused, as this variant of a PBX writes it."""
        if isinstance(refusal, NoSuchPath) and self._variants.unknown_path == "401":
            return Response(401, headers={"WWW-Authenticate": "Bearer"})
        if refusal.status == 404 and not refusal.message and not self._names_version:
            return not_found().response()  # or nobody could tell it from a gateway's
        if self._variants.error_bodies == "full" and refusal.status in _NAMED and not refusal.message:
            return Refusal(
                refusal.status, _NAMED[refusal.status], headers=refusal.headers, fact=refusal.fact
            ).response()
        return refusal.response()

    def _sign(self, response: Response) -> None:
        """Add the headers that every answer of this PBX has."""
        response.headers["Date"] = self.clock.date()
        if self._variants.header_bytes:
            response.headers["Via"] = "1.1 Pf\xf6rtner"
        if self._variants.version_header:
            response.headers.update(self._own_headers)

    @property
    def _names_version(self) -> bool:
        return bool(self._own_headers) and self._variants.version_header


WRONG_HOST = 421
_FOR_ANOTHER_HOST = (
    "The emulator doesn't answer for the host that the Host header names. Use localhost or an address, or start the "
    "emulator with --allow-host NAME."
)

# What a 403 or 500 says where it has a body at all.
_NAMED = {403: "Forbidden", 500: "An unexpected error occurred."}


@lru_cache(maxsize=8)
def _router(version: str) -> Router:
    return Router(builds.load(version))


def behaviour(route: Route) -> crud.Behaviour:
    """Return what answers an action, and the fact behind it."""
    action = route.action
    return (
        behaviours.HANDLERS.get(action.id)
        or crud.behaviour(route.resource, action.kind)
        or crud.Behaviour(shapes.answer, ASSUMED)
    )


def facts(version: str = "20.0.10") -> dict[str, Fact]:
    """Return the fact behind every action of a version, by action id. Raises: ValueError for an unknown version."""
    return {route.action.id: behaviour(route).fact for route in Router(builds.load(version)).routes()}


def _api_path(request: Request) -> bytes:
    if request.path != API and not request.path.startswith(API + b"/"):
        raise NoSuchPath
    return request.path[len(API) :]


def _segments(path: bytes) -> list[Segment]:
    try:
        segments = read_path(path)
    except BadPath:
        raise Refusal(400, fact=BAD_PATH) from None
    if segments is None:
        raise NoSuchPath
    return segments


async def _live(receive: Receive, send: Send) -> None:
    """Follow the lifespan protocol; there is nothing to open or to close."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
