"""``matches``: regular expressions in JavaScript, as in templates, run where an endless one is stopped."""

from __future__ import annotations

import threading

from ..errors import InvalidArgument

TIME_LIMIT = 0.5  # seconds of processor time for one text, as for a template
MEMORY_LIMIT = 32 * 1024 * 1024  # bytes
_ENGINE = """
(() => {
  const known = new Map();
  return (pattern, text) => {
    if (!known.has(pattern)) {
      if (known.size > 100) known.clear();
      known.set(pattern, new RegExp(pattern));
    }
    return known.get(pattern).test(text);
  };
})()
"""
_own = threading.local()  # an engine belongs to the thread that made it


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text. InvalidArgument for a broken pattern, and for one that takes too long."""
    import quickjs  # most flows need none

    if getattr(_own, "engine", None) is None:
        context = quickjs.Context()
        context.set_time_limit(TIME_LIMIT)
        context.set_memory_limit(MEMORY_LIMIT)
        _own.engine = context.eval(_ENGINE)
    try:
        found: bool = _own.engine(_encodable(pattern), _encodable(text))
    except quickjs.JSException as problem:
        _own.engine = None
        said = str(problem).strip().splitlines()[0]
        why = said if said.startswith("SyntaxError") else f"it takes longer than {TIME_LIMIT} s for this text"
        raise InvalidArgument(f"can't be matched with {pattern!r}: {why}.") from None
    return found


def _encodable(text: str) -> str:
    """Without half characters, such as an argument in another encoding has: the engine falls over them."""
    return text.encode(errors="replace").decode()
