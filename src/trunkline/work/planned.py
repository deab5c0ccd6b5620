"""A call that somebody looks at before it is sent: what it would change or remove, read first and compared again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..catalog import load
from ..errors import PreconditionFailed
from ..odata.equality import unchanged
from ..request import Call, bind
from .entity_change import fields_read, without_annotations
from .step import Ask, Asks, Step

_OWN_NAMES = ("Number", "FirstName", "LastName", "Name", "DisplayName", "RuleName")
_NAMES = ("Name", "DisplayName", "RuleName", "FriendlyName", "FileName", "Filename", "MAC", "Link", "CallerId", "Id")


class Planned(NamedTuple):
    """A call, what a person calls the entity that it is about, and what was read of that.

    ``read`` has every field of what a delete removes and, of an update, the key and the fields that it sends; None
    where nothing reads it, as for a create.
    """

    call: Call
    name: str
    read: Mapping[str, Any] | None

    @property
    def before(self) -> dict[str, Any]:
        """The fields that an update sends, as they are on the PBX; those that it lacks there are None."""
        if self.read is None or self.call.action.kind != "update":
            return {}
        return {name: self.read.get(name) for name in self.call.body or {} if "@" not in name}


def planned(call: Call) -> Asks[Planned]:
    """Read what a call would change or remove. Raises what the reading raises, such as NotFound."""
    action, catalog = call.action, load()
    reader = catalog.resources[action.resource].get("get")
    key = {name: call.values[name] for name in action.keys}
    if reader is None or action.kind not in ("update", "delete") or set(reader.keys) - set(key):
        return Planned(call, _key_text(key), None)
    if action.kind == "delete":
        row: Mapping[str, Any] = yield Ask(bind(catalog, reader, (), key))
        return Planned(call, entity_name(row) or _key_text(key), without_annotations(row))
    known = catalog.spec_fields(action.body)
    sent = [name for name in call.body or {} if name in known and name not in key]
    names = [name for name in _OWN_NAMES if key and name in known and not known[name].navigation]
    read = yield from fields_read(action, key, dict.fromkeys([*sent, *names]))
    name = entity_name(read) if key else f"the {action.noun}"
    return Planned(call, name or _key_text(key), {**key, **{field: read[field] for field in sent}})


def entity_name(row: Mapping[str, Any]) -> str:
    """Return what a person calls an entity, by its number and name; "" where its fields don't say."""
    person = " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))
    name = next((str(row[name]) for name in _NAMES if row.get(name) not in (None, "")), "")
    number = str(row.get("Number") or row.get("PhoneNumber") or "")
    return " ".join(dict.fromkeys(filter(None, (number, person or name))))


def _key_text(key: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())


class PlannedStep(Step):
    """Sends a call only if what it is about is still as it was read. Raises PreconditionFailed where it changed."""

    def __init__(self, plan: Planned) -> None:
        super().__init__(plan.call.action, plan.call.arguments)
        self.call = plan.call
        self._plan = plan
        if plan.read is not None and plan.call.action.keys and len(plan.read) > len(plan.call.action.keys):
            self.options = {"if_unchanged": dict(plan.read)}

    def send(self) -> Asks[Any]:
        if self._plan.read is not None and not self.call.action.keys:
            yield from self._check_singleton(self._plan.read)
        return (yield from super().send())

    def _check_singleton(self, read: Mapping[str, Any]) -> Asks[None]:
        """Read settings that have no key again, for a client compares only what has one."""
        now = yield from fields_read(self.action, {}, read)
        if differing := [name for name, value in read.items() if not unchanged(value, now[name])]:
            raise PreconditionFailed(
                f"{', '.join(differing)} of the {self.action.noun} changed since it was read. Nothing was done.",
                hint="Plan it again.",
                status=412,
                codes=dict.fromkeys(differing, "changed"),
            )
