"""Numbers that a PBX gives out: the next free one of a kind, and the entities that start from it."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response
from ..store import Store

# Ranges as a PBX with three-digit extensions hands them out.
_FIRST = {"extension": 100, "queue": 800, "ring group": 800, "receptionist": 800, "fax": 888, "trunk": 10000}


def free_number(store: Store, kind: str) -> str:
    """The first number of a kind that no DN has."""
    taken = store.numbers()
    number = _FIRST[kind]
    while str(number) in taken:
        number += 1
    return str(number)


def _first_available(kind: str) -> Handler:
    return lambda call: call.write_entity({"Number": free_number(call.store, kind)})


def _init_fax(call: Call) -> Response:
    """A fax to start from: the next free number, nothing stored yet."""
    number = free_number(call.store, "fax")
    fax = {"Number": number, "AuthID": f"fax{number}", "AuthPassword": "not-a-real-password"}
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
