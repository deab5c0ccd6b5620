"""Updates: of the PBX itself, of prompt sets and of CRM templates; offered until they are installed."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from .. import event_log
from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row
from ..warning_codes import NOT_FOUND, refuse
from .version import version_of

_INSTALLED = "settings installed updates"
_LAST = "settings last update"
KEY = str(uuid5(NAMESPACE_DNS, "updates.example.com"))
SYSTEM, PROMPTS, CRM = "System", "Prompts", "Crm"
# Category, name, what it is, the version that is here and the one on offer; None stands for the PBX's own.
OFFERS = (
    (SYSTEM, "3CX Phone System", "The phone system", None, "+1"),
    (SYSTEM, "SBC", "Session border controllers", "20.0.1", "20.0.2"),
    (PROMPTS, "German Prompts Set", "System prompts in German", "1.0", "1.1"),
    (CRM, "ExampleCRM", "CRM template", "3", "4"),
)


def _item(store: Store, offer: tuple[str, str, str, str | None, str]) -> Row:
    category, name, text, here, on_offer = offer
    local = here if here is not None else version_of(store)
    server = on_offer if here is not None else f"{local.rpartition('.')[0]}.1"
    guid = str(uuid5(NAMESPACE_DNS, f"{name}.updates.example.com"))
    installed = guid in store.kept.get(_INSTALLED, [])
    item = {
        "Guid": guid,
        "Category": category,
        "Name": name,
        "Description": text,
        "DescriptionLink": "https://updates.example.com/notes",
        "LocalVersion": server if installed else local,
        "ServerVersion": server,
        "OutOfDate": not installed,
        "HasExtraDetails": True,
        "UpdateType": "Release",
    }
    return store.values.complete("Pbx.UpdateItem", item)


def _items(store: Store, *categories: str) -> list[Row]:
    """Return what is on offer, less what was installed."""
    found = [_item(store, offer) for offer in OFFERS if offer[0] in categories]
    return [item for item in found if item["OutOfDate"]]


def _list(*categories: str) -> Handler:
    def handler(call: Call) -> Response:
        store = call.store
        expires = store.singletons["LicenseStatus"]["MaintenanceExpiresAt"]
        updates = {
            "Key": KEY,
            "Entries": _items(store, *categories),
            "IsMaintananceExpired": bool(expires) and expires <= event_log.stamp(store.now()),
            "LastSuccessfulUpdate": store.kept.get(_LAST),
        }
        return call.write_entity(store.values.complete("Pbx.UpdateList", updates))

    return handler


def _install(call: Call) -> Response:
    """Install entries of the list whose key is shown. Raises Refusal (400) for another key or an unknown entry."""
    store, asked = call.store, call.body()["install"]
    if asked.get("Key") != KEY:
        raise refuse(store, NOT_FOUND, "Key", fact=ASSUMED)
    offered = {item["Guid"]: item for item in _items(store, SYSTEM, PROMPTS, CRM)}
    entries = list(dict.fromkeys(asked.get("Entries") or []))
    if not offered.keys() >= set(entries):
        raise refuse(store, NOT_FOUND, "Entries", fact=ASSUMED)
    store.keep(_INSTALLED, [*store.kept.get(_INSTALLED, []), *entries])
    store.keep(_LAST, event_log.stamp(store.now()))
    status = store.singletons["SystemStatus"]
    store.change("SystemStatus", status, LastSuccessfulUpdate=store.kept[_LAST])
    for guid in entries:
        item = offered[guid]
        text = f"{item['Name']} {item['ServerVersion']} was installed"
        event_log.log_event(store, "Info", event_log.UPDATE_INSTALLED, text, params=(item["Name"],))
    return Response(204)


def _stats(call: Call) -> Response:
    counts = [(category, len(_items(call.store, category))) for category in (SYSTEM, PROMPTS, CRM)]
    rows = [{"Category": category, "Count": count} for category, count in counts]
    return call.write_entity({"TcxUpdate": rows[:1], "PerPage": rows})


def _details(call: Call) -> Response:
    """Return what an update brings, as text. Raises Refusal (400) for one that isn't on offer."""
    offered = {item["Guid"]: item for item in _items(call.store, SYSTEM, PROMPTS, CRM)}
    item = offered.get(str(call.arguments["id"]).lower())
    if str(call.arguments["key"]).lower() != KEY or item is None:
        raise refuse(call.store, NOT_FOUND, fact=ASSUMED)
    return call.write_value(f"{item['Name']} {item['ServerVersion']}: {item['Description']}.")


_UPGRADED = "debian upgraded"


def _upgrade(call: Call) -> Response:
    """Bring the operating system up to date; there is no upgrade afterwards."""
    call.store.keep(_UPGRADED, event_log.stamp(call.store.now()))
    event_log.log_event(call.store, "Info", event_log.UPDATE_INSTALLED, "The operating system was upgraded")
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "updates.get_updates": _list(SYSTEM, PROMPTS, CRM),
        "updates.get_prompt_set_updates": _list(PROMPTS),
        "updates.get_server_crm_updates": _list(CRM),
        "updates.get_client_crm_updates": _list(CRM),
        "updates.get_updates_stats": _stats,
        "updates.install_updates": _install,
        "updates.has_debian_upgrade": lambda call: call.write_value(_UPGRADED not in call.store.kept),
        "updates.upgrade_debian": _upgrade,
        "get_update_details.get_update_details": _details,
    },
)
