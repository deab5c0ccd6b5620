"""What people who run phone systems look for by words that 3CX does not use, such as wallboard: `topics.json`.

Each topic has the words for it, the actions that serve it, best first, and a sentence where 3CX has no action for it:
the actions are then those that come nearest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

DATA_FILE = Path(__file__).with_name("topics.json")
_ARTICLES = frozenset(("a", "an", "the", "my"))


class Topic(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words for something, the ids of the actions for it, and what 3CX lacks if it has none."""

    words: tuple[str, ...]
    actions: tuple[str, ...]
    lacks: str = ""


class Match(NamedTuple):
    """A topic, and the words of a query that are not its own."""

    topic: Topic
    rest: tuple[str, ...]


def topic_of(query: str) -> Match | None:
    """Return the topic that a query has most words of; None if it has those of none.

    Case, hyphens, articles and plurals make no difference.
    """
    wanted = _spoken(query)
    found: tuple[int, Match] | None = None
    for phrase, topic in _phrases().items():
        for begin in range(len(wanted) - len(phrase) + 1):
            if tuple(_singular(word) for word in wanted[begin : begin + len(phrase)]) == phrase and (
                found is None or len(phrase) > found[0]
            ):
                found = len(phrase), Match(topic, (*wanted[:begin], *wanted[begin + len(phrase) :]))
    return found[1] if found else None


def _spoken(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"\w+", text.lower().replace("_", " ")) if word not in _ARTICLES)


def _singular(word: str) -> str:
    return word if len(word) < 4 or word.endswith("ss") else word.removesuffix("s")


@lru_cache(maxsize=1)
def _phrases() -> dict[tuple[str, ...], Topic]:
    return {tuple(map(_singular, _spoken(words))): topic for topic in topics() for words in topic.words}


_DECODER = msgspec.json.Decoder(tuple[Topic, ...])


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """Return all topics."""
    return _DECODER.decode(DATA_FILE.read_bytes())
