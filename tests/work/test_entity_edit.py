"""An entity as somebody edits it: what differs, what is sent, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conftest import System
from trunkline import Pbx
from trunkline.catalog import load
from trunkline.errors import NotFound, PreconditionFailed
from trunkline.redaction import MASK
from trunkline.work.drivers import drive
from trunkline.work.entity_change import change_sent
from trunkline.work.entity_edit import Difference, EntityRead, differences, entity_edited, entity_read, updater

QUEUES = load().resources["queues"]["update"]
USERS = load().resources["users"]["update"]


def test_only_what_is_read_and_updated_by_key_can_be_edited() -> None:
    catalog = load()
    assert updater(catalog, "queues") is QUEUES
    assert updater(catalog, "active_calls") is None  # nothing updates it
    assert updater(catalog, "my_user") is None  # it is one, without a key
    assert updater(catalog, "nothing") is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"Name": "Sales"}, {"Name": "Sales"}, []),
        ({"Name": "Sales"}, {"Name": "Support"}, [Difference("Name", "Sales", "Support")]),
        ({}, {"Name": None}, []),
        ({"Time": "09:00:00.0000000"}, {"Time": "09:00"}, []),
        (
            {"Route": {"To": "None", "Number": "1"}},
            {"Route": {"To": "Queue", "Number": "1"}},
            [Difference("Route.To", "None", "Queue")],
        ),
        ({"VMPIN": "1234"}, {"VMPIN": "5678"}, [Difference("VMPIN", MASK, MASK)]),
        ({"VMPIN": None}, {"VMPIN": "5678"}, [Difference("VMPIN", None, MASK)]),
        (
            {"AuthPassword": {"Value": "abc"}},
            {"AuthPassword": {"Value": "def"}},
            [Difference("AuthPassword.Value", MASK, MASK)],
        ),
        (
            {"Agents": [{"Number": "110", "Name": "Ada"}, {"Number": "111"}]},
            {"Agents": [{"Number": "111"}]},
            [
                Difference(
                    "Agents", [{"Number": "110", "Name": "Ada"}, {"Number": "111"}], [{"Number": "111"}], ("110 Ada",)
                )
            ],
        ),
    ],
)
def test_differences_have_a_path_and_mask_secrets(
    before: Mapping[str, Any], after: Mapping[str, Any], expected: list[Difference]
) -> None:
    assert list(differences(before, after)) == expected


def test_an_entity_is_read_with_what_an_update_writes_back(pbx: Pbx) -> None:
    queue = pbx.queues.list().first()
    assert queue is not None
    read: EntityRead = drive(entity_read(load(), QUEUES, {"Id": queue["Id"]}), pbx)
    assert read.missing == ()
    assert {"Agents", "Managers", "Groups"} <= read.row.keys()
    user = pbx.users.list().first()
    assert user is not None
    groups = drive(entity_read(load(), USERS, {"Id": user["Id"]}), pbx).row["Groups"]
    assert all(group["Rights"]["RoleName"] for group in groups)  # lost by an update that leaves them out


def test_lists_that_a_pbx_does_not_expand_are_missing_and_the_rest_is_there(system: System, pbx: Pbx) -> None:
    queue = pbx.queues.list().first()
    assert queue is not None
    system.emulator.add_fault({"match": {"operation": "GetQueue", "times": 1}, "do": {"status": 400}})
    read: EntityRead = drive(entity_read(load(), QUEUES, {"Id": queue["Id"]}), pbx)
    assert "Agents" in read.missing
    assert read.row["Number"] == queue["Number"]


def test_what_is_gone_says_so(pbx: Pbx) -> None:
    with pytest.raises(NotFound):
        drive(entity_read(load(), QUEUES, {"Id": 999_999}), pbx)


def test_only_changed_fields_are_sent_so_that_others_keep_what_somebody_else_wrote(system: System, pbx: Pbx) -> None:
    queue = pbx.queues.list().first()
    assert queue is not None
    key = {"Id": queue["Id"]}
    row = drive(entity_read(load(), QUEUES, key), pbx).row
    change = entity_edited(QUEUES, key, "queue 800", row, {"Name": row["Name"], "RingTimeout": 41})
    assert change.after == {"RingTimeout": 41}
    pbx.queues.update(queue["Id"], body={"Name": "Somebody else's"})
    assert drive(change_sent(change, None), pbx)
    now = pbx.queues.get(queue["Id"])
    assert (now["Name"], now["RingTimeout"]) == ("Somebody else's", 41)


def test_a_field_that_somebody_else_changed_meanwhile_is_refused_and_kept(system: System, pbx: Pbx) -> None:
    queue = pbx.queues.list().first()
    assert queue is not None
    key = {"Id": queue["Id"]}
    row = drive(entity_read(load(), QUEUES, key), pbx).row
    change = entity_edited(QUEUES, key, "queue 800", row, {"Name": "Mine"})
    pbx.queues.update(queue["Id"], body={"Name": "Theirs"})
    with pytest.raises(PreconditionFailed) as refused:
        drive(change_sent(change, None), pbx)
    assert refused.value.codes == {"Name": "changed"}
    assert pbx.queues.get(queue["Id"])["Name"] == "Theirs"


def test_roles_of_departments_are_there_when_the_list_is_compared_again(system: System, pbx: Pbx) -> None:
    user = pbx.users.list().first()
    assert user is not None
    key = {"Id": user["Id"]}
    row = drive(entity_read(load(), USERS, key), pbx).row
    change = entity_edited(USERS, key, "extension 100", row, {"Groups": [row["Groups"][0]]})
    if not change.is_change:
        change = change._replace(after={"Groups": []})
    assert drive(change_sent(change, None), pbx)


def test_a_list_that_drops_elements_says_which() -> None:
    row = {"Agents": [{"Number": "110", "Name": "Ada Byron"}]}
    change = entity_edited(QUEUES, {"Id": 61}, "queue 800", row, {"Agents": []})
    assert change.notes == ["Agents is replaced as a whole, without 110 Ada Byron."]
    assert str(change.shown[0]) == "Agents: 110 Ada Byron → none"
