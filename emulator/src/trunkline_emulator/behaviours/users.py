"""Many users at once, and what is done to one besides changing fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .. import crud
from ..answers import Call
from ..crud import declared
from ..csv_files import export
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import Refusal
from ..rules import RULES
from ..rules.checks import refuse_wrong
from ..rules.roles import ROLES, is_lower
from ..store import Store
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, FORBIDDEN_CHANGE, NOT_FOUND, OUT_OF_THE_RANGE, REQUIRED

_MONITORED = "monitored users"
_WELCOMED = "welcome mails"
# What can be one user's only.
_PERSONAL = ("EmailAddress", "ClickToCallId", "WebMeetingFriendlyName", "Phones")
MAX_MONITORED_DAYS = 365


def users_of(store: Store, ids: list[int], field: str = "ids") -> list[Row]:
    """Return the users of some Ids, each once. Raises Refusal (400) naming each Id that has none."""
    known = store.tables["Users"].rows
    refuse_wrong(store, {f"{field}[{place}]": NOT_FOUND for place, id_ in enumerate(ids) if id_ not in known})
    return [known[id_] for id_ in dict.fromkeys(ids)]


def _batch_delete(call: Call) -> Response:
    """Remove users one by one; the answer lists those that could not be removed, and why."""
    errors = []
    for id_ in dict.fromkeys(call.body()["ids"]):
        user = call.store.tables["Users"].rows.get(id_)
        if user is None:
            errors.append({"ExtensionNumber": str(id_), "Error": NOT_FOUND})
            continue
        try:
            call.store.delete("Users", {"Id": id_})
        except Refusal as refusal:
            error = next(iter(refusal.details.values()), refusal.message)
            errors.append({"ExtensionNumber": user["Number"], "Error": error})
    return call.write_list(errors)


def _update_all(store: Store, ids: list[int], fields: Row) -> Response:
    """Change several users alike: all of them, or none where one refuses."""
    users = users_of(store, ids)
    if len(users) > 1:
        refuse_wrong(store, {field: ALREADY_IN_USE for field in _PERSONAL if fields.get(field)})
    rule = RULES["Users"]
    for user in users:
        prepared = rule.prepare(store, fields, user)
        completed = store.values.complete("Pbx.User", prepared)
        rule.check(store, {**user, **{field: completed[field] for field in prepared}}, prepared, user)
    for user in users:
        store.update("Users", {"Id": user["Id"]}, fields)
    return Response(204)


def _bulk_update(call: Call) -> Response:
    body = call.body()
    fields = {field: value for field, value in body["user"].items() if field != "Id"}
    if fields.pop("Number", None):
        refuse_wrong(call.store, {"user.Number": FORBIDDEN_CHANGE})
    return _update_all(call.store, body["ids"], fields)


def _multi_user_update(call: Call) -> Response:
    """Null and empty lists stand for values that differ from user to user, and stay as they are."""
    body = call.body()
    known = call.store.catalog.fields("Pbx.User")
    fields = {
        field: value
        for field, value in body["user"].items()
        if field in known and field != "Number" and value is not None and value != []
    }
    return _update_all(call.store, body["ids"], fields)


def _export(call: Call) -> Response:
    return export(call, call.store.rows("Users"), "Pbx.User", "extensions.csv")


def _send_welcome_email(call: Call) -> Response:
    """Send a welcome e-mail. Raises Refusal (400) for a user without an address."""
    user = call.entity()
    welcome(call.store, [user])
    return Response(204)


def welcome(store: Store, users: list[Row]) -> None:
    """Send the welcome mail. Raises Refusal (400) where a user has no address; then nobody gets one."""
    if any(not user["EmailAddress"] for user in users):
        refuse_wrong(store, {"EmailAddress": REQUIRED})
    sent = {str(user["Id"]): store.now().isoformat() for user in users}
    store.keep(_WELCOMED, {**store.kept.get(_WELCOMED, {}), **sent})


def _set_monitor_status(call: Call) -> Response:
    """Log a user's calls in detail for some days; 0 ends it."""
    user, days = call.entity(), call.body()["days"]
    if not 0 <= days <= MAX_MONITORED_DAYS:
        refuse_wrong(call.store, {"days": OUT_OF_THE_RANGE})
    watched = {number: end for number, end in call.store.kept.get(_MONITORED, {}).items() if number != user["Number"]}
    if days:
        watched[user["Number"]] = int((call.store.now() + timedelta(days=days)).timestamp())
    call.store.keep(_MONITORED, watched)
    return Response(204)


def _monitor_status(call: Call) -> Response:
    """Who is being monitored, and until when in seconds since 1970."""
    now = call.store.now().timestamp()
    watched: dict[str, Any] = call.store.kept.get(_MONITORED, {})
    return call.write_list([{"DN": number, "Expiration": end} for number, end in watched.items() if end > now])


def _update_my_user(call: Call) -> Response:
    """Nobody takes rights from themselves (``USER_ROLE_DOWNGRADE``)."""
    roles = {row["GroupId"]: row["Rights"]["RoleName"] for row in call.entity()["Groups"]}
    wrong = {}
    for place, row in enumerate(call.body().get("Groups") or []):
        role = (row.get("Rights") or {}).get("RoleName")
        before = roles.get(row.get("GroupId"))
        if role in ROLES and before in ROLES and is_lower(role, than=before):
            wrong[f"Groups[{place}].Rights.RoleName"] = "WARNINGS.XAPI.USER_ROLE_DOWNGRADE"
    refuse_wrong(call.store, wrong)
    return crud.update(call)


HANDLERS = declared(
    ASSUMED,
    {
        "users.batch_delete": _batch_delete,
        "users.bulk_update": _bulk_update,
        "users.multi_user_update": _multi_user_update,
        "users.export_extensions": _export,
        "users.send_welcome_email": _send_welcome_email,
        "users.set_monitor_status": _set_monitor_status,
        "users.get_monitor_status": _monitor_status,
        "my_user.update": _update_my_user,
    },
)
