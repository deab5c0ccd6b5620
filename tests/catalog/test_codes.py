"""3CX's own codes: each that it lists is in words, with a next step."""

from __future__ import annotations

import re

import pytest

from trunkline.catalog import load
from trunkline.catalog.descriptions.codes import Code, code, codes

LISTED = {name.rpartition(".")[2] for name in load().enum_values("Pbx.Warnings")}


def test_the_codes_are_those_that_3cx_lists() -> None:
    assert {*codes()} == LISTED


@pytest.mark.parametrize("name", sorted(codes()))
def test_a_code_says_more_than_its_name_and_what_to_do(name: str) -> None:
    known = codes()[name]
    of_name = set(name.lower().split("_"))
    assert re.fullmatch(r"[a-zA-Z3{][^.]{8,108}", known.means)
    assert re.fullmatch(r"[A-Z].{8,118}\.", known.next)
    assert set(re.findall(r"[a-z]{3,}", known.next.lower())) - of_name
    assert known.means.lower().replace("{field} ", "") != name.lower().replace("_", " ")
    assert "`" not in known.next
    if known.action:
        assert not load("20.0.10").action(known.action).params


def test_no_two_codes_mean_the_same() -> None:
    meanings = [known.means for known in codes().values()]
    assert sorted(meanings) == sorted(set(meanings))


@pytest.mark.parametrize(
    ("name", "field", "clause"),
    [
        ("WARNINGS.XAPI.ALREADY_IN_USE", "Number", "Number is already in use"),
        ("WARNINGS.XAPI.ALREADY_IN_USE", "", "it is already in use"),
        ("WARNINGS.INVALID_PASSWORD", "", "it is not a password that the PBX takes"),
        ("WARNINGS.XAPI.INVALID_PASSWORD", "", "it is not a password that the PBX takes"),
        ("WARNINGS.WAKEUP_IVR_EXISTS", "", "there is a wake-up receptionist already"),
        ("WARNINGS.WAKEUP_IVR_EXISTS", "IVRType", "IVRType: there is a wake-up receptionist already"),
    ],
)
def test_a_clause_names_the_field_if_there_is_one(name: str, field: str, clause: str) -> None:
    known = code(name)
    assert isinstance(known, Code)
    assert known.clause(field) == clause


@pytest.mark.parametrize("name", ["", "WARNINGS.", "WARNINGS.NEW", "REQUIRED", "X.REQUIRED"])
def test_what_3cx_does_not_list_is_not_known(name: str) -> None:
    assert code(name) is None
