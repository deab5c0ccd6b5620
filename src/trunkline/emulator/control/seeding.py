"""Seeds by name, or as rows: ``{"Fax": [{"Id": 900, "Number": "900"}]}`` laid over the seed "empty"."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ...catalog import Catalog
from ..refusals import Refusal
from ..seeds import SEEDS
from ..store import Seed
from ..values import Values
from ..variants import NotAllowed


def check(seed: object, catalog: Catalog) -> None:
    """NotAllowed for a name that no seed has, or rows that don't fit the types of this version."""
    if isinstance(seed, str):
        if seed not in SEEDS:
            raise NotAllowed(f"No seed is called {seed!r}.", sorted(SEEDS))
        return
    if not isinstance(seed, Mapping):
        raise NotAllowed("A seed is a name, or an object with the rows of each set.", sorted(SEEDS))
    values = Values(catalog)
    for name, content in seed.items():
        _check_set(name, content, catalog, values)


def _check_set(name: str, content: object, catalog: Catalog, values: Values) -> None:
    entity_set = catalog.sets.get(name)
    if entity_set is None or entity_set.type is None:
        raise NotAllowed(f"This version has no set {name!r}.", sorted(catalog.sets))
    expected = dict if entity_set.singleton else list
    if not isinstance(content, expected):
        raise NotAllowed(f"{name}: {'an object' if entity_set.singleton else 'a list of rows'} is expected.")
    keys = [key for key in entity_set.key or catalog.key(entity_set.type) if not entity_set.singleton]
    fields = catalog.fields(entity_set.type)
    for row in content if isinstance(content, list) else [content]:
        try:
            checked = values.check_object(row, fields, entity_set.type)
        except Refusal as refusal:
            raise NotAllowed(f"{name}: {refusal.message}") from None
        missing = [key for key in keys if checked.get(key) is None]
        if missing:
            raise NotAllowed(f"{name}: a row lacks its key {', '.join(missing)}.")


def rows_of(seed: str | Mapping[str, Any]) -> Seed:
    return SEEDS[seed]() if isinstance(seed, str) else {**SEEDS["empty"](), **deepcopy(dict(seed))}
