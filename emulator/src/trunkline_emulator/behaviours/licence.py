"""The licence: one row that the licence status, the system status and the parameters all read."""

from __future__ import annotations

import re

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.addresses import is_mail_address
from ..store import Store
from ..values import Row
from ..warning_codes import INVALID, NOT_FOUND, refuse

_KEY = re.compile(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){3}")
_RESELLER = re.compile(r"[0-9]{1,10}")
# How a partner is called whose number nobody here knows by name.
_NAME = "Example Partner {}"
_FIELDS = {
    "CompanyName": "CompanyName",
    "ContactName": "ContactName",
    "Country": "CountryName",
    "Email": "EMail",
    "Phone": "Telephone",
}


def _row(store: Store) -> Row:
    return store.singletons["LicenseStatus"]


def _get(call: Call) -> Response:
    return call.write_entity({**_row(call.store), "Version": call.store.catalog.version})


def _edit(call: Call) -> Response:
    """Change who the licence is for. Raises Refusal (400) for a mail address that is none or an unknown country."""
    given = call.body()["licenseParams"]
    email, country = given.get("Email"), given.get("Country")
    if email and not is_mail_address(email):
        raise refuse(call.store, INVALID, "Email", fact=ASSUMED)
    changes = {_FIELDS[name]: value for name, value in given.items() if value is not None}
    if country:
        changes |= _country(call.store, country)
    call.store.change("LicenseStatus", _row(call.store), **changes)
    return Response(204)


def _country(store: Store, given: str) -> dict[str, str]:
    """Return a country by its name or its two letters."""
    for row in store.rows("Countries"):
        if given in (row["Name"], row["ErpCode"]):
            return {"CountryName": row["Name"], "CountryCode": row["ErpCode"]}
    raise refuse(store, INVALID, "Country", fact=ASSUMED)


def _replace(call: Call) -> Response:
    """Put in another key, four groups of four. Raises Refusal (400) for one that can't be a key."""
    key = call.body()["licenseKey"].strip().upper()
    if not _KEY.fullmatch(key):
        raise refuse(call.store, "WARNINGS.LICENSE_NOT_FOUND", "licenseKey", fact=ASSUMED)
    call.store.change("LicenseStatus", _row(call.store), LicenseKey=key, Activated=True, LicenseActive=True)
    event_log.log_event(call.store, "Info", event_log.LICENCE_CHANGED, "The licence key was replaced")
    return Response(204)


def _refresh(call: Call) -> Response:
    """Ask 3CX again: the licence is active until it expires."""
    row = _row(call.store)
    expires = row["ExpirationDate"]
    active = not expires or event_log.stamp(call.store.now()) < expires
    call.store.change("LicenseStatus", row, LicenseActive=active)
    return Response(204)


def _partner(store: Store, reseller: str) -> str:
    if not _RESELLER.fullmatch(reseller):
        raise refuse(store, NOT_FOUND, "resellerId", fact=ASSUMED)
    return _NAME.format(reseller)


def _partner_info(call: Call) -> Response:
    """Return a partner by number, as digits. Raises Refusal (400) for anything else."""
    reseller = str(call.arguments["resellerId"])
    return call.write_entity({"Id": reseller, "Name": _partner(call.store, reseller)})


def _link(call: Call) -> Response:
    name = _partner(call.store, call.body()["resellerId"])
    call.store.change("LicenseStatus", _row(call.store), ResellerName=name)
    return Response(204)


def _unlink(call: Call) -> Response:
    call.store.change("LicenseStatus", _row(call.store), ResellerName=None)
    return Response(204)


def parameters(store: Store) -> Row:
    """``Pbx.License``: what the licence allows, as the pages of a PBX ask for it."""
    row = _row(store)
    code = row["ProductCode"] or ""
    expires = row["MaintenanceExpiresAt"]
    enterprise = "ENT" in code
    professional = enterprise or "PROF" in code
    licence = {
        "CountryCode": row["CountryCode"],
        "ProductCode": code,
        "MaxSimCalls": row["MaxSimCalls"],
        "IsEnterprise": enterprise,
        "IsProfessional": professional,
        "IsBrandingEnabled": enterprise,
        "IsCfdEnabled": professional,
        "IsMaintainceExpired": bool(expires) and expires <= event_log.stamp(store.now()),
    }
    return store.values.complete("Pbx.License", licence)


HANDLERS = declared(
    ASSUMED,
    {
        "license_status.get": _get,
        "license_status.edit_license_info": _edit,
        "license_status.replace_license_key": _replace,
        "license_status.refresh_license_status": _refresh,
        "license_status.partner_info": _partner_info,
        "license_status.link_partner": _link,
        "license_status.unlink_partner": _unlink,
        "defs.get_license_parameters": lambda call: call.write_entity(parameters(call.store)),
    },
)
