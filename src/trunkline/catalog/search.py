"""Finding actions by words."""

from __future__ import annotations

import re

from . import Action, Catalog
from .names import display_words


def search(catalog: Catalog, query: str) -> list[Action]:
    """Actions that have every word of the query, best first.

    Words are looked for in the id, the operationId, the display names and the summary; a hit in a name counts more
    than one in the summary, a whole word more than a part, and a short name more than a long one.
    """
    wanted = query.lower().replace(".", " ").replace("_", " ").split()
    scored = [(score, action.id, action) for action in catalog.actions if (score := _score(action, wanted, query))]
    return [action for _, _, action in sorted(scored, key=lambda found: (-found[0], found[1]))]


def _score(action: Action, wanted: list[str], query: str) -> float:
    if query.lower() in (action.id, action.operation_id.lower(), display_words(action.operation_id).lower()):
        return 1000.0
    names = f"{action.tag} {action.operation_id} {display_words(action.tag)} {display_words(action.operation_id)}"
    named = {*names.lower().split(), *action.id.replace(".", "_").split("_")}
    told = set(re.findall(r"\w+", action.summary.lower()))
    score = 0.0
    for word in wanted:
        stem = word.removesuffix("s")
        if word in named or stem in named or f"{word}s" in named:
            score += 10
        elif word in told or f"{word}s" in told:
            score += 4
        elif any(stem in name for name in named):
            score += 3
        else:
            return 0.0
    return score - len(action.id) / 100
