"""Who belongs to which department.

A DN has its departments in ``Groups``, a department its people in ``Members``: two sides of one thing, which agree
after every write. ``GroupRights`` is accepted and ignored; the role is in ``Rights.RoleName`` (docs/pbx.md, Requests).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..values import Row
from ..warning_codes import DUPLICATE, NOT_FOUND, REQUIRED
from .checks import Wrong, empty, refuse_wrong
from .references import find, name_shown
from .roles import LOWEST, rights_in

if TYPE_CHECKING:
    from ..store import Store


def _default(store: Store) -> list[Row]:
    """Name the department of whoever is in no other; nothing if there is no department at all."""
    groups = list(store.tables["Groups"].rows.values())
    return [{"GroupId": row["Id"]} for row in sorted(groups, key=lambda row: not row["IsDefault"])[:1]]


def complete_groups(store: Store, set_name: str, given: Row, old: Row | None, name: str | None) -> Row:
    """``given`` with its ``Groups`` and ``PrimaryGroupId`` made whole: ``name`` is what the DN will be called.

    A new DN that names no department gets the default one. Raises Refusal (400) for departments or roles that aren't
    there.
    """
    sent = given.get("Groups")
    primary = given.get("PrimaryGroupId")
    if primary is None:
        # Everybody has a primary department: null leaves it as it is.
        given = {field: value for field, value in given.items() if field != "PrimaryGroupId"}
    if sent is None and old is not None and primary in (None, old.get("PrimaryGroupId")):
        return given
    if not sent:
        sent = (old["Groups"] if old else []) if given.get("Groups") is None else []
    if primary and not any(row.get("GroupId") == primary for row in sent):
        sent = [*sent, {"GroupId": primary}]
    groups = _complete_rows(store, sent, old, name) or _complete_rows(store, _default(store), old, name)
    filled = {**given, "Groups": groups}
    if set_name == "Users":
        kept = primary or (old or {}).get("PrimaryGroupId")
        ids = [row["GroupId"] for row in groups]
        filled["PrimaryGroupId"] = kept if kept in ids else next(iter(ids), None)
    return filled


def _complete_rows(store: Store, sent: Iterable[Row], old: Row | None, name: str | None) -> list[Row]:
    wrong: Wrong = {}
    roles = {row["GroupId"]: row["Rights"] for row in old["Groups"]} if old else {}
    found: dict[int, Row] = {}
    for place, row in enumerate(sent):
        group = find(store, "Groups", {"Id": row.get("GroupId") or 0} if row.get("GroupId") else row)
        if group is None:
            named = row.get("GroupId") or not empty(row.get("Number"))
            wrong[f"Groups[{place}].GroupId"] = NOT_FOUND if named else REQUIRED
            continue
        if group["Id"] in found:
            wrong[f"Groups[{place}].GroupId"] = DUPLICATE
            continue
        rights = _rights(group, row.get("Rights"), roles.get(group["Id"]))
        if rights is None:
            wrong[f"Groups[{place}].Rights.RoleName"] = NOT_FOUND
            rights = dict(row["Rights"])
        found[group["Id"]] = {**row, **_row_of_group(store, group, rights, name)}
    refuse_wrong(store, wrong)
    return list(found.values())


def _rights(group: Row, sent: Mapping[str, Any] | None, before: Row | None) -> Row | None:
    """Return the rights of a member: what was sent on top of what the department gives the role, or what they were.

    None for a role that the department does not list.
    """
    if not sent or not sent.get("RoleName"):
        if before is not None:
            return {**before, **(sent or {}), "RoleName": before["RoleName"]}
        rights = rights_in(group, LOWEST)
        return {**(rights or {"RoleName": LOWEST}), **(sent or {}), "RoleName": LOWEST}
    role = sent["RoleName"]
    if before is not None and before["RoleName"] == role:
        return {**before, **sent}
    rights = rights_in(group, role)
    return None if rights is None else {**rights, **sent}


def _row_of_group(store: Store, group: Row, rights: Row, name: str | None) -> Row:
    return {
        "Id": group["Id"],
        "GroupId": group["Id"],
        "Number": group["Number"],
        "Name": group["Name"],
        "Type": "Group",
        "MemberName": name,
        "Rights": store.values.complete("Pbx.Rights", rights),
        "GroupRights": None,
    }


def _row_of_member(store: Store, user: Row, membership: Row) -> Row:
    name = name_shown("Users", user)
    member = {
        "Id": user["Id"],
        "GroupId": membership["GroupId"],
        "Number": user["Number"],
        "Name": name,
        "MemberName": name,
        "Type": "Extension",
        "Rights": membership["Rights"],
        "Tags": user["Tags"],
    }
    return store.values.complete("Pbx.UserGroup", member)


def enrol(store: Store, user: Row, old: Row | None) -> None:
    """Write the departments' side of a stored user."""
    before = {row["GroupId"] for row in old["Groups"]} if old else set()
    now = {row["GroupId"]: row for row in user["Groups"]}
    for group_id in before - now.keys():
        _leave(store, group_id, user["Id"])
    for group_id, membership in now.items():
        group = store.tables["Groups"].rows[group_id]
        member = _row_of_member(store, user, membership)
        if group_id not in before:
            members = [*group["Members"], member]
        else:
            members = [member if row["Id"] == user["Id"] else row for row in group["Members"]]
        if members != group["Members"]:
            store.change("Groups", group, Members=members, HasMembers=True)


def leave_all(store: Store, user: Row) -> None:
    """Take a removed user out of its departments."""
    for row in user["Groups"]:
        _leave(store, row["GroupId"], user["Id"])


def _leave(store: Store, group_id: int, user_id: int) -> None:
    group = store.tables["Groups"].rows.get(group_id)
    if group is not None:
        members = [row for row in group["Members"] if row["Id"] != user_id]
        store.change("Groups", group, Members=members, HasMembers=bool(members))


def complete_members(store: Store, group: Row, sent: Iterable[Row]) -> list[Row]:
    """Members as a department's body names them, by number or Id. Raises Refusal (400) for people who aren't there.

    ``group`` is the row as it will be; it may not have an Id yet.
    """
    wrong: Wrong = {}
    found: dict[int, Row] = {}
    roles = {row["Id"]: row["Rights"] for row in group.get("Members") or []}
    for place, row in enumerate(sent):
        user = find(store, "Users", row)
        if user is None:
            wrong[f"Members[{place}].Number"] = NOT_FOUND if row.get("Number") or row.get("Id") else REQUIRED
            continue
        if user["Id"] in found:
            wrong[f"Members[{place}].Number"] = DUPLICATE
            continue
        rights = _rights(group, row.get("Rights"), roles.get(user["Id"]))
        if rights is None:
            wrong[f"Members[{place}].Rights.RoleName"] = NOT_FOUND
            rights = dict(row["Rights"])
        completed = store.values.complete("Pbx.Rights", rights)
        found[user["Id"]] = _row_of_member(store, user, {"GroupId": group.get("Id") or 0, "Rights": completed})
    refuse_wrong(store, wrong)
    return list(found.values())


def enrol_members(store: Store, group: Row, old: Row | None) -> None:
    """Write the people's side of a department with new members or a new name."""
    now = {row["Id"]: row for row in group["Members"]}
    before = {row["Id"]: row for row in old["Members"]} if old else {}
    renamed = old is not None and old["Name"] != group["Name"]
    for user_id in before.keys() - now.keys():
        put_out(store, group, store.tables["Users"].rows[user_id])
    for user_id, member in now.items():
        if renamed or member != before.get(user_id):
            _take_in(store, group, store.tables["Users"].rows[user_id], member)
    members = [{**row, "GroupId": group["Id"]} for row in group["Members"]]
    if members != group["Members"] or group["HasMembers"] != bool(members):
        store.change("Groups", group, Members=members, HasMembers=bool(members))


def _take_in(store: Store, group: Row, user: Row, member: Row) -> None:
    membership = _row_of_group(store, group, member["Rights"], name_shown("Users", user))
    row = store.values.complete("Pbx.UserGroup", membership)
    others = [known for known in user["Groups"] if known["GroupId"] != group["Id"]]
    if len(others) == len(user["Groups"]):
        groups = [*others, row]
    else:
        groups = [row if known["GroupId"] == group["Id"] else known for known in user["Groups"]]
    store.change("Users", user, Groups=groups)


def put_out(store: Store, group: Row, user: Row) -> None:
    """Out of a department; who is then in none goes to the default one."""
    groups = [row for row in user["Groups"] if row["GroupId"] != group["Id"]]
    if not groups:
        groups = _complete_rows(store, _default(store), None, name_shown("Users", user))
        groups = [store.values.complete("Pbx.UserGroup", row) for row in groups]
    old = dict(user)
    primary = user["PrimaryGroupId"]
    ids = [row["GroupId"] for row in groups]
    store.change("Users", user, Groups=groups, PrimaryGroupId=primary if primary in ids else next(iter(ids), None))
    enrol(store, user, {**old, "Groups": [row for row in old["Groups"] if row["GroupId"] != group["Id"]]})


def move_to_default(store: Store, group: Row) -> None:
    """Give the default department the DNs, other than people, that were only in a removed one."""
    for set_name, row in _others_in(store, group):
        left = [known for known in row["Groups"] if known["GroupId"] != group["Id"]]
        if not left:
            name = name_shown(set_name, row)
            left = _complete_rows(store, _default(store), None, name)
            left = [store.values.complete("Pbx.UserGroup", known) for known in left]
        store.change(set_name, row, Groups=left)


def rename(store: Store, group: Row) -> None:
    """Show a department's new name in its DNs other than people."""
    for set_name, row in _others_in(store, group):
        known = [{**one, "Name": group["Name"]} if one["GroupId"] == group["Id"] else one for one in row["Groups"]]
        store.change(set_name, row, Groups=known)


def _others_in(store: Store, group: Row) -> list[tuple[str, Row]]:
    sets = [name for name, table in store.tables.items() if table.is_dn and name not in ("Users", "Groups")]
    return [
        (name, row)
        for name in sets
        for row in store.rows(name)
        if any(known["GroupId"] == group["Id"] for known in row["Groups"])
    ]
