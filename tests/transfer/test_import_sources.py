"""Imports of rows instead of files, under a filter, and with a welcome mail."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Import, InvalidArgument, Pbx
from trunkline.errors import BadRequest, UsageError
from trunkline.odata import F
from trunkline.transfer.importing import Import as Imported
from trunkline.transfer.kinds import KINDS

ADA = {"FirstName": "Ada", "PhoneNumber": "+442079460901", "Tag": "office"}
GRACE = {"FirstName": "Grace", "PhoneNumber": "+442079460902", "Tag": None}


def rows() -> Iterator[dict[str, Any]]:
    yield ADA
    yield GRACE


@pytest.mark.parametrize("source", [[ADA, GRACE], (ADA, GRACE), rows], ids=["list", "tuple", "generator"])
def test_rows(pbx: Pbx, source: Any) -> None:
    imported = Import.contacts(source() if callable(source) else source)
    plan = imported.plan(pbx)
    assert [(step.change, step.line, step.new) for step in plan.steps] == [
        ("add", 1, ADA),
        ("add", 2, {"FirstName": "Grace", "PhoneNumber": "+442079460902"}),
    ]
    assert all(outcome.error is None for outcome in imported.apply(pbx, plan))
    assert imported.plan(pbx).steps == []


def test_rows_in_an_event_loop_and_with_lists(system: System) -> None:
    people = Import.users([{"Number": "101", "Groups": [{"GroupId": 3}], "Enabled": False, "FirstName": "=Ada"}])

    async def main() -> list[Any]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            plan = await people.aplan(pbx)
            await people.aapply(pbx, plan)
            again = await people.aplan(pbx)
            return [plan.steps[0].new, again.steps]

    new, again = asyncio.run(main())
    assert (new["Enabled"], new["FirstName"]) == (False, "=Ada")
    assert [row["GroupId"] for row in new["Groups"]] == [3]
    assert again == []


def test_what_a_pbx_lists_is_as_it_is(pbx: Pbx) -> None:
    assert Import.contacts(pbx.contacts.list()).plan(pbx).steps == []


def test_addresses_as_rows(pbx: Pbx) -> None:
    (step,) = Import.blocklist([{"ip": "203.0.113.9", "reason": "scan"}]).plan(pbx).steps
    assert (step.new["IPAddrMask"], step.new["Description"]) == ("203.0.113.9", "scan")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ([["Ada"]], "rows, line 1: a row is a dictionary"),
        ([{"FirstName": "Ada", "PhoneNumber": "1"}, {7: "x"}], "rows, line 2: a row is a dictionary"),
        ([{"FirstName": "Ada", "firstname": "Bo"}], "differ in case only"),
        (7, "not a int"),
        ({"FirstName": "Ada"}, "not a dict"),
        (b"FirstName", "not a bytes"),
        ([{"Frist": "Ada", "PhoneNumber": "+442079460901"}], "Frist"),
    ],
)
def test_what_is_no_source(source: Any, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Import.contacts(source)
    assert said in refused.value.message


@pytest.fixture
def tagged(pbx: Pbx) -> list[int]:
    """The Ids of three contacts with a tag."""
    made = [
        pbx.contacts.create({"FirstName": f"T{n}", "PhoneNumber": f"+44207946091{n}", "Tag": "t"}) for n in range(3)
    ]
    return [row["Id"] for row in made]


@pytest.mark.parametrize("only", ["Tag eq 't'", F.Tag == "t"], ids=["text", "built"])
def test_a_filter_limits_what_is_removed(pbx: Pbx, tagged: list[int], only: Any) -> None:
    keep = [{"FirstName": "T0", "PhoneNumber": "+442079460910"}]
    imported = Import.contacts(keep, key="PhoneNumber", remove_missing=True, only=only)
    plan = imported.plan(pbx)
    assert (plan.present, plan.alike) == (3, 1)
    assert [(step.change, step.id) for step in plan.steps] == [("remove", tagged[1]), ("remove", tagged[2])]
    with pytest.raises(InvalidArgument, match="2 of 3 contacts would be removed"):
        imported.apply(pbx, plan, confirm=True)
    imported.apply(pbx, plan, confirm=True, max_removals=2)
    assert imported.plan(pbx).steps == []


def test_a_row_that_the_filter_leaves_out_is_neither_changed_nor_added_again(pbx: Pbx, tagged: list[int]) -> None:
    pbx.contacts.update(tagged[0], {"Tag": "other"})
    plan = Import.contacts([{"FirstName": "New", "PhoneNumber": "+442079460910"}], only="Tag eq 't'").plan(pbx)
    assert plan.steps == []
    assert "Not changed, for the filter doesn't include them: line 1 +442079460910." in plan.notes


def test_a_filter_that_the_pbx_refuses(pbx: Pbx) -> None:
    with pytest.raises((BadRequest, InvalidArgument)):
        Import.contacts([ADA], only="Nonsense eq eq").plan(pbx)


WELCOME = [
    {"Number": "150", "FirstName": "Ada", "EmailAddress": "ada@example.com"},
    {"Number": "151", "FirstName": "Grace"},
    {"Number": "100", "FirstName": "Changed"},
]


def test_a_welcome_mail_goes_to_who_is_added(system: System, pbx: Pbx) -> None:
    imported = Import.users(WELCOME, welcome_mail=True)
    plan = imported.plan(pbx)
    notes = {step.key: outcome.note for step, outcome in zip(plan.steps, imported.apply(pbx, plan), strict=True)}
    (ada,) = pbx.users.list(filter="Number eq '150'").all()
    assert [path for path in system.sent("POST") if "Welcome" in path] == [
        f"/xapi/v1/Users({ada['Id']})/Pbx.SendWelcomeEmail"
    ]
    assert notes["Number 151"] == "There is no e-mail address for a welcome mail."
    assert notes["Number 150"] == ""
    assert imported.plan(pbx).steps == []


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ("500:times=1@POST */Pbx.SendWelcomeEmail", "The welcome mail was not sent: "),
        ("502-after:times=1@POST /Users", "The answer was lost; the PBX shows it as done. No welcome mail was sent."),
    ],
)
def test_a_mail_that_can_not_be_sent_is_a_note(system: System, pbx: Pbx, fault: str, note: str) -> None:
    system.emulator.add_fault(fault)
    imported = Import.users(WELCOME[:1], welcome_mail=True)
    (outcome,) = imported.apply(pbx, imported.plan(pbx))
    assert (outcome.state.label, outcome.note[: len(note)]) == ("done", note)
    assert pbx.users.list(filter="Number eq '150'").all()


def test_no_mail_is_asked_for_otherwise(system: System, pbx: Pbx) -> None:
    imported = Import.users(WELCOME)
    imported.apply(pbx, imported.plan(pbx))
    assert not [path for path in system.sent("POST") if "Welcome" in path]
    with pytest.raises(InvalidArgument, match="no welcome mail for contacts"):
        Import.contacts([ADA], welcome_mail=True)


@pytest.mark.parametrize("resource", KINDS)
def test_a_template_is_a_file_without_rows(resource: str) -> None:
    imported = Imported.read(io.BytesIO(Import.template(resource).encode()), resource)
    assert (imported.sheet.lines, imported.notes) == ([], [])
