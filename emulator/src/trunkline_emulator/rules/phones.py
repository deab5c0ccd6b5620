"""Phones: what a user has (``Users.Phones``), what was seen on the network (``DeviceInfos``), what is registered.

A phone of a user is an assigned device and a row of ``SipDevices``; one MAC address is one user's only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..values import Row
from ..warning_codes import DUPLICATE, INVALID_HEX, MAC_IN_USE, NOT_FOUND, REQUIRED
from .checks import MAC, Wrong, empty, refuse_wrong
from .index import derived, unique_to
from .references import name_shown, noted_names

if TYPE_CHECKING:
    from ..store import Store


def plain(mac: str) -> str:
    """Return a MAC address without punctuation, in capitals, as a PBX keeps it."""
    return mac.replace(":", "").replace("-", "").upper()


def _holders(store: Store) -> dict[str, Any]:
    """Return the Ids of those who have phones, by MAC address."""
    users = store.tables["Users"].rows
    return derived(
        store,
        "phones",
        lambda: {plain(phone["MacAddress"] or ""): id_ for id_, user in users.items() for phone in user["Phones"]},
    )


def _registrations(store: Store) -> dict[str, Any]:
    """Return the Ids of registrations, by MAC address."""
    rows = store.tables["SipDevices"].rows
    return derived(
        store, "registrations", lambda: {row["Registrar"]["MAC"]: id_ for id_, row in rows.items() if row["Registrar"]}
    )


def holder(store: Store, mac: str) -> Row | None:
    """Return the user who has the phone."""
    user = store.tables["Users"].rows.get(_holders(store).get(plain(mac), 0))
    if user is not None and any(plain(phone["MacAddress"] or "") == plain(mac) for phone in user["Phones"]):
        return user
    return None


def complete(store: Store, sent: Iterable[Row], old: Row | None) -> list[Row]:
    """Phones as a body names them, with Ids and plain MAC addresses. Raises Refusal (400)."""
    wrong: Wrong = {}
    before = {plain(phone["MacAddress"] or ""): phone for phone in old["Phones"]} if old else {}
    found: dict[str, Row] = {}
    for place, phone in enumerate(sent):
        mac = plain(phone.get("MacAddress") or "")
        field, warning = _wrong_with(store, phone, mac, old, found)
        if warning:
            wrong[f"Phones[{place}].{field}"] = warning
        known = before.get(mac, {})
        found[mac] = {**known, **phone, "MacAddress": mac, "Id": known.get("Id") or 0}
    refuse_wrong(store, wrong)
    return list(found.values())


def _wrong_with(store: Store, phone: Row, mac: str, old: Row | None, others: dict[str, Row]) -> tuple[str, str]:
    if not mac:
        return "MacAddress", REQUIRED
    if not MAC.fullmatch(mac):
        return "MacAddress", INVALID_HEX
    if mac in others:
        return "MacAddress", DUPLICATE
    user = holder(store, mac)
    if (user is not None and (old is None or user["Id"] != old["Id"])) or mac in store.tables["Fxs"].rows:
        return "MacAddress", MAC_IN_USE
    template = phone.get("TemplateName")
    if not empty(template) and template not in store.tables["PhoneTemplates"].rows:
        return "TemplateName", NOT_FOUND
    relay = (phone.get("Settings") or {}).get("SbcName")
    if not empty(relay) and relay not in store.tables["Sbcs"].rows:
        return "Settings.SbcName", NOT_FOUND
    return "", ""


def device(store: Store, mac: str) -> Row | None:
    """Return what is known of a phone from the network."""
    return unique_to(store, "DeviceInfos", "MAC", plain(mac))


def sip_device(store: Store, mac: str) -> Row | None:
    """Return the registration of a phone."""
    row = store.tables["SipDevices"].rows.get(_registrations(store).get(plain(mac), 0))
    return row if row is not None and row["Registrar"] and row["Registrar"]["MAC"] == plain(mac) else None


def connect(store: Store, user: Row, old: Row | None) -> None:
    """Connect the phones of a stored user, which may be others than before."""
    before = {phone["MacAddress"] for phone in old["Phones"]} if old else set()
    if any(phone["Id"] == 0 for phone in user["Phones"]):
        store.change("Users", user, Phones=_numbered(user))
    now = {phone["MacAddress"]: phone for phone in user["Phones"]}
    for mac in before - now.keys():
        _take_away(store, mac)
    for mac, phone in now.items():
        _holders(store)[plain(mac)] = user["Id"]
        if mac not in before:
            _hand_out(store, user, phone)


def _numbered(user: Row) -> list[Row]:
    """Give new phones Ids; the user's own Id keeps them apart from all others'."""
    last = max((phone["Id"] for phone in user["Phones"]), default=0) or 100 * user["Id"]
    found = []
    for phone in user["Phones"]:
        last += phone["Id"] == 0
        found.append({**phone, "Id": phone["Id"] or last})
    return found


def disconnect(store: Store, user: Row) -> None:
    """Disconnect the phones of a removed user."""
    for phone in user["Phones"]:
        _take_away(store, phone["MacAddress"])


def _hand_out(store: Store, user: Row, phone: Row) -> None:
    mac = phone["MacAddress"]
    known = device(store, mac)
    if known is not None:
        assigned = f"{user['Number']} {name_shown('Users', user)}"
        store.change("DeviceInfos", known, Assigned=True, AssignedUser=assigned)
    registrar = {
        "MAC": mac,
        "Vendor": known["Vendor"] if known else None,
        "Model": known["Model"] if known else phone.get("Name"),
        "FirmwareVersion": known["FirmwareVersion"] if known else None,
        "IpAddress": known["NetworkAddress"] if known else None,
        "UserAgent": known["UserAgent"] if known else None,
        "InterfaceLink": known["InterfaceLink"] if known else None,
    }
    peer = {"Id": user["Id"], "Number": user["Number"], "Name": name_shown("Users", user), "Type": "Extension"}
    made = store.create("SipDevices", {"DN": peer, "Registrar": registrar})
    _registrations(store)[mac] = made["Id"]
    noted_names(store, "SipDevices", made)


def _take_away(store: Store, mac: str) -> None:
    known = device(store, mac)
    if known is not None:
        store.change("DeviceInfos", known, Assigned=False, AssignedUser=None)
    registered = sip_device(store, mac)
    if registered is not None:
        store.remove("SipDevices", [registered["Id"]])
    _holders(store).pop(plain(mac), None)
