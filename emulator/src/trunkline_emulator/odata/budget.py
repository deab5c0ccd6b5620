"""How much work one query may make: a client with a token could else keep a PBX busy for hours with one line."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..refusals import TOO_COSTLY, Refusal, bad_query
from .tree import Binary, Call, Count, EnumLiteral, Lambda, Literal, Logic, Membership, Node, Path, Unary

# A step is one operand or operator for one row: on one core ten million take some two seconds.
MOST_STEPS = 20_000_000
# Seconds of processor time of all regular expressions together, whose steps nobody can count beforehand.
MOST_PATTERN_TIME = 0.5
# Tokens of an expression with all that its aliases stand for: an alias may name another twice, and so on.
MOST_TOKENS = 20_000
# Characters of a text that ``concat`` makes.
MOST_TEXT = 1_000_000


class Budget:
    """What is left for the query of one request and all that it expands."""

    def __init__(self, steps: int = MOST_STEPS, pattern_time: float = MOST_PATTERN_TIME) -> None:
        self._steps = steps
        self._pattern_time = pattern_time

    def spend(self, steps: int) -> None:
        """Use up a part of the budget. Raises Refusal (400) where less than that is left."""
        self._steps -= steps
        if self._steps < 0:
            raise too_costly()

    def timed(self, function: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
        """Return a function whose processor time counts."""

        def run(text: str, pattern: str) -> bool:
            if self._pattern_time <= 0:
                raise too_costly()
            before = time.thread_time()
            try:
                return function(text, pattern)
            finally:
                self._pattern_time -= time.thread_time() - before

        return run


def too_costly() -> Refusal:
    return bad_query(
        "The query is too costly for the emulator: filter, sort or search fewer rows at once, by simpler expressions.",
        TOO_COSTLY,
    )


def size(node: Node) -> int:
    """How many steps an expression takes for one row; of ``any`` and ``all`` each row within counts when it is met."""
    match node:
        case Unary(operand=inner):
            return 1 + size(inner)
        case Binary(left=left, right=right):
            return 1 + size(left) + size(right)
        case Logic(terms=terms):
            return 1 + sum(map(size, terms))
        case Call(arguments=arguments):
            return CALLED + sum(map(size, arguments))
        case Membership(item=item, options=options):
            # A list of literals is looked up, however long it is.
            computed = () if isinstance(options, Path) else (one for one in options if not is_literal(one))
            return 1 + size(item) + sum(map(size, computed))
        case Count() | Lambda():
            return 2
        case _:
            return 1


# What calling a function costs, or asking a condition of a row within a row, in steps.
CALLED = 5


def is_literal(node: Node) -> bool:
    """Whether an expression is the same for every row."""
    return isinstance(node, Literal | EnumLiteral)
