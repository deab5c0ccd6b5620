"""ETags, for a PBX that sends them. No captured answer has one, so they are off by default (PBX.md, Answers)."""

from __future__ import annotations

import hashlib
import re

import msgspec

from .refusals import Refusal
from .values import Row

_TAG = re.compile(r'(?:W/)?("[^"]*")')
_LIST = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')


def of(row: Row) -> str:
    """The weak tag of an entity, a digest of its content with all that hangs on it."""
    return f'W/"{hashlib.blake2b(msgspec.json.encode(row), digest_size=12).hexdigest()}"'


def check(if_match: str | None, row: Row) -> None:
    """Raises Refusal (412) where If-Match names other tags; it may be ``*`` or a list, and compares weakly."""
    if if_match is None or if_match.strip() == "*":
        return
    tags = _TAG.findall(if_match) if _LIST.fullmatch(if_match) else []
    if of(row).removeprefix("W/") not in tags:
        raise Refusal(412, "The precondition failed: the entity was changed by somebody else.")
