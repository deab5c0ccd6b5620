"""What OpenID Connect adds to the sign-in: discovery, the public key, and the identity of who signed in.

The published files name the endpoints for authorization and tokens and the scopes, openid among them (docs/pbx.md,
Signing in). That discovery is where OpenID Connect puts it, and the key beside it, is assumed.
"""

from __future__ import annotations

from typing import Any

from .messages import Request

CONFIGURATION = b"/.well-known/openid-configuration"
KEYS = b"/.well-known/jwks"
SCOPES = ("openid", "profile", "email", "offline_access")


def configuration(request: Request) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, section 3."""
    issuer = request.origin
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/connect/authorize",
        "token_endpoint": f"{issuer}/connect/token",
        "jwks_uri": f"{issuer}{KEYS.decode('ascii')}",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
    }


def identity(
    issuer: str, client_id: str, scopes: frozenset[str], nonce: str, now: float, lifetime: float
) -> dict[str, Any]:
    """Return the claims of an id_token (OpenID Connect Core 1.0, section 2): the person is the emulator's owner."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": "owner",
        "aud": client_id,
        "iat": int(now),
        "exp": int(now + lifetime),
    }
    if nonce:
        claims["nonce"] = nonce
    if "profile" in scopes:
        claims["name"] = "Owner of the emulator"
    if "email" in scopes:
        claims["email"] = "owner@example.com"
    return claims
