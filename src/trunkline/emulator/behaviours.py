"""Functions and actions that do what a 3CX does: bulk deletes, purges, lookups, free numbers, call log, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from . import query
from .answers import Call
from .crud import Handler
from .forms import read_upload
from .literals import read_date_time
from .messages import Response
from .refusals import Refusal, bad_field, not_found
from .shapes import silence
from .store import REQUIRED, Store
from .values import Row

FILE_NOT_FOUND = "WARNINGS.XAPI.FILE_NOT_FOUND"
NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"
CALL_LOG_CAP = 20_000


def _bulk_delete(call: Call) -> Response:
    """Remove the rows whose keys are in ``ids``; ids without a row are passed over."""
    _remove(call.store, call.route.resource, call.body()["ids"])
    return Response(204)


def _remove(store: Store, name: str, keys: Iterable[Any]) -> list[Any]:
    """Remove rows by key; gives the keys that had none."""
    table = store.tables[name]
    missing = []
    for key in dict.fromkeys(keys):
        if key in table.rows:
            store.delete(name, {table.key or "": key})
        else:
            missing.append(key)
    return missing


def _delete_users(call: Call) -> Response:
    """Remove users; the answer lists those that could not be removed."""
    missing = _remove(call.store, "Users", call.body()["ids"])
    return call.write_list([{"ExtensionNumber": str(key), "Error": NOT_FOUND} for key in missing])


def _purge_outbound_rules(call: Call) -> Response:
    wanted = call.body().get("purgeObject") or {}
    _remove(call.store, "OutboundRules", wanted.get("Ids", []))
    return Response(204)


def _delete_department_by_id(call: Call) -> Response:
    call.store.delete("Groups", {"Id": call.body()["id"]})
    return Response(204)


def _delete_department_by_number(call: Call) -> Response:
    found = call.store.get("Groups", {"Number": call.body()["number"]})
    call.store.delete("Groups", {"Id": found["Id"]})
    return Response(204)


def _purge(name: str) -> Handler:
    """Empty a whole set."""

    def handler(call: Call) -> Response:
        call.store.clear(name)
        return Response(204)

    return handler


def _delete_contacts_by_source(call: Call) -> Response:
    source = call.body()["contactSource"]
    contacts = call.store.rows("Contacts")
    _remove(call.store, "Contacts", [row["Id"] for row in contacts if row["ContactType"] == source])
    return Response(204)


_CONTACT_NUMBERS = ("PhoneNumber", "Mobile2", "Business", "Business2", "Home", "Other", "BusinessFax", "Pager")


def _contacts_by_number(call: Call) -> Response:
    number = call.arguments["number"]
    rows = call.store.rows("Contacts")
    return call.write_list([row for row in rows if number in {row[field] for field in _CONTACT_NUMBERS}])


def _create_contact_by_number(call: Call) -> Response:
    body = call.body()
    row = call.store.create("Contacts", {**body["contact"], "Id": 0, "PhoneNumber": body["number"]})
    return call.write_entity(row)


def _lookup(field: str, argument: str) -> Handler:
    """One row of the set by a field that is no key."""

    def handler(call: Call) -> Response:
        wanted = call.arguments[argument]
        found = [row for row in call.store.rows(call.route.resource) if row[field] == wanted]
        if not found:
            raise not_found()
        return call.write_entity(found[0])

    return handler


def _peers_by_numbers(call: Call) -> Response:
    wanted = set(call.body()["peersRequest"].get("DnNumbers", []))
    return call.write_list([row for row in call.store.rows("Peers") if row["Number"] in wanted])


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


def _duplicated_email(call: Call) -> Response:
    user = call.entity()
    address = user["EmailAddress"]
    others = [row for row in call.store.rows("Users") if row is not user]
    return call.write_value(bool(address) and any(row["EmailAddress"] == address for row in others))


def _duplicated_emails(call: Call) -> Response:
    asked = call.body()["emails"]
    known = {row["EmailAddress"] for row in call.store.rows("Users")}
    return call.write_list([address for address in asked if address in known])


def _set_service(status: str) -> Handler:
    """Start or stop services by name; a name that is none's is passed over."""

    def handler(call: Call) -> Response:
        names = call.body()["options"].get("ServiceNames", [])
        for row in call.store.rows("Services"):
            if row["Name"] in names:
                row["Status"] = status
        return Response(204)

    return handler


def _set_active_prompts(call: Call) -> Response:
    call.store.active_prompt_set = call.entity()["Id"]
    return Response(204)


def _active_prompts(call: Call) -> Response:
    return call.write_entity(call.store.get("PromptSets", {"Id": call.store.active_prompt_set}))


def _download_recording(call: Call) -> Response:
    """The sound of a recording, a WAV file with its name (PBX.md, Files); 400 where there is none (PBX.md, Answers)."""
    found = [row for row in call.store.rows("Recordings") if row["Id"] == call.arguments["recId"]]
    if not found:
        raise Refusal(400, FILE_NOT_FOUND, details={"": FILE_NOT_FOUND})
    row = found[0]
    name = f"[{row['FromDisplayName']}]_{row['FromDn']}-{row['ToDn']}_{row['Id']}.wav"
    return Response.file(silence(), "audio/x-wav", name)


def _upload_prompt(call: Call) -> Response:
    """Keep a prompt that came as multipart part ``file`` (PBX.md, Files); one of the same name is replaced."""
    name = read_upload(call.request)
    if not name:
        raise bad_field("file", REQUIRED)
    prompt = {"Filename": name, "DisplayName": name, "FileLink": f"/prompts/{name}", "CanBeDeleted": True}
    call.store.tables["CustomPrompts"].insert(call.store.values.complete("Pbx.CustomPrompt", prompt))
    return Response(204)


def _call_log(call: Call) -> Response:
    """The call log of a period, with the report's oddities (PBX.md, Paging).

    It cuts the page before it filters, so ``$count`` counts only the page; it ends at 20,000 rows; null and zero
    fields are left out of its rows.
    """
    start, end = (read_date_time(str(call.arguments[name])) for name in ("periodFrom", "periodTo"))
    rows = [row for row in call.store.rows("ReportCallLogData") if start <= _started(row) < end][:CALL_LOG_CAP]
    asked = call.query
    top = None if asked.top is None else asked.skip + asked.top
    page, total = query.apply(asked.unpaged(), rows[asked.skip : top])
    columns = [query.shape(row, asked, "Pbx.CallLogData", call.store.catalog) for row in page]
    return call.write_rows(
        [{name: value for name, value in row.items() if value is not None} for row in columns], total
    )


def _started(row: Row) -> datetime:
    return read_date_time(row["StartTime"])


HANDLERS: dict[str, Callable[[Call], Response]] = {
    "fax.bulk_fax_delete": _bulk_delete,
    "blocklist.bulk_ips_delete": _bulk_delete,
    "black_list_numbers.bulk_numbers_delete": _bulk_delete,
    "website_links.bulk_links_delete": _bulk_delete,
    "inbound_rules.bulk_inbound_rules_delete": _bulk_delete,
    "recordings.bulk_recordings_delete": _bulk_delete,
    "contacts.delete_contacts_by_id": _bulk_delete,
    "contacts.batch_contacts_delete": _bulk_delete,
    "users.batch_delete": _delete_users,
    "outbound_rules.purge": _purge_outbound_rules,
    "groups.delete_company_by_id": _delete_department_by_id,
    "groups.delete_company_by_number": _delete_department_by_number,
    "contacts.delete_contacts_by_type": _delete_contacts_by_source,
    "contacts.all_contacts_bulk_delete": _purge("Contacts"),
    "backups.purge_local_backups": _purge("Backups"),
    "purge_settings.purge_local_backups": _purge("Backups"),
    "event_logs.purge_event_log": _purge("EventLogs"),
    "activity_log.purge_logs": _purge("ActivityLog"),
    "recordings.purge_local": _purge("Recordings"),
    "firmwares.clean_up": _purge("Firmwares"),
    "contacts.get_contacts_by_number": _contacts_by_number,
    "contacts.create_contact_by_number": _create_contact_by_number,
    "parameters.get_parameter_by_name": _lookup("Name", "name"),
    "fax.get_by_number@20.0.7": _lookup("Number", "number"),
    "parkings.get_by_number@20.0.7": _lookup("Number", "number"),
    "queues.get_by_number@20.0.7": _lookup("Number", "number"),
    "receptionists.get_by_number@20.0.7": _lookup("Number", "number"),
    "ring_groups.get_by_number@20.0.7": _lookup("Number", "number"),
    "users.get_by_number@20.0.7": _lookup("Number", "number"),
    "peers.retreive_peers_by_numbers": _peers_by_numbers,
    "users.get_first_available_extension_number": _first_available("extension"),
    "users.get_first_available_hotdesking_number": _first_available("extension"),
    "queues.get_first_available_queue_number": _first_available("queue"),
    "receptionists.get_first_available_receptionist_number": _first_available("receptionist"),
    "ring_groups.get_first_available_ring_group_number": _first_available("ring group"),
    "trunks.get_first_available_trunk_number": _first_available("trunk"),
    "fax.init_fax": _init_fax,
    "users.has_duplicated_email": _duplicated_email,
    "users.get_duplicated_emails": _duplicated_emails,
    "services.start": _set_service("Running"),
    "services.enable": _set_service("Running"),
    "services.restart": _set_service("Running"),
    "services.stop": _set_service("Stopped"),
    "services.disable": _set_service("Stopped"),
    "prompt_sets.set_active": _set_active_prompts,
    "prompt_sets.get_active": _active_prompts,
    "recordings.download_recording": _download_recording,
    "custom_prompts.upload": _upload_prompt,
    "report_call_log_data.get_call_log_data": _call_log,
}
