"""One request to a PBX, with sign-in and retries, as a generator that does no I/O itself.

It yields *steps* and receives what came of them: a `Send` gets its HttpResponse (or a TransportError thrown in), a
`Pause` gets nothing, `LOCK` and `UNLOCK` bracket what one task may do at a time, a `Work` gets what its function gave.
So the same logic serves threads and event loops (`driver.py`, `async_driver.py`), and no line of it exists twice.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, NamedTuple

from ..errors import ConfigurationError, SignInError, TimedOut, TransportError
from ..request import HttpRequest
from ..result import HttpResponse
from .browser import BrowserSignIn
from .pkce import refresh_form, refused
from .retries import Retries
from .session import API, Refusal, Secret, Session
from .sign_in import Grant, error_of, granted, reason_of, refusal, refuses, secret_form, token_request
from .token import Token
from .token_store import Saved

PATIENCE = 120.0
"""Seconds to wait for another process to sign in: twice as long as one request may take by default."""
LOOK_AGAIN = 0.05
"""Seconds between two looks at another process's lock, or for the browser."""


class Send(NamedTuple):
    """Send a request whose target is an absolute URL."""

    request: HttpRequest


class Pause(NamedTuple):
    seconds: float


class Turn(enum.Enum):
    LOCK = "lock"
    UNLOCK = "unlock"


class Work(NamedTuple):
    """Call a function that may block for a moment, on a file or a keyring. Its error ends the exchange."""

    function: Callable[[], Any]


class Wait(NamedTuple):
    """Another process or a person is at work: look again after so many seconds. Nothing failed."""

    seconds: float


Step = Send | Pause | Turn | Work | Wait
Steps = Generator[Step, Any, Any]
Exchange = Generator[Step, Any, HttpResponse]  # a Send is answered with an HttpResponse


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
            if not error.retryable or not safe or attempt >= retries.attempts or not session.budget.take():
                raise _told(error, request, perhaps_done, attempt) from None
            try:
                yield Pause(retries.delay(attempt))
            except TransportError as out_of_time:
                out_of_time.processed = None if perhaps_done else False
                raise _told(out_of_time, request, perhaps_done, attempt) from None
            continue
        if (
            perhaps_done
            and response.status == 404
            and request.method == "DELETE"
            and response.content_type != "text/html"
        ):
            return response._replace(status=204, body=b"")
        wait = _retry_after(response, request, retries, attempt)
        if wait is None or attempt >= retries.attempts or not session.budget.take():
            if response.status < 500:
                session.budget.answered()
            return response
        yield Pause(wait)


def connected(session: Session, retries: Retries) -> Generator[Step, Any, None]:
    """Sign in if there is no live token: a sign-in's answer may name the version before anything else is sent."""
    attempt = 0
    while session.token is None or not session.token.fresh(session.clock()):
        attempt += 1
        try:
            yield from _sign_in(session, instead_of=session.token)
            return  # also where the new token is old already: asking on and on would never end
        except TransportError as error:
            if not error.retryable or attempt >= retries.attempts or not session.budget.take():
                raise _told(error, HttpRequest("GET", ""), perhaps_done=False, attempts=attempt) from None
            yield Pause(retries.delay(attempt))


def _retry_after(response: HttpResponse, request: HttpRequest, retries: Retries, attempt: int) -> float | None:
    """Seconds to wait before an answered request may be sent again; None if it may not."""
    if response.status not in (429, 502, 503, 504):
        return None
    asked = response.retry_after
    if asked is not None and response.status in (429, 503):
        return asked if asked <= retries.ceiling else None
    return retries.delay(attempt) if request.method == "GET" else None


def _told(error: TransportError, request: HttpRequest, perhaps_done: bool, attempts: int) -> TransportError:
    """The error with what it means for a request that changes something: the user must know what is not known."""
    if request.method != "GET" and perhaps_done:
        error.processed = None
        error.hint = "It is not known whether the PBX carried it out: look before you send it again."
    if not error.hint:
        error.hint = "Try again; if it goes on, look at the PBX, and at what stands between it and you."
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
        if session.token is None or session.token is instead_of:
            session.token = yield from _shared(session, instead_of)
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


def _shared(session: Session, instead_of: Token | None) -> Generator[Step, Any, Token]:
    """A live token from the store, else from the PBX: one process asks, and leaves it there for all.

    Whoever waited for the file's lock looks into it again, so that ten processes whose token died get one new one.
    """
    secret = yield from _secret(session)
    if session.refused is not None and session.refused.secret == secret:
        raise error_of(session.refused)
    kept = session.kept
    token = _live(session, (yield Work(kept.read)), secret, instead_of)
    if token is not None:
        return token
    try:
        yield from _file_lock(session)
        saved = yield Work(kept.read)
        token = _live(session, saved, secret, instead_of)
        return token if token is not None else (yield from _new(session, saved, secret))
    finally:
        kept.unlock()  # not a step: a cancelled task takes none any more


def _live(session: Session, saved: Saved, secret: str, instead_of: Token | None) -> Token | None:
    """The saved token, if it is ours, has time left, and isn't the one that just failed."""
    token = saved.token(secret)
    if token is None or not token.fresh(session.clock()) or (instead_of and token.access == instead_of.access):
        return None
    if session.version is None:
        session.learn(saved.version)
    return token


def _file_lock(session: Session) -> Generator[Step, Any, None]:
    """Wait while another process signs in; the operating system frees the lock of one that was killed."""
    patience = PATIENCE + (session.credentials.timeout if isinstance(session.credentials, BrowserSignIn) else 0)
    for _ in range(int(patience / LOOK_AGAIN)):
        if (yield Work(session.kept.lock)):
            return
        yield Wait(LOOK_AGAIN)
    raise TimedOut(
        f"Another process has been signing in to {session.label} for {patience / 60:.0f} min.",
        hint=f"End it if it hangs (its lock is beside {session.kept.path}), or go on without the token store.",
        processed=False,
    )


def _new(session: Session, saved: Saved, secret: str) -> Generator[Step, Any, Token]:
    """Ask the PBX for a token, and keep what came of it. Raises SignInError for credentials that are refused."""
    kept = session.kept
    remembered = saved.refusal(secret, session.clock())
    if remembered is not None:
        session.refused = refusal(session, secret, remembered.reason, until=remembered.until)
        raise error_of(session.refused)
    if isinstance(session.credentials, BrowserSignIn):
        try:
            grant = yield from _by_browser(session, session.credentials, saved.refresh_token(secret))
        except SignInError as error:  # nobody wants a browser to open for each request that follows
            session.refused = Refusal(secret, error.message, error.hint, error.path)
            raise
    else:
        response = yield from _ask(session, secret_form(session, secret))
        if refuses(response):
            reason = reason_of(response, secret)
            session.refused = refusal(session, secret, reason)
            yield Work(partial(kept.write, saved.refusing(secret, reason, session.clock())))
            raise error_of(session.refused)
        grant = granted(session, response)
    yield Work(partial(kept.write, saved.granting(secret, grant.token, grant.refresh, session.version)))
    return grant.token


def _secret(session: Session) -> Generator[Step, Any, str]:
    """What the credentials are now; the function that gives them is asked at each sign-in, so that keys can change."""
    if isinstance(session.credentials, str):
        return session.credentials
    if isinstance(session.credentials, BrowserSignIn):
        return " ".join(("browser", *session.credentials.scopes))
    secret = yield Work(session.credentials)
    if not isinstance(secret, str) or not secret:
        raise ConfigurationError(
            f"The function that should give the API key of client {session.client_id!r} gave none.",
            hint="It takes no argument and returns the key as a str.",
        )
    return Secret(secret)


def _by_browser(session: Session, browser: BrowserSignIn, refresh: str) -> Generator[Step, Any, Grant]:
    """A token for a person: by the refresh token as long as that lives, else by asking in a browser."""
    if refresh:
        response = yield from _ask(session, refresh_form(session.client_id, refresh))
        if not refuses(response):
            return granted(session, response)
    from .loopback import Attempt  # brings an HTTP server

    attempt = Attempt(session.url, session.client_id, session.label, browser)
    try:
        yield Work(attempt.begin)
        for _ in range(int(browser.timeout / LOOK_AGAIN)):
            if attempt.came_back is not None:
                break
            yield Wait(LOOK_AGAIN)
        else:
            raise refused(f"Nobody signed in within {browser.timeout:g} s.", "Start again, and sign in in the browser.")
    finally:
        attempt.close()
    response = yield from _ask(session, attempt.form())
    if refuses(response):
        raise refused(f"{session.label} did not take the code that the browser brought.", "Start again.")
    return granted(session, response)


def _ask(session: Session, form: Mapping[str, str]) -> Exchange:
    response: HttpResponse = yield Send(token_request(session, form))
    session.learn(response.headers.get("x-3cx-version"))
    return response
