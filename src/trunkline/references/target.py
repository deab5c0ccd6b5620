"""What is looked for: an extension, queue, trunk, department, telephone number or sound file, as a person types it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from ..catalog import Catalog
from ..errors import InvalidArgument, NotFound
from ..request import bind
from ..work.step import Ask, Asks
from .fields import Sort

Kind = Literal[
    "extension", "queue", "ring_group", "receptionist", "fax", "parking", "trunk", "department", "route_point",
    "conference", "menu", "did", "file", "unknown",
]  # fmt: skip
KINDS: tuple[str, ...] = tuple(kind for kind in get_args(Kind) if kind != "unknown")
_BY_PEER: Mapping[str, Kind] = {
    "Extension": "extension",
    "Queue": "queue",
    "RingGroup": "ring_group",
    "IVR": "receptionist",
    "Fax": "fax",
    "Parking": "parking",
    "ExternalLine": "trunk",
    "Group": "department",
    "RoutePoint": "route_point",
    "Conference": "conference",
    "SpecialMenu": "menu",
}  # Pbx.PeerType
_ALSO: Mapping[str, str] = {
    "user": "extension", "ivr": "receptionist", "group": "department", "prompt": "file", "ringgroup": "ring_group",
}  # fmt: skip
_MOST = 200
"""Characters of what is looked for: no number or file name is longer."""
_PREFIXED = re.compile(r"([A-Za-z][\w -]*):(.+)", re.S)
_NUMBER = re.compile(r"[+*#\d][\d*#() .-]*")
_AUDIO = re.compile(r".+\.(wav|mp3|ogg|opus|m4a)", re.I | re.S)


class Target(msgspec.Struct, frozen=True):
    """What is looked for, as far as the PBX knows it. ``kind`` is unknown, and ``id`` and ``name`` null, for a number
    that nothing has any more: what still refers to it can be found all the same."""

    kind: Kind
    number: str
    id: int | None = None
    name: str | None = None

    @property
    def sorts(self) -> frozenset[Sort]:
        """What a field has to hold so that it can refer to this."""
        if self.kind == "file":
            return frozenset(("file",))
        if self.kind == "did":
            return frozenset(("outside number",))
        sorts: set[Sort] = {"number", "numbers in text"}
        if self.kind == "department":
            sorts |= {"department", "department name"}
        elif self.kind == "trunk":
            sorts.add("trunk")
        elif self.kind in ("extension", "unknown"):
            sorts |= {"range", "user"}
        return frozenset(sorts)

    def __str__(self) -> str:
        what = "number" if self.kind == "unknown" else "DID" if self.kind == "did" else self.kind.replace("_", " ")
        return f"{what} {self.number}{f' {self.name}' if self.name and self.name != self.number else ''}"


def parse_target(text: str, kind: str | None = None) -> tuple[str, str | None]:
    """Return what is looked for and its kind: ``queue:800`` names one, and so does ``kind``.

    Raises InvalidArgument for an unknown kind, two kinds, and a text that is empty or too long.
    """
    text = text.strip()
    if not text or len(text) > _MOST:
        raise InvalidArgument(f"Give a number, a name or a file of 1 to {_MOST} characters.")
    wanted = None if kind is None else _kind(kind)
    if prefixed := _PREFIXED.fullmatch(text):
        named = _kind(prefixed[1])
        if wanted not in (None, named):
            raise InvalidArgument(f"{text!r} names a {named}, and the kind is {wanted}.")
        return prefixed[2].strip(), named
    return text, wanted


def _kind(text: str) -> str:
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    name = _ALSO.get(name, name)
    if name not in KINDS:
        raise InvalidArgument(f"{text!r} is not a kind; {', '.join(KINDS)} are.")
    return name


def finding(catalog: Catalog, url: str, text: str, kind: str | None) -> Asks[Target]:
    """Ask a PBX what a text means: a number, else a name of its own numbers; a DID; a sound file.

    Raises NotFound where nothing is called so, InvalidArgument where several are. A number that nothing has is a
    target of kind ``unknown``, unless a kind was asked for.
    """
    wanted, kind = parse_target(text, kind)
    rows = yield _list(catalog, "peers", ("Id", "Number", "Name", "Type"))
    peers = [_of_peer(row) for row in rows if isinstance(row, dict) and row.get("Number")]
    found = [peer for peer in peers if peer.number == wanted]
    if kind in (None, "did") and _NUMBER.fullmatch(wanted):
        rows = yield _list(catalog, "did_numbers", ("Number",))
        found += [Target("did", str(row["Number"])) for row in rows if same_outside(row.get("Number"), wanted)]
    if kind in (None, "file") and (kind or _AUDIO.fullmatch(wanted)):
        rows = yield _list(catalog, "custom_prompts", ("Filename",))
        names = [str(row["Filename"]) for row in rows if row.get("Filename")]
        found += [Target("file", name) for name in names if name.casefold() == wanted.casefold()]
    found = found or [peer for peer in peers if (peer.name or "").casefold() == wanted.casefold()]
    return _only(found, wanted, kind, url)


def _only(found: Sequence[Target], wanted: str, kind: str | None, url: str) -> Target:
    found = list({(each.kind, each.number): each for each in found}.values())
    fitting = [each for each in found if kind in (None, each.kind)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = ", ".join(f"{each.kind}:{each.number}" for each in fitting[:10])
        raise InvalidArgument(f"{wanted!r} is {len(fitting)} things on {url}: {shown}.", hint="Name one of them so.")
    if kind is None and _AUDIO.fullmatch(wanted):
        return Target("file", wanted)
    if kind is None and _NUMBER.fullmatch(wanted):
        return Target("unknown", wanted)
    is_other = f"; it is {found[0]}" if found else ""
    called = "Nothing" if kind is None else f"No {kind.replace('_', ' ')}"
    raise NotFound(f"{called} on {url} has the number or the name {wanted!r}{is_other}.")


def _list(catalog: Catalog, resource: str, fields: Sequence[str]) -> Ask:
    return Ask(bind(catalog, catalog.action(f"{resource}.list"), (), {"select": list(fields)}))


def _of_peer(row: Mapping[str, Any]) -> Target:
    kind = _BY_PEER.get(str(row.get("Type")), "unknown")
    identity, name = row.get("Id"), row.get("Name")
    return Target(
        kind,
        str(row["Number"]),
        identity if isinstance(identity, int) else None,
        name if isinstance(name, str) else None,
    )


def same_outside(one: Any, other: str) -> bool:
    """Whether two telephone numbers are one: spaces and the plus sign, or 00 in its place, make no difference."""
    return isinstance(one, str) and bool(digits := _digits(other)) and _digits(one) == digits


def _digits(number: str) -> str:
    return re.sub(r"[^\d]", "", number).removeprefix("00")
