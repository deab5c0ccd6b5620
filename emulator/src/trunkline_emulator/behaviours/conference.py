"""Conferences: the API key, the media servers of one's own (MCUs) and the zones where meetings run."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import NAMESPACE_DNS, uuid5

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.literals import read_date_time
from ..refusals import not_found
from ..store import Store
from ..values import Row
from ..warning_codes import refuse

API_KEY = "conference api key"
_ROWS = "settings mcu rows"
_REQUEST = "mcu request"
LASTS = timedelta(minutes=5)
MOST_MCUS = 10


def _generate(call: Call) -> Response:
    """Return a new key for the conference API; the one before is worth nothing from then on."""
    key = secrets.token_urlsafe(32)
    call.store.keep(API_KEY, key)
    return call.write_value(key)


def _delete_key(call: Call) -> Response:
    call.store.keep(API_KEY, None)
    return Response(204)


def _zones(call: Call) -> Response:
    """Where meetings can run: the continents of the countries."""
    zones = {row.get("WebMeetingZone") or row["Continent"] for row in call.store.rows("Countries")}
    return call.write_list(sorted(zone for zone in zones if zone))


def _request(store: Store) -> Row:
    """Return what was last asked of the MCUs; a request that nobody finished in time has failed."""
    kept = store.kept.get(_REQUEST) or {}
    row = store.values.complete("Pbx.MCURequestStatus", kept)
    if (
        row["State"] == "Pending"
        and row["RequestExpiration"]
        and store.now() >= read_date_time(row["RequestExpiration"])
    ):
        row |= {"State": "Failure", "ErrorMessage": "WARNINGS.MCU_REQUEST_TIMEOUT"}
    return row


def _update_request(call: Call) -> Response:
    """Ask for an MCU or for the end of one, or say that it is done.

    A pending request stands for five minutes, in which no other may begin. Raises Refusal (400): one is under way, an
    MCU to delete that isn't there, too many of them.
    """
    store, asked = call.store, call.body()["request"]
    pending = _request(store)["State"] == "Pending"
    state = asked.get("State") or "Pending"
    operation = asked.get("Operation") or (_request(store)["Operation"] if pending else None) or "Create"
    guid = asked.get("McuId") or (_request(store)["McuId"] if pending else None)
    rows = store.kept.get(_ROWS, [])
    if state == "Pending":
        if pending:
            raise refuse(store, "WARNINGS.MCU_REQUEST_ALREADY_IN_PROGRESS", fact=ASSUMED)
        if operation == "Create" and len(rows) >= MOST_MCUS:
            raise refuse(store, "WARNINGS.MCU_LIMIT_REACHED", fact=ASSUMED)
        if operation == "Delete" and guid not in {row["Guid"] for row in rows}:
            raise refuse(store, "WARNINGS.MCU_REQUEST_NOT_FOUND", "McuId", fact=ASSUMED)
    elif state == "Success" and operation == "Create":
        row = _new_row(store, len(rows) + 1, guid)
        guid = row["Guid"]
        store.keep(_ROWS, [*(other for other in rows if other["Guid"] != guid), row])
    elif state == "Success":
        store.keep(_ROWS, [row for row in rows if row["Guid"] != guid])
    expires = event_log.stamp(store.now() + LASTS)
    kept = {"State": state, "Operation": operation, "McuId": guid, "ErrorMessage": asked.get("ErrorMessage")}
    store.keep(_REQUEST, {**kept, "RequestExpiration": expires})
    return Response(204)


def _new_row(store: Store, number: int, guid: str | None) -> Row:
    now = event_log.stamp(store.now())
    host = f"mcu{number}.example.com"
    row = {
        "Guid": guid or str(uuid5(NAMESPACE_DNS, host)),
        "Host": host,
        "Ip": f"203.0.113.{100 + number}",
        "Port": 443,
        "Enabled": True,
        "Active": True,
        "TsCreated": now,
        "TsActivated": now,
        "Zone": store.singletons["ConferenceSettings"]["Zone"] or "",
    }
    return store.values.complete("Pbx.OnBoardMcuRow", row)


def _row(call: Call) -> Response:
    """Find the row. Raises Refusal (404)."""
    rows = call.store.kept.get(_ROWS, [])
    found = [row for row in rows if row["Guid"] == call.arguments["guid"]]
    if not found:
        raise not_found()
    return call.write_entity(found[0])


HANDLERS = declared(
    ASSUMED,
    {
        "conference_settings.generate_api_key": _generate,
        "conference_settings.delete_api_key": _delete_key,
        "conference_settings.get_web_meeting_zones": _zones,
        "conference_settings.get_mcu_request_status": lambda call: call.write_entity(_request(call.store)),
        "conference_settings.update_mcu_request_status": _update_request,
        "conference_settings.get_mcu_rows": lambda call: call.write_list(call.store.kept.get(_ROWS, [])),
        "conference_settings.get_mcu_row": _row,
        # No MCU ever connects to the emulator, and nobody meets there.
        "conference_settings.get_onboard_mcu_data": lambda call: call.write_list([]),
        "conference_settings.get_onboard_meetings": lambda call: call.write_list([]),
    },
)
