"""What is wrong with a connection: checks from the name of the PBX to what its client may do, each on the last."""

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
from ..connections.targets import Target
from ..errors import BrokenAnswer, Forbidden, PbxError, ServerError, SignInError, TransportError, TrunklineError
from ..printable import printable
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
from ..transport.token_store import TokenStore, own_store
from .finding import CheckFailed, Finding, checking
from .network import TIMEOUT, check_network, speaks_tls

_CLOCK = 60.0  # seconds by which clocks may differ without a warning
_CALLS = 8  # an API needs an 8SC licence at least (docs/pbx.md, Rights)
_EVENT_LOG = "Look at the PBX's own event log."


def diagnose(target: Target) -> Iterator[Finding]:
    """Check a connection step by step, and yield what each check finds; one that fails is the last. Changes nothing."""
    try:
        yield from _checks(target)
    except CheckFailed as failed:
        yield failed.finding


def _checks(target: Target) -> Iterator[Finding]:
    with checking("address"):
        target.key()
        url = base_url(target.url)
    parts = urlsplit(url)
    profile = f" (profile {target.profile})" if target.profile else ""
    yield Finding.ok("address", f"{url}, client {target.client_id}{profile}")
    with checking("network"):
        proxy = proxy_for(url)
    if proxy:
        message = f"Connections go through the proxy {proxy.place}: name, port and TLS can't be checked from here."
        yield Finding.warning("network", message)
    else:
        yield from check_network(parts, target)
    response = _first_answer(url, target)
    yield _check_api(response)
    yield _check_clock(response)
    yield from _check_client(url, target)


# ── what answers ────────────────────────────────────────────────────────────────────────────────


def _first_answer(url: str, target: Target) -> HttpResponse:
    """Send a request without a token, which a 3CX refuses. CheckFailed if what answers is not a 3CX."""
    parts = urlsplit(url)
    with checking("api"):
        adapter = connect(ConnectOptions(**{"connect_timeout": TIMEOUT, **target.options}), url)
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
            raise ServerError(
                f"{parts.netloc} answers {response.status}: its 3CX is down, or starting.",
                hint="Look whether the 3CX services run.",
                status=response.status,
            )
        if not _is_3cx(response):
            raise not_the_api(parts.netloc, response)
    return response


def _is_3cx(response: HttpResponse) -> bool:
    """Whether a 3CX can have answered so to a request without a token. A 404 means that it has no API there."""
    if response.status in (401, 403):
        return may_be_from_pbx(response)
    return response.status == 429 or (response.status != 404 and names_version(response))


def _check_api(response: HttpResponse) -> Finding:
    if response.status == 403:
        message = "A 3CX answers there, but refuses even a client that has not signed in yet (403)."
        hint = "This machine's address may be blocked: look at the PBX's IP blacklist."
        return Finding.warning("api", message, hint)
    if response.status == 429:
        message = "A 3CX answers there, and asks to slow down (429)."
        return Finding.warning("api", message, "Something here sends it too many requests; wait a moment.")
    return Finding.ok("api", "a 3CX answers there.")


def _check_clock(response: HttpResponse) -> Finding:
    """Compare the PBX's clock with ours, by the Date header, which has whole seconds."""
    try:
        theirs = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return Finding.warning("clock", "The PBX does not send its time (no Date header).")
    ahead = theirs - time.time()
    if abs(ahead) <= _CLOCK:
        return Finding.ok("clock", "the PBX's clock and this machine's agree.")
    direction = "ahead of" if ahead > 0 else "behind"
    message = f"The PBX's clock is {_span(abs(ahead))} {direction} this machine's."
    return Finding.warning("clock", message, "Set both by NTP: certificates and the times in reports depend on it.")


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


# ── what the client may do ──────────────────────────────────────────────────────────────────────


class _Client:
    """The client that is checked. At the first 403 it signs in afresh, once: the token that another process left in
    the token store may be dead, or older than the rights that the client has now."""

    def __init__(self, url: str, target: Target) -> None:
        self._url = url
        self._target = target
        self._store = own_store(os.environ)
        self._pbx = self._opened(self._store)

    def _opened(self, store: TokenStore | None) -> Pbx:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureConnection)  # it is a finding already
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

    def call(self, action: str, **options: Any) -> HttpResponse:
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


def _check_client(url: str, target: Target) -> Iterator[Finding]:
    with _Client(url, target) as client:
        try:
            answer = client.call("defs.get", select="Id")
        except TrunklineError as error:
            raise CheckFailed("sign-in", _with_doubt(error)) from None
        if answer.status == 401:
            message = "The sign-in worked, but the PBX refuses the new token at once."
            hint = "Somebody else signs in with the same client id all the time, or the PBX's clock is wrong."
            raise CheckFailed("sign-in", SignInError(message, hint=hint, status=401))
        yield Finding.ok("sign-in", f"the PBX accepts the API key of {target.client_id}.")
        if answer.status not in (200, 403):
            message = f"The PBX answers {answer.status} to the simplest request (GET {API}/Defs)."
            raise CheckFailed("licence", _failure(message, answer.status))
        if answer.status == 403 and not may_be_from_pbx(answer):
            message = f"Something in front of the 3CX refuses GET {API}/Defs (403)."
            hint = "A gateway or firewall answers in its place: let this machine through to /xapi."
            raise CheckFailed("api", BrokenAnswer(message, hint=hint))
        yield _check_licence(client, refused=answer.status == 403)
        yield _check_rights(client)
        yield _check_version(client.version)


def _with_doubt(error: TrunklineError) -> TrunklineError:
    """Add to a refused token, where the key was accepted, that another client may have ended it."""
    if not isinstance(error, SignInError) or error.path == TOKEN_PATH:
        return error
    hint = error.hint._replace(text=f"{error.hint.text} Does another machine use the same client id?".strip())
    return SignInError(error.message, hint=hint, status=error.status or 401)


def _failure(message: str, status: int) -> PbxError:
    return (ServerError if status >= 500 else PbxError)(message, hint=_EVENT_LOG, status=status)


def _status(client: _Client, action: str, **options: Any) -> int:
    """Make a cheap read, and give its status."""
    with checking("rights"):
        return client.call(action, **options).status


def _check_licence(client: _Client, *, refused: bool) -> Finding:
    """Whether the licence is why the API refuses. Fails where it is, or where all is refused for no known reason."""
    with checking("licence"):
        licence = _entity(client.call("license_status.get"))
    calls = licence.get("MaxSimCalls")
    if licence.get("LicenseActive") is False:
        message = f"The licence has ended ({printable(str(licence.get('ExpirationDate') or 'no date'))})."
        raise CheckFailed("licence", Forbidden(message, hint="Renew the 3CX's licence.", status=403))
    if refused and isinstance(calls, int) and 0 < calls < _CALLS:
        message = f"The licence is for {calls} simultaneous calls: the API needs {_CALLS}, and Enterprise or AI."
        hint = "Ask your 3CX partner for a larger one."
        raise CheckFailed("licence", Forbidden(message, hint=hint, status=403))
    if refused:
        message = "The PBX accepts the sign-in, and refuses everything else (403)."
        hint = (
            "Give the client the role System Owner or System Admin in its department (Admin console, Integrations, "
            "API): in System Wide it is an ordinary user. If it has one, look at the licence: the API needs 8SC "
            "Enterprise or AI."
        )
        raise CheckFailed("rights", Forbidden(message, hint=hint, status=403))
    return Finding.ok("licence", f"active, {calls} simultaneous calls." if isinstance(calls, int) else "good enough.")


def _entity(answer: HttpResponse) -> dict[str, Any]:
    try:
        value = parsed(answer.body) if answer.status == 200 else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _check_rights(client: _Client) -> Finding:
    """Find the role by a cheap read of what an owner may see, and of what an admin may (docs/pbx.md, Rights)."""
    owner = _status(client, "recordings.list", top=1, select="Id")
    admin = _status(client, "users.list", top=1, select="Id")
    if admin == 403:
        hint = "Give it the role System Owner or System Admin (Admin console, Integrations, API)."
        raise CheckFailed("rights", Forbidden("The client may not even read the users (403).", hint=hint, status=403))
    if owner == 403:
        message = "System Admin: all but the call log, chats, recordings and scheduled reports."
        return Finding.warning("rights", message, "For these the client needs the role System Owner.")
    for status in (owner, admin):
        if status != 200:
            raise CheckFailed("rights", _failure(f"The PBX answers {status} to a simple read.", status))
    return Finding.ok("rights", "System Owner: everything.")


def _check_version(version: str | None) -> Finding:
    editions = [edition.version for edition in load().editions]
    if version is None:
        message = "The PBX does not send its version."
        return Finding.warning("version", message, "Actions that it lacks fail only when they are used.")
    own, newest, oldest = version_key(version), version_key(editions[-1]), version_key(editions[1])
    if own[:3] > newest[:3]:
        message = f"3CX {version} is newer than the newest version that is known here, {editions[-1]}."
        hint = "What is new in it is not known: install a newer Trunkline, or use the PBX's own description."
        return Finding.warning("version", message, hint)
    if own[:3] < oldest[:3]:
        message = f"3CX {version} is older than {editions[1]}; what is known of it is {editions[0]}."
        return Finding.warning("version", message, "Actions that it lacks fail only when they are used.")
    return Finding.ok("version", f"3CX {version} is known, with {load(version).counts.forms} actions.")
