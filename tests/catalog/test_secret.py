"""What is masked: secret fields at any depth, and the objects and rows that hold a secret under another name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.catalog.secret import HELD, MASK, NAMES, SECRET, masked, masked_by_name, secret_path
from trunkline.redaction import remember_values

CASES = json.loads((Path(__file__).parents[1] / "cases" / "secrets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES["secret"])
def test_a_name_that_says_secret(name: str) -> None:
    assert masked({name: "value"}) == {name: MASK}
    assert masked([{"Name": name, "Value": "value"}]) == [{"Name": name, "Value": MASK}]


@pytest.mark.parametrize("name", CASES["not_secret"])
def test_a_name_that_only_looks_like_it(name: str) -> None:
    assert masked({name: "value"}) == {name: "value"}


def test_a_known_secret_is_masked_in_any_field_of_what_leaves() -> None:
    remember_values(["s3cret-1"])
    row = {"Note": "s3cret-1", "Notes": ["it is s3cret-1!"], "Number": 100}
    assert masked(row) == {"Note": MASK, "Notes": [f"it is {MASK}!"], "Number": 100}
    assert masked_by_name(row) == row


@pytest.mark.parametrize("case", CASES["values"], ids=str)
def test_secrets_are_masked_wherever_they_stand(case: dict[str, Any]) -> None:
    assert masked(case["given"]) == case["masked"]
    assert masked_by_name(case["given"]) == case["masked"]


def test_every_password_that_3cx_conceals_is_in_a_field_known_as_secret() -> None:
    catalog = load()
    concealed = {
        field
        for name in catalog.types
        for field, spec in catalog.fields(name).items()
        if spec.name == "Pbx.ConcealedPassword"
    }
    assert concealed
    assert [field for field in sorted(concealed) if not SECRET.search(field)] == []


@pytest.mark.parametrize(
    ("path", "secret"),
    [("AuthPassword", True), ("Trunks[0].AuthPassword.Value", True), ("Groups[0].Name", False), ("ids[1]", False)],
)
def test_the_path_to_a_secret_is_told(path: str, secret: bool) -> None:
    assert secret_path(path) is secret


def _selections() -> Iterator[Any]:
    """Each choice of fields that leaves out the name without which nobody knows whether a value is a secret."""
    catalog = load()
    for owner in catalog.types:
        fields = set(catalog.fields(owner))
        others = sorted(fields - {*NAMES, "Concealed"})
        if fields & {*HELD} and len(others) < len(fields):
            for size in range(1, len(others) + 1):
                for names in combinations(others, size):
                    if {*names} & {*HELD}:
                        yield pytest.param(names, id=f"{owner} {','.join(names)}")


@pytest.mark.parametrize("names", list(_selections()))
def test_a_selection_without_the_name_shows_no_value(names: tuple[str, ...]) -> None:
    row = masked(dict.fromkeys(names, "hush"))
    assert {row[name] for name in names if name in HELD} == {MASK}
