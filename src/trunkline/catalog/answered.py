"""What PBXs have answered to this process that no published file has: fields of types, values of enums.

Late builds have more than the newest published file (docs/adr/0019-a-version-gates-actions-not-fields.md). What a PBX
has answered can be sent back; what neither a file nor a PBX knows is a slip of the pen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MOST = 10_000
"""Names that are kept; a PBX that makes up names is not let fill the memory."""

_seen: set[tuple[str, str]] = set()
_deferred: deque[Callable[[], None]] = deque(maxlen=32)


def note(owner: str, name: str) -> None:
    """Note that a PBX has answered this field of a type, or this value of an enum."""
    if len(_seen) < MOST:
        _seen.add((owner, name))


def defer(look: Callable[[], None]) -> None:
    """Have an answer searched for unknown names once somebody asks for one; ``look`` calls `note`.

    Only the newest are kept.
    """
    _deferred.append(look)


def was_answered(owner: str, name: str) -> bool:
    """Whether some PBX has answered this field of a type, or this value of an enum."""
    while _deferred and (owner, name) not in _seen:
        try:
            look = _deferred.popleft()
        except IndexError:  # another thread was faster
            break
        look()
    return (owner, name) in _seen


def forget() -> None:
    """Forget all, as tests want it."""
    _seen.clear()
    _deferred.clear()
