"""One entity as somebody edits it: read completely, compared field by field, and changed if nobody else did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..catalog import Action, Catalog
from ..catalog.secret import masked
from ..errors import BadRequest, InvalidArgument
from ..odata.equality import unchanged
from ..request import bind
from .entity_change import EntityChange, Shown, without_annotations
from .lists import ListChange, element_name, expansion
from .step import Ask, Asks


class Difference(NamedTuple):
    """A value before and after, at a path such as ``OfficeRoute.Number``. Secrets are masked in both; None is not set.

    ``dropped`` are the elements of a list that are gone afterwards, as people call them.
    """

    path: str
    before: Any
    after: Any
    dropped: tuple[str, ...] = ()


class EntityRead(NamedTuple):
    """An entity as it was read. ``missing`` are fields that the PBX refused to answer, so that they can't be edited."""

    row: Mapping[str, Any]
    missing: tuple[str, ...] = ()


def updater(catalog: Catalog, resource: str) -> Action | None:
    """Return the action that changes one entity of a resource by its key; None where no reading goes with it."""
    action = catalog.resources.get(resource, {}).get("update")
    if action is None or not action.keys or not isinstance(action.body, str) or catalog.reader(action) is None:
        return None
    return action


def entity_read(catalog: Catalog, action: Action, key: Mapping[str, Any]) -> Asks[EntityRead]:
    """Read all of the entity that ``action`` updates, with the lists that come only when they are expanded.

    A PBX that refuses the expansion is asked again without: those lists are ``missing``. Raises InvalidArgument for an
    action that has no entity to read, and what the PBX answers, such as NotFound.
    """
    reader = catalog.reader(action)
    if reader is None:
        raise InvalidArgument(f"{action.id} has no entity that can be read by key.")
    fields = catalog.spec_fields(action.body)
    navigation = [name for name, spec in fields.items() if spec.navigation]
    expand = [expansion(catalog, name, fields[name]) for name in navigation]
    try:
        row = yield Ask(bind(catalog, reader, (), {**key, **({"expand": expand} if expand else {})}))
    except BadRequest:
        if not expand:
            raise
        row = yield Ask(bind(catalog, reader, (), dict(key)))
        return EntityRead(without_annotations(row), tuple(navigation))
    return EntityRead(without_annotations(row))


def entity_edited(
    action: Action, key: Mapping[str, Any], name: str, row: Mapping[str, Any], values: Mapping[str, Any]
) -> EntityChange:
    """Return the change from a row as it was read to these values; what is the same is left out.

    ``name`` is what a person calls the entity. The change is sent by `change_sent`.
    """
    after = {field: value for field, value in values.items() if not unchanged(row.get(field), value)}
    before = {field: row.get(field) for field in after}
    found = list(differences(before, after))
    shown = [Shown(each.path, _text(each.before), _text(each.after)) for each in found]
    dropping = [each for each in found if each.dropped]
    notes = [f"{each.path} is replaced as a whole, without {', '.join(each.dropped)}." for each in dropping]
    return EntityChange(action, key, name, before, after, shown, notes)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs, in objects by the path of each value; a list is one value."""
    hidden_before, hidden_after = masked(before), masked(after)
    yield from _differences("", (before, after), (hidden_before, hidden_after))


def _differences(path: str, real: tuple[Any, Any], hidden: tuple[Any, Any]) -> Iterator[Difference]:
    """Compare the real values, and yield the masked ones."""
    before, after = real
    if unchanged(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            inner = (before.get(name), after.get(name))
            yield from _differences(
                f"{path}.{name}" if path else name, inner, (hidden[0].get(name), hidden[1].get(name))
            )
        return
    dropped: tuple[str, ...] = ()
    if isinstance(before, list) and isinstance(after, list | None):
        dropped = tuple(map(element_name, ListChange(path, before, after or []).dropped))
    yield Difference(path, *hidden, dropped)


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(map(element_name, value)) or "none"
    return str(value)
