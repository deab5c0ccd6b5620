"""Tokens as JWTs signed with ES256, and the public key to check them with (RFC 7515, 7517, 7518)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


class SigningKey:
    """The key pair of one PBX, made anew each time."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        point = {"crv": "P-256", "kty": "EC", "x": _number(numbers.x), "y": _number(numbers.y)}
        # RFC 7638: the name of a key is a digest of its members in this order.
        self._kid = base64url(hashlib.sha256(msgspec.json.encode(point)).digest()).decode("ascii")
        self.public = {**point, "use": "sig", "alg": "ES256", "kid": self._kid}
        self._header = base64url(msgspec.json.encode({"alg": "ES256", "typ": "JWT", "kid": self._kid}))

    def sign(self, claims: Mapping[str, Any]) -> str:
        signed = self._header + b"." + base64url(msgspec.json.encode(claims))
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return (signed + b"." + base64url(signature)).decode("ascii")


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _number(value: int) -> str:
    return base64url(value.to_bytes(32, "big")).decode("ascii")
