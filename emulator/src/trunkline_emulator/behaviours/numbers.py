"""Numbers that a PBX gives out: the next free one of a kind, and the entities that start from it."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.numbering import free_number
from ..rules.users import secret


def _first_available(kind: str) -> Handler:
    return lambda call: call.write_entity({"Number": free_number(call.store, kind)})


def _init_fax(call: Call) -> Response:
    """Return a fax to start from: the next free number, nothing stored yet."""
    fax = {"Number": free_number(call.store, "fax"), "AuthID": secret(10), "AuthPassword": secret(16)}
    return call.write_entity(call.store.values.complete("Pbx.Fax", fax))


HANDLERS = declared(
    ASSUMED,
    {
        "users.get_first_available_extension_number": _first_available("extension"),
        "users.get_first_available_hotdesking_number": _first_available("extension"),
        "queues.get_first_available_queue_number": _first_available("queue"),
        "receptionists.get_first_available_receptionist_number": _first_available("receptionist"),
        "ring_groups.get_first_available_ring_group_number": _first_available("ring group"),
        "trunks.get_first_available_trunk_number": _first_available("trunk"),
        "fax.init_fax": _init_fax,
    },
)
