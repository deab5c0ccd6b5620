"""The checks of ``trunkline doctor``: from the name of the PBX to what its client may do, each on what came before.

A check that fails raises `Failed`; one that only has something to remark gives a `Line` with a remark.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

from ..catalog import load, version_key
from ..client import Pbx
from ..errors import (
    BrokenAnswer,
    Forbidden,
    PbxError,
    ServerError,
    SignInError,
    TransportError,
    TrunklineError,
)
from ..printable import printable
from ..profiles import token_store
from ..request import HttpRequest
from ..result import HttpResponse
from ..result.origin import may_be_from_pbx, names_version
from ..result.response import not_the_api, parsed
from ..transport.address import base_url
from ..transport.options import ConnectOptions, InsecureConnection, connect
from ..transport.proxies import proxy_for
from ..transport.retries import Retries
from ..transport.session import API
from ..transport.sign_in import TOKEN_PATH
from ..transport.token_store import TokenStore
from .check_network import PATIENCE, network, speaks_tls
from .connect import Target
from .finding import Failed, Line, failing
from .hints import spelled

_CLOCK = 60.0  # seconds by which clocks may differ unremarked
_CALLS = 8  # an API needs an 8SC licence at least (docs/pbx.md, Rights)


def examine(target: Target) -> Iterator[Line]:
    """All checks, in order, as they are done. Raises Failed at the first that fails: the next would fail with it."""
    with failing("address"):
        url = base_url(target.url)
    parts = urlsplit(url)
    yield Line("address", "ok", f"{url}, client {target.client_id}" + _of(target.profile))
    with failing("network"):
        proxy = proxy_for(url)
    if proxy:
        yield Line(
            "network", "remark", f"connections go through the proxy {proxy.place}; name, port and TLS are its affair."
        )
    else:
        yield from network(parts, target)
    response = _spoken_to(url, target)
    yield _first_words(response)
    yield _clock(response)
    yield from _signed_in(url, target)


def _of(profile: str) -> str:
    return f" (profile {profile})" if profile else ""


# ── what answers ────────────────────────────────────────────────────────────────────────────────


def _spoken_to(url: str, target: Target) -> HttpResponse:
    """The answer to a question without a token: a 3CX refuses it. Failed if what answers is no 3CX."""
    parts = urlsplit(url)
    with failing("api"):
        adapter = connect(ConnectOptions(**{"connect_timeout": PATIENCE, **target.options}), url)
        try:
            request = HttpRequest("GET", f"{url}{API}/Defs?$select=Id", (("Accept", "application/json"),))
            response = adapter.send(request)
        except TransportError:
            if parts.scheme != "http" or not speaks_tls(parts):
                raise
            raise BrokenAnswer(
                f"The address says http, but {parts.netloc} speaks TLS.", hint=f"Use https://{parts.netloc}."
            ) from None
        finally:
            adapter.close()
        if response.status in (502, 503, 504):
            raise TransportError(
                f"{parts.netloc} answers {response.status}: its 3CX is down, or starting.",
                hint="Look whether the 3CX services run.",
            )
        if not _is_3cx(response):
            raise not_the_api(parts.netloc, response)
    return response


def _is_3cx(response: HttpResponse) -> bool:
    """Whether a 3CX can have answered so to a request without a token. A 404 says that it has no API there."""
    if response.status in (401, 403):
        return may_be_from_pbx(response)
    return response.status == 429 or (response.status != 404 and names_version(response))


def _first_words(response: HttpResponse) -> Line:
    if response.status == 403:
        said = "A 3CX answers there, but refuses already who has not signed in yet (403)."
        return Line("api", "remark", said, "This machine's address may be blocked: look at the PBX's IP blacklist.")
    if response.status == 429:
        said = "A 3CX answers there, and asks to slow down (429)."
        return Line("api", "remark", said, "Something here asks it too often; wait a moment.")
    return Line("api", "ok", "a 3CX answers there.")


def _clock(response: HttpResponse) -> Line:
    """How far the PBX's clock is from ours, by the Date header, which has whole seconds."""
    try:
        theirs = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return Line("clock", "remark", "The PBX does not tell the time (no Date header).")
    ahead = theirs - time.time()
    if abs(ahead) <= _CLOCK:
        return Line("clock", "ok", "the PBX's clock and this machine's agree.")
    direction = "ahead of" if ahead > 0 else "behind"
    said = f"The PBX's clock is {_span(abs(ahead))} {direction} this machine's."
    return Line("clock", "remark", said, "Set both by NTP: certificates and the times in reports depend on it.")


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


# ── what the client may do ──────────────────────────────────────────────────────────────────────


class _Client:
    """The client that is examined. At the first 403 it signs in afresh, once: the token that another process left in
    the token store may be dead, or older than the rights that the client has now."""

    def __init__(self, url: str, target: Target) -> None:
        self._url = url
        self._target = target
        self._store = token_store(True, os.environ)
        self._pbx = self._opened(self._store)

    def _opened(self, store: TokenStore | None) -> Pbx:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureConnection)  # it has been said, as a line
            return Pbx(
                self._url,
                self._target.client_id,
                self._target.client_secret,
                retries=Retries(attempts=1),
                token_store=store,
                **{**self._target.options, "check_version": False},
            )

    @property
    def version(self) -> str | None:
        return self._pbx.version

    def ask(self, action: str, **options: Any) -> HttpResponse:
        answer: HttpResponse = self._pbx.call(action, raw=True, **options)
        if answer.status == 403 and self._store is not None:
            afresh = TokenStore(self._store.folder, trusted=False)
            self._store = None
            self._pbx.close()
            self._pbx = self._opened(afresh)
            answer = self._pbx.call(action, raw=True, **options)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pbx.close()


def _signed_in(url: str, target: Target) -> Iterator[Line]:
    with _Client(url, target) as client:
        try:
            answer = client.ask("defs.get", select="Id")
        except TrunklineError as error:
            raise _sign_in_failure(error) from None
        if answer.status == 401:
            hint = "Somebody else signs in with the same client id all the time, or the PBX's clock is wrong."
            said = "The sign-in worked, but the token is refused at once."
            raise Failed(Line("sign-in", "failed", said, hint), SignInError.exit_code)
        yield Line("sign-in", "ok", f"the PBX takes the API key of {target.client_id}.")
        if answer.status not in (200, 403):
            said = f"The PBX answers {answer.status} to the simplest question (GET {API}/Defs)."
            raise Failed(Line("licence", "failed", said, "Look at the PBX's own event log."), _code(answer.status))
        if answer.status == 403 and not may_be_from_pbx(answer):
            said = f"Something in front of the 3CX refuses GET {API}/Defs (403)."
            hint = "A gateway or firewall answers in its place: let this machine through to /xapi."
            raise Failed(Line("api", "failed", said, hint), TransportError.exit_code)
        yield _licence(client, refused=answer.status == 403)
        yield _rights(client)
        yield _version(client.version)


def _code(status: int) -> int:
    return ServerError.exit_code if status >= 500 else PbxError.exit_code


def _sign_in_failure(error: TrunklineError) -> Failed:
    refused = isinstance(error, SignInError)
    line = Line("sign-in", "failed", error.message, spelled(error.hint))
    if refused and isinstance(error, SignInError) and error.path != TOKEN_PATH:
        line = line._replace(hint=f"{line.hint} Does another machine use the same client id?".strip())
    return Failed(line, error.exit_code)


def _status(client: _Client, action: str, **options: Any) -> int:
    """The status of a cheap read."""
    with failing("rights"):
        return client.ask(action, **options).status


def _licence(client: _Client, *, refused: bool) -> Line:
    """Whether the licence is why the API refuses. Failed where it is, or where all is refused and nobody says why."""
    with failing("licence"):
        answer = client.ask("license_status.get")
    told = _object(answer)
    if told.get("LicenseActive") is False:
        said = f"The licence has ended ({printable(str(told.get('ExpirationDate') or 'no date'))})."
        raise Failed(Line("licence", "failed", said, "Renew the 3CX's licence."), Forbidden.exit_code)
    calls = told.get("MaxSimCalls")
    if refused and isinstance(calls, int) and 0 < calls < _CALLS:
        said = f"The licence is for {calls} simultaneous calls: the API needs {_CALLS}, and Enterprise or AI."
        raise Failed(Line("licence", "failed", said, "Ask your 3CX partner for a larger one."), Forbidden.exit_code)
    if refused:
        said = "Signed in, but everything is refused (403)."
        hint = (
            "Give the client the role System Owner or System Admin in its department (Admin console, Integrations, "
            "API): in System Wide it is a mere user. If it has one, look at the licence: the API needs 8SC "
            "Enterprise or AI."
        )
        raise Failed(Line("rights", "failed", said, hint), Forbidden.exit_code)
    return Line("licence", "ok", f"active, {calls} simultaneous calls." if isinstance(calls, int) else "good enough.")


def _object(answer: HttpResponse) -> dict[str, Any]:
    try:
        told = parsed(answer.body) if answer.status == 200 else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _rights(client: _Client) -> Line:
    """What a cheap read of what an owner may see, and of what an admin may, tells of the role (docs/pbx.md, Rights)."""
    owner = _status(client, "recordings.list", top=1, select="Id")
    admin = _status(client, "users.list", top=1, select="Id")
    if admin == 403:
        hint = "Give it the role System Owner or System Admin (Admin console, Integrations, API)."
        line = Line("rights", "failed", "The client may not even read the users (403).", hint)
        raise Failed(line, Forbidden.exit_code)
    if owner == 403:
        return Line(
            "rights",
            "remark",
            "System Admin: all but the call log, chats, recordings and scheduled reports.",
            "For these the client needs the role System Owner.",
        )
    for status in (owner, admin):
        if status != 200:
            said = f"The PBX answers {status} to a simple read."
            raise Failed(Line("rights", "failed", said, "Look at the PBX's own event log."), _code(status))
    return Line("rights", "ok", "System Owner: everything.")


def _version(version: str | None) -> Line:
    editions = [edition.version for edition in load().editions]
    if version is None:
        return Line("version", "remark", "The PBX does not tell its version.", "What it lacks shows only when asked.")
    own, newest, oldest = version_key(version), version_key(editions[-1]), version_key(editions[1])
    if own[:3] > newest[:3]:
        return Line(
            "version",
            "remark",
            f"3CX {version} is newer than the newest that is known here, {editions[-1]}.",
            "What is new in it is not known: update trunkline, or use the PBX's own description.",
        )
    if own[:3] < oldest[:3]:
        return Line(
            "version",
            "remark",
            f"3CX {version} is older than {editions[1]}; what is known of it is {editions[0]}.",
            "Actions that it lacks show only when they are asked.",
        )
    return Line("version", "ok", f"3CX {version} is known, with {len(load(version).actions)} actions.")
