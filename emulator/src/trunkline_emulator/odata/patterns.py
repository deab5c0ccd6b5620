"""``matchesPattern``: ECMAScript's regular expressions, run where a pattern that never ends is stopped."""

from __future__ import annotations

import threading

from ..refusals import bad_query

TIME_LIMIT = 0.1  # seconds of processor time for one text
MEMORY_LIMIT = 32 * 1024 * 1024  # bytes

_ENGINE = """
(() => {
  const known = new Map();
  return (pattern, text) => {
    if (!known.has(pattern)) {
      if (known.size > 100) known.clear();
      known.set(pattern, new RegExp(pattern, "u"));
    }
    return known.get(pattern).test(text);
  };
})()
"""
_own = threading.local()  # an engine belongs to the thread that made it


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text. Raises Refusal (400) for a broken pattern, or one that takes too long."""
    import quickjs  # most filters need none

    if getattr(_own, "engine", None) is None:
        context = quickjs.Context()
        context.set_time_limit(TIME_LIMIT)
        context.set_memory_limit(MEMORY_LIMIT)
        _own.engine = context.eval(_ENGINE)
    try:
        found: bool = _own.engine(pattern, text)
    except quickjs.JSException as problem:
        _own.engine = None
        broken = str(problem).startswith("SyntaxError")
        raise bad_query(f"{'Invalid pattern' if broken else 'Too costly a pattern'} '{pattern}'.") from None
    return found
