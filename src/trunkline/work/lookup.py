"""Whether a request that got no answer was carried out: found by reading what it would have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ..catalog import Action, Catalog
from ..odata import literal
from ..odata.equality import equal
from ..request import Call, bind
from .recovery import Effect, Finding


class Check(NamedTuple):
    """A call that reads, and what its answer says: ``carried_out(row)``, None for no row.

    It is None where the answer leaves it open: a part of the body can't be compared, or an entity with the key of a
    create has other values, which the PBX or somebody else may have given it.
    """

    call: Call
    carried_out: Callable[[Mapping[str, Any] | None], bool | None]

    def finding(self, answer: Any) -> Finding:
        """Read what an answer of the call shows: an entity, a list of at most one, or None for a 404."""
        row = (answer[0] if answer else None) if isinstance(answer, list) else answer
        carried_out = self.carried_out(row)
        if carried_out is None:
            return Finding.NO_TELLING
        return Finding.DONE if carried_out else Finding.NOT_DONE


def effect_of(action: Action, check: Check | None) -> Effect:
    """Return what sending an action twice would do, ``check`` being what `check_of` gives for its call."""
    if repeatable(action):
        return Effect.READ
    if action.kind == "delete":
        return Effect.DELETE
    return Effect.BLIND if check is None else Effect.KEYED


def repeatable(action: Action) -> bool:
    """Whether it may be sent again without looking: it only reads."""
    return action.method == "GET"


def always_checkable(catalog: Catalog, action: Action) -> bool:
    """Whether the fate of each item can be found, whatever its arguments."""
    return repeatable(action) or (action.kind == "delete" and _reader(catalog, action, set(action.keys)) is not None)


def check_of(call: Call) -> Check | None:
    """How to find out whether a call was carried out; None where there is no telling.

    A delete was if the entity is gone; an update if its fields are as sent; a create if there is an entity with the
    key that was sent, and with its fields. Other actions leave nothing to look at.
    """
    catalog, action = call.catalog, call.action
    keys = {name: call.values[name] for name in action.keys}
    match action.kind:
        case "delete":
            return _reading(catalog, action, keys, list(keys), lambda row: row is None)
        case "update" if action.keys:
            body = _sent(call)
            plain = _plain(catalog, action, body)
            sure = True if len(plain) == len(body) else None
            return _reading(catalog, action, keys, [*keys, *plain], lambda row: _same(row, plain) and sure)
        case "create":
            body = _sent(call)
            keys = _own_key(catalog, action, body)
            plain = _plain(catalog, action, body)
            return _reading(catalog, action, keys, list(plain), lambda row: _created(row, plain)) if keys else None
    return None


def _reading(
    catalog: Catalog,
    action: Action,
    keys: Mapping[str, Any],
    select: Sequence[str],
    carried_out: Callable[[Mapping[str, Any] | None], bool | None],
) -> Check | None:
    reader = _reader(catalog, action, set(keys))
    if reader is None:
        return None
    chosen = {"select": list(dict.fromkeys(select))} if "select" in reader.query else {}
    if reader.kind == "get":
        return Check(bind(catalog, reader, (), {**keys, **chosen}), carried_out)
    fields = catalog.fields(_row_type(reader))
    where = " and ".join(f"{name} eq {literal(value, fields[name])}" for name, value in keys.items())
    return Check(bind(catalog, reader, (), {"filter": where, "top": 1, **chosen}), carried_out)


def _reader(catalog: Catalog, action: Action, keys: set[str]) -> Action | None:
    """Find what reads one entity of the action's resource: by the key where there is such an action, else the list."""
    actions = catalog.resources[action.resource]
    reader, lister = actions.get("get"), actions.get("list")
    if reader is not None and set(reader.keys) == keys:
        return reader
    if lister is None or lister.params or "filter" not in lister.query:
        return None
    return lister if keys <= catalog.fields(_row_type(lister)).keys() else None


def _row_type(lister: Action) -> str:
    return lister.answer_type.name if lister.answer_type else ""


def _own_key(catalog: Catalog, action: Action, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key that a new entity was sent with, such as a user's Number; {} where the PBX gives it."""
    entity_set = next((s for s in catalog.sets.values() if s.resource == action.resource and not s.singleton), None)
    if entity_set is None:
        return {}
    for names in (entity_set.alternate, tuple(entity_set.key)):
        found = {name: body[name] for name in names if body.get(name) not in (None, "", 0)}
        if names and len(found) == len(names):
            return found
    return {}


def _sent(call: Call) -> dict[str, Any]:
    """Return the body as it was sent, wherever its fields were given."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(call.body or {}))
    return found


def _plain(catalog: Catalog, action: Action, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a body that can be compared: lists and objects come back completed by the PBX."""
    known = catalog.spec_fields(action.body) if action.body else {}
    return {n: v for n, v in body.items() if n in known and not isinstance(v, dict | list) and "Password" not in n}


def _same(row: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
    return row is not None and all(equal(value, row.get(name)) for name, value in fields.items())


def _created(row: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool | None:
    return False if row is None else _same(row, fields) or None
