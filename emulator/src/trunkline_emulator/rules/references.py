"""Rows that name other rows: destinations, agents, forwards, peers, routes.

One table says, for each type of the catalog that names something, how to look it up. It is used twice: strictly on
what a client sends (a name of nothing is refused with ``NOT_FOUND``), and leniently on what is stored, once the thing
it names was renamed or deleted: a destination then ends the call, an agent or a route is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from trunkline.catalog import Catalog, TypeSpec

from ..values import Row
from ..views import PEER_TYPES, peer_name
from ..warning_codes import DUPLICATE, NOT_FOUND, REQUIRED
from .checks import Wrong, empty, refuse_wrong
from .index import by_number, derived, is_built

if TYPE_CHECKING:
    from ..store import Store

# Destinations that lead to a DN, and the set it must be in.
LEADS_TO = {
    "VoiceMail": "Users",
    "Extension": "Users",
    "Queue": "Queues",
    "RingGroup": "RingGroups",
    "IVR": "Receptionists",
    "Fax": "Fax",
    "RoutePoint": "CallFlowApps",
}
_OUTSIDE = ("External", "Boomerang")
# An outbound rule always has five routes (docs/pbx.md, Creating and changing).
UNUSED: Row = {"TrunkId": -1, "Prepend": "", "StripDigits": 0}
_NOWHERE: Row = {"To": "None", "Number": "", "External": "", "Name": "", "Type": "None", "Tags": []}

Name = str | int


class Own(NamedTuple):
    """The row that is being written: it may name itself before it is stored."""

    set_name: str
    row: Mapping[str, Any]


class Named(NamedTuple):
    """What became of an item: None where it names nothing any more, and what was wrong with it by field."""

    item: Row | None
    wrong: Wrong


def find(store: Store, set_name: str, item: Mapping[str, Any], own: Own | None = None) -> Row | None:
    """Return the row of a set that an item names by ``Number``, or where it has none by ``Id``."""
    number = item.get("Number")
    if not empty(number):
        if own and own.set_name == set_name and own.row.get("Number") == number:
            return dict(own.row)
        return by_number(store, set_name, str(number))
    return store.tables[set_name].rows.get(item.get("Id") or 0)


def dn(store: Store, item: Mapping[str, Any], own: Own | None = None) -> tuple[str, Row] | None:
    """Return the DN that an item names, with its set."""
    for set_name in PEER_TYPES:
        found = find(store, set_name, item, own)
        if found is not None:
            return set_name, found
    return None


def _destination(store: Store, item: Row, own: Own | None) -> Named:
    to = item.get("To")
    if to is None:
        return Named(item, {} if empty(item.get("Number")) else {"To": REQUIRED})
    if to in _OUTSIDE:
        plain = {**item, "Number": "", "Name": "", "Type": "None"}
        return Named(plain, {"External": REQUIRED} if empty(item.get("External")) else {})
    if to not in LEADS_TO:
        return Named({**_NOWHERE, "To": to}, {})
    if empty(item.get("Number")):
        # Without a number it is the mailbox of whoever was called.
        return Named(item, {} if to == "VoiceMail" else {"Number": REQUIRED})
    set_name = LEADS_TO[to]
    found = find(store, set_name, {"Number": item["Number"]}, own)
    if found is None:
        return Named(dict(_NOWHERE), {"Number": NOT_FOUND})
    return Named({**item, "Name": _name_of(found), "Type": PEER_TYPES[set_name]}, {})


def _name_of(row: Mapping[str, Any]) -> str | None:
    """Return what others see a DN called; the row may lack fields that were not sent yet."""
    person = {"FirstName": "", "LastName": ""} if row.keys() & {"FirstName", "LastName"} else {}
    return peer_name({"Number": None, **person, **row}) or row.get("Number")


def _person(store: Store, item: Row, own: Own | None) -> Named:
    """Return an agent, a manager or a member: a user by number or Id."""
    found = find(store, "Users", item, own)
    if found is None:
        missing = REQUIRED if empty(item.get("Number")) and not item.get("Id") else NOT_FOUND
        return Named(None, {"Number": missing})
    return Named({**item, "Id": found["Id"], "Number": found["Number"], "Name": _name_of(found)}, {})


def _line(store: Store, item: Row, own: Own | None) -> Named:
    """Return a line of an FXS gateway; one without a number is free."""
    if empty(item.get("Number")):
        return Named(item, {})
    found = find(store, "Users", {"Number": item["Number"]}, own)
    if found is None:
        return Named({**item, "Number": "", "Name": None}, {"Number": NOT_FOUND})
    return Named({**item, "Name": _name_of(found)}, {})


def _peer(store: Store, item: Row, own: Own | None) -> Named:
    found = dn(store, item, own)
    if found is None:
        missing = REQUIRED if empty(item.get("Number")) and not item.get("Id") else NOT_FOUND
        return Named(None, {"Number": missing})
    set_name, row = found
    named = {"Id": row["Id"], "Number": row["Number"], "Name": name_shown(set_name, row), "Type": PEER_TYPES[set_name]}
    return Named({**item, **named}, {})


def name_shown(set_name: str, row: Mapping[str, Any]) -> str | None:
    """Return what a peer is called; a trunk has its name in its gateway."""
    if set_name == "Trunks" and row.get("Gateway"):
        name: str | None = row["Gateway"].get("Name") or row.get("Number")
        return name
    return _name_of(row)


def _forward(store: Store, item: Row, own: Own | None) -> Named:
    """Return a key of a digital receptionist."""
    set_name = LEADS_TO.get(item.get("ForwardType") or "")
    if set_name is None:
        return Named({**item, "ForwardDN": "", "PeerType": "None"}, {})
    if empty(item.get("ForwardDN")):
        return Named(item, {"ForwardDN": REQUIRED})
    if find(store, set_name, {"Number": item["ForwardDN"]}, own) is None:
        ended = {**item, "ForwardType": "EndCall", "ForwardDN": "", "PeerType": "None"}
        return Named(ended, {"ForwardDN": NOT_FOUND})
    return Named({**item, "PeerType": PEER_TYPES[set_name]}, {})


def _route(store: Store, item: Row, own: Own | None) -> Named:
    """Return a route of an outbound rule; one without a trunk is unused."""
    if (item.get("TrunkId") or 0) <= 0:
        return Named({**item, "TrunkName": None}, {})
    trunk = store.tables["Trunks"].rows.get(item["TrunkId"])
    if trunk is None:
        return Named(dict(UNUSED), {"TrunkId": NOT_FOUND})
    return Named({**item, "TrunkName": name_shown("Trunks", trunk)}, {})


_RESOLVERS: dict[str, Callable[[Store, Row, Own | None], Named]] = {
    "Pbx.Destination": _destination,
    "Pbx.QueueAgent": _person,
    "Pbx.QueueManager": _person,
    "Pbx.RingGroupMember": _person,
    "Pbx.DeviceLine": _line,
    "Pbx.Peer": _peer,
    "Pbx.ReceptionistForward": _forward,
    "Pbx.OutboundRoute": _route,
}
# Types whose items may name one thing only once in a list.
_ONCE = {
    "Pbx.QueueAgent": "Id",
    "Pbx.QueueManager": "Id",
    "Pbx.RingGroupMember": "Id",
    "Pbx.ReceptionistForward": "Input",
}
# What an item names, for the index of who names what.
_NAMES = ("Number", "ForwardDN", "TrunkId")
# Rows of other sets that hang on a row as they do in their own set; they are looked after there.
_ELSEWHERE = frozenset({"Pbx.InboundRule", "Pbx.Trunk", "Pbx.UserGroup", "Pbx.Holiday", "Pbx.FxsTemplate"})


@lru_cache(maxsize=4096)
def naming_fields(catalog: Catalog, type_name: str) -> dict[str, TypeSpec]:
    """Return the fields of a type that name other rows, at any depth."""
    return _naming_fields(catalog, type_name, frozenset({type_name}))


def _naming_fields(catalog: Catalog, type_name: str, above: frozenset[str]) -> dict[str, TypeSpec]:
    def names_something(spec: TypeSpec) -> bool:
        if spec.name in _RESOLVERS:
            return True
        deeper = spec.name in catalog.types and spec.name not in above | _ELSEWHERE
        return deeper and bool(_naming_fields(catalog, spec.name, above | {spec.name}))

    return {field: spec for field, spec in catalog.fields(type_name).items() if names_something(spec)}


def resolved(
    store: Store, type_name: str, row: Mapping[str, Any], own: Own | None, wrong: Wrong, path: str = ""
) -> Row:
    """Return the row with everything it names looked up and filled in; what names nothing is put into ``wrong``."""
    filled = dict(row)
    for field, spec in naming_fields(store.catalog, type_name).items():
        value = row.get(field)
        if value is None:
            continue
        where = f"{path}{field}"
        if not spec.collection:
            filled[field] = _resolved_one(store, spec.name, value, own, wrong, where)
            continue
        items = [
            _resolved_one(store, spec.name, item, own, wrong, f"{where}[{place}]") for place, item in enumerate(value)
        ]
        filled[field] = [item for item in items if item is not None]
        wrong.update(_twice(spec.name, items, where))
    return filled


def _resolved_one(store: Store, type_name: str, item: Row, own: Own | None, wrong: Wrong, path: str) -> Row | None:
    resolver = _RESOLVERS.get(type_name)
    if resolver is None:
        return resolved(store, type_name, item, own, wrong, f"{path}.")
    named = resolver(store, item, own)
    wrong.update({f"{path}.{field}": warning for field, warning in named.wrong.items()})
    # What a client names is stored as it was sent, even if it leads nowhere; what the PBX brings in line is not.
    return item if named.wrong and own is not None else named.item


def _twice(type_name: str, items: Iterable[Row | None], path: str) -> Wrong:
    field = _ONCE.get(type_name)
    if field is None:
        return {}
    found: Wrong = {}
    seen = set()
    for place, item in enumerate(items):
        value = item.get(field) if item else None
        if not empty(value) and value in seen:
            found[f"{path}[{place}].{'Number' if field == 'Id' else field}"] = DUPLICATE
        seen.add(value)
    return found


def look_up(store: Store, set_name: str, given: Row, old: Row | None) -> Row:
    """Return what a client sent with all that it names looked up. Raises Refusal (400) for what isn't there."""
    wrong: Wrong = {}
    own = Own(set_name, {**(old or {}), **given})
    filled = resolved(store, store.tables[set_name].type_name, given, own, wrong)
    refuse_wrong(store, wrong)
    return filled


# Who names what: a number, or the Id of a trunk, to the sets and keys of the rows that name it.
_Referrers = dict[Name, set[tuple[str, Any]]]
_WHO = "who names what"


def _names(catalog: Catalog, type_name: str, row: Mapping[str, Any]) -> set[Name]:
    found: set[Name] = set()
    for field, spec in naming_fields(catalog, type_name).items():
        value = row.get(field)
        for item in value if spec.collection and value else [value]:
            if not item:
                continue
            if spec.name in _RESOLVERS:
                found.update(item[name] for name in _NAMES if item.get(name))
            else:
                found |= _names(catalog, spec.name, item)
    return found


def _all_referrers(store: Store) -> _Referrers:
    def build() -> _Referrers:
        found: _Referrers = {}
        for table in store.tables.values():
            if table.key and naming_fields(store.catalog, table.type_name):
                for key, row in table.rows.items():
                    for name in _names(store.catalog, table.type_name, row):
                        found.setdefault(name, set()).add((table.name, key))
        return found

    return derived(store, _WHO, build)


def noted_names(store: Store, set_name: str, row: Row) -> None:
    """Make a stored row findable by what it names."""
    if is_built(store, _WHO):
        table = store.tables[set_name]
        for name in _names(store.catalog, table.type_name, row):
            _all_referrers(store).setdefault(name, set()).add((set_name, row[table.key or ""]))


def settle(store: Store, *names: Name) -> None:
    """Something was renamed or deleted: bring every row that names it in line.

    A destination or a key that led to it ends the call, agents, members and routes go, names are written anew.
    """
    for name in names:
        for set_name, key in _all_referrers(store).get(name, set()).copy():
            row = store.tables[set_name].rows.get(key)
            if row is not None:
                _rewrite(store, set_name, row, row)
        if isinstance(name, str) and dn(store, {"Number": name}) is None:
            _end_fallbacks(store, name)


def renumber(store: Store, old: str, new: str) -> None:
    """Rename a DN's old number in the rows that name it."""
    for set_name, key in _all_referrers(store).get(old, set()).copy():
        row = store.tables[set_name].rows.get(key)
        if row is not None:
            renumbered = _renumbered(store.catalog, store.tables[set_name].type_name, row, old, new)
            _rewrite(store, set_name, row, renumbered)


def _rewrite(store: Store, set_name: str, row: Row, wanted: Row) -> None:
    type_name = store.tables[set_name].type_name
    now = store.values.complete(type_name, resolved(store, type_name, wanted, None, {}))
    changed = {field: value for field, value in now.items() if value != row[field]}
    if changed:
        store.change(set_name, row, **changed)
        noted_names(store, set_name, row)


def _renumbered(catalog: Catalog, type_name: str, row: Row, old: str, new: str) -> Row:
    def follow(spec: TypeSpec, item: Row) -> Row:
        if spec.name in _RESOLVERS:
            return {**item, **{field: new for field in ("Number", "ForwardDN") if item.get(field) == old}}
        return _renumbered(catalog, spec.name, item, old, new)

    followed = dict(row)
    for field, spec in naming_fields(catalog, type_name).items():
        if row[field]:
            followed[field] = (
                [follow(spec, item) for item in row[field]] if spec.collection else follow(spec, row[field])
            )
    return followed


def _end_fallbacks(store: Store, number: str) -> None:
    """Digital receptionists that fell back on a number that is gone end the call."""
    for row in store.rows("Receptionists"):
        if row["TimeoutForwardDN"] == number:
            ended = {"TimeoutForwardType": "EndCall", "TimeoutForwardDN": "", "TimeoutForwardPeerType": "None"}
            store.change("Receptionists", row, **ended)
        if row["InvalidKeyForwardDN"] == number:
            store.change("Receptionists", row, InvalidKeyForwardDN="")
