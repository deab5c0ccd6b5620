"""The licence: one row that the licence status, the system status and the parameters all read."""

from __future__ import annotations

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, published
from ..messages import Response
from ..store import Store
from ..values import Row

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
    """Change who the licence is for."""
    given = call.body().get("licenseParams") or {}
    changes = {_FIELDS[name]: value for name, value in given.items() if name in _FIELDS and value is not None}
    call.store.change("LicenseStatus", _row(call.store), **changes)
    return Response(204)


def _replace(call: Call) -> Response:
    key = call.body().get("licenseKey")
    call.store.change("LicenseStatus", _row(call.store), LicenseKey=key, Activated=True, LicenseActive=True)
    event_log.log_event(call.store, "Info", event_log.LICENCE_CHANGED, "The licence key was replaced")
    return Response(204)


def has_expired(store: Store) -> bool:
    """Whether the maintenance that the licence comes with has ended."""
    expires = _row(store)["MaintenanceExpiresAt"]
    return bool(expires) and expires <= event_log.stamp(store.now())


def parameters(store: Store) -> Row:
    """``Pbx.License``: what the licence allows, as the pages of a PBX ask for it."""
    row = _row(store)
    code = row["ProductCode"] or ""
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
        "IsMaintainceExpired": has_expired(store),
    }
    return store.values.complete("Pbx.License", licence)


HANDLERS = declared(published("answers"), {"license_status.get": _get}) | declared(
    ASSUMED,
    {
        "license_status.edit_license_info": _edit,
        "license_status.replace_license_key": _replace,
        "defs.get_license_parameters": lambda call: call.write_entity(parameters(call.store)),
    },
)
