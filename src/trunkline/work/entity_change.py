"""A change of some fields of one entity: read, shown before and after, sent only where they are still as read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..catalog import Action, load
from ..errors import PreconditionFailed
from ..odata.equality import unchanged
from ..request import bind
from .guards import Confirm, Question, check_confirmed
from .lists import expansion
from .step import Ask, Asks


class Shown(NamedTuple):
    """One thing that changes, in plain words."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before} → {self.after}"


class EntityChange(NamedTuple):
    """Fields of an entity as they were read and as they shall be, each whole.

    ``action`` updates it, ``key`` has the arguments that name it, ``name`` is what a person calls it. ``shown`` is the
    same change in plain words, ``notes`` are sentences worth knowing before it is sent.
    """

    action: Action
    key: Mapping[str, Any]
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    shown: Sequence[Shown]
    notes: Sequence[str] = ()

    @property
    def is_change(self) -> bool:
        """Whether anything would be sent."""
        return any(not unchanged(self.before.get(name), value) for name, value in self.after.items())

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {each}" for each in self.shown)])


def fields_read(action: Action, key: Mapping[str, Any], fields: Iterable[str]) -> Asks[dict[str, Any]]:
    """Read some fields of the entity that ``action`` updates, without what OData adds; those it lacks are None."""
    known = load().spec_fields(action.body)
    wanted = list(fields)
    expand = [expansion(load(), name, known[name]) for name in wanted if known[name].navigation]
    arguments: dict[str, Any] = {**key, "select": [*key, *(name for name in wanted if not known[name].navigation)]}
    if expand:
        arguments["expand"] = expand
    row = yield Ask(bind(load(), load().resources[action.resource]["get"], (), arguments))
    return {name: without_annotations(row.get(name)) for name in wanted}


def change_sent(change: EntityChange, confirm: Confirm | bool | None) -> Asks[bool]:
    """Ask, compare and send; False if it is so already, and nothing was sent.

    Raises NotConfirmed after a no; PreconditionFailed, and changes nothing, if a field is not as it was read by now.
    """
    if not change.is_change:
        return False
    facts = (*change.notes, *map(str, change.shown))
    check_confirmed(Question(change.action, 1, name=change.name, facts=facts), confirm)
    now = yield from fields_read(change.action, change.key, change.before)
    if differing := [name for name, value in change.before.items() if not unchanged(value, now[name])]:
        raise PreconditionFailed(
            f"{', '.join(differing)} of {change.name} changed since it was read. Nothing was done.",
            hint="Plan it again.",
            status=412,
            codes=dict.fromkeys(differing, "changed"),
        )
    yield Ask(bind(load(), change.action, (), {**change.key, "body": dict(change.after)}))
    return True


def without_annotations(value: Any) -> Any:
    """Return a value as it can be sent back: without what OData adds, at every depth."""
    if isinstance(value, Mapping):
        return {name: without_annotations(inner) for name, inner in value.items() if "@odata." not in name}
    return [without_annotations(each) for each in value] if isinstance(value, list) else value
