"""What all descriptions share: which types a version has, and what its actions are bound to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from trunkline.catalog import Action, Catalog, parse_type


@lru_cache(maxsize=16)
def described_types(catalog: Catalog) -> tuple[str, ...]:
    """Return the types and enums that a version's actions and sets speak of, with all that these lead to, by name."""
    found: set[str] = set()
    waiting = [*_spoken_of(catalog), *(name for name in (set_type(s, catalog) for s in catalog.sets) if name)]
    while waiting:
        name = waiting.pop()
        if name in found or not name.startswith("Pbx."):
            continue
        found.add(name)
        if name in catalog.types:
            waiting += [spec.name for spec in catalog.fields(name).values()]
            waiting += [base] if (base := catalog.types[name].base) else []
    return tuple(sorted(found))


def _spoken_of(catalog: Catalog) -> Iterator[str]:
    for action in published(catalog):
        if action.answer_type:
            yield action.answer_type.name
        if isinstance(action.body, str):
            yield parse_type(action.body).name
        elif action.body:
            yield from (spec.name for spec in catalog.spec_fields(action.body).values())


def published(catalog: Catalog) -> Iterator[Action]:
    """Return the actions that 3CX's own files list; the upload of prompts is not among them (docs/pbx.md, Files)."""
    return (action for action in catalog.actions if action.published)


def set_type(name: str, catalog: Catalog) -> str | None:
    """Return the type of a set; one that only functions are called on is taken to be named after it."""
    declared = catalog.sets[name].type
    if declared:
        return declared
    guess = f"Pbx.{name.removesuffix('s')}"
    return guess if guess in catalog.types else None


def own_fields(type_name: str, catalog: Catalog) -> list[str]:
    """Return the fields that a type adds to those of its base, as the version has them."""
    base = catalog.types[type_name].base
    inherited = catalog.fields(base) if base else {}
    return [name for name in catalog.fields(type_name) if name not in inherited]
