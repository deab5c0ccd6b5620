"""A step of a plan as a difference, for whoever shows plans as differences are shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from ..difference import Difference, FieldChange, differences
from ..model import Configuration, Entity, Scope

if TYPE_CHECKING:
    from .model import Step


def step_difference(step: Step) -> Difference:
    """Return a step as a difference between what the PBX has now and what it has then."""
    scope = Scope({step.id.kind: ("*",)}, is_complete=True)
    old = {} if step.change == "add" else {step.id: Entity(step.id, step.old)}
    new = {} if step.change == "remove" else {step.id: Entity(step.id, step.fields)}
    found = differences(Configuration("", old, scope), Configuration("", new, scope))
    change: Literal["added", "removed", "changed"] = "changed"
    if step.change in ("add", "remove"):
        change = "added" if step.change == "add" else "removed"
        return found[0] if found else Difference(step.id, change, ())
    fields = found[0].fields if found else ()
    shown = {re.split(r"[.\[]", field.field)[0] for field in fields}
    # A secret that is sent again is no difference of its own.
    again = (FieldChange(name, step.old.get(name), step.fields[name]) for name in step.fields if name not in shown)
    return Difference(step.id, change, (*fields, *again))
