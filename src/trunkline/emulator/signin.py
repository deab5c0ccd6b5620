"""Sign-in: clients, and the tokens that ``POST /connect/token`` gives them (PBX.md, Address, sign-in, version).

A client shows its secret, or brings a code that ``GET /connect/authorize`` gave to a browser. Nobody is asked there:
the emulator's owner is always at home, and signs in at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ..catalog import version_key
from .forms import read_form
from .messages import Request, Response
from .refusals import Refusal, no_such_path

SIGN_IN = b"/connect/"
OWNER = "system_owners"
ADMIN = "system_admins"

SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
CODE_LASTS = 60.0

_EXPIRES_IN_SECONDS_SINCE = version_key("20.0.9")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Client:
    client_id: str
    api_key: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Token:
    text: str
    client: Client
    expires_at: float


@dataclass(frozen=True)
class Code:
    """What a browser was given to take back: for one client, one redirect, one proof, once, and not for long."""

    client: Client
    redirect_uri: str
    challenge: str
    offline: bool
    expires_at: float


class SignIn:
    """The clients of one PBX and the one living token of each: a new token kills the old one at once."""

    def __init__(self, version: str, lifetime: float) -> None:
        self._lifetime = lifetime
        self._in_seconds = version_key(version) >= _EXPIRES_IN_SECONDS_SINCE
        self._clients: dict[str, Client] = {}
        self._alive: dict[str, Token] = {}
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Client] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())

    def add(self, client: Client) -> None:
        self._clients[client.client_id] = client

    def answer(self, request: Request) -> Response:
        """The answer to a request below ``/connect/``; a refusal has OAuth's own body, not OData's."""
        if request.path == b"/connect/token":
            return self._token(request) if request.method == "POST" else Response(405, headers={"Allow": "POST"})
        if request.path == b"/connect/authorize":
            return self._authorize(request) if request.method == "GET" else Response(405, headers={"Allow": "GET"})
        raise no_such_path()

    def _token(self, request: Request) -> Response:
        form = read_form(request)
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request")
        match form["grant_type"]:
            case "client_credentials":
                return self._by_secret(form, request.host)
            case "authorization_code":
                return self._by_code(form, request.host)
            case "refresh_token":
                return self._by_refresh(form, request.host)
        return _oauth_error("unsupported_grant_type")

    def _by_secret(self, form: Mapping[str, str], host: str) -> Response:
        if not form.get("client_id") or not form.get("client_secret"):
            return _oauth_error("invalid_request")
        client = self._clients.get(form["client_id"])
        if client is None or not hmac.compare_digest(client.api_key.encode(), form["client_secret"].encode()):
            return _oauth_error("invalid_client")
        return self._grant(client, host)

    def _authorize(self, request: Request) -> Response:
        """A code for a browser, which is sent back with it to the machine it came from (RFC 6749, 7636, 8252).

        Whatever is wrong is a 400: where a PBX would send the browser back with an error is not known.
        """
        try:
            asked = dict(parse_qsl(request.query.decode("ascii"), errors="strict", max_num_fields=100))
        except ValueError:
            return _oauth_error("invalid_request")
        client = self._clients.get(asked.get("client_id", ""))
        scopes = asked.get("scope", "").split()
        redirect_uri = asked.get("redirect_uri", "")
        if client is None:
            return _oauth_error("unauthorized_client")
        if not _is_loopback(redirect_uri) or not asked.get("state"):
            return _oauth_error("invalid_request")
        if asked.get("response_type") != "code":
            return _oauth_error("unsupported_response_type")
        if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
            return _oauth_error("invalid_request")
        if not scopes or not SCOPES.issuperset(scopes):
            return _oauth_error("invalid_scope")
        code = secrets.token_urlsafe()
        self._codes[code] = Code(
            client, redirect_uri, asked["code_challenge"], "offline_access" in scopes, time.time() + CODE_LASTS
        )
        location = f"{redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"
        return Response(302, headers={"Location": location, "Cache-Control": "no-store"})

    def _by_code(self, form: Mapping[str, str], host: str) -> Response:
        """Take a code with its proof; a code that was brought once is dead, whatever was wrong with the rest."""
        if not all(form.get(name) for name in ("client_id", "code", "redirect_uri", "code_verifier")):
            return _oauth_error("invalid_request")
        code = self._codes.pop(form["code"], None)
        proven = _VERIFIER.fullmatch(form["code_verifier"]) is not None and code is not None
        if code is None or not proven or code.expires_at <= time.time():
            return _oauth_error("invalid_grant")
        told = (form["client_id"], form["redirect_uri"], _challenge(form["code_verifier"]))
        if told != (code.client.client_id, code.redirect_uri, code.challenge):
            return _oauth_error("invalid_grant")
        return self._grant(code.client, host, self._new_refresh(code.client) if code.offline else None)

    def _by_refresh(self, form: Mapping[str, str], host: str) -> Response:
        """Take a refresh token, which works once, and give the next one."""
        if not form.get("client_id") or not form.get("refresh_token"):
            return _oauth_error("invalid_request")
        client = self._refresh.pop(form["refresh_token"], None)
        if client is None or client.client_id != form["client_id"]:
            return _oauth_error("invalid_grant")
        return self._grant(client, host, self._new_refresh(client))

    def _new_refresh(self, client: Client) -> str:
        refresh = secrets.token_urlsafe()
        self._refresh[refresh] = client
        return refresh

    def _grant(self, client: Client, host: str, refresh: str | None = None) -> Response:
        now = time.time()
        token = Token(self._sign(client, host, now), client, now + self._lifetime)
        dead = [text for text, other in self._alive.items() if other.client.client_id == client.client_id]
        for text in dead:
            del self._alive[text]
        self._alive[token.text] = token
        expires_in = self._lifetime if self._in_seconds else self._lifetime / 60
        answer = {
            "token_type": "Bearer",
            "expires_in": int(expires_in),
            "access_token": token.text,
            "refresh_token": refresh,
        }
        return Response.json(200, answer, {"Cache-Control": "no-store"})

    def _sign(self, client: Client, host: str, now: float) -> str:
        """A JWT signed with ES256."""
        claims = {
            "sub": client.client_id,
            "scope": "xapi",
            "aud": "/api",
            "iss": host,
            "role": client.roles,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + self._lifetime),
            "jti": secrets.token_hex(16),
        }
        signed = b".".join(_base64url(msgspec.json.encode(part)) for part in ({"alg": "ES256", "typ": "JWT"}, claims))
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return (signed + b"." + _base64url(signature)).decode("ascii")

    def client_of(self, request: Request) -> Client:
        """Who sent a request. Raises Refusal (401) without a living token.

        A token counts only if it is, letter for letter, one of those given out and still alive, so a forged one
        never gets as far as its signature.
        """
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self._alive.get(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.expires_at <= time.time():
            raise Refusal(401, headers={"WWW-Authenticate": "Bearer"})
        return token.client


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _challenge(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest()).decode("ascii")


def _is_loopback(uri: str) -> bool:
    """Whether a redirect stays on the machine of the browser; no other is registered here."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    own = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost") and "@" not in parts.netloc
    return own and port is not None and not parts.query and not parts.fragment and uri.isascii() and uri.isprintable()


def _oauth_error(code: str) -> Response:
    return Response.json(400, {"error": code})
