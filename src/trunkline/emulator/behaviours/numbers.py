"""Numbers that a PBX gives out: the next free one of a kind, and the entities that start from it."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response
from ..rules.checks import refusal
from ..rules.users import secret
from ..store import Store

# Where each kind starts looking, in a plan of three-digit extensions; trunks have a range of their own.
_FIRST = {"extension": "100", "queue": "800", "ring group": "800", "receptionist": "800", "fax": "888"}
_TRUNKS = range(10_000, 100_000)
# Singletons that have a number without being DNs.
_NUMBERED = (("ConferenceSettings", "Extension"), ("VoicemailSettings", "Extension"))


def _length(store: Store) -> int:
    """How many digits an extension has: the parameter EXTENSIONLENGTH, else three."""
    found = next((row["Value"] for row in store.rows("Parameters") if row["Name"] == "EXTENSIONLENGTH"), None)
    return int(found) if found and found.isdecimal() and 2 <= int(found) <= 9 else 3


def free_number(store: Store, kind: str) -> str:
    """The first number of a kind that nothing has; after the last number the search begins at the first.

    Raises Refusal (400, NO_MORE_NUMBERS_AVAILABLE) where all are taken.
    """
    taken = store.numbers() | {store.singletons[name][field] or "" for name, field in _NUMBERED}
    if kind == "trunk":
        plan, start = _TRUNKS, _TRUNKS.start
    else:
        length = _length(store)
        plan = range(10 ** (length - 1), 10**length)
        start = int(_FIRST[kind].ljust(length, "0")[:length])
    for number in (*range(start, plan.stop), *range(plan.start, start)):
        if str(number) not in taken:
            return str(number)
    raise refusal(store, "WARNINGS.NO_MORE_NUMBERS_AVAILABLE", "Number")


def _first_available(kind: str) -> Handler:
    return lambda call: call.write_entity({"Number": free_number(call.store, kind)})


def _init_fax(call: Call) -> Response:
    """A fax to start from: the next free number, nothing stored yet."""
    fax = {"Number": free_number(call.store, "fax"), "AuthID": secret(10), "AuthPassword": secret(16)}
    return call.write_entity(call.store.values.complete("Pbx.Fax", fax))


HANDLERS: dict[str, Handler] = {
    "users.get_first_available_extension_number": _first_available("extension"),
    "users.get_first_available_hotdesking_number": _first_available("extension"),
    "queues.get_first_available_queue_number": _first_available("queue"),
    "receptionists.get_first_available_receptionist_number": _first_available("receptionist"),
    "ring_groups.get_first_available_ring_group_number": _first_available("ring group"),
    "trunks.get_first_available_trunk_number": _first_available("trunk"),
    "fax.init_fax": _init_fax,
}
