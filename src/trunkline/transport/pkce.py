"""Signing in a person: OAuth's authorization code with PKCE, as texts in and texts out; `loopback` does the rest.

Source: docs/pbx.md, Signing in (``/connect/authorize``, PKCE required, four scopes); RFC 7636 for the proof, RFC
8252 for the redirect to this machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from ..errors import SignInError
from ..printable import printable
from ..redaction import remember

AUTHORIZE_PATH = "/connect/authorize"
_MOST_FIELDS = 50


class Proof(NamedTuple):
    """What only the process that opened the browser knows: the verifier of its code, and the state of its request."""

    verifier: str
    state: str

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256, which may be seen by all: S256 of RFC 7636."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def __repr__(self) -> str:
        return "Proof(…)"


def new_proof() -> Proof:
    """Return a proof for one attempt; 86 characters of verifier, where RFC 7636 wants 43 to 128."""
    proof = Proof(secrets.token_urlsafe(64), secrets.token_urlsafe(32))
    remember(proof.verifier)
    return proof


def authorize_url(server: str, client_id: str, redirect_uri: str, scopes: Iterable[str], proof: Proof) -> str:
    """Where the browser is sent."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": proof.state,
        "code_challenge": proof.challenge,
        "code_challenge_method": "S256",
    }
    return f"{server}{AUTHORIZE_PATH}?{urlencode(query)}"


def is_answer_to(query: str, proof: Proof) -> bool:
    """Whether a query that a browser brought has the state of our request, which only we and the PBX know."""
    return hmac.compare_digest(_values(query).get("state", "").encode(errors="replace"), proof.state.encode())


def code_of(query: str, proof: Proof, label: str) -> str:
    """Return the code in the query that the browser came back with.

    Raises SignInError if it has another state (somebody else's answer, or an attack), a refusal, or no code.
    """
    values = _values(query)
    if not is_answer_to(query, proof):
        raise refused(
            "The browser came back with an answer to another request than ours.",
            "Start again, and close other sign-in pages first.",
        )
    if "error" in values:
        said = printable(values.get("error_description") or values["error"])
        raise refused(f"{label} did not let you sign in ({said}).", "Start again, and agree in the browser.")
    if not values.get("code"):
        raise refused(
            "The browser came back without a code.", "Check that the address is the 3CX itself, not a proxy or portal."
        )
    remember(values["code"])
    return values["code"]


def _values(query: str) -> dict[str, str]:
    try:
        return {name: value for name, (value, *_) in parse_qs(query, max_num_fields=_MOST_FIELDS).items()}
    except ValueError:
        return {}


def code_form(client_id: str, code: str, redirect_uri: str, proof: Proof) -> dict[str, str]:
    """Return the token request that turns a code into a token."""
    return {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": proof.verifier,
    }


def refresh_form(client_id: str, refresh: str) -> dict[str, str]:
    """Return the token request that takes a refresh token instead of a person."""
    return {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh}


def refused(message: str, hint: str) -> SignInError:
    return SignInError(message, hint=hint, status=401, method="GET", path=AUTHORIZE_PATH)
