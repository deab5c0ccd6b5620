"""Lists of extensions that an entity has, such as the agents of a queue."""

from __future__ import annotations

from functools import lru_cache

from . import Action, Catalog, load
from .model import TypeSpec
from .names import snake

_DEPARTMENTS = "Groups"  # a role in each, which has rules of its own


@lru_cache(maxsize=256)
def member_lists(resource: str) -> dict[str, tuple[str, TypeSpec]]:
    """Return the lists of extensions that entities of a resource have, by the name of their commands.

    ``{"agents": ("Agents", …), "managers": ("Managers", …)}`` for queues. They come from the catalog: lists of an
    update whose elements have a Number, departments aside.
    """
    catalog = load()
    update = catalog.resources.get(resource, {}).get("update")
    if update is None or not update.keys or not isinstance(update.body, str):
        return {}
    return {
        snake(name): (name, spec)
        for name, spec in catalog.fields(update.body).items()
        if spec.collection and spec.navigation and name != _DEPARTMENTS and "Number" in catalog.fields(spec.name)
    }


def has_lists(catalog: Catalog, action: Action) -> bool:
    """Whether an action's body has a list."""
    return any(spec.collection for spec in catalog.spec_fields(action.body).values())
