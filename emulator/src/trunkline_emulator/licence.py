"""The licence: without a sufficient one a PBX has no API (docs/pbx.md, Rights)."""

from __future__ import annotations

from datetime import timedelta

from trunkline.catalog import Action

from .evidence import refusal, seen
from .refusals import Refusal
from .store import Store
from .values import Row

NO_LICENCE = refusal("Without a sufficient licence the API answers 403.", seen("rights-and-licence"))
_SHOWN_IN = ("LicenseStatus", "SystemStatus")
_KEPT = "Licence"
_FIELDS = ("LicenseActive", "ExpirationDate", "MaxSimCalls")
_TOO_FEW_CALLS = 4


def check(licence: str, action: Action) -> None:
    """Check the licence, which may be read in any case. Raises Refusal (403) unless it is ok.

    That a PBX refuses with 403, and shows LicenseStatus all the same, is assumed.
    """
    if licence != "ok" and action.id != "license_status.get":
        raise Refusal(403, fact=NO_LICENCE)


def show(store: Store, licence: str) -> None:
    """Let LicenseStatus and SystemStatus tell of a licence; "ok" brings back what they told before."""
    kept = dict(store.kept.get(_KEPT, {}))
    for name in _SHOWN_IN:
        row = store.singletons.get(name)
        if row is None:
            continue
        changes = {**kept.get(name, {}), **_told(store, licence)}
        changes = {field: value for field, value in changes.items() if field in row}
        kept.setdefault(name, {field: row[field] for field in _FIELDS if field in row})
        if any(row[field] != value for field, value in changes.items()):
            store.change(name, row, **changes)
    if licence == "ok":
        kept = {}
    if kept != store.kept.get(_KEPT, {}):
        store.keep(_KEPT, kept)


def _told(store: Store, licence: str) -> Row:
    if licence == "expired":
        ended = (store.now() - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
        return {"LicenseActive": False, "ExpirationDate": ended}
    return {"MaxSimCalls": _TOO_FEW_CALLS} if licence == "too_small" else {}
