"""Finding actions by words: 3CX's own, those of people who run phone systems, and those typed in a hurry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from . import Action, Catalog
from .hints import close
from .names import display_words
from .topics import topic_of

# What people say → what 3CX's API says. Found so, an action comes after those that have the word itself.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "add": ("create",),
    "new": ("create",),
    "remove": ("delete",),
    "erase": ("delete",),
    "edit": ("update",),
    "change": ("update", "set"),
    "modify": ("update",),
    "rename": ("update",),
    "patch": ("update",),
    "show": ("get", "list"),
    "read": ("get", "list"),
    "view": ("get", "list"),
    "find": ("list", "get"),
    "hangup": ("drop",),
    "dial": ("call",),
    "cdr": ("call", "log"),
    "extension": ("user",),
    "department": ("group",),
    "ivr": ("receptionist",),
    "attendant": ("receptionist",),
    "acd": ("queue",),
    "hunt": ("ring",),
    "provider": ("trunk",),
    "ip": ("blocklist",),
    "ban": ("blocklist",),
    "block": ("blocklist", "black"),
    "blacklist": ("blocklist", "black"),
    "handset": ("phone",),
    "desk": ("phone",),
    "ata": ("fxs",),
    "gateway": ("fxs",),
    "register": ("registration",),
    "role": ("rights",),
    "vm": ("voicemail",),
    "prompt": ("prompts",),
    "licence": ("license",),
    "upgrade": ("update",),
    "restore": ("backup",),
    "sso": ("microsoft365", "google"),
    "teams": ("microsoft365",),
    "smtp": ("mail",),
    "opening": ("office",),
    "business": ("office",),
}
# What people say in several words, or in one for several.
PHRASES: dict[str, str] = {
    "hang up": "drop",
    "end call": "drop call",
    "digital receptionist": "receptionist",
    "auto attendant": "receptionist",
    "sip trunk": "trunk",
    "live chat": "chat",
    "unblock": "delete block",
    "reset password": "regenerate passwords",
    "change password": "regenerate passwords",
    "update firmware": "install firmware",
    "firmware update": "install firmware",
    "reboot pbx": "restart operating system",
    "reboot server": "restart operating system",
}
_TOPIC = 500.0  # more than the words of any action are worth, and less than its name in full
# Words that a question has and a name need not have.
_FILLING = frozenset(("a", "an", "the", "of", "by", "to", "for", "on", "in", "from", "with", "all", "my", "and", "is"))


class _Words(NamedTuple):
    """The words of an action: of the resource it belongs to, in all its names, and in its noun and summary."""

    action: Action
    of: frozenset[str]
    named: frozenset[str]
    told: frozenset[str]


def search(catalog: Catalog, query: str) -> list[Action]:
    """Actions that have every word of the query, best first.

    Words are looked for in the id, the operationId, the display names, the noun and the summary; a hit in the
    resource's name counts more than one in another name, that more than a part of a name, that more than one in the
    noun or summary, and a short name more than a long one. A word counts for its `SYNONYMS` as well, and `PHRASES` for
    what they stand for; one that no action has is taken for the nearest that is spelled like it. Words such as "the"
    help a little, but nothing has to have them. The actions of a topic (`topics.py`) come before those that only have
    its words.
    """
    words = _all_words(catalog)
    meant = _meant(query, words)
    leading = _leading(query, words)
    scored = [
        (score, each.action.id, each.action)
        for each in words
        if (score := _called(each.action, query) or leading.get(each.action.id) or _score(each, meant)) > 0
    ]
    return [action for _, _, action in sorted(scored, key=lambda found: (-found[0], found[1]))]


def lacking(query: str) -> str:
    """Return the sentence that 3CX has no action for what a query asks; empty where it has, or nobody has looked."""
    match = topic_of(query)
    return match.topic.lacks if match else ""


def _leading(query: str, words: Iterable[_Words]) -> dict[str, float]:
    """Return what the actions of the query's topic are worth, of those that have the rest of its words too."""
    match = topic_of(query)
    if match is None:
        return {}
    rest = [word for word in match.rest if word not in _FILLING]
    fitting = {each.action.id for each in words if all(_worth(each, word) for word in rest)}
    if match.topic.lacks:
        fitting |= {*match.topic.actions}  # the nearest is worth showing whatever else was asked
    return {name: _TOPIC - place for place, name in enumerate(match.topic.actions) if name in fitting}


def partly(catalog: Catalog, query: str) -> list[Action]:
    """Actions that have most of the words of a query that none has whole, best first; empty if none has any."""
    words = _all_words(catalog)
    meant = [word for word in _meant(query, words) if word not in _FILLING]
    scored = [([_worth(each, word) for word in meant], each.action) for each in words]
    most = max((sum(map(bool, worth)) for worth, _ in scored), default=0)
    if not most:
        return []
    best = [(sum(worth) - len(action.id) / 100, action) for worth, action in scored if sum(map(bool, worth)) == most]
    return [action for _, action in sorted(best, key=lambda found: (-found[0], found[1].id))]


def _meant(query: str, words: Iterable[_Words]) -> list[str]:
    text = " ".join(re.findall(r"[\w@-]+", query.lower().replace(".", " ").replace("_", " ")))
    for said, stands_for in PHRASES.items():
        text = re.sub(rf"\b{said}s?\b", stands_for, text)
    wanted = text.split()
    known = {word for each in words for word in (*each.named, *each.told)} | SYNONYMS.keys()
    return [_spelled(word, known) for word in wanted]


@lru_cache(maxsize=4)
def _all_words(catalog: Catalog) -> tuple[_Words, ...]:
    return tuple(map(_words, catalog.actions))


def _words(action: Action) -> _Words:
    names = f"{action.tag} {action.operation_id} {display_words(action.tag)} {display_words(action.operation_id)}"
    named = {*names.lower().split(), *action.id.replace(".", "_").split("_")}
    of = frozenset(action.resource.split("_"))
    told = re.findall(r"\w+", f"{action.noun} {action.summary}".lower())
    return _Words(action, of, frozenset(named), frozenset(told))


def _spelled(word: str, known: Iterable[str]) -> str:
    """Return the word itself if any action has it, or has it as a part; else the nearest one that is there."""
    stem = _stem(word)
    if any(stem in each for each in known):
        return word
    return next(iter(close(word, known, most=1, cutoff=0.75)), word)


def _stem(word: str) -> str:
    """Users are user, and provisioning is provision; but ring stays what it is."""
    return word[:-3] if word.endswith("ing") and len(word) > 9 else word.removesuffix("s")


def _score(words: _Words, wanted: list[str]) -> float:
    score = 0.0
    for word in wanted:
        best = _worth(words, word)
        if word in _FILLING:
            best /= 100
        elif not best:
            return 0.0
        score += best
    return score - len(words.action.id) / 100


def _called(action: Action, query: str) -> float:
    """1000 and more if the query is the action's name in full: id, operationId, display name alone, or with the
    resource's. A name that an action of today and a dropped one share means today's."""
    plain = re.sub(r"[\W_]+", " ", query.lower()).strip()
    tag, operation = display_words(action.tag).lower(), display_words(action.operation_id).lower()
    today = 0.5 if action.until is None else 0.0
    if query.lower() == action.id:
        return 1003.0
    if plain in (operation, action.operation_id.lower()):
        return 1002.0 + today
    if plain in (f"{tag} {operation}", f"{operation} {tag}"):
        return 1001.0 + today
    return 0.0


def _worth(words: _Words, word: str) -> float:
    """Return what a word of the query is worth for an action, itself or what it stands for.

    0 if the action has neither.
    """
    also = SYNONYMS.get(_stem(word), SYNONYMS.get(word, ()))
    return max(_found(words, word), max((_found(words, other) for other in also), default=0.0) - 0.5, 0.0)


def _found(words: _Words, word: str) -> float:
    stem = _stem(word)
    if not words.of.isdisjoint((word, stem, f"{word}s")):
        return 10.3  # a little before other names, but not twice before one that is shorter
    if not words.named.isdisjoint((word, stem, f"{word}s")):
        return 10.0
    if word in words.told or f"{word}s" in words.told:
        return 2.5
    return 3.0 if any(stem in name for name in words.named) else 0.0
