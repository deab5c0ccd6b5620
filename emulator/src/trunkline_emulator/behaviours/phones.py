"""Phones, gateways and their firmware."""

from __future__ import annotations

from collections.abc import Iterable

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import not_found
from ..rules import phones
from ..rules.checks import refuse_wrong
from ..rules.users import secret
from ..store import Store
from ..values import Row
from ..warning_codes import MAC_IN_USE, NOT_FOUND
from .users import users_of


def _phone(store: Store, mac: str, field: str = "mac") -> Row:
    """Return the registration of a phone. Raises Refusal (400) for a MAC address that no phone has."""
    found = phones.sip_device(store, mac)
    if found is None:
        refuse_wrong(store, {field: NOT_FOUND})
        raise AssertionError
    return found


def _registrar(call: Call) -> Response:
    """Find the registrar of a phone. Raises Refusal (404) for a MAC address that no phone has."""
    found = phones.sip_device(call.store, str(call.arguments["mac"]))
    if found is None:
        raise not_found()
    return call.write_entity(found["Registrar"])


def _registrars(call: Call) -> Response:
    wanted = {phones.plain(mac) for mac in call.body()["macs"]}
    rows = (row["Registrar"] for row in call.store.rows("SipDevices") if row["Registrar"])
    return call.write_list([row for row in rows if row["MAC"] in wanted])


def _act_on_phone(call: Call) -> Response:
    """Reboot or provision a phone: nothing that this PBX shows changes."""
    _phone(call.store, call.body()["mac"])
    return Response(204)


def _act_on_all_phones(call: Call) -> Response:
    users_of(call.store, call.body()["ids"])
    return Response(204)


def _upgrade(call: Call) -> Response:
    body = call.body()
    _install(call.store, [_phone(call.store, body["mac"])], body["version"])
    return Response(204)


def _install(store: Store, registered: Iterable[Row], version: str | None) -> None:
    """Phones run another firmware from now on."""
    for row in registered:
        store.change("SipDevices", row, Registrar={**row["Registrar"], "FirmwareVersion": version})
        seen = phones.device(store, row["Registrar"]["MAC"])
        if seen is not None:
            store.change("DeviceInfos", seen, FirmwareVersion=version)


def _of_model(store: Store, model: str | None) -> list[Row]:
    return [row for row in store.rows("SipDevices") if row["Registrar"] and row["Registrar"]["Model"] == model]


def _install_firmware(call: Call) -> Response:
    """Bring all phones of a model to the firmware that the PBX has for it."""
    model = call.body()["phone"].get("Model")
    firmware = next((row for row in call.store.rows("Firmwares") if row["Model"] == model), None)
    if firmware is None:
        refuse_wrong(call.store, {"phone.Model": NOT_FOUND})
    else:
        _install(call.store, _of_model(call.store, model), firmware["Version"])
    return Response(204)


def _push_for_phones(call: Call) -> Response:
    firmware = call.entity()
    _install(call.store, _of_model(call.store, firmware["Model"]), firmware["Version"])
    return Response(204)


def _push_to_device(call: Call) -> Response:
    """Push a firmware to a phone. Raises Refusal (400) for one that isn't there or isn't for this model."""
    device, wanted = call.entity(), call.body()["firmwareId"]
    firmware = call.store.tables["Firmwares"].rows.get(wanted)
    if firmware is None or not device["Registrar"] or firmware["Model"] != device["Registrar"]["Model"]:
        refuse_wrong(call.store, {"firmwareId": NOT_FOUND})
    else:
        _install(call.store, [device], firmware["Version"])
    return Response(204)


def _firmware_state(call: Call) -> Response:
    names = [row["Filename"] for row in call.store.rows("Firmwares") if row["Filename"]]
    state = {"Id": "Firmwares", "Count": len(names), "FileNames": names, "TotalSize": 0}
    return call.write_entity(call.store.values.complete("Pbx.FirmwareState", state))


def _provision(call: Call) -> Response:
    """Give a device that was seen on the network to a user.

    Raises Refusal (400) where somebody else has it, unless ``reprovision`` says to hand it over.
    """
    store, device, body = call.store, call.entity(), call.body()
    user = users_of(store, [body["userId"]], "userId")[0]
    holder = phones.holder(store, device["MAC"])
    if holder is not None and holder["Id"] != user["Id"]:
        if not body["reprovision"]:
            refuse_wrong(store, {"userId": MAC_IN_USE})
        mac = phones.plain(device["MAC"])
        left = [phone for phone in holder["Phones"] if phone["MacAddress"] != mac]
        store.update("Users", {"Id": holder["Id"]}, {"Phones": left})
    if holder is None or holder["Id"] != user["Id"]:
        name = " ".join(part for part in (device["Vendor"], device["Model"]) if part)
        template = device["TemplateName"] if device["TemplateName"] in store.tables["PhoneTemplates"].rows else None
        phone = {"MacAddress": device["MAC"], "Name": name, "TemplateName": template}
        store.update("Users", {"Id": user["Id"]}, {"Phones": [*user["Phones"], phone]})
    return Response(204)


def _regenerate_web_credentials(call: Call) -> Response:
    gateway = call.entity()
    call.store.change("Fxs", gateway, Password=secret(12))
    return call.write_entity(gateway)


def _push_config(call: Call) -> Response:
    """Send a session border controller its configuration. Raises Refusal (400) while it isn't connected."""
    if not call.entity()["HasConnection"]:
        refuse_wrong(call.store, {"Name": NOT_FOUND})
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "users.get_phone_registrar": _registrar,
        "users.get_phone_registrars": _registrars,
        "users.reboot_phone": _act_on_phone,
        "users.reprovision_phone": _act_on_phone,
        "users.reprovision_all_phones": _act_on_all_phones,
        "users.upgrade_phone": _upgrade,
        "users.install_firmware": _install_firmware,
        "firmwares.push_firmware_for_phones": _push_for_phones,
        "firmwares.get_firmware_state": _firmware_state,
        "sip_devices.push_firmware": _push_to_device,
        "device_infos.provision": _provision,
        "fxs.regenerate_web_credentials": _regenerate_web_credentials,
        "sbcs.push_config": _push_config,
    },
)
