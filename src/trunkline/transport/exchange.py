"""One request to a PBX, with sign-in and retries, as a generator that does no I/O itself.

It yields *steps* and receives what came of them: a `Send` gets its HttpResponse (or a TransportError thrown in), a
`Pause` gets nothing, `LOCK` and `UNLOCK` bracket what one task may do at a time. So the same logic serves threads
and event loops (`driver.py`, `async_driver.py`), and no line of it exists twice.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Generator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from ..errors import BrokenAnswer, ServerError, SignInError, TooManyRequests, TransportError
from ..request import HttpRequest
from ..result import HttpResponse
from ..result.response import is_json, not_the_api
from .session import Session
from .token import Token, read_token

API = "/xapi/v1"
TOKEN_PATH = "/connect/token"  # noqa: S105 - a path


class Send(NamedTuple):
    """Send a request whose target is an absolute URL."""

    request: HttpRequest


class Pause(NamedTuple):
    seconds: float


class Turn(enum.Enum):
    LOCK = "lock"
    UNLOCK = "unlock"


Step = Send | Pause | Turn
Exchange = Generator[Step, Any, HttpResponse]  # a Send is answered with an HttpResponse, the rest with None


class Retries(NamedTuple):
    """How often to try in all, and how long to wait: full jitter below ``base · 2ⁿ`` seconds, at most ``ceiling``."""

    attempts: int = 3
    base: float = 0.25
    ceiling: float = 20.0

    def delay(self, attempt: int) -> float:
        return random.uniform(0, min(self.ceiling, self.base * 2**attempt))  # noqa: S311 - jitter, no secret


def exchange(session: Session, request: HttpRequest, retries: Retries) -> Exchange:
    """Send one API request until it has an answer that counts.

    A GET is tried again after any loss; a DELETE likewise, and then a 404 means that the first try had worked;
    anything else only where the PBX surely did nothing (no connection, or 429/503 with Retry-After). DESIGN: never a
    401 loop, never a 412 again. Raises TransportError or SignInError; other statuses are the caller's to read.
    """
    perhaps_done = False
    attempt = 0
    while True:
        attempt += 1
        try:
            response = yield from _signed(session, request)
        except TransportError as error:
            safe = error.processed is False or request.method in ("GET", "DELETE")
            perhaps_done = perhaps_done or error.processed is not False
            if not error.retryable or not safe or attempt >= retries.attempts:
                raise _told(error, request, perhaps_done, attempt) from None
            yield Pause(retries.delay(attempt))
            continue
        if (
            perhaps_done
            and response.status == 404
            and request.method == "DELETE"
            and response.content_type != "text/html"
        ):
            return response._replace(status=204, body=b"")
        wait = _retry_after(response, request, retries, attempt)
        if wait is None or attempt >= retries.attempts:
            return response
        yield Pause(wait)


def _retry_after(response: HttpResponse, request: HttpRequest, retries: Retries, attempt: int) -> float | None:
    """Seconds to wait before an answered request may be sent again; None if it may not."""
    if response.status not in (429, 502, 503, 504):
        return None
    asked = response.headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit() and response.status in (429, 503):
        return float(asked) if float(asked) <= retries.ceiling else None
    return retries.delay(attempt) if request.method == "GET" else None


def _told(error: TransportError, request: HttpRequest, perhaps_done: bool, attempts: int) -> TransportError:
    """The error with what it means for a request that changes something: the user must know what is not known."""
    if request.method != "GET" and perhaps_done:
        error.processed = None
        error.hint = "It is not known whether the PBX carried it out: look before you send it again."
    if attempts > 1:
        error.message = f"{error.message.removesuffix('.')} ({attempts} attempts)."
    return error


def _signed(session: Session, request: HttpRequest) -> Exchange:
    token = session.token
    if token is None or not token.fresh(session.clock()):
        token = yield from _sign_in(session, instead_of=token)
    response = yield from _send(session, request, token)
    if response.status == 401:
        token = yield from _sign_in(session, instead_of=token)
        response = yield from _send(session, request, token)
    return response


def _send(session: Session, request: HttpRequest, token: Token) -> Exchange:
    headers = (*request.headers, ("Authorization", f"Bearer {token.access}"))
    target = f"{session.url}{API}{request.target}"
    response: HttpResponse = yield Send(request._replace(target=target, headers=headers))
    session.learn(response.headers.get("x-3cx-version"))
    return response


def _sign_in(session: Session, *, instead_of: Token | None) -> Generator[Step, Any, Token]:
    """A live token other than ``instead_of``; one task asks for it and all share it (PBX.md: only one is alive)."""
    yield Turn.LOCK
    try:
        if session.refused is not None:
            raise session.refused
        if session.token is None or session.token is instead_of:
            session.token = _token_of(session, (yield Send(_token_request(session))))
        token = session.token
    except TransportError as error:
        error.processed = False  # the request that waits for this token was not sent at all
        yield Turn.UNLOCK
        raise
    except Exception:
        yield Turn.UNLOCK
        raise
    yield Turn.UNLOCK
    return token


def _token_request(session: Session) -> HttpRequest:
    form = {
        "client_id": session.client_id,
        "client_secret": session.client_secret,
        "grant_type": "client_credentials",
    }
    headers = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
    return HttpRequest("POST", session.url + TOKEN_PATH, headers, urlencode(form).encode())


def _token_of(session: Session, response: HttpResponse) -> Token:
    """The token of a sign-in's answer, or the error that explains it."""
    session.learn(response.headers.get("x-3cx-version"))
    if response.status in (400, 401, 403):
        session.refused = SignInError(
            f"{session.label} refused to sign in client {session.client_id!r}{_reason(response)}.",
            hint="Check the client id and the API key (Admin console, Integrations, API). It is not tried again: "
            "repeated failures can get this address blocked.",
            status=401,
            method="POST",
            path=TOKEN_PATH,
        )
        raise session.refused
    if response.status == 429:
        raise TooManyRequests(
            f"{session.label} asks to slow down (sign-in).", hint="Try again in a moment.", status=429, path=TOKEN_PATH
        )
    if response.status >= 500:
        raise ServerError(
            f"{session.label} failed at sign-in with status {response.status}.",
            hint="Try again in a moment; `trunkline` needs the 3CX's web server to be up.",
            status=response.status,
            path=TOKEN_PATH,
        )
    if response.status != 200 or not is_json(response):
        raise not_the_api(session.label, response)
    try:
        answer = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise not_the_api(session.label, response) from None
    token = read_token(answer, session.clock(), session.version) if isinstance(answer, dict) else None
    if token is None:
        raise BrokenAnswer(
            f"{session.label} answered the sign-in without an access token.",
            hint="Check that the address is the 3CX itself, not a proxy or portal.",
        )
    return token


def _reason(response: HttpResponse) -> str:
    try:
        answer = msgspec.json.decode(response.body) if is_json(response) else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    said = answer.get("error_description") or answer.get("error") if isinstance(answer, dict) else None
    return f" ({said})" if isinstance(said, str) else ""
