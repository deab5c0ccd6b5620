"""The checks of ``trunkline doctor``: from the name of the PBX to what its client may do, each on what came before.

A check that fails raises `Failed`; one that only has something to remark gives a `Line` with a remark.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

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
    Unreachable,
)
from ..request import HttpRequest
from ..result import HttpResponse
from ..result.response import not_the_api
from ..transport.exchange import API
from ..transport.options import ConnectOptions, connect, proxy_of
from ..transport.retries import Retries
from ..transport.session import base_url
from ..transport.sign_in import TOKEN_PATH
from .connect import Target

Result = Literal["ok", "remark", "failed"]

_PORTS = (443, 5001)  # where a 3CX answers (PBX.md, Address)
_PATIENCE = 10.0  # seconds for a connection
_DAYS_LEFT = 21  # of a certificate, from which on it is remarked
_CLOCK = 60.0  # seconds by which clocks may differ unremarked
_CALLS = 8  # an API needs an 8SC licence at least (PBX.md, Rights)


class Line(NamedTuple):
    """What one check found. ``hint`` is what to do next, "" where nothing is."""

    check: str
    result: Result
    said: str
    hint: str = ""


class Failed(Exception):
    """A check failed: what it says, and the exit code of that."""

    def __init__(self, line: Line, exit_code: int) -> None:
        super().__init__(line.said)
        self.line = line
        self.exit_code = exit_code


def examine(target: Target) -> Iterator[Line]:
    """All checks, in order, as they are done. Raises Failed at the first that fails: the next would fail with it."""
    with _failing("address"):
        url = base_url(target.url)
    parts = urlsplit(url)
    yield Line("address", "ok", f"{url}, client {target.client_id}" + _of(target.profile))
    proxy = proxy_of(url)
    if proxy:
        yield Line("network", "remark", f"connections go through the proxy {proxy}; name, port and TLS are its affair.")
    else:
        yield from _network(parts, target)
    response = _spoken_to(url, target)
    yield _first_words(response)
    yield _clock(response)
    yield from _signed_in(url, target)


def _of(profile: str) -> str:
    return f" (profile {profile})" if profile else ""


def _fail(check: str, error: TrunklineError) -> Failed:
    return Failed(
        Line(check, "failed", error.message, error.hint or "Check what was given, and try again."), error.exit_code
    )


@contextmanager
def _failing(check: str) -> Iterator[None]:
    """An error in here is the failure of a check."""
    try:
        yield
    except TrunklineError as error:
        raise _fail(check, error) from None


# ── the way there ───────────────────────────────────────────────────────────────────────────────


def _network(parts: SplitResult, target: Target) -> Iterator[Line]:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        hint = "Check how it is spelled, and this machine's DNS; a VPN may be needed."
        raise Failed(
            Line("name", "failed", f"The name {host} can't be resolved.", hint), Unreachable.exit_code
        ) from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    yield Line("name", "ok", f"{host} is {', '.join(addresses)}." if addresses != [host] else f"{host} is an address.")
    patience = min(_PATIENCE, float(target.options.get("timeout", _PATIENCE)))
    try:
        socket.create_connection((host, port), patience).close()
    except OSError as problem:
        raise Failed(_closed(host, port, problem, patience), Unreachable.exit_code) from None
    yield Line("port", "ok", f"port {port} answers.")
    yield _plain(host) if parts.scheme == "http" else _tls(host, port, patience, target)


def _closed(host: str, port: int, problem: OSError, patience: float) -> Line:
    silent = isinstance(problem, TimeoutError)
    said = f"Port {port} of {host} {'is silent' if silent else 'takes no connection'} ({problem.strerror or problem})."
    for other in _PORTS:
        if other != port and _open(host, other, min(patience, 3.0)):
            return Line("port", "failed", said, f"Port {other} answers: is it --url https://{host}:{other}?")
    hint = "A firewall may drop it, or the PBX is down." if silent else "Is the PBX up, and is the port right?"
    return Line("port", "failed", said, f"{hint} A 3CX has 443 where 3CX hosts it, 5001 on premises.")


def _open(host: str, port: int, patience: float) -> bool:
    try:
        socket.create_connection((host, port), patience).close()
    except OSError:
        return False
    return True


def _plain(host: str) -> Line:
    if host in ("localhost", "127.0.0.1", "::1"):
        return Line("tls", "ok", "plain HTTP, inside this machine.")
    hint = "Use https and port 443 or 5001."
    return Line("tls", "remark", "Plain HTTP: anyone on the way can read the API key.", hint)


def _speaks_tls(parts: SplitResult) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: the question is only what is spoken there
    host = parts.hostname or ""
    try:
        with (
            socket.create_connection((host, parts.port or 80), _PATIENCE) as raw,
            context.wrap_socket(raw, server_hostname=host),
        ):
            return True
    except OSError:
        return False


def _tls(host: str, port: int, patience: float, target: Target) -> Line:
    verify = target.options.get("verify", True)
    with _failing("tls"):
        trusted = _trusting(verify)
    try:
        with (
            socket.create_connection((host, port), patience) as raw,
            trusted.wrap_socket(raw, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            spoken = secure.version()
    except ssl.SSLCertVerificationError as problem:
        said, hint = _distrust(problem, host, given=isinstance(verify, str))
        if verify is False:
            hint = hint.partition(", or --insecure")[0].removesuffix(".") + "; then --insecure is not needed."
            return Line("tls", "remark", f"{said} It is taken all the same: nothing is verified.", hint)
        raise Failed(Line("tls", "failed", said, hint), Unreachable.exit_code) from None
    except OSError as problem:
        reason = getattr(problem, "reason", None) or problem.strerror or type(problem).__name__
        hint = "It may be a plain HTTP port: 5000 and 5004 are, 443 and 5001 speak TLS."
        line = Line("tls", "failed", f"Port {port} of {host} speaks no TLS ({reason}).", hint)
        raise Failed(line, Unreachable.exit_code) from None
    end = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((end - time.time()) // 86_400)
    said = f"{spoken}, certificate of {_issuer(certificate)}, good until {time.strftime('%Y-%m-%d', time.gmtime(end))}"
    if days < _DAYS_LEFT:
        return Line("tls", "remark", f"{said}: {days} days are left.", "Renew it on the 3CX in time.")
    if verify is False:
        return Line("tls", "remark", f"{said}, but nothing is verified.", "It would pass: leave --insecure out.")
    return Line("tls", "ok", f"{said}.")


def _trusting(verify: Any) -> ssl.SSLContext:
    """What the client trusts: the system's authorities, and those of the CA file."""
    from ..transport.options import ca_file

    context = ssl.create_default_context()
    ours = None if verify is False else ca_file(ConnectOptions(verify))
    if ours is not None:
        try:
            context.load_verify_locations(cafile=os.fspath(verify))
        except ssl.SSLError:
            from ..transport.options import no_certificates

            raise no_certificates(ConnectOptions(verify)) from None
    return context


def _distrust(problem: ssl.SSLCertVerificationError, host: str, *, given: bool) -> tuple[str, str]:
    """Why a certificate isn't trusted, by OpenSSL's number for it (X509_V_ERR_…), and what helps."""
    match problem.verify_code:
        case 10:
            return "The certificate has expired.", "Renew it on the 3CX, and check this machine's clock."
        case 9:
            return "The certificate is not valid yet.", "Check the clocks of this machine and of the PBX."
        case 62 | 64:
            return (
                f"The certificate is not for {host}.",
                "Use the name that it is for: the 3CX's FQDN, not its IP address.",
            )
        case 18:
            said = "The certificate is self-signed."
        case _:
            said = f"The certificate is of an authority that nobody here trusts ({problem.verify_message})."
    if given:
        return said, "The CA file is of another authority: get that of this PBX, and give it with --ca-file."
    return said, "Give its authority's certificate with --ca-file PEM, or --insecure if you know what is on the way."


def _issuer(certificate: dict[str, Any]) -> str:
    named = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(named.get("organizationName") or named.get("commonName") or "an unnamed authority")


# ── what answers ────────────────────────────────────────────────────────────────────────────────


def _spoken_to(url: str, target: Target) -> HttpResponse:
    """The answer to a question without a token: a 3CX refuses it. Failed if what answers is no 3CX."""
    parts = urlsplit(url)
    with _failing("api"):
        adapter = connect(ConnectOptions(**{"connect_timeout": _PATIENCE, **target.options}))
        try:
            request = HttpRequest("GET", f"{url}{API}/Defs?$select=Id", (("Accept", "application/json"),))
            response = adapter.send(request)
        except TransportError:
            if parts.scheme != "http" or not _speaks_tls(parts):
                raise
            raise BrokenAnswer(
                f"The address says http, but {parts.netloc} speaks TLS.", hint=f"Use https://{parts.netloc}."
            ) from None
        finally:
            adapter.close()
        named = "x-3cx-version" in response.headers
        if response.status in (502, 503, 504):
            raise TransportError(
                f"{parts.netloc} answers {response.status}: its 3CX is down, or starting.",
                hint="Look whether the 3CX services run.",
            )
        if response.status not in (401, 403, 429) and not (named and response.status != 404):
            raise not_the_api(parts.netloc, response)
    return response


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
    except (KeyError, ValueError):
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


def _signed_in(url: str, target: Target) -> Iterator[Line]:
    import warnings

    from ..transport.options import InsecureConnection

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureConnection)  # it has been said, as a line
        pbx = Pbx(
            url,
            target.client_id,
            target.client_secret,
            retries=Retries(attempts=1),
            check_version=False,
            **target.options,
        )
    with pbx:
        try:
            answer = pbx.call("defs.get", select="Id", raw=True)
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
        yield _licence(pbx, refused=answer.status == 403)
        yield _rights(pbx)
        yield _version(pbx.version)


def _code(status: int) -> int:
    return ServerError.exit_code if status >= 500 else PbxError.exit_code


def _sign_in_failure(error: TrunklineError) -> Failed:
    refused = isinstance(error, SignInError)
    line = Line("sign-in", "failed", error.message, error.hint)
    if refused and isinstance(error, SignInError) and error.path != TOKEN_PATH:
        line = line._replace(hint=f"{error.hint} Does another machine use the same client id?".strip())
    return Failed(line, error.exit_code)


def _status(pbx: Pbx, action: str, **options: Any) -> int:
    """The status of a cheap read."""
    with _failing("rights"):
        return int(pbx.call(action, raw=True, **options).status)


def _licence(pbx: Pbx, *, refused: bool) -> Line:
    """Whether the licence is why the API refuses. Failed where it is, or where all is refused and nobody says why."""
    with _failing("licence"):
        answer = pbx.call("license_status.get", raw=True)
    told = _object(answer)
    if told.get("LicenseActive") is False:
        said = f"The licence has ended ({told.get('ExpirationDate') or 'no date'})."
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
        told = msgspec.json.decode(answer.body) if answer.status == 200 else {}
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _rights(pbx: Pbx) -> Line:
    """What a cheap read of what an owner may see, and of what an admin may, tells of the role (PBX.md, Rights)."""
    owner = _status(pbx, "recordings.list", top=1, select="Id")
    admin = _status(pbx, "users.list", top=1, select="Id")
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
