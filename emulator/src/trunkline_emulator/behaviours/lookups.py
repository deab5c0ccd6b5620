"""Finding a DN, a user, a contact or a parameter by something that is not a key."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import published
from ..messages import Response
from ..refusals import not_found
from ..values import Row

_REPORTED = ("Extension", "Queue", "RingGroup")
_PHONES = (
    "PhoneNumber", "Mobile2", "Home", "Home2", "Business", "Business2", "BusinessFax", "Other", "Pager",
)  # fmt: skip


def _by(field: str, argument: str) -> Handler:
    """Return a handler that finds the row with a value. Raises Refusal (404)."""

    def handler(call: Call) -> Response:
        wanted = call.arguments[argument]
        row = next((row for row in call.store.rows(call.route.resource) if row[field] == wanted), None)
        if row is None:
            raise not_found()
        return call.write_entity(row)

    return handler


def _peers_by_numbers(call: Call) -> Response:
    """Find peers by number; ``IsReportPeers`` leaves those that reports know."""
    request = call.body().get("peersRequest") or {}
    wanted = set(request.get("DnNumbers") or [])
    rows = [row for row in call.store.rows("Peers") if row["Number"] in wanted]
    return call.write_list([row for row in rows if row["Type"] in _REPORTED or not request.get("IsReportPeers")])


def _report_peers(call: Call) -> Response:
    return call.write_list([row for row in call.store.rows("Peers") if row["Type"] in _REPORTED])


def _addresses(call: Call, *, but: int | None = None) -> set[str]:
    return {(row["EmailAddress"] or "").casefold() for row in call.store.rows("Users") if row["Id"] != but} - {""}


def _has_duplicated_email(call: Call) -> Response:
    user = call.entity()
    return call.write_value((user["EmailAddress"] or "").casefold() in _addresses(call, but=user["Id"]))


def _duplicated_emails(call: Call) -> Response:
    known = _addresses(call)
    return call.write_list([one for one in call.body().get("emails") or [] if one.casefold() in known])


def _contacts_by_number(call: Call) -> Response:
    number = call.arguments["number"]
    rows = call.store.rows("Contacts")
    return call.write_list([row for row in rows if number in {row.get(field) for field in _PHONES}])


def _create_contact_by_number(call: Call) -> Response:
    body = call.body()
    fields = {**(body.get("contact") or {}), "Id": 0, "PhoneNumber": body.get("number")}
    return call.write_entity(call.store.create("Contacts", fields))


def _registrars(call: Call, macs: list[str]) -> list[Row]:
    """Return the registrars of phones by MAC address, written with or without punctuation."""
    wanted = {mac.replace(":", "").replace("-", "").upper() for mac in macs}
    rows = (row["Registrar"] for row in call.store.rows("SipDevices") if row["Registrar"])
    return [row for row in rows if row["MAC"] in wanted]


def _phone_registrar(call: Call) -> Response:
    """Find the registrar of a phone. Raises Refusal (404) for a MAC address that no phone has."""
    rows = _registrars(call, [str(call.arguments["mac"])])
    if not rows:
        raise not_found()
    return call.write_entity(rows[0])


HANDLERS = declared(
    published("answers"),
    {
        **{
            f"{resource}.get_by_number@20.0.7": _by("Number", "number")
            for resource in ("fax", "parkings", "queues", "receptionists", "ring_groups", "users")
        },
        "parameters.get_parameter_by_name": _by("Name", "name"),
        "peers.get_peer_by_number": _by("Number", "number"),
        "trunks.get_trunk_by_number": _by("Number", "number"),
        "peers.get_report_peers": _report_peers,
        "peers.retreive_peers_by_numbers": _peers_by_numbers,
        "users.has_duplicated_email": _has_duplicated_email,
        "users.get_duplicated_emails": _duplicated_emails,
        "users.get_phone_registrar": _phone_registrar,
        "users.get_phone_registrars": lambda call: call.write_list(_registrars(call, call.body().get("macs") or [])),
        "contacts.get_contacts_by_number": _contacts_by_number,
        "contacts.create_contact_by_number": _create_contact_by_number,
        "outbound_rules.get_emergency_outbound_rules": lambda call: call.write_list(
            [row for row in call.store.rows("OutboundRules") if row["EmergencyRule"]]
        ),
        "crm_templates.ge_crmt_templates": lambda call: call.write_list(call.store.rows("CrmTemplates")),
        "network_settings.get_ifaces": lambda call: call.write_list(
            [row["Id"] for row in call.store.rows("NetworkInterfaces")]
        ),
    },
)
