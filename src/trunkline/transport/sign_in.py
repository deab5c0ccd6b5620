"""What is sent to ``/connect/token``, and what its answers mean; the conversation around it is in exchange.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from ..errors import BrokenAnswer, Facts, PbxError, ServerError, SignInError, TooManyRequests
from ..printable import printable
from ..redaction import remember
from ..request import HttpRequest
from ..result import HttpResponse
from ..result.response import is_json, not_the_api, parsed
from .session import Refusal, Session
from .token import Token, read_token

TOKEN_PATH = "/connect/token"  # noqa: S105 - a path
_LONGEST = 1_048_576  # bytes of an answer to a sign-in; a token has a few thousand


class Grant(NamedTuple):
    """What a PBX granted; ``refresh`` is "" where it gave no refresh token."""

    token: Token
    refresh: str

    def __repr__(self) -> str:
        return f"Grant({self.token!r}, …)"


class TokenRequest(HttpRequest):
    """A request that never shows its body: that has the secret in it."""

    def __repr__(self) -> str:
        return f"TokenRequest({self.target!r})"


def token_request(session: Session, form: Mapping[str, str]) -> HttpRequest:
    headers = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
    return TokenRequest("POST", session.url + TOKEN_PATH, headers, urlencode(form).encode(), limit=_LONGEST)


def secret_form(session: Session, secret: str) -> Mapping[str, str]:
    return {"client_id": session.client_id, "client_secret": secret, "grant_type": "client_credentials"}


def refuses(response: HttpResponse) -> bool:
    """Whether the credentials were refused: 400 and 401 were seen (docs/pbx.md, Signing in), and 403 may be a block."""
    return response.status in (400, 401, 403)


def granted(session: Session, response: HttpResponse) -> Grant:
    """Return the token of an answer that is not a refusal, or the error that explains it."""
    if response.status == 429 or response.status >= 500:
        raise _not_now(session, response)
    if response.status != 200 or (response.content_type and not is_json(response)):
        raise not_the_api(session.label, response)
    try:
        answer = parsed(response.body)
    except ValueError:
        raise not_the_api(session.label, response) from None
    token = read_token(answer, session.clock(), session.version) if isinstance(answer, dict) else None
    if token is None:
        raise BrokenAnswer(
            f"{session.label} answered the sign-in without an access token.",
            hint="Check that the address is the 3CX itself, not a proxy or portal.",
        )
    refresh = answer.get("refresh_token")
    if isinstance(refresh, str) and refresh:
        remember(refresh)
    return Grant(token, refresh if isinstance(refresh, str) else "")


def _not_now(session: Session, response: HttpResponse) -> PbxError:
    """Return the error of a PBX that signs nobody in at the moment."""
    status, after = response.status, response.retry_after
    when = "Try again in a moment" if after is None else f"Try again after {after:g} seconds"
    facts: Facts = {"status": status, "path": TOKEN_PATH, "retry_after": after, "hint": f"{when}."}
    facts["processed"] = False  # what waits for this sign-in was not sent
    if status == 429:
        return TooManyRequests(f"{session.label} asks to slow down (sign-in).", **facts)
    facts["hint"] = f"{when}; the 3CX's web server must be up."
    return ServerError(f"{session.label} failed at sign-in with status {status}.", **facts)


def reason_of(response: HttpResponse, secret: str) -> str:
    """Return the PBX's reason for its refusal, or ""; the secret is removed if the reason repeats it."""
    try:
        answer = parsed(response.body) if is_json(response) else {}
    except ValueError:
        return ""
    said = answer.get("error_description") or answer.get("error") if isinstance(answer, dict) else None
    return printable(" ".join(said.replace(secret, "…").split())) if isinstance(said, str) else ""


def refusal(session: Session, secret: str, reason: str, *, status: int = 401, until: float = 0.0) -> Refusal:
    """Return the refusal of a secret. A 403 may be a block of the address, whatever the key (docs/pbx.md, Signing in).

    ``until`` is given where another process had it, and left it in the token store.
    """
    hint = "Check the client id and the API key (Admin console, Integrations, API). "
    if status == 403:
        hint += "A 403 may also mean that the PBX blocks this machine's address: look at its IP blacklist. "
    if until:
        minutes = max(1, round((until - session.clock()) / 60))
        hint += (
            f"Another process tried the same key, and repeated failures can get this address blocked: it is not tried "
            f"again for {minutes} min, or until {session.kept.place} is deleted. Another key is tried at once."
        )
    else:
        hint += "It is not tried again: repeated failures can get this address blocked."
    said = f" ({reason})" if reason else ""
    return Refusal(secret, f"{session.label} refused to sign in client {session.client_id!r}{said}.", hint, TOKEN_PATH)


def error_of(refused: Refusal) -> SignInError:
    """Return a new error each time: one that is raised again would drag along where it was raised before."""
    return SignInError(refused.message, hint=refused.hint, status=401, method="POST", path=refused.path)
