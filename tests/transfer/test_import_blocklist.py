"""A list of addresses beside the blocklist of a PBX: what is added, and what nobody should block by accident."""

from __future__ import annotations

from typing import Any

import pytest

import imports
from conftest import System
from imports import Applied
from trunkline import Pbx
from trunkline.errors import InvalidArgument
from trunkline.transfer.kinds import BLOCKLIST
from trunkline.transfer.sheet import Sheet, read_sheet


def apply(system: System, content: str | Sheet, **wishes: Any) -> Applied:
    return imports.apply(system, BLOCKLIST, content, **wishes)


def blocked(applied: Applied) -> list[str]:
    return [new["IPAddrMask"] for new in applied.added]


def test_addresses_are_added_once_and_nothing_else_changes(system: System, pbx: Pbx) -> None:
    before = {row["Id"]: row for row in pbx.blocklist.list()}
    done = apply(
        system,
        "; a list\n203.0.113.20 ; SBL1\n203.0.113.33-203.0.113.34\n192.0.2.44/32 # is there\n2001:DB8:0::bad\n"
        "203.0.113.20/32\n198.51.100.8/28\n",
    )
    assert blocked(done) == ["203.0.113.20", "203.0.113.33", "203.0.113.34"]
    assert (done.plan.alike, done.plan.present) == (3, 10)
    after = {row["Id"]: row for row in pbx.blocklist.list()}
    assert {key: row for key, row in after.items() if key in before} == before
    (row,) = [row for row in after.values() if row["IPAddrMask"] == "203.0.113.20"]
    assert (row["BlockType"], row["Description"]) == ("Block", "SBL1")
    assert done.plan.notes == [
        "A network begins where its mask says; taken: line 7 198.51.100.8/28 as 198.51.100.0/28."
    ]


def test_what_is_allowed_stays_allowed(system: System, pbx: Pbx) -> None:
    done = apply(system, "192.0.2.10\n")
    assert done.plan.steps == []
    assert done.plan.notes == ["Not changed, for the PBX has them with BlockType Allow: line 1 192.0.2.10."]


def test_a_network_around_an_allowed_address_is_noted(system: System) -> None:
    done = apply(system, "192.0.2.0/28\n203.0.113.20\n")
    assert blocked(done) == ["192.0.2.0/28", "203.0.113.20"]
    assert done.plan.notes == [
        "The PBX has with BlockType Allow what would be blocked: line 1 192.0.2.0/28 holds 192.0.2.10."
    ]


def test_so_is_an_entry_that_is_changed_to_one(system: System) -> None:
    done = apply(system, read_sheet(b"Id,IPAddrMask\n1,192.0.2.0/28\n,192.0.2.8/29\n", "a.csv"), key=("Id",))
    assert done.plan.notes == [
        "The PBX has with BlockType Allow what would be blocked: line 2 192.0.2.0/28 holds 192.0.2.10, line 3 "
        "192.0.2.8/29 holds 192.0.2.10."
    ]


def test_a_dangerous_entry_is_named_by_its_address_whatever_the_key(system: System) -> None:
    with pytest.raises(InvalidArgument, match=r"line 2: 10\.0\.0\.0/8 is a private network"):
        apply(system, read_sheet(b"Id,IPAddrMask\n1,10.0.0.0/8\n", "a.csv"), key=("Id",))


def test_what_is_allowed_is_not_blocked_by_its_id_either(system: System, pbx: Pbx) -> None:
    allowed = pbx.blocklist.create(IPAddrMask="10.0.0.0/8", BlockType="Allow")  # type: ignore[call-arg]
    content = f"Id,BlockType\n{allowed['Id']},Block\n".encode()
    with pytest.raises(InvalidArgument, match=r"line 2: 10\.0\.0\.0/8 is a private network"):
        apply(system, read_sheet(content, "a.csv"), key=("Id",))


def test_new_entries_can_end(system: System, pbx: Pbx) -> None:
    apply(system, "203.0.113.20\n", defaults={"ExpiresAt": "2027-05-01T00:00:00Z"})
    (row,) = [row for row in pbx.blocklist.list() if row["IPAddrMask"] == "203.0.113.20"]
    assert row["ExpiresAt"].startswith("2027-05-01T00:00:00")
    with pytest.raises(InvalidArgument, match=r"ExpiresAt of blocklist\.create must be a date and time with its zone"):
        apply(system, "203.0.113.21\n", defaults={"ExpiresAt": "next week"})


def test_a_csv_changes_what_it_names(system: System, pbx: Pbx) -> None:
    done = apply(
        system,
        "ip,comment,expires\n192.0.2.44/32,SIP scan,2027-01-01T02:00:00+02:00\n192.0.2.45,Other,\n"
        "203.0.113.20,New,2027-05-01T00:00:00Z\n",
    )
    assert [(step.change, step.line, step.new) for step in done.plan.steps] == [
        ("change", 3, {"Description": "Other"}),
        (
            "add",
            4,
            {
                "IPAddrMask": "203.0.113.20",
                "Description": "New",
                "ExpiresAt": "2027-05-01T00:00:00Z",
                "BlockType": "Block",
            },
        ),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("127.0.0.1", "would block itself"),
        ("0.0.0.0/0", "would block itself"),
        ("0.0.0.0/1", "would block itself"),
        ("::/0", "would block itself"),
        ("::1", "would block itself"),
        ("0.0.0.1-255.255.255.254", "would block itself"),
        ("192.168.1.0/24", "is a private network"),
        ("10.0.0.0/8", "is a private network"),
        ("fe80::1", "is a private network"),
        ("45.0.0.0/8", "is a very large network"),
        ("45.1.2.3/8", "is a very large network"),
    ],
)
@pytest.mark.parametrize("header", ["", "IPAddrMask,Description\n"], ids=["list", "csv"])
def test_what_could_lock_people_out_is_refused_by_line(system: System, line: str, reason: str, header: str) -> None:
    cells = f"{line},x" if header else line
    with pytest.raises(InvalidArgument) as caught:
        apply(system, f"{header}203.0.113.20{',' * bool(header)}\n{cells}\n")
    assert f"line {3 if header else 2}: " in caught.value.message
    assert reason in caught.value.message
    assert caught.value.hint.arguments == {"skip_dangerous": True}
    assert not system.sent("PATCH")
    assert system.sent("POST") == ["/connect/token"]


def test_it_is_refused_from_python_too(system: System) -> None:
    with pytest.raises(InvalidArgument, match="would block itself"):
        apply(system, Sheet("rows", ["IPAddrMask"], read_sheet(b"IPAddrMask\n127.0.0.1\n", "x").lines))
    with pytest.raises(InvalidArgument, match="would block itself"):
        apply(system, "IPAddrMask,BlockType\n0.0.0.0/0,Block\n", dangerous=("own", "private", "wide"))


def test_private_and_large_networks_can_be_allowed(system: System) -> None:
    done = apply(system, "192.168.1.0/24\n45.0.0.0/8\n8.0.0.0/6\n", dangerous=("private", "wide"))
    assert blocked(done) == ["192.168.1.0/24", "45.0.0.0/8", "8.0.0.0/6"]
    with pytest.raises(InvalidArgument, match=r"line 1: 12\.0\.0\.0/6"):
        apply(system, "12.0.0.0/6\n", dangerous=("private",))


def test_they_can_be_left_out_and_are_named(system: System) -> None:
    done = apply(system, "0.0.0.0/8\n10.0.0.0/8\n224.0.0.0/3\n203.0.113.20\n", skip_dangerous=True)
    assert blocked(done) == ["203.0.113.20"]
    assert [note[:9] for note in done.plan.notes] == ["Left out,"] * 3
    assert "line 1 0.0.0.0/8" in done.plan.notes[0]


def test_an_address_of_a_private_network_may_be_allowed(system: System) -> None:
    assert blocked(apply(system, "IPAddrMask,BlockType\n192.168.1.5,Allow\n")) == ["192.168.1.5"]


def test_an_entry_that_allows_is_not_turned_into_one_that_blocks_by_accident(system: System, pbx: Pbx) -> None:
    pbx.blocklist.create({"IPAddrMask": "192.168.1.0/24", "BlockType": "Allow"})
    with pytest.raises(InvalidArgument, match=r"line 2: 192\.168\.1\.0/24 is a private network"):
        apply(system, "IPAddrMask,BlockType\n192.168.1.0/24,Block\n")


def test_an_address_is_not_changed_into_a_dangerous_one(system: System) -> None:
    with pytest.raises(InvalidArgument, match=r"line 2: .* would block itself"):
        apply(system, "Id,IPAddrMask\n1,0.0.0.0/0\n", key=("Id",))


def test_not_everybody_is_allowed_by_accident(system: System) -> None:
    with pytest.raises(InvalidArgument, match=r"line 2: 0\.0\.0\.0/0 is a very large network"):
        apply(system, "IPAddrMask,BlockType\n0.0.0.0/0,Allow\n")


def test_what_is_removed_never_includes_what_is_allowed(system: System, pbx: Pbx) -> None:
    done = apply(system, "192.0.2.44\n203.0.113.5\n", remove_missing=True)
    assert len([step for step in done.plan.steps if step.change == "remove"]) == 7
    assert sorted(row["IPAddrMask"] for row in pbx.blocklist.list()) == ["192.0.2.10", "192.0.2.44", "203.0.113.5"]  # type: ignore[type-var]


def test_rows_of_a_csv_that_are_one_network_are_refused(system: System) -> None:
    with pytest.raises(InvalidArgument, match=r"line 3: IPAddrMask 203\.0\.113\.0/28 stands in line 2 already"):
        apply(system, "ip,comment\n203.0.113.0/28,a\n203.0.113.7/28,b\n")


def test_every_line_that_is_not_an_address_is_named(system: System) -> None:
    with pytest.raises(InvalidArgument) as caught:
        apply(system, "203.0.113.20\n010.1.1.1\n\nexample.com # x\n")
    assert "line 2: '010.1.1.1' is not an address" in caught.value.message
    assert "line 4: 'example.com' is not an address" in caught.value.message
    assert not system.emulator.journal


def test_what_list_writes_is_nothing_to_do(system: System, pbx: Pbx) -> None:
    rows = list(pbx.blocklist.list())
    header = ["AddedBy", "BlockType", "Description", "ExpiresAt", "IPAddrMask", "Id"]
    lines = [",".join(str(row[name]) for name in header) for row in rows]  # type: ignore[literal-required]
    assert apply(system, "\n".join([",".join(header), *lines])).plan.steps == []
