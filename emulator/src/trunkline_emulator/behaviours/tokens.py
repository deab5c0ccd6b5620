"""Who is signed in and which programs may be: refresh tokens, OAuth clients, MCP servers, keys of principals."""

from __future__ import annotations

from urllib.parse import urlsplit

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..principals import new_key
from ..store import Store
from ..warning_codes import INVALID, NOT_FOUND, refuse

_SETS = ("SecurityTokens", "MyTokens")
_REGISTERED = "settings mcp servers"


def _revoke(call: Call) -> Response:
    """End a session. It is one token in both lists, so it ends in both. Raises Refusal (404)."""
    token = call.entity()["Id"]
    for name in _SETS:
        call.store.remove(name, [token])
    return Response(204)


def _generate(call: Call) -> Response:
    """Return a new API key for a principal, shown this once; the key before it opens nothing any more."""
    return call.write_value(new_key(call.store, call.entity()))


def _refresh_metadata(call: Call) -> Response:
    """Read a client's own document again. Only a client whose id is the address of one has any: else false."""
    row = call.entity()
    address = urlsplit(row["ClientId"])
    has_document = address.scheme == "https" and bool(address.hostname)
    if has_document:
        metadata = {**(row["Metadata"] or {}), "ClientId": row["ClientId"], "ClientUri": f"https://{address.hostname}"}
        complete = call.store.values.complete("Pbx.ClientIdMetadataDocument", metadata)
        call.store.change("OAuthClients", row, Metadata=complete)
    return call.write_value(has_document)


def _issuer(store: Store, address: str, field: str) -> str:
    """``https://host[:port]`` of an address. Raises Refusal (400) for one that isn't HTTPS."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise refuse(store, INVALID, field, fact=ASSUMED)
    return f"https://{parts.netloc}"


def _server_metadata(call: Call) -> Response:
    """Where a server's OAuth endpoints are, at the paths that RFC 8414's examples use; nothing is fetched."""
    issuer = _issuer(call.store, str(call.arguments["targetIssuer"]), "targetIssuer")
    found = {
        "AuthorizationEndpoint": f"{issuer}/authorize",
        "TokenEndpoint": f"{issuer}/token",
        "RegistrationEndpoint": f"{issuer}/register",
        "ClientIdMetadataDocumentSupported": False,
    }
    return call.write_entity(call.store.values.complete("Pbx.OAuthServerMetadata", found))


def _register(call: Call) -> Response:
    """Register at an MCP server, which is remembered by its issuer."""
    asked = call.body()
    issuer = _issuer(call.store, asked["registrationEndpoint"], "registrationEndpoint")
    known = call.store.kept.get(_REGISTERED, {})
    now = event_log.stamp(call.store.now())
    call.store.keep(_REGISTERED, {**known, issuer: {"scope": asked["scope"], "registered": now, "signed in": None}})
    return Response(204)


def _exchange(call: Call) -> Response:
    """Bring a code to the server's token endpoint. Raises Refusal (400) where this PBX hasn't registered."""
    asked = call.body()
    issuer = _issuer(call.store, asked["tokenEndpoint"], "tokenEndpoint")
    known = call.store.kept.get(_REGISTERED, {})
    if issuer not in known:
        raise refuse(call.store, NOT_FOUND, "tokenEndpoint", fact=ASSUMED)
    if not asked["code"] or not asked["verifier"]:
        raise refuse(call.store, "WARNINGS.XAPI.INVALID_CREDENTIALS", "code", fact=ASSUMED)
    entry = {**known[issuer], "scope": asked["scope"], "signed in": event_log.stamp(call.store.now())}
    call.store.keep(_REGISTERED, {**known, issuer: entry})
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "security_tokens.revoke_token": _revoke,
        "my_tokens.revoke_token": _revoke,
        "service_principals.generate_app_token": _generate,
        "oauth_clients.refresh_client_metadata": _refresh_metadata,
        "mcp_servers.get_server_metadata": _server_metadata,
        "mcp_servers.register": _register,
        "mcp_servers.exchange": _exchange,
    },
)
