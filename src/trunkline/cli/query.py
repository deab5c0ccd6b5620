"""``--query``: JMESPath over an answer. The library is imported only where an expression is given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jmespath

from ..errors import InvalidArgument

_HINT = "JMESPath, such as '[].Number', \"[?Enabled].{no: Number, name: LastName}\" or 'length(@)'."


@lru_cache(maxsize=4)
def compiled(expression: str) -> Any:
    """The expression, read. InvalidArgument says where it is none."""
    try:
        return jmespath.compile(expression)
    except ValueError as problem:  # JMESPath's own errors are ValueErrors
        said = str(problem).strip().splitlines()
        raise InvalidArgument(f"--query is no JMESPath: {' '.join(said)}", hint=_HINT) from None


def found(expression: str, value: Any) -> Any:
    """What the expression finds. InvalidArgument where it asks of a value what that can't give."""
    try:
        return compiled(expression).search(value)
    except (TypeError, ValueError) as problem:  # it compares, and cuts, as Python does
        raise InvalidArgument(f"--query can't be answered: {problem}", hint=_HINT) from None
