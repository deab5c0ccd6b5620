"""Sign-in: clients, and the tokens that ``POST /connect/token`` gives them (docs/pbx.md, Signing in).

A client shows its secret, or brings a code that ``GET /connect/authorize`` gave to a browser. Nobody is asked there:
the emulator's owner is always at home, and signs in at once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from trunkline.catalog import version_key

from .clock import Clock
from .evidence import refusal, seen
from .forms import read_form
from .messages import Request, Response
from .refusals import NoSuchPath, Refusal
from .variants import Variants

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

SIGN_IN = b"/connect/"
SCOPES = {"openid", "profile", "email", "offline_access"}
OWNER = "system_owners"
ADMIN = "system_admins"

CODE_LASTS = 60.0

_EXPIRES_IN_SECONDS_SINCE = version_key("20.0.9")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")

# The API key and the roles of a client that isn't among those that were added, by its id.
FindMore = Callable[[str], "tuple[str, tuple[str, ...]] | None"]


@dataclass(frozen=True)
class Client:
    """Who may sign in; ``found`` is one that FindMore gave, who is looked up again each time."""

    client_id: str
    api_key: str
    roles: tuple[str, ...]
    found: bool = False


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
    scopes: frozenset[str]
    expires_at: float


NO_TOKEN = refusal("Without a living token the API answers 401 (variant: 403).", seen("signing-in"))


class SignIn:
    """The clients of one PBX and the one living token of each: a new token kills the old one at once.

    ``tell`` hears of every token that was given, or refused for wrong credentials: to which address, and whether.
    """

    def __init__(
        self,
        version: str,
        clock: Clock,
        *,
        find_more: FindMore = lambda client_id: None,
        tell: Callable[[str, bool], None] = lambda peer, worked: None,
    ) -> None:
        self._in_seconds = version_key(version) >= _EXPIRES_IN_SECONDS_SINCE
        self._clock = clock
        self._find_more = find_more
        self._tell = tell
        self._variants = Variants()
        self._clients: dict[str, Client] = {}
        self._alive: dict[str, Token] = {}
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Client] = {}

    def add(self, client: Client) -> None:
        self._clients[client.client_id] = client

    def clients(self) -> list[Client]:
        return list(self._clients.values())

    def vary(self, variants: Variants) -> None:
        self._variants = variants

    def revoke(self, client_id: str | None = None) -> int:
        """Kill the access token of a client, or all; gives how many there were."""
        dead = [text for text, token in self._alive.items() if client_id in (None, token.client.client_id)]
        for text in dead:
            del self._alive[text]
        return len(dead)

    def answer(self, request: Request) -> Response:
        """Return the answer to a request below ``/connect/``; a refusal has OAuth's own body, not OData's."""
        found = _ENDPOINTS.get(request.path)
        if found is None:
            raise NoSuchPath
        method, respond = found
        return respond(self, request) if request.method == method else Response(405, headers={"Allow": method})

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.generate_private_key(ec.SECP256R1())

    def _token(self, request: Request) -> Response:
        form = read_form(request)
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request")
        grant = _GRANTS.get(form["grant_type"])
        if grant is None:
            return _oauth_error("unsupported_grant_type")
        return grant(self, form, request)

    def _client(self, client_id: str) -> Client | None:
        known = self._clients.get(client_id)
        if known is None:
            more = self._find_more(client_id)
            known = None if more is None else Client(client_id, more[0], tuple(more[1]), found=True)
        return known

    def _by_secret(self, form: Mapping[str, str], request: Request) -> Response:
        if not form.get("client_id") or not form.get("client_secret"):
            return _oauth_error("invalid_request")
        client = self._client(form["client_id"])
        if client is None or not hmac.compare_digest(client.api_key.encode(), form["client_secret"].encode()):
            return self._wrong_credentials(request.peer)
        return self._grant(client, request)

    def _wrong_credentials(self, peer: str) -> Response:
        """One of the two answers that were seen (docs/pbx.md, Signing in)."""
        self._tell(peer, False)
        if self._variants.wrong_credentials == "invalid_client":
            return _oauth_error("invalid_client")
        told = {"error": "unauthorized", "error_description": "The client credentials are wrong."}
        return Response.json(401, told)

    def _authorize(self, request: Request) -> Response:
        """Return a code for a browser, which is sent back with it to the machine it came from (RFC 6749, 7636, 8252).

        Whatever is wrong is a 400: where a PBX would send the browser back with an error is not known.
        """
        try:
            asked = dict(parse_qsl(request.query.decode("ascii"), errors="strict", max_num_fields=100))
        except ValueError:
            return _oauth_error("invalid_request")
        client = self._client(asked.get("client_id", ""))
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
        _make_room(self._codes)
        code = secrets.token_urlsafe()
        ends = self._clock.time() + CODE_LASTS
        self._codes[code] = Code(client, redirect_uri, asked["code_challenge"], frozenset(scopes), ends)
        location = f"{redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"
        return Response(302, headers={"Location": location, "Cache-Control": "no-store"})

    def _by_code(self, form: Mapping[str, str], request: Request) -> Response:
        """Take a code with its proof; a code that was brought once is dead, whatever was wrong with the rest."""
        if not all(form.get(name) for name in ("client_id", "code", "redirect_uri", "code_verifier")):
            return _oauth_error("invalid_request")
        code = self._codes.pop(form["code"], None)
        proven = _VERIFIER.fullmatch(form["code_verifier"]) is not None and code is not None
        if code is None or not proven or code.expires_at <= self._clock.time():
            return _oauth_error("invalid_grant")
        told = (form["client_id"], form["redirect_uri"], _challenge(form["code_verifier"]))
        if told != (code.client.client_id, code.redirect_uri, code.challenge):
            return _oauth_error("invalid_grant")
        more: dict[str, str] = {}
        if "offline_access" in code.scopes:
            more["refresh_token"] = self._new_refresh(code.client)
        return self._grant(code.client, request, more)

    def _by_refresh(self, form: Mapping[str, str], request: Request) -> Response:
        """Take a refresh token, which works once, and give the next one."""
        if not form.get("client_id") or not form.get("refresh_token"):
            return _oauth_error("invalid_request")
        client = self._refresh.pop(form["refresh_token"], None)
        if client is None or client.client_id != form["client_id"]:
            return _oauth_error("invalid_grant")
        return self._grant(client, request, {"refresh_token": self._new_refresh(client)})

    def _new_refresh(self, client: Client) -> str:
        _make_room(self._refresh)
        refresh = secrets.token_urlsafe()
        self._refresh[refresh] = client
        return refresh

    def _grant(self, client: Client, request: Request, more: Mapping[str, str] | None = None) -> Response:
        now, lifetime = self._clock.time(), self._variants.token_lifetime
        token = Token(self._write_token(client, request.host, now), client, now + lifetime)
        self._tell(request.peer, True)
        self.revoke(client.client_id)
        self._alive[token.text] = token
        unit = self._variants.expires_in
        in_seconds = self._in_seconds if unit == "version" else unit == "seconds"
        answer = {
            "token_type": "Bearer",
            "expires_in": int(lifetime if in_seconds else lifetime / 60),
            "access_token": token.text,
            "refresh_token": None,
            **(more or {}),
        }
        return Response.json(200, answer, {"Cache-Control": "no-store"})

    def _write_token(self, client: Client, host: str, now: float) -> str:
        if self._variants.bearer == "opaque":
            return secrets.token_urlsafe(32)
        claims = {
            "sub": client.client_id,
            "scope": "xapi",
            "aud": "/api",
            "iss": host,
            "role": client.roles,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + self._variants.token_lifetime),
            "jti": secrets.token_hex(16),
        }
        if self._variants.bearer == "jwt_without_exp":
            del claims["exp"]
        import jwt  # heavy: it loads with the first token

        return jwt.encode(claims, self._key, "ES256")

    def client_of(self, request: Request) -> Client:
        """Return who sent a request. Raises Refusal without a living token (401, or as the variant says).

        A token counts only if it is, letter for letter, one of those given out and still alive, so a forged one
        never gets as far as its signature.
        """
        token = self._living(request)
        client = token.client if token is not None and token.expires_at > self._clock.time() else None
        if client is not None and client.found:
            now = self._client(client.client_id)
            client = now if now is not None and now.api_key == client.api_key else None
        if client is None:
            if "authorization" in request.headers and self._variants.dead_token == "403":  # noqa: S105 - a status
                raise Refusal(403, fact=NO_TOKEN)
            raise Refusal(401, headers={"WWW-Authenticate": "Bearer"}, fact=NO_TOKEN)
        return client

    def is_signed_in(self, request: Request) -> bool:
        """Whether a request has a token that is alive."""
        token = self._living(request)
        return token is not None and token.expires_at > self._clock.time()

    def _living(self, request: Request) -> Token | None:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        return self._alive.get(text.strip()) if scheme.lower() == "bearer" else None

    def asker(self, request: Request) -> str:
        """Return the client id that a request goes by, proven or not; "" if it names none."""
        token = self._living(request)
        if token is not None:
            return token.client.client_id
        form = read_form(request) if request.path == TOKEN else None
        return (form or {}).get("client_id", "")


# Codes, and refresh tokens, that wait to be brought back; anybody may ask for a code, and need never bring it.
MOST_WAITING = 10_000


def _make_room(waiting: dict[str, Any]) -> None:
    """Drop the oldest where there are too many."""
    if len(waiting) >= MOST_WAITING:
        del waiting[next(iter(waiting))]


TOKEN = b"/connect/token"
_ENDPOINTS: dict[bytes, tuple[str, Callable[[SignIn, Request], Response]]] = {
    TOKEN: ("POST", SignIn._token),
    b"/connect/authorize": ("GET", SignIn._authorize),
}
_GRANTS: dict[str, Callable[[SignIn, Mapping[str, str], Request], Response]] = {
    "client_credentials": SignIn._by_secret,
    "authorization_code": SignIn._by_code,
    "refresh_token": SignIn._by_refresh,
}


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


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
