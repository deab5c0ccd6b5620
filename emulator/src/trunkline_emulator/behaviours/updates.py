"""Updates: made up, and on offer until they are installed."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from .. import event_log
from ..answers import Call
from ..archive import KEPT
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row
from .licence import has_expired
from .version import version_of

_INSTALLED = KEPT + "installed updates"
_LAST = KEPT + "last update"
KEY = str(uuid5(NAMESPACE_DNS, "updates.example.com"))


def _items(store: Store) -> list[Row]:
    """Return what is on offer, less what was installed."""
    version = version_of(store)
    offers = (
        ("System", "3CX Phone System", version, f"{version.rpartition('.')[0]}.1"),
        ("System", "SBC", "20.0.1", "20.0.2"),
        ("Prompts", "German Prompts Set", "1.0", "1.1"),
        ("Crm", "ExampleCRM", "3", "4"),
    )
    rows = [
        {
            "Guid": str(uuid5(NAMESPACE_DNS, f"{name}.updates.example.com")),
            "Category": category,
            "Name": name,
            "Description": name,
            "LocalVersion": local,
            "ServerVersion": server,
            "OutOfDate": True,
            "UpdateType": "Release",
        }
        for category, name, local, server in offers
    ]
    installed = store.kept.get(_INSTALLED, [])
    return [store.values.complete("Pbx.UpdateItem", row) for row in rows if row["Guid"] not in installed]


def _list(call: Call) -> Response:
    updates = {
        "Key": KEY,
        "Entries": _items(call.store),
        "IsMaintananceExpired": has_expired(call.store),
        "LastSuccessfulUpdate": call.store.kept.get(_LAST),
    }
    return call.write_entity(call.store.values.complete("Pbx.UpdateList", updates))


def _install(call: Call) -> Response:
    """Install entries of the list by their Guid."""
    store, now = call.store, event_log.stamp(call.store.now())
    entries = (call.body().get("install") or {}).get("Entries") or []
    store.keep(_INSTALLED, [*store.kept.get(_INSTALLED, []), *(guid.lower() for guid in entries)])
    store.keep(_LAST, now)
    store.change("SystemStatus", store.singletons["SystemStatus"], LastSuccessfulUpdate=now)
    return Response(204)


HANDLERS = declared(ASSUMED, {"updates.get_updates": _list, "updates.install_updates": _install})
