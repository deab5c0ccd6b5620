"""Tokens as JWTs signed with ES256, and the public key to check them with.

The libraries load when the first token is asked for: they take longer than the rest of a start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


class SigningKey:
    """The key pair of one PBX, made anew each time."""

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def public(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key; its name is the thumbprint of RFC 7638."""
        from jwt.algorithms import ECAlgorithm
        from jwt.utils import base64url_encode

        point = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        digest = hashlib.sha256(msgspec.json.encode(point, order="sorted")).digest()
        return {**point, "use": "sig", "alg": "ES256", "kid": base64url_encode(digest).decode("ascii")}

    def sign(self, claims: Mapping[str, Any]) -> str:
        import jwt

        return jwt.encode(dict(claims), self._key, "ES256", {"kid": self.public["kid"]})
