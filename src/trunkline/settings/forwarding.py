"""Where calls of an extension go under each status, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from ..catalog import Action, load, nearest
from ..errors import InvalidArgument, NotFound
from ..references.target import finding
from ..work.drivers import AsyncCaller, Caller, adrive, drive
from ..work.entity_change import EntityChange, Shown, change_sent, fields_read
from ..work.guards import Confirm
from ..work.step import Asks
from .who import checked_name, extension

Row = Mapping[str, Any]
When = Literal["no-answer", "busy", "not-registered", "away"]
Side = Literal["internal", "external"]
SIDES: tuple[Side, ...] = ("internal", "external")
WHEN: Mapping[When, tuple[str, str]] = {
    "no-answer": ("AvailableRoute", "NoAnswer"),
    "busy": ("AvailableRoute", "Busy"),
    "not-registered": ("AvailableRoute", "NotRegistered"),
    "away": ("AwayRoute", ""),
}
"""When calls are diverted: the route of a profile, and how its fields begin."""
MOST_SECONDS = 3_600
"""Of ringing before a call counts as unanswered."""
_TYPES = {
    "extension": ("Extension", "Extension"),
    "queue": ("Queue", "Queue"),
    "ring_group": ("RingGroup", "RingGroup"),
    "receptionist": ("IVR", "IVR"),
    "fax": ("Fax", "Fax"),
    "route_point": ("RoutePoint", "RoutePoint"),
}  # Pbx.DestinationType and Pbx.PeerType of what a number is
_NOWHERE = {"To": "None", "Number": "", "External": "", "Tags": []}  # (docs/pbx.md, Answers)
_OUTSIDE = re.compile(r"\+\d[\d ().-]{3,30}")
_FIELDS = ("ForwardingProfiles", "CurrentProfileName")


class ProfileShown(msgspec.Struct, frozen=True):
    """A forwarding profile in plain words. Each list names where calls from extensions go, then those from outside;
    both empty where the PBX says nothing. ``timeout`` is in seconds."""

    profile: str
    is_current: bool
    timeout: int | None
    no_answer: list[str]
    busy: list[str]
    not_registered: list[str]
    away: list[str]


class Forwarding:
    """Where calls of an extension go.

        forwarding = Forwarding("104")
        change = forwarding.plan(pbx, "Available", {"no-answer": "105"})
        forwarding.apply(pbx, change)

    `show`, `plan` and `apply` take a `Pbx`; `ashow`, `aplan` and `aapply` an `AsyncPbx`.
    """

    def __init__(self, number: str) -> None:
        self.number = checked_name(number, "An extension")

    def show(self, pbx: Caller) -> list[ProfileShown]:
        """Read all profiles. Raises NotFound for an extension that the PBX doesn't have."""
        shown: list[ProfileShown] = drive(self._shown(), pbx)
        return shown

    async def ashow(self, pbx: AsyncCaller) -> list[ProfileShown]:
        """Read as `show` does."""
        shown: list[ProfileShown] = await adrive(self._shown(), pbx)
        return shown

    def plan(
        self,
        pbx: Caller,
        profile: str | None = None,
        routes: Mapping[When, str] | None = None,
        *,
        sides: Sequence[Side] = SIDES,
        timeout: int | None = None,
        switch_to: str | None = None,
    ) -> EntityChange:
        """Read the profiles, and return what they become; nothing is changed.

        ``routes`` are destinations of the profile by when calls go there: the number or the name of an extension,
        queue, ring group or digital receptionist, ``voicemail``, an outside number such as ``+442079460100``, or
        ``none``. ``sides``: calls from extensions, from outside, or both. ``timeout``: seconds of ringing.
        ``switch_to`` is the profile to set now. Raises NotFound for what the PBX doesn't have, InvalidArgument for what
        can't be a destination.
        """
        change: EntityChange = drive(self._planned(profile, routes or {}, sides, timeout, switch_to), pbx)
        return change

    async def aplan(
        self,
        pbx: AsyncCaller,
        profile: str | None = None,
        routes: Mapping[When, str] | None = None,
        *,
        sides: Sequence[Side] = SIDES,
        timeout: int | None = None,
        switch_to: str | None = None,
    ) -> EntityChange:
        """Plan as `plan` does."""
        planned = self._planned(profile, routes or {}, sides, timeout, switch_to)
        change: EntityChange = await adrive(planned, pbx)
        return change

    def apply(self, pbx: Caller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send a plan; False if it is so already, and nothing was sent.

        ``confirm`` asks a person before, or is the answer. Raises PreconditionFailed, and changes nothing, if the
        profiles are not as they were read by now; NotConfirmed after a no.
        """
        return bool(drive(change_sent(change, confirm), pbx))

    async def aapply(self, pbx: AsyncCaller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send as `apply` does."""
        return bool(await adrive(change_sent(change, confirm), pbx))

    def _read(self) -> Asks[tuple[Row, Action, dict[str, Any]]]:
        person = yield from extension(self.number)
        action = load().action("users.update")
        return person, action, (yield from fields_read(action, {"Id": person["Id"]}, _FIELDS))

    def _shown(self) -> Asks[list[ProfileShown]]:
        _, _, row = yield from self._read()
        return [_shown(each, row["CurrentProfileName"]) for each in row["ForwardingProfiles"] or []]

    def _planned(
        self,
        profile: str | None,
        routes: Mapping[When, str],
        sides: Sequence[Side],
        timeout: int | None,
        switch_to: str | None,
    ) -> Asks[EntityChange]:
        _check(profile, routes, sides, timeout, switch_to)
        person, action, before = yield from self._read()
        profiles, after, shown = list(before["ForwardingProfiles"] or []), dict[str, Any](), list[Shown]()
        if profile is not None:
            place = _place(profiles, profile)
            new = dict(profiles[place])
            for when, text in routes.items():
                destination = yield from _destination(text, self.number)
                shown += _divert(new, when, sides, destination)
            if timeout is not None:
                shown.append(Shown(f"{new['Name']}, timeout", _seconds(new.get("NoAnswerTimeout")), _seconds(timeout)))
                new["NoAnswerTimeout"] = timeout
            # An update replaces all profiles, so the others are sent along (docs/pbx.md, Creating and changing).
            after["ForwardingProfiles"] = [*profiles[:place], new, *profiles[place + 1 :]]
        if switch_to is not None:
            after["CurrentProfileName"] = str(profiles[_place(profiles, switch_to)]["Name"])
            shown.append(Shown("status", before["CurrentProfileName"] or "none", after["CurrentProfileName"]))
        name = " ".join(filter(None, ("extension", self.number, person.get("DisplayName"))))
        read = {field: before[field] for field in after}
        return EntityChange(action, {"Id": person["Id"]}, name, read, after, shown)


def _check(
    profile: str | None, routes: Mapping[When, str], sides: Sequence[Side], timeout: int | None, switch_to: str | None
) -> None:
    if wrong := [when for when in routes if when not in WHEN]:
        raise InvalidArgument(f"Calls are diverted when {', '.join(WHEN)}, not {wrong[0]!r}.")
    if not sides or any(side not in SIDES for side in sides):
        raise InvalidArgument(f"Calls are {' or '.join(SIDES)}.")
    if timeout is not None and not 1 <= timeout <= MOST_SECONDS:
        raise InvalidArgument(f"A phone rings for 1 to {MOST_SECONDS:,} seconds, not {timeout}.")
    is_of_profile = bool(routes) or timeout is not None
    if is_of_profile != (profile is not None):
        raise InvalidArgument("A profile goes together with what changes in it: a destination or a timeout.")
    if not is_of_profile and switch_to is None:
        raise InvalidArgument("Nothing is to change.")


def _place(profiles: Sequence[Row], wanted: str) -> int:
    """Return which profile has a name, its own or one that the person gave it, in any case. Raises NotFound."""
    for field in ("Name", "CustomName"):
        for place, row in enumerate(profiles):
            if str(row.get(field) or "").casefold() == wanted.strip().casefold() != "":
                return place
    names = [str(row.get("Name")) for row in profiles]
    raise NotFound(
        f"There is no profile {wanted!r}.{nearest(wanted, iter(names))}",
        hint=f"Profiles: {', '.join(names)}.",
        status=404,
    )


def _destination(text: str, own: str) -> Asks[dict[str, Any]]:
    """Find what a destination in plain words is."""
    wanted = checked_name(text, "A destination")
    if wanted.lower() == "none":
        return dict(_NOWHERE)
    if wanted.lower() == "voicemail":
        return {"To": "VoiceMail", "Number": own, "Type": "Extension"}
    if _OUTSIDE.fullmatch(wanted):
        return {"To": "External", "External": re.sub(r"[^+\d]", "", wanted)}
    target = yield from finding(load(), "the PBX", wanted, None)
    if target.kind == "unknown":
        raise NotFound(
            f"Nothing has the number {wanted!r}.",
            hint="Numbers outside begin with a plus sign: +442079460100.",
            status=404,
        )
    if target.kind not in _TYPES:
        raise InvalidArgument(f"Calls can't go to {target}.")
    to, type_ = _TYPES[target.kind]
    return {"To": to, "Number": target.number, "Type": type_}


def _divert(profile: dict[str, Any], when: When, sides: Sequence[Side], destination: Row) -> list[Shown]:
    """Put a destination into a profile; return what changes in plain words."""
    route, start = WHEN[when]
    other = "AwayRoute" if route == "AvailableRoute" else "AvailableRoute"
    if profile.get(other) and not profile.get(route):
        fitting = "away" if other == "AwayRoute" else "no-answer, busy or not-registered"
        raise InvalidArgument(
            f"Under {profile['Name']} calls are not diverted by {when}.", hint=f"This PBX has {fitting} for it."
        )
    new, shown = dict(profile.get(route) or {}), []
    for side in sides:
        field = start + side.capitalize()
        what = f"{profile['Name']}, {when}, {side} calls"
        shown.append(Shown(what, destination_in_words(new.get(field)), destination_in_words(destination)))
        new[field] = dict(destination)
    profile[route] = new
    return shown


def _shown(profile: Row, current: str | None) -> ProfileShown:
    def words(when: When) -> list[str]:
        route, start = WHEN[when]
        row: Row = profile.get(route) or {}
        fields = [row.get(start + side.capitalize()) for side in SIDES]
        return [destination_in_words(field) for field in fields] if any(fields) else []

    name = str(profile.get("Name"))
    return ProfileShown(
        profile=name,
        is_current=name == current,
        timeout=profile.get("NoAnswerTimeout"),
        no_answer=words("no-answer"),
        busy=words("busy"),
        not_registered=words("not-registered"),
        away=words("away"),
    )


def destination_in_words(destination: Row | None) -> str:
    """Return a PBX's destination in plain words: ``queue 800``, ``voicemail``, ``+442079460100``, ``none``."""
    to, number = (destination or {}).get("To"), (destination or {}).get("Number")
    if not destination or to in (None, "None"):
        return "none"
    if to == "External":
        return str(destination.get("External") or "none")
    if to == "VoiceMail":
        return "voicemail"
    for kind, (of_type, _) in _TYPES.items():
        if to == of_type:
            return f"{kind.replace('_', ' ')} {number}"
    return f"{to} {number or ''}".rstrip()


def _seconds(value: Any) -> str:
    return "none" if value is None else f"{value} s"
