"""Whether a request whose answer never came was carried out: found by reading what it would have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..catalog import Action, Catalog
from ..catalog.names import folded
from ..odata import literal


class Check(NamedTuple):
    """An action that reads, its arguments, and what its answer says: ``carried_out(row)``, None for no row."""

    action: str
    arguments: dict[str, Any]
    carried_out: Callable[[Mapping[str, Any] | None], bool]


def repeatable(action: Action) -> bool:
    """Whether it may be sent again without looking: it only reads."""
    return action.method == "GET"


def check_of(catalog: Catalog, action: Action, arguments: Mapping[str, Any]) -> Check | None:
    """How to find out whether an action with these arguments was carried out; None where there is no telling.

    A delete was if the entity is gone; an update if its fields are as sent; a create if there is an entity with the
    key that was sent, and with its fields. Other actions leave nothing to look at.
    """
    given = {folded(name): value for name, value in arguments.items()}
    body = arguments.get("body") or {}
    match action.kind:
        case "delete":
            keys = {name: given.get(folded(name)) for name in action.keys}
            return _reading(catalog, action, keys, list(keys), lambda row: row is None)
        case "update" if action.keys:
            keys = {name: given.get(folded(name)) for name in action.keys}
            plain = _plain(catalog, action, body)
            return _reading(catalog, action, keys, [*keys, *plain], lambda row: _same(row, plain)) if plain else None
        case "create":
            keys = _own_key(catalog, action, body)
            plain = _plain(catalog, action, body)
            return _reading(catalog, action, keys, list(plain), lambda row: _same(row, plain)) if keys else None
    return None


def _reading(
    catalog: Catalog,
    action: Action,
    keys: Mapping[str, Any],
    select: Sequence[str],
    carried_out: Callable[[Mapping[str, Any] | None], bool],
) -> Check | None:
    """By the key where the resource can be read so, else from its list."""
    actions = catalog.resources[action.resource]
    reader = actions.get("get")
    chosen = {"select": list(dict.fromkeys(select))}
    if reader is not None and set(reader.keys) == set(keys):
        return Check(reader.id, {**keys, **(chosen if "select" in reader.query else {})}, carried_out)
    lister = actions.get("list")
    if lister is None or lister.params or "filter" not in lister.query or lister.answer_type is None:
        return None
    fields = catalog.fields(lister.answer_type.name)
    if not keys.keys() <= fields.keys():
        return None
    where = " and ".join(f"{name} eq {literal(value, fields[name])}" for name, value in keys.items())
    return Check(lister.id, {"filter": where, "top": 1, **chosen}, carried_out)


def _own_key(catalog: Catalog, action: Action, body: Mapping[str, Any]) -> dict[str, Any]:
    """The key that a new entity was sent with, such as a user's Number; {} where the PBX gives it."""
    entity_set = next((s for s in catalog.sets.values() if s.resource == action.resource and not s.singleton), None)
    if entity_set is None:
        return {}
    for names in (entity_set.alternate, tuple(entity_set.key)):
        found = {name: body[name] for name in names if body.get(name) not in (None, "", 0)}
        if names and len(found) == len(names):
            return found
    return {}


def _plain(catalog: Catalog, action: Action, body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a body that can be compared: lists and objects come back completed by the PBX."""
    known = catalog.spec_fields(action.body) if action.body else {}
    return {n: v for n, v in body.items() if n in known and not isinstance(v, dict | list) and "Password" not in n}


def _same(row: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
    return row is not None and all(row.get(name) == value for name, value in fields.items())
