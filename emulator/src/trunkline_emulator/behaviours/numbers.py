"""Numbers that a PBX gives out: the next free one of a kind, and the entities that start from it."""

from __future__ import annotations

from secrets import token_hex

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import published, seen
from ..messages import Response
from ..rules.numbering import free_number


def _first_available(set_name: str) -> Handler:
    return lambda call: call.write_entity({"Number": free_number(call.store, set_name)})


def _init_fax(call: Call) -> Response:
    """Return a fax to start from: the next free number, nothing stored yet."""
    fax = {"Number": free_number(call.store, "Fax"), "AuthID": token_hex(5), "AuthPassword": token_hex(8)}
    return call.write_entity(call.store.values.complete("Pbx.Fax", fax))


def _init_trunk(call: Call) -> Response:
    """Return a trunk to start from, likewise; a template that this PBX doesn't have counts as one of that name."""
    name = str(call.arguments["template"])
    template = call.store.tables["TrunkTemplates"].rows.get(name) or {"Id": name, "Name": name.partition(".")[0]}
    port = template.get("DefaultRegistrarPort") or 5060
    trunk = {
        "Number": free_number(call.store, "Trunks"),
        "Direction": "Both",
        "SimultaneousCalls": 10,
        "EnableInboundCalls": True,
        "EnableOutboundCalls": True,
        "Gateway": {"Name": template["Name"], "TemplateFilename": template["Id"], "Type": "Provider", "Port": port},
    }
    return call.write_entity(call.store.values.complete("Pbx.Trunk", trunk))


HANDLERS = declared(
    seen("creating-and-changing"), {"fax.init_fax": _init_fax, "trunks.init_trunk": _init_trunk}
) | declared(
    published("answers"),
    {
        "users.get_first_available_extension_number": _first_available("Users"),
        "users.get_first_available_hotdesking_number": _first_available("Users"),
        "queues.get_first_available_queue_number": _first_available("Queues"),
        "receptionists.get_first_available_receptionist_number": _first_available("Receptionists"),
        "ring_groups.get_first_available_ring_group_number": _first_available("RingGroups"),
        "trunks.get_first_available_trunk_number": _first_available("Trunks"),
    },
)
