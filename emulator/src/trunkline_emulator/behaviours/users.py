"""Many users at once, what a user signs in with, and the export."""

from __future__ import annotations

from secrets import choice, token_hex
from string import digits

from ..answers import Call
from ..crud import declared
from ..csv_files import export
from ..evidence import ASSUMED, seen
from ..messages import Response
from ..store import Store
from ..values import Row


def _update_all(store: Store, ids: list[int], fields: Row) -> Response:
    """Change several users alike; Ids without a user are passed over."""
    known = store.tables["Users"].rows
    for id_ in dict.fromkeys(ids):
        if id_ in known:
            store.update("Users", {"Id": id_}, fields)
    return Response(204)


def _bulk_update(call: Call) -> Response:
    body = call.body()
    fields = {name: value for name, value in (body.get("user") or {}).items() if name not in ("Id", "Number")}
    return _update_all(call.store, body.get("ids") or [], fields)


def _multi_user_update(call: Call) -> Response:
    """Null and empty lists stand for values that differ from user to user, and stay as they are."""
    body = call.body()
    known = call.store.catalog.fields("Pbx.User").keys() - {"Id", "Number"}
    given = (body.get("user") or {}).items()
    fields = {name: value for name, value in given if name in known and value is not None and value != []}
    return _update_all(call.store, body.get("ids") or [], fields)


def _regenerate(call: Call) -> Response:
    """Give one user, or those of ``Ids``, what the options say. Older versions have them in the body itself."""
    body = call.body()
    options = body.get("opts") or body
    rows = call.store.tables["Users"].rows
    users = [call.entity()] if call.route.bound else [rows[id_] for id_ in body.get("Ids") or [] if id_ in rows]
    for user in users:
        made = {
            "SipAuth": {"AuthID": token_hex(5), "AuthPassword": token_hex(8)},
            "WebclientPassword": {"AccessPassword": token_hex(6)},
            "VoicemailPIN": {"VMPIN": "".join(choice(digits) for _ in range(6))},
            "DeskphonePassword": {"DeskphonePassword": token_hex(5)},
        }
        for option, fields in made.items():
            if options.get(option):
                call.store.change("Users", user, **fields)
    return Response(204)


def _export(call: Call) -> Response:
    return export(call, call.store.rows("Users"), "Pbx.User", "extensions.csv")


def _export_contacts(call: Call) -> Response:
    return export(call, call.store.rows("Contacts"), "Pbx.Contact", "contacts.csv")


HANDLERS = declared(
    seen("files"), {"users.export_extensions": _export, "contacts.export_contacts": _export_contacts}
) | declared(
    ASSUMED,
    {
        "users.bulk_update": _bulk_update,
        "users.multi_user_update": _multi_user_update,
        "users.regenerate": _regenerate,
        "users.regenerate_passwords": _regenerate,
        "users.get_phone_secret": lambda call: call.write_value(call.entity()["DeskphonePassword"]),
    },
)
