"""Departments, which older versions call companies."""

from __future__ import annotations

from typing import Any

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row


def _delete_by_id(call: Call) -> Response:
    call.store.delete("Groups", {"Id": call.body()["id"]})
    return Response(204)


def _delete_by_number(call: Call) -> Response:
    found = call.store.get("Groups", {"Number": call.body()["number"]})
    call.store.delete("Groups", {"Id": found["Id"]})
    return Response(204)


def _named(store: Store, set_name: str, group: Row) -> int:
    """How many rows of a set belong to a department by its number or name."""
    return sum(row["Group"] in (group["Number"], group["Name"]) for row in store.rows(set_name))


def _belonging(store: Store, set_names: tuple[str, ...], group: Row) -> int:
    rows = (row for set_name in set_names for row in store.rows(set_name))
    return sum(any(known["GroupId"] == group["Id"] for known in row["Groups"]) for row in rows)


def _numbers(props: Row, kind: str) -> int | None:
    """How many numbers a department's range of a kind has; None where it has no range."""
    first, last = props.get(f"{kind}NumberFrom") or "", props.get(f"{kind}NumberTo") or ""
    return int(last) - int(first) + 1 if first.isdecimal() and last.isdecimal() else None


def _restrictions(call: Call) -> Response:
    """How much of each kind a department has, and how much it may have; without a limit it is unlimited."""
    store, group = call.store, call.entity()
    props: Row = group["Props"] or {}
    counted: dict[str, tuple[int, Any]] = {
        "Users": (len(group["Members"]), _numbers(props, "User")),
        "System": (_belonging(store, ("Queues", "RingGroups", "Receptionists"), group), _numbers(props, "System")),
        "Trunks": (_belonging(store, ("Trunks",), group), props.get("TrunksMaxCount")),
        "LiveChats": (_named(store, "WebsiteLinks", group), props.get("LiveChatMaxCount")),
        "Sbcs": (_named(store, "Sbcs", group), props.get("SbcMaxCount")),
        "Dects": (_named(store, "Fxs", group), props.get("DectMaxCount")),
    }
    known = store.catalog.fields("Pbx.Restrictions")
    found: Row = {
        kind: {"Used": used, "Allowed": allowed, "Unlimited": allowed is None}
        for kind, (used, allowed) in counted.items()
        if kind in known
    }
    found["MaxPrompts"] = props.get("PromptsMaxCount")
    return call.write_entity(store.values.complete("Pbx.Restrictions", found))


def _set_partner(store: Store, group: Row, partner: str | None) -> Response:
    props = store.values.complete("Pbx.GroupProps", group["Props"] or {})
    store.change("Groups", group, Props={**props, "ResellerId": partner, "ResellerName": None})
    return Response(204)


def _link_partner(call: Call) -> Response:
    """``groupId`` is a department's number. Raises Refusal (404)."""
    body = call.body()
    group = call.store.get("Groups", {"Number": body["groupId"]})
    return _set_partner(call.store, group, body["resellerId"])


def _link_my_partner(call: Call) -> Response:
    return _set_partner(call.store, call.entity(), call.body()["resellerId"])


def _unlink_my_partner(call: Call) -> Response:
    return _set_partner(call.store, call.store.get("MyGroup", {}), None)


HANDLERS = declared(
    ASSUMED,
    {
        "groups.delete_company_by_id": _delete_by_id,
        "groups.delete_company_by_number": _delete_by_number,
        "groups.get_restrictions": _restrictions,
        "groups.link_group_partner": _link_partner,
        "groups.unlink_group_partner": _unlink_my_partner,
        "my_group.get_restrictions": _restrictions,
        "my_group.link_my_group_partner": _link_my_partner,
        "my_group.unlink_my_group_partner": _unlink_my_partner,
    },
)
