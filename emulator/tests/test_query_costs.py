"""Queries that would keep a PBX busy for hours: each is refused, and an honest one beside it is answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from trunkline_emulator import Emulator
from trunkline_emulator.odata import budget

from .conftest import Line

TOO_COSTLY = "The query is too costly for the emulator"
SAFE = "(),:@$&=;/*'"


@pytest.fixture(scope="module")
def crowded() -> Emulator:
    return Emulator(seed={"Contacts": [{"FirstName": "Ada"}] * 40_000})


def aliases(depth: int, operator: str) -> str:
    """``@a0`` names ``@a1`` twice, and so on: 2 to the power of ``depth`` operands."""
    named = [f"@a{n}=@a{n + 1} {operator} @a{n + 1}" for n in range(depth)]
    return "&".join([*named, f"@a{depth}=true"])


def nested(quantifier: str, depth: int, innermost: str) -> str:
    """Each member of a department asked of every other, ``depth`` times over."""
    condition = innermost
    for n in range(depth):
        condition = f"$it/Members/{quantifier}(m{n}: {condition})"
    return condition


@pytest.mark.parametrize(
    ("path", "condition"),
    [
        ("Users", "@a0&" + aliases(40, "or")),
        ("Users", "length(@a0) eq 1&" + aliases(40, "or").replace("true", "FirstName")),
        ("Users", "@a0 eq 1&" + aliases(20, "add").replace("true", "1")),
        ("Users", "matchesPattern('aaaaaaaaaaaaaaaaaaa','^(a|a)*$x') or " * 60 + "true"),
        ("Groups", nested("any", 9, "m0/Number eq 'x'")),
        ("Groups", nested("all", 9, "m0/Number ne 'x'")),
        ("Groups", nested("any", 8, "$it/Members/$count($filter=Number eq 'x') gt 9999")),
    ],
    ids=lambda value: value[:30],
)
def test_one_line_cannot_cost_hours(quiet: Line, path: str, condition: Any) -> None:
    answer = quiet.get(f"/{path}?$filter={quote(condition, safe=SAFE)}")
    assert answer.status == 400
    assert "too costly" in answer.message.lower()
    assert quiet.get("/Defs").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "$filter=" + " or ".join(f"Title eq 'x{n}'" for n in range(300)),
        "$filter=" + " or ".join(f"contains(concat(FirstName,LastName),'x{n}')" for n in range(130)),
        "$orderby=" + ",".join(["FirstName"] * 700),
        "$orderby=" + ",".join(["Id desc"] * 600),
        "$search=" + " OR ".join(["zq"] * 550),
        "$search=" + " ".join(["NOT x"] * 700),
    ],
    ids=lambda value: value[:30],
)
def test_forty_thousand_rows_cost_more(crowded: Emulator, query: Any) -> None:
    answer = crowded.ask("GET", f"/Contacts?$top=1&{query}")
    assert answer.status == 400
    assert TOO_COSTLY in answer.json()["error"]["message"]
    assert crowded.ask("GET", "/Contacts?$filter=FirstName eq 'x' or contains(LastName,'y')&$top=1").status == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("Users", "$filter=" + " or ".join(f"Number eq '{n}'" for n in range(250))),
        ("Users", "$filter=Number in (" + ",".join(f"'{n}'" for n in range(900)) + ")"),
        ("Users", "$filter=Id in (" + ",".join(map(str, range(1000))) + ",null)"),
        ("Users", "$filter=@a and @b&@a=Id gt 1&@b=Id lt 99"),
        ("Groups", "$filter=Members/any(m: m/Number eq '100')"),
        ("Groups", "$filter=" + nested("any", 2, "m0/Number eq 'x'")),
        ("Users", "$filter=matchesPattern(FirstName,'^[A-M].*')"),
        ("Users", "$orderby=" + ",".join(["FirstName", "LastName desc", "Number", "Id"])),
        ("Users", "$search=" + " OR ".join(["a"] * 50)),
    ],
    ids=lambda value: value[:30],
)
def test_honest_queries_are_answered(quiet: Line, path: str, query: Any) -> None:
    assert quiet.get(f"/{path}?{quote(query, safe=SAFE)}").status == 200


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("Number in ('100','102','nothing')", ["100", "102"]),
        ("Id in (11,12.0,99999)", ["100", "101"]),
        ("'100' in ('100',Number)", None),
        ("Number in (null)", []),
        ("null in (null)", None),
        ("Number in (concat('10','1'))", ["101"]),
        ("not (Number in ('100'))", "others"),
    ],
)
def test_lists_of_literals_mean_what_they_did(quiet: Line, condition: str, numbers: list[Any] | str | None) -> None:
    every = [row["Number"] for row in quiet.get("/Users?$select=Number").rows]
    expected = every if numbers is None else every[1:] if numbers == "others" else numbers
    first = quiet.get("/Users?$select=Id,Number&$top=2").rows
    condition = condition.replace("11,12.0", f"{first[0]['Id']},{first[1]['Id']}.0")
    found = [row["Number"] for row in quiet.get(f"/Users?$select=Number&$filter={condition}").rows]
    assert found == expected


def test_a_text_that_grows_is_stopped(pbx: Line) -> None:
    name = "x" * 300_000
    assert pbx.ask("PATCH", "/Users(12)", {"FirstName": name}).status in (204, 400)
    made = pbx.ask("POST", "/Contacts", {"FirstName": "Ada", "PhoneNumber": "1", "Title": name})
    assert made.status in (201, 400)
    text = "Title"
    for _ in range(200):
        text = f"concat({text},Title)"
    answer = pbx.get(f"/Contacts?$filter=length(concat(Title,concat(Title,concat(Title,Title)))) gt {budget.MOST_TEXT}")
    assert answer.status == (400 if made.status == 201 else 200)


@pytest.mark.parametrize(
    "query",
    [
        "$top=2147483648", "$top=-1", "$top=1e3", "$top=99999999999999999999", "$top=٣", "$skip=-1", "$skip=x",
        "$skip=99999999999999999999", "$count=yes", "$filter=" + "(" * 3000 + "true" + ")" * 3000,
        "$filter=" + "not " * 1000 + "true", "$filter=" + "-" * 3000 + "1 eq 1", "$filter=" + "'" * 5999,
        "$filter=" + "a'" * 2600, "$search=" + "(" * 5000, "$expand=" + "(" * 5000,
        "$expand=" + "Groups($expand=" * 300 + ")" * 300, "$select=" + "Id/" * 2000, "$filter=" + "a/" * 2000,
        "$expand=Groups($levels=99999999999)", "$expand=Groups($top=-1)", "$skiptoken=////", "$filter=@a&@a=@a",
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_odd_queries_are_refused(quiet: Line, query: str) -> None:
    answer = quiet.get(f"/Users?{quote(query, safe=SAFE)}")
    assert answer.status == 400
    assert len(answer.body) < 20_000
