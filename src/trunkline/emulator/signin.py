"""Sign-in: clients, and the tokens that ``POST /connect/token`` gives them (PBX.md, Address, sign-in, version)."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ..catalog import version_key
from .forms import read_form
from .messages import Request, Response
from .refusals import Refusal

OWNER = "system_owners"
ADMIN = "system_admins"

_EXPIRES_IN_SECONDS_SINCE = version_key("20.0.9")


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


class SignIn:
    """The clients of one PBX and the one living token of each: a new token kills the old one at once."""

    def __init__(self, version: str, lifetime: float) -> None:
        self._lifetime = lifetime
        self._in_seconds = version_key(version) >= _EXPIRES_IN_SECONDS_SINCE
        self._clients: dict[str, Client] = {}
        self._alive: dict[str, Token] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())

    def add(self, client: Client) -> None:
        self._clients[client.client_id] = client

    def answer(self, request: Request) -> Response:
        """The answer to a token request. Raises nothing: a refusal has OAuth's own body, not OData's."""
        if request.method != "POST":
            return Response(405, headers={"Allow": "POST"})
        form = read_form(request)
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _oauth_error("unsupported_grant_type")
        if not form.get("client_id") or not form.get("client_secret"):
            return _oauth_error("invalid_request")
        client = self._clients.get(form["client_id"])
        if client is None or not hmac.compare_digest(client.api_key.encode(), form["client_secret"].encode()):
            return _oauth_error("invalid_client")
        return self._grant(client, request.host)

    def _grant(self, client: Client, host: str) -> Response:
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
            "refresh_token": None,
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


def _oauth_error(code: str) -> Response:
    return Response.json(400, {"error": code})
