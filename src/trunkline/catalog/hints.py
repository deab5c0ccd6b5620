"""Names that somebody may have meant. This is the one place that makes suggestions.

A suggestion never says the opposite of what was typed: whoever wrote ``Disabled`` must not be led to ``Enabled``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PAIRS = """
enable/disable on/off allow/block allow/deny allow/forbid permit/deny permit/forbid accept/reject accept/decline
include/exclude including/excluding inclusive/exclusive internal/external interior/exterior inbound/outbound
incoming/outgoing inner/outer in/out input/output start/stop start/end begin/end first/last login/logout with/without
open/close opened/closed show/hide shown/hidden visible/hidden grant/revoke connect/disconnect read/write
blacklist/whitelist blocklist/allowlist black/white source/destination source/target src/dst from/to caller/callee
public/private local/remote busy/available busy/free available/away present/away present/absent present/missing
found/missing always/never always/none all/none any/none all/no yes/no true/false success/failure success/error
succeeded/failed succeed/fail pass/fail answered/missed answered/abandoned upload/download import/export
encrypt/decrypt encode/decode attach/detach asc/desc ascending/descending join/leave increase/decrease
increment/decrement high/low higher/lower more/less greater/less great/little min/max minimum/maximum old/new
left/right up/down send/receive sent/received push/pull add/remove add/delete create/delete create/remove
expand/collapse before/after above/below over/under day/night early/late can/cannot optional/required
mandatory/optional auto/manual automatic/manual active/passive primary/secondary primary/backup parent/child even/odd
resume/pause resume/suspend play/pause valid/expired trust/distrust keep/drop keep/discard record/ignore do/dont
does/doesnt ignore/honour ignore/honor ignore/respect pre/post east/west north/south
"""
_OPPOSITES = [tuple(pair.split("/")) for pair in _PAIRS.split()]
_DIRECTED = [pair for one, other in _OPPOSITES for pair in ((one, other), (other, one))]
_NEGATIONS = (
    "without",
    "cannot",
    "never",
    "dont",
    "anti",
    "not",
    "non",
    "dis",
    "mis",
    "no",
    "un",
    "de",
    "in",
    "im",
    "ir",
    "il",
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NEAR, _AS_NEAR = 0.6, 0.1


def nearest(name: str, *candidates: Iterator[str]) -> str:
    """`` Did you mean a or b?`` with at most three near names, or an empty text."""
    near = close(name, (each for group in candidates for each in group), most=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def close(name: str, candidates: Iterable[str], *, most: int, cutoff: float = _NEAR) -> list[str]:
    """Return the candidates that are spelled most like a name, whatever the case, the best first.

    Left out is what may mean the opposite of the name, and each of two that mean the opposite of each other where
    the name is about as near to both.
    """
    from difflib import get_close_matches  # only when something is wrong already

    pool = {each.lower(): each for each in candidates}
    found = [pool[each] for each in get_close_matches(name.lower(), pool, n=2 * most, cutoff=cutoff)]
    score = {each: _likeness(name.lower(), each.lower()) for each in found}
    return [
        each
        for each in found
        if not may_be_opposite(name, each)
        and not any(score[other] > score[each] - _AS_NEAR and may_be_opposite(each, other) for other in found)
    ][:most]


def may_be_opposite(one: str, other: str) -> bool:
    """Whether two similar names may mean the opposite of each other.

    They may if one comes nearer to the other by an opposite put in the place of a word, or by a "not" taken away.
    The word need not be spelled without a slip.
    """
    if one.lower() == other.lower():
        return False
    return any(_turns(a, b) or _negates(a, b) for a, b in ((one, other), (other, one)))


def _turns(one: str, other: str) -> bool:
    plain, goal = one.lower(), other.lower()
    likeness = _likeness(plain, goal)
    return any(
        _likeness(plain[:begin] + opposite + plain[end:], goal) > likeness
        for word, opposite in _DIRECTED
        for begin, end in _places(word, plain)
    )


def _places(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a text has a word; a word of five letters and more also with one letter wrong, missing or too many."""
    for length in (len(word),) if len(word) < 5 else (len(word), len(word) - 1, len(word) + 1):
        for begin in range(len(text) - length + 1):
            part = text[begin : begin + length]
            alike = part[:2] == word[:2] or part[-2:] == word[-2:]  # else there is more than one slip
            if part == word or (alike and len(word) >= 5 and _is_slip(part, word)):
                yield begin, begin + length


def _is_slip(part: str, word: str) -> bool:
    """Whether a part of a text is a word with one letter wrong, missing or too many, or two that changed places."""
    if len(part) == len(word):
        wrong = [at for at in range(len(word)) if part[at] != word[at]]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and part[wrong[0]] == word[wrong[1]]
        return len(wrong) == 1 or (swapped and part[wrong[1]] == word[wrong[0]])
    longer, shorter = (part, word) if len(part) > len(word) else (word, part)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def _negates(one: str, other: str) -> bool:
    """Whether ``one`` is ``other`` with a "not" in it: at the beginning of a word, or anywhere if no word begins."""
    plain, goal = one.lower(), other.lower()
    likeness = _likeness(plain, goal)
    begins = [word.start() for word in _WORD.finditer(one)]
    if len(begins) < 2:
        begins = list(range(len(one)))
    return any(
        plain.startswith(negation, begin) and _likeness(plain[:begin] + plain[begin + len(negation) :], goal) > likeness
        for begin in begins
        for negation in _NEGATIONS
    )


def _likeness(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one, other).ratio()
