"""A shard: the items of one PBX that a machine takes on at a time."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import InvalidArgument
from .guards import is_whole

SHARD = 500
"""Items of one PBX in a shard."""
MOST = 2000


def cut(size: int, at_most: int = SHARD) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each shard of an input, both included. InvalidArgument above `MOST`."""
    if not is_whole(at_most, 1) or at_most > MOST:
        raise InvalidArgument(f"A shard has 1 to {MOST:,} items, not {at_most!r}.")
    for first in range(0, size, at_most):
        yield first, min(first + at_most, size) - 1
