"""What PBXs have answered to this process that no published file has: fields of types, values of enums.

Late builds have more than the newest published file (docs/adr/0019-a-version-gates-actions-not-fields.md). What a PBX
has answered can be sent back; what neither a file nor a PBX knows is a slip of the pen.
"""

from __future__ import annotations

MOST = 10_000
"""Names that are kept; a PBX that makes up names is not let fill the memory."""

_seen: set[tuple[str, str]] = set()


def note(owner: str, name: str) -> None:
    """A PBX has answered this field of a type, or this value of an enum."""
    if len(_seen) < MOST:
        _seen.add((owner, name))


def was_answered(owner: str, name: str) -> bool:
    """Whether some PBX has answered this field of a type, or this value of an enum."""
    return (owner, name) in _seen


def forget() -> None:
    """Forget all, as tests want it."""
    _seen.clear()
