"""Who may sign in: the keys of service principals, and sessions that end."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, seen
from ..messages import Response
from ..principals import new_key


def _generate(call: Call) -> Response:
    """Return a new API key for a principal, shown this once; the key before it opens nothing any more."""
    return call.write_value(new_key(call.store, call.entity()))


def _revoke(call: Call) -> Response:
    """End a session. It is one token in both lists, so it ends in both. Raises Refusal (404)."""
    token = call.entity()["Id"]
    for name in ("SecurityTokens", "MyTokens"):
        call.store.remove(name, [token])
    return Response(204)


HANDLERS = declared(seen("signing-in"), {"service_principals.generate_app_token": _generate}) | declared(
    ASSUMED, {"security_tokens.revoke_token": _revoke, "my_tokens.revoke_token": _revoke}
)
