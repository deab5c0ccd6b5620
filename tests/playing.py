"""One exchange against a script of answers: no network and no clock, and its steps read like a protocol."""

from __future__ import annotations

import json
from typing import Any

from trunkline.errors import (
    ConnectionLost,
    TransportError,
    TrunklineError,
    Unreachable,
)
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.exchange import Pause, Send, Turn, Work, exchange
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token import Token

NOW = 1_800_000_000.0
VERSION = {"x-3cx-version": "20.0.10.1109"}
GONE = {"error": {"code": "", "message": "Not Found"}}
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
NO_WAIT = Retries(attempts=3, base=0.0)

GET = HttpRequest("GET", "/Fax?$top=1", (("Accept", "application/json"),))
DELETE = HttpRequest("DELETE", "/Fax(42)", (("If-Match", 'W/"5"'),))
POST = HttpRequest("POST", "/Fax", (), b'{"Number":"9001"}')
PATCH = HttpRequest("PATCH", "/Fax(42)", (), b"{}")
PUT = HttpRequest("PUT", "/Fax(42)", (), b"{}")
WRITES = [DELETE, POST, PATCH, PUT]

Answer = HttpResponse | TransportError


def by_method(request: HttpRequest) -> str:
    return request.method


def reply(status: int, headers: dict[str, str] | None = None, body: Any = b"") -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, headers or {}, content)


def granted(token: str = "t1", **more: Any) -> HttpResponse:
    return reply(200, JSON, {"token_type": "Bearer", "access_token": token, "expires_in": 3600, **more})


def lost() -> ConnectionLost:
    return ConnectionLost("pbx.example.com broke off.")


def unreached() -> Unreachable:
    return Unreachable("pbx.example.com can't be reached.", processed=False)


def signed_in(token: str = "t0") -> Session:
    session = Session("https://pbx.example.com", "client", "hunter2", clock=lambda: NOW)
    session.token = Token(token, NOW + 1000)
    return session


def signed_out() -> Session:
    return Session("https://pbx.example.com", "client", "hunter2", clock=lambda: NOW)


class Player:
    """Runs one exchange against a script of answers; ``steps`` reads like a protocol."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.steps: list[str] = []
        self.pauses: list[float] = []
        self.requests: list[HttpRequest] = []
        self.locked = False

    def play(self, session: Session, request: HttpRequest, retries: Retries = NO_WAIT) -> HttpResponse:
        conversation = exchange(session, request, retries)
        try:
            step = next(conversation)
            while True:
                answer = self._answer(step)
                step = conversation.throw(answer) if isinstance(answer, Exception) else conversation.send(answer)
        except StopIteration as done:
            self._ended()
            response: HttpResponse = done.value
            return response
        except TrunklineError:
            self._ended()
            raise

    def _ended(self) -> None:
        assert not self.locked, "the lock was kept"
        assert self.script == [], "answers were left over"

    def _answer(self, step: Any) -> Any:
        match step:
            case Turn.LOCK:
                assert not self.locked, "locked twice"
                self.locked = True
            case Turn.UNLOCK:
                assert self.locked, "unlocked without a lock"
                self.locked = False
            case Pause(seconds):
                assert not self.locked, "nobody should wait for a task that only waits"
                self.pauses.append(seconds)
                self.steps.append("pause")
            case Work(function):
                assert self.locked, "files and keyrings are for signing in"
                return function()
            case Send(request):
                sign_in = request.target == "https://pbx.example.com/connect/token"
                assert self.locked == sign_in, "the lock is for signing in, and for nothing else"
                self.requests.append(request)
                used = dict(request.headers).get("Authorization", "").removeprefix("Bearer ")
                self.steps.append("sign in" if sign_in else f"{request.method} with {used}")
                return self.script.pop(0)
        return None
