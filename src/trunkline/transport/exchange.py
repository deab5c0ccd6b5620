"""One request to a PBX, with sign-in and retries, as a generator that does no I/O itself.

It yields *steps* and receives what came of them: a `Send` gets its HttpResponse (or a TransportError thrown in), a
`Pause` gets nothing, `LOCK` and `UNLOCK` bracket what one task may do at a time, a `Work` gets what its function gave.
So the same logic serves threads and event loops (`driver.py`, `async_driver.py`), and no line of it exists twice.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Coroutine, Generator, Mapping
from functools import partial
from typing import Any, NamedTuple

from ..errors import ConfigurationError, Facts, Hint, PbxError, SignInError, TimedOut, TransportError, TrunklineError
from ..request import HttpRequest
from ..result import HttpResponse, is_from_pbx
from ..result.failures import UNKNOWN
from ..result.origin import may_be_from_pbx
from .browser import BrowserSignIn
from .pkce import refresh_form, refused
from .retries import Retries
from .session import API, Refusal, Session, checked_key
from .sign_in import Grant, error_of, granted, reason_of, refusal, refuses, secret_form, token_request
from .token import Token
from .token_store import Saved

PATIENCE = 120.0
"""Seconds to wait for another process to sign in: twice as long as one request may take by default."""
LOOK_AGAIN = 0.05
"""Seconds between two looks at another process's lock, or for the browser."""

DENIAL_LASTS = 120.0
"""Seconds for which a 403 is taken for a lack of rights, after a new token didn't help against one."""
TRIAL = 30.0
"""The same while the first process tries whether its new token helps."""

_REPEATABLE = ("GET", "DELETE")


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
    """Another process or a person is at work: look again after this number of seconds. Nothing failed."""

    seconds: float


Step = Send | Pause | Turn | Work | Wait
Steps = Generator[Step, Any, Any]
Exchange = Generator[Step, Any, HttpResponse]  # a Send is answered with an HttpResponse


def exchange(session: Session, request: HttpRequest, retries: Retries) -> Exchange:
    """Send one API request until it has an answer that counts.

    A GET is sent again after a lost connection, 429, 502, 503 and 504, as ``Retry-After`` asks. A DELETE likewise, and
    a 404 of the PBX then means that an earlier try had worked. Any other write is sent again only where no connection
    was made: no status proves that it was not carried out. Raises TransportError, SignInError, or the error of a
    sign-in; other statuses are the caller's to read.
    """
    perhaps_done = False
    attempt = 0
    while True:
        attempt += 1
        try:
            token = session.token
            if token is None or not token.fresh(session.clock()):
                token = yield from _sign_in(session, instead_of=token)
            response: HttpResponse = yield _with_token(session, request, token)
            session.learn(response.headers.get("x-3cx-version"))
            if response.status in (401, 403):
                response = yield from _renewed(session, request, token, response)
        except TransportError as error:
            perhaps_done = perhaps_done or error.processed is not False
            safe = error.processed is False or request.method in _REPEATABLE
            if not error.retryable or not safe or attempt >= retries.attempts or not session.budget.take():
                raise _explained(error, request, perhaps_done, attempt) from None
            wait = retries.delay(attempt)
        except TrunklineError as error:  # of a sign-in
            if perhaps_done and request.method != "GET":
                facts: Facts = {"hint": error.hint.after(UNKNOWN)}
                if isinstance(error, PbxError):
                    facts["processed"] = None
                raise error.replace(**facts) from error.__cause__
            raise
        else:
            if perhaps_done and request.method == "DELETE" and response.status == 404 and is_from_pbx(response):
                return response._replace(status=204, body=b"")
            delay = _wait_before_retry(response, request, retries, attempt)
            if delay is None or attempt >= retries.attempts or not session.budget.take():
                if response.status < 500:
                    session.budget.answered()
                return response
            wait = delay
            perhaps_done = True
        try:
            yield Pause(wait)
        except TransportError as out_of_time:
            known = out_of_time.replace(processed=None if perhaps_done else False)
            raise _explained(known, request, perhaps_done, attempt) from None


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
                raise _explained(error, HttpRequest("GET", ""), perhaps_done=False, attempts=attempt) from None
            yield Pause(retries.delay(attempt))


def _wait_before_retry(response: HttpResponse, request: HttpRequest, retries: Retries, attempt: int) -> float | None:
    """Seconds to wait before an answered request may be sent again; None if it may not."""
    if response.status not in (429, 502, 503, 504) or request.method not in _REPEATABLE:
        return None
    asked = response.retry_after
    if asked is not None:
        return asked if asked <= retries.ceiling else None
    return retries.delay(attempt)


def _explained(error: TransportError, request: HttpRequest, perhaps_done: bool, attempts: int) -> TransportError:
    """Return the error with what it means for a request that changes something, as the user must know."""
    message = error.message if attempts == 1 else f"{error.message.removesuffix('.')} ({attempts} attempts)."
    if request.method != "GET" and perhaps_done:
        return error.replace(message, hint=UNKNOWN, processed=None)
    return error.replace(message, hint=error.hint or _AGAIN)


_AGAIN = Hint("Try again; if it goes on, look at the PBX, and at what stands between it and you.")


def _renewed(session: Session, request: HttpRequest, token: Token, response: HttpResponse) -> Exchange:
    """Return the answer; if it says that the token is dead, renew the token and send the request again.

    A 401 says that it is dead. A 403 may say so too, of a token that another process fetched (seen on one live
    system); of a token that this process fetched it means that the client lacks the right.
    """
    if response.status == 403 and token.shared and may_be_from_pbx(response):
        renewed = yield from _sign_in(session, instead_of=token, after_403=True)
        if renewed.access != token.access:
            token = renewed
            response = yield from _sent(session, request, token)
            if not token.shared:
                yield from _note_403(session, token, response)
    if response.status == 401 and may_be_from_pbx(response):
        token = yield from _sign_in(session, instead_of=token)
        response = yield from _sent(session, request, token)
    return response


def _sent(session: Session, request: HttpRequest, token: Token) -> Exchange:
    response: HttpResponse = yield _with_token(session, request, token)
    session.learn(response.headers.get("x-3cx-version"))
    return response


def _with_token(session: Session, request: HttpRequest, token: Token) -> Send:
    root = session.url if request.is_outside else f"{session.url}{API}"
    headers = (*request.headers, ("Authorization", f"Bearer {token.access}"))
    return Send(request._replace(target=f"{root}{request.target}", headers=headers))


def _sign_in(session: Session, *, instead_of: Token | None, after_403: bool = False) -> Generator[Step, Any, Token]:
    """Yield a live token other than ``instead_of``; one task asks for it and all share it, as only one is alive.

    After a 403 it may be ``instead_of`` again: where it is known that the client lacks the right.
    """
    yield Turn.LOCK
    try:
        if session.token is None or session.token is instead_of:
            session.token = yield from _shared(session, instead_of, after_403)
        token = session.token
    except (TransportError, PbxError) as error:
        yield Turn.UNLOCK
        # The request that waits for this token was not sent at all.
        raise error.replace(processed=False) from error.__cause__
    except Exception:
        yield Turn.UNLOCK
        raise
    yield Turn.UNLOCK
    return token


def _shared(session: Session, instead_of: Token | None, after_403: bool) -> Generator[Step, Any, Token]:
    """Yield a live token from the store, else from the PBX: one process asks, and leaves it there for all.

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
        if token is not None:
            return token
        if after_403 and instead_of is not None and _lacks_right(session, saved, secret):
            return instead_of
        return (yield from _new(session, saved, secret, after_403))
    finally:
        kept.unlock()  # not a step: a cancelled task takes none any more


def _live(session: Session, saved: Saved, secret: str, instead_of: Token | None) -> Token | None:
    """Return the saved token, if it is ours, has time left, and isn't the one that just failed."""
    token = saved.token(secret)
    if token is None or not token.fresh(session.clock()) or (instead_of and token.access == instead_of.access):
        return None
    if session.version is None:
        session.learn(saved.version)
    return token._replace(shared=True)


def _lacks_right(session: Session, saved: Saved, secret: str) -> bool:
    """Whether a 403 is known to mean a lack of rights; a person is not asked to sign in again to find out."""
    if session.clock() < saved.denied_until <= session.clock() + DENIAL_LASTS:
        return True
    return isinstance(session.credentials, BrowserSignIn) and not saved.refresh_token(secret)


def _note_403(session: Session, token: Token, response: HttpResponse) -> Generator[Step, Any, None]:
    """Leave in the store whether a new token helped against a 403.

    If it didn't, the client lacks the right, and no process asks for another token for the same reason for a while;
    or processes that share a client would end each other's token at every 403.
    """
    if session.renewed_after_403 is not token:
        return
    session.renewed_after_403 = None
    until = session.clock() + DENIAL_LASTS if response.status == 403 else 0.0
    kept = session.kept
    yield Turn.LOCK
    try:
        if (yield Work(kept.lock)):  # who finds it locked goes on: the note only spares others a sign-in
            saved: Saved = yield Work(kept.read)
            if saved.access == token.access:
                yield Work(partial(kept.write, saved.denying(until)))
    finally:
        kept.unlock()
    yield Turn.UNLOCK


def _file_lock(session: Session) -> Generator[Step, Any, None]:
    """Wait while another process signs in; the operating system frees the lock of one that was killed."""
    patience = PATIENCE + (session.credentials.timeout if isinstance(session.credentials, BrowserSignIn) else 0)
    for _ in range(int(patience / LOOK_AGAIN)):
        if (yield Work(session.kept.lock)):
            return
        yield Wait(LOOK_AGAIN)
    raise TimedOut(
        f"Another process has been signing in to {session.label} for {patience / 60:.0f} min.",
        hint=f"End it if it hangs (its lock is with {session.kept.place}), or go on without the token store.",
        processed=False,
    )


def _new(session: Session, saved: Saved, secret: str, after_403: bool) -> Generator[Step, Any, Token]:
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
            session.refused = Refusal(secret, error.message, str(error.hint), error.path)
            raise
    else:
        response = yield from _ask(session, secret_form(session, secret))
        if refuses(response):
            reason = reason_of(response, secret)
            session.refused = refusal(session, secret, reason, status=response.status)
            yield Work(partial(kept.write, saved.refusing(secret, reason, session.clock())))
            raise error_of(session.refused)
        grant = granted(session, response)
    saved = saved.granting(secret, grant.token, grant.refresh, session.version)
    if after_403:
        session.renewed_after_403 = grant.token
        saved = saved.denying(session.clock() + TRIAL)
    yield Work(partial(kept.write, saved))
    return grant.token


def _secret(session: Session) -> Generator[Step, Any, str]:
    """Yield what the credentials are now.

    The function that gives them is asked at each sign-in, so that keys can change.
    """
    if isinstance(session.credentials, str):
        return session.credentials
    if isinstance(session.credentials, BrowserSignIn):
        return " ".join(("browser", *session.credentials.scopes))
    secret = yield Work(partial(_called, session.client_id, session.credentials))
    if isinstance(secret, TrunklineError):
        raise secret  # here, so that the exchange can say what it means for a request that was lost before
    return checked_key(session.client_id, secret)


def _called(client_id: str, function: Callable[[], str]) -> str | TrunklineError:
    """Return the API key that a function gives; else the error, into which whatever it raises is turned."""
    try:
        secret = function()
    except TrunklineError as error:
        return error
    except Exception as problem:  # its text may have the key in it
        return ConfigurationError(
            f"The function that should give the API key of client {client_id!r} failed ({type(problem).__name__}).",
            hint="Call it by itself to see why.",
        )
    if isinstance(secret, Coroutine):
        secret.close()
    if not isinstance(secret, str) or not secret.strip():
        return ConfigurationError(
            f"The function that should give the API key of client {client_id!r} gave none.",
            hint="It takes no argument, is not async, and returns the key as a str.",
        )
    return secret


def _by_browser(session: Session, browser: BrowserSignIn, refresh: str) -> Generator[Step, Any, Grant]:
    """Yield a token for a person: by the refresh token as long as that lives, else by asking in a browser."""
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
            count = attempt.strays
            strays = f" Answers to other requests than ours that were ignored: {count}." if count else ""
            raise refused(
                f"Nobody signed in within {browser.timeout:g} s.{strays}", "Start again, and sign in in the browser."
            )
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
