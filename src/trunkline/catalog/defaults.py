"""What an action needs, and what a parameter of a function means that nobody gives.

A 3CX wants each argument of a function, and has no defaults itself (docs/pbx.md, Requests). What it takes for "all" is
known from requests of 3CX's own client and of other people's (docs/pbx.md, Reports).
"""

from __future__ import annotations

from typing import NamedTuple

from .model import Action, Param


class Default(NamedTuple):
    """What stands in for a parameter that is left out: a value, and what it means in words."""

    value: str | int | bool | None
    meaning: str


_ALL = Default("", "all")
_ANY = Default(0, "0, which is all")
_NO_SPAN = Default("0:00:0", "0:00:0, which is none")
_START = Default("-30d", "30 days before the end")
_END = Default("now", "now")
_NULL = Default(None, "null")

STARTS = ("periodFrom", "startDt", "startDate")
"""Where a period begins; the name in the same place of `ENDS` is where it ends."""
ENDS = ("periodTo", "endDt", "endDate")
ZONE = "clientTimeZone"

_DEFAULTS = {
    **dict.fromkeys(STARTS, _START),
    **dict.fromkeys(ENDS, _END),
    "chartDate": Default("now", "now"),
    "chartBy": Default("Day", "Day"),
    ZONE: Default("+00:00", "+00:00, which is UTC"),
    **dict.fromkeys(("queueDns", "queueDnStr", "agentDnStr", "ringGroupDns", "trunkDns", "extensionDns"), _ALL),
    **dict.fromkeys(("extensionFilter", "groupFilter", "groupNumber", "groupStr"), _ALL),
    **dict.fromkeys(("sourceFilter", "destinationFilter", "fromExtension", "fromText", "toExtension", "toText"), _ALL),
    **dict.fromkeys(("callArea", "callClass", "callsType", "chatType", "participantType"), _ANY),
    **dict.fromkeys(("sourceType", "destinationType", "fromType", "toType"), _ANY),
    "callTimeFilterType": Default(0, "0, which filters nothing"),
    "groupingType": Default(0, "0, which is by the hour"),
    **dict.fromkeys(("callTimeFilterFrom", "callTimeFilterTo", "waitInterval"), _NO_SPAN),
    "answerInterval": Default("", "none"),
    **dict.fromkeys(("hidePcalls", "includeQueueCalls", "includeInternalCalls"), Default(True, "true")),
}


def default_of(action: Action, parameter: Param) -> Default | None:
    """Return what a parameter of an action means that is left out; None if it can't be left out.

    A key can't, whatever its published type says: a path without it would mean every entity.
    """
    if parameter.name in action.keys:
        return None
    if action.kind == "function" and parameter.name in _DEFAULTS:
        return _DEFAULTS[parameter.name]
    return _NULL if parameter.type.nullable else None


def required_of(action: Action) -> tuple[str, ...]:
    """Return the parameters that a call can't be without, in the order of the path, and ``body`` where it needs one."""
    names = tuple(each.name for each in action.parameters if default_of(action, each) is None)
    return (*names, "body") if needs_body(action) else names


def needs_body(action: Action) -> bool:
    """Whether a call without any body is refused; an empty one may be enough (docs/pbx.md, Creating and changing).

    What a body narrows a deletion to can't be left out by mistake: it could then mean everything.
    """
    narrows = action.destructive and isinstance(action.body, dict)
    return action.body is not None and (
        action.body_required or narrows or action.kind in ("create", "update", "upload")
    )
