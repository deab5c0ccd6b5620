"""A list of phone numbers beside those whose calls a PBX refuses."""

from __future__ import annotations

from typing import Any

import pytest

import imports
from conftest import System
from imports import Applied
from trunkline import Import, Pbx
from trunkline.errors import InvalidArgument
from trunkline.transfer.kinds import BLACKLIST
from trunkline.transfer.sheet import Sheet, read_sheet


def apply(system: System, content: str | bytes | Sheet, **wishes: Any) -> Applied:
    return imports.apply(system, BLACKLIST, content, **wishes)


def blocked(pbx: Pbx) -> dict[str, Any]:
    return {row["CallerId"]: row.get("Description") for row in pbx.black_list_numbers.list()}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("+44 20 7946-0881 # sells windows\n", {"+442079460881": "sells windows"}),
        ("# a list\n\n(020) 7946 0881 ; fax\n// end\n", {"02079460881": "fax"}),
        (
            "\ufeff+442079460881\r\n\u202a+44\u00a020\u00a07946\u00a00882\u202c\r\n",
            {"+442079460881": "", "+442079460882": ""},
        ),
        ("+442079460881,Caller, again\n", {"+442079460881": "Caller, again"}),
        ("+442079460881, +442079460882 # both\n", {"+442079460881": "both", "+442079460882": "both"}),
        ("+442079460881\tin 2026\n", {"+442079460881": "in 2026"}),
        ("+442079460881\n+44 2079460881 # again\n", {"+442079460881": ""}),
        ("+44207946*\n555-01xx\n5550100#\n", {"+44207946*": "", "55501xx": "", "5550100#": ""}),
        (
            "+442079460881\n442079460881\n0442079460881\n",
            dict.fromkeys(("+442079460881", "442079460881", "0442079460881"), ""),
        ),
        ('Phone number;Reason\n="0301";short\n\'+442079460881;\n', {"0301": "short", "+442079460881": ""}),
        ("+44 20 7946 0881 # Number, Reason\n", {"+442079460881": "Number, Reason"}),
        ("# made today\nCallerId\n5550100\n", {"5550100": ""}),
    ],
)
def test_numbers_are_added_once(system: System, pbx: Pbx, content: str, rows: dict[str, str]) -> None:
    before = blocked(pbx)
    apply(system, content)
    added = {number: text or "" for number, text in blocked(pbx).items() if number not in before}
    assert added == rows


def test_a_list_changes_nothing_and_a_csv_does(system: System, pbx: Pbx) -> None:
    pbx.black_list_numbers.create({"CallerId": "+44 20 79460881", "Description": "old"})
    listed = apply(system, "+442079460881 # new\n")
    assert (listed.plan.steps, listed.plan.alike) == ([], 1)
    changed = apply(system, "number,comment\n+442079460881,new\n")
    assert [(step.change, step.new) for step in changed.plan.steps] == [("change", {"Description": "new"})]


def test_a_description_is_for_new_entries_without_their_own(system: System, pbx: Pbx) -> None:
    pbx.black_list_numbers.create({"CallerId": "5550101", "Description": "old"})
    apply(system, "5550101\n5550102\n5550103 # own\n", defaults={"Description": "Spam"})
    rows = blocked(pbx)
    assert [rows[f"555010{n}"] for n in (1, 2, 3)] == ["old", "Spam", "own"]


def test_what_the_file_lacks_is_removed_where_that_is_asked_for(system: System, pbx: Pbx) -> None:
    for n in range(4):
        pbx.black_list_numbers.create({"CallerId": f"555010{n}", "Description": ""})
    rest = "".join(f"{number}\n" for number in blocked(pbx) if number != "5550103")
    assert apply(system, rest).plan.steps == []
    done = apply(system, rest, remove_missing=True)
    assert [(step.change, step.key) for step in done.plan.steps] == [("remove", "CallerId 5550103")]
    assert "5550103" not in blocked(pbx)


def test_every_line_that_is_not_a_number_is_named(system: System) -> None:
    with pytest.raises(InvalidArgument) as refused:
        apply(system, "+442079460881\nanonymous\n+44 (0)20 7946 0882\n***\n" + "5" * 65 + "\n")
    text = refused.value.message
    assert [f"line {n}: " in text for n in range(1, 6)] == [False, True, True, True, True]
    assert "has a (0) that nobody dials" in text


def test_rows_of_a_csv_that_are_one_number_are_refused(system: System) -> None:
    with pytest.raises(InvalidArgument, match=r"line 3: CallerId .* stands in line 2 already"):
        apply(system, read_sheet(b"CallerId\n5550100\n555-0100\n", "a.csv"))


def test_python_takes_rows(pbx: Pbx) -> None:
    imported = Import.blacklist([{"CallerId": "+44 20 7946 0881", "Description": None}])
    (outcome,) = imported.apply(pbx, imported.plan(pbx), confirm=True)
    assert outcome.error is None
    assert blocked(pbx)["+442079460881"] is None
