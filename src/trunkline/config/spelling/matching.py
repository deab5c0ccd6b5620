"""Which element of a list is which: by the field that names it, else the same one, else the one in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .comparing import compared


def matched(new: Sequence[Any], old: Sequence[Any], named: str) -> list[tuple[Any, int | None]]:
    """Pair each new element, in file form, with the index of the old one that it is; None where it is another one.

    With ``named`` elements are one where that field is, several of a name, or without one, in their order. Otherwise
    elements that are the same but for empty fields are one, and of the rest those in the same order.
    """
    free = dict.fromkeys(range(len(old)))
    found: list[int | None] = [None] * len(new)

    def take(n: int, candidates: Sequence[int]) -> None:
        for m in candidates:
            found[n] = m
            del free[m]
            return

    for n, each in enumerate(new):
        if named:
            take(n, [m for m in free if _label(old[m], named) == _label(each, named)][:1])
        else:
            take(n, [m for m in free if compared(old[m], with_blanks(old[m], each))][:1])
    if not named:
        for n in range(len(new)):
            if found[n] is None:
                take(n, list(free)[:1])
    return list(zip(new, found, strict=True))


def with_blanks(old: Any, new: Any) -> Any:
    """Return a new value with the empty fields that the old one has, at any depth: a terse file leaves those out."""
    if isinstance(old, dict) and isinstance(new, dict):
        blanks = {name: value for name, value in old.items() if name not in new and is_blank(value)}
        return {**blanks, **{name: with_blanks(old.get(name), value) for name, value in new.items()}}
    return new


def is_blank(value: Any) -> bool:
    """Whether a value is one that a terse file leaves out: false, and what has nothing in it."""
    if isinstance(value, dict):
        return all(map(is_blank, value.values()))
    return value is False or value in (None, "", [])


def _label(value: Any, named: str) -> str | None:
    label = value.get(named) if isinstance(value, dict) else None
    return None if label in (None, "") else str(label)
