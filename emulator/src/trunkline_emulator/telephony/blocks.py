"""How many rows the first n calls make, by arithmetic: the list of a million legs is cut without making the million.

Numbers count from 0 and come in blocks. Each block is the same table of kinds in an order of its own, so every block
makes equally many rows, and only the order inside one has to be looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from .dice import draws


class Block(NamedTuple):
    """The kind of each number in a block, as its place in the table, and how many rows come before it."""

    kinds: tuple[int, ...]
    firsts: tuple[int, ...]


class Blocks:
    """``sizes`` is the number of rows that each kind in the table makes; how many kinds there are is a power of 2."""

    def __init__(self, seed: int, topic: int, sizes: Sequence[int]) -> None:
        self._seed = seed
        self._topic = topic
        self._sizes = tuple(sizes)
        self.length = len(self._sizes)
        self.rows = sum(self._sizes)
        self.block = lru_cache(maxsize=64)(self._block)

    def _block(self, place: int) -> Block:
        drawn = draws(self._seed, self._topic, place)
        # An odd step visits every place of a table whose length is a power of 2.
        step, first = drawn[0] | 1, drawn[1]
        kinds = tuple((first + step * n) % self.length for n in range(self.length))
        return Block(kinds, tuple(accumulate((self._sizes[kind] for kind in kinds), initial=0)))

    def kind(self, number: int) -> int:
        place, within = divmod(number, self.length)
        return self.block(place).kinds[within]

    def rows_before(self, number: int) -> int:
        place, within = divmod(number, self.length)
        return place * self.rows + self.block(place).firsts[within]

    def number_at(self, row: int) -> int:
        """Whose row it is, rows counted from 0."""
        place, within = divmod(row, self.rows)
        return place * self.length + bisect_right(self.block(place).firsts, within) - 1

    def place_of(self, block: int, kind: int) -> int:
        """Return the number that has a kind in a block."""
        return block * self.length + self.block(block).kinds.index(kind)
