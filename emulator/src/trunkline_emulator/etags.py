"""ETags, for a PBX that sends them. No captured answer has one, so they are off by default (docs/pbx.md, Answers)."""

from __future__ import annotations

import hashlib
import re

import msgspec

from .evidence import published, refusal
from .refusals import Refusal
from .values import Row

CHANGED = refusal("A PBX with ETags answers 412 to an If-Match of another state.", published("answers"))
UNCONDITIONAL = refusal(
    "A PBX with strict ETags answers 428 to a change without If-Match (variant).", published("answers")
)
_TAG = re.compile(r'(W/)?("[^"]*")')
_LIST = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')


def of(row: Row, *, strong: bool = False) -> str:
    """Return the tag of an entity, a digest of its content with all that hangs on it."""
    tag = f'"{hashlib.blake2b(msgspec.json.encode(row), digest_size=12).hexdigest()}"'
    return tag if strong else f"W/{tag}"


def check(if_match: str | None, row: Row, *, strong: bool = False) -> None:
    """Check If-Match, which may be ``*`` or a list. Raises Refusal (412) where it names other tags.

    A PBX with strong tags compares strongly, so that a weak one never fits (RFC 9110, 8.8.3.2), and wants the header
    for each change (428).
    """
    if if_match is None:
        if strong:
            raise Refusal(
                428,
                "The request is required to be conditional: send the ETag of the entity as If-Match.",
                fact=UNCONDITIONAL,
            )
        return
    if if_match.strip() == "*":
        return
    tags = _TAG.findall(if_match) if _LIST.fullmatch(if_match) else []
    if of(row, strong=True) not in [tag for weak, tag in tags if not (weak and strong)]:
        raise Refusal(412, "The precondition failed: the entity was changed by somebody else.", fact=CHANGED)
