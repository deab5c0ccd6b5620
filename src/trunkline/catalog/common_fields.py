"""The fields of a body that most calls set: what help and forms show first."""

from __future__ import annotations

from . import Action, Catalog
from .columns import BY_TYPE, NAMES

MANY = 14
"""Fields that fit on a screen; of an action with no more, all are common."""


def common_fields(catalog: Catalog, action: Action) -> list[str]:
    """Return the fields of a body that most calls set, in the order of the help: all where they are few.

    Else those that its lists show, those by which a thing is found and named, and then what belongs to it, such as the
    agents of a queue.
    """
    fields = catalog.spec_fields(action.body)
    if len(fields) <= MANY or not isinstance(action.body, str):
        return list(fields)
    alternate = [name for known in catalog.sets.values() if known.type == action.body for name in known.alternate]
    shown = [column.partition(".")[0] for column in BY_TYPE.get(action.body, "").split()]
    ranked = [*shown, *alternate, *(name for name in fields if name in NAMES)]
    ranked += [name for name, spec in fields.items() if spec.navigation]
    common = [name for name in dict.fromkeys(ranked) if name in fields]
    if not shown:  # of settings there is one, and no list that shows what matters
        plain = [name for name, spec in fields.items() if not (spec.collection or spec.name in catalog.types)]
        common += [name for name in plain if name not in common][: MANY - len(common)]
    return common
