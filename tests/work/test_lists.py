"""Lists that an update replaces whole: single changes, what is dropped, and a list that somebody else changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, InvalidArgument, Node, NotFound, Pbx, PreconditionFailed, UnknownName
from trunkline.catalog import load
from trunkline.catalog.members import member_lists
from trunkline.work.guards import NotConfirmed
from trunkline.work.lists import ListChange, Members, element_name, is_same

LISTS = [
    ("queues", 61, "agents", "Agents"),
    ("queues", 61, "managers", "Managers"),
    ("ring_groups", 71, "members", "Members"),
]


def numbers(pbx: Pbx, resource: str, key: int, field: str) -> list[str]:
    return [element["Number"] for element in pbx.call(f"{resource}.get", key, expand=field)[field]]


@pytest.mark.parametrize(("resource", "key", "name", "field"), LISTS)
def test_one_is_added_and_taken_out_and_the_others_stay(
    pbx: Pbx, system: System, resource: str, key: int, name: str, field: str
) -> None:
    before = numbers(pbx, resource, key, field)
    members = Members(resource, key, name)
    assert members.apply(pbx, members.plan(pbx, add=["110", "id:22"]))
    assert numbers(pbx, resource, key, field) == [*before, "110", "111"]
    again = members.plan(pbx, add=["110"], remove=["199"])
    assert (again.there, again.missing) == (["110"], ["199"])
    sent = len(system.sent("PATCH"))
    assert members.apply(pbx, again) is False
    assert len(system.sent("PATCH")) == sent
    assert members.apply(pbx, members.plan(pbx, remove=["110", "id:22"]))
    assert numbers(pbx, resource, key, field) == before


def test_members_of_a_department_keep_their_roles(pbx: Pbx) -> None:
    group = next(g for g in pbx.groups.list(expand="Members").all() if g["Members"])

    def roles() -> dict[str, str]:
        found = pbx.groups.get(group["Id"], expand="Members($expand=Rights)")["Members"]
        return {str(member["Number"]): str((member["Rights"] or {})["RoleName"]) for member in found}

    owner = next(iter(roles()))
    pbx.groups.update(
        group["Id"],
        {
            "Members": [
                {"Number": n, "Rights": {"RoleName": "managers" if n == owner else r}} for n, r in roles().items()
            ]
        },
    )
    before = roles()
    newcomer = next(str(u["Number"]) for u in pbx.users.list(select="Number").all() if u["Number"] not in before)
    members = Members("groups", group["Id"], "members")
    members.apply(pbx, members.plan(pbx, add=[newcomer], values={"Rights": {"RoleName": "users"}}))
    assert roles() == {**before, newcomer: "users"}
    assert before[owner] == "managers"


def test_the_same_in_an_event_loop(system: System, pbx: Pbx) -> None:
    async def run() -> bool:
        async with AsyncPbx(system.url, CLIENT, KEY) as other:
            members = Members("queues", 61, "agents")
            return await members.aapply(other, await members.aplan(other, add=["110"]))

    assert asyncio.run(run())
    assert "110" in numbers(pbx, "queues", 61, "Agents")


def test_a_list_that_changed_meanwhile_is_left_alone(pbx: Pbx, system: System) -> None:
    members = Members("queues", 61, "agents")
    change = members.plan(pbx, add=["110"])
    members.apply(pbx, members.plan(pbx, add=["120"]))
    sent = len(system.sent("PATCH"))
    with pytest.raises(PreconditionFailed, match="Agents of the queue 61 changed since it was read"):
        members.apply(pbx, change)
    assert len(system.sent("PATCH")) == sent


def test_a_removal_is_asked_about_and_an_addition_is_not(pbx: Pbx, system: System) -> None:
    members = Members("queues", 61, "agents")
    asked: list[Any] = []

    def no(question: Any) -> bool:
        asked.append(question)
        return False

    with pytest.raises(NotConfirmed):
        members.apply(pbx, members.plan(pbx, remove=["101"]), confirm=no)
    assert (asked[0].removals, asked[0].present) == (1, 5)
    assert asked[0].facts[1].startswith("Removed: 101 ")
    assert asked[0].sentence("acme") == "Remove 1 of 5 from the queue 61 on acme?"
    members.apply(pbx, members.plan(pbx, add=["110"]), confirm=no)
    assert len(asked) == 1
    assert len(system.sent("PATCH")) == 1


@pytest.mark.parametrize(
    ("who", "error", "said"),
    [
        ("999", NotFound, "There is no extension 999"),
        ("id:9999", NotFound, "There is no extension id:9999"),
        ("id:x", InvalidArgument, "such as id:12"),
        ("", InvalidArgument, "A member is"),
    ],
)
def test_who_is_not_there_is_not_added(pbx: Pbx, system: System, who: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Members("queues", 61, "agents").plan(pbx, add=[who])
    assert system.sent("PATCH") == []


def test_lists_come_from_the_catalog() -> None:
    assert set(member_lists("queues")) == {"agents", "managers"}
    assert set(member_lists("groups")) == set(member_lists("ring_groups")) == {"members"}
    assert member_lists("fax") == {}
    with pytest.raises(UnknownName, match="Did you mean agents"):
        Members("queues", 61, "agent")
    for resource, verbs in load().resources.items():
        assert not set(member_lists(resource)) & set(verbs)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ({"Number": "110", "Name": "A"}, {"Number": 110}, True),
        ({"Number": "110"}, {"Number": "111"}, False),
        ({"GroupId": 3, "Name": "x"}, {"GroupId": 3}, True),
        ({"TrunkId": 3, "Prepend": "0"}, {"TrunkId": 3}, True),
        ({"TrunkId": 3, "Prepend": "0"}, {"TrunkId": 4}, False),
        ("G711", "G711", True),
        ("G711", "G722", False),
    ],
)
def test_what_counts_as_the_same_element(old: Any, new: Any, same: bool) -> None:
    assert is_same(old, new) is same


def test_a_change_reads_as_before_and_after_without_secrets() -> None:
    change = ListChange("Agents", [{"Number": "101", "Name": "Ada"}, {"Id": 4}], [{"Number": "101"}])
    assert str(change) == "Agents: 2 → 1\n  before: 101 Ada, Id 4\n  after:  101"
    assert "0000" not in element_name({"Pin": "x", "Password": "0000"})


def test_many_updates_that_name_a_list_are_asked_about(pbx: Pbx, system: System) -> None:
    node = Node("queues.update", {"Id": "{{ $json.Id }}", "Agents": [{"Number": "101"}]})
    facts: list[str] = []

    def no(question: Any) -> bool:
        facts.extend(question.facts)
        return False

    with pytest.raises(NotConfirmed):
        node.run(pbx, [{"Id": 61}], confirm=no)
    assert facts == ["Each replaces the whole list Agents: elements that it doesn't name are dropped."]
    assert system.sent("PATCH") == []
    assert Node("queues.update", {"Id": 61, "Name": "x"}).replaced_lists == ()
