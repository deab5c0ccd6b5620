"""Service principals: clients of the API that a PBX keeps itself."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline_emulator.principals import client_of

from .conftest import Dial, Line

OWNER = ("system_owners", "App", "Reports")
ADMIN = ("system_admins", "App")


def member(role: str) -> Any:
    return {"GroupId": 1, "Name": "DEFAULT", "Rights": {"RoleName": role}}


def make(pbx: Any, number: str = "nightly-report", *roles: str, enabled: bool = True) -> Any:
    body = {"Number": number, "XAPIEnabled": enabled, "Groups": [member(role) for role in roles]}
    answer = pbx.ask("POST", "/ServicePrincipals", body)
    assert answer.status == 201, answer.body
    return answer.json


def key_of(pbx: Any, row: Any) -> str:
    answer = pbx.ask("POST", f"/ServicePrincipals({row['Id']})/Pbx.GenerateAppToken")
    assert answer.status == 200
    key: str = answer.json["value"]
    return key


def known(pbx: Any, number: str = "nightly-report") -> Any:
    return client_of(pbx.emulator._store, number)


@pytest.mark.parametrize(
    ("roles", "granted"),
    [
        (["system_owners"], OWNER),
        (["system_admins"], ADMIN),
        (["users", "system_admins"], ADMIN),
        (["system_admins", "system_owners"], OWNER),
        (["users"], ()),
        (["group_owners"], ()),
        ([], ()),
    ],
)
def test_roles_are_those_of_its_departments(pbx: Line, roles: list[Any], granted: Any) -> None:
    key = key_of(pbx, make(pbx, "nightly-report", *roles))
    assert known(pbx) == (key, granted)


def test_without_a_key_nobody_signs_in(pbx: Line) -> None:
    make(pbx)
    assert known(pbx) is None
    assert known(pbx, "nobody") is None
    assert known(pbx, "100") is None


def test_another_key_takes_the_place_of_the_first(pbx: Line) -> None:
    row = make(pbx, "nightly-report", "system_owners")
    first, second = key_of(pbx, row), key_of(pbx, row)
    assert first != second
    assert len(second) >= 32
    assert known(pbx) == (second, OWNER)


def test_a_client_may_be_switched_off_and_on(pbx: Line) -> None:
    row = make(pbx, "nightly-report", "system_owners", enabled=False)
    key = key_of(pbx, row)
    assert known(pbx) is None
    pbx.ask("PATCH", f"/ServicePrincipals({row['Id']})", {"XAPIEnabled": True})
    assert known(pbx) == (key, OWNER)
    pbx.ask("PATCH", f"/ServicePrincipals({row['Id']})", {"Groups": [member("users")]})
    assert known(pbx) == (key, ())


def test_a_principal_that_went_takes_its_key_along(pbx: Line) -> None:
    row = make(pbx)
    key_of(pbx, row)
    assert pbx.ask("DELETE", f"/ServicePrincipals({row['Id']})").status == 204
    assert known(pbx) is None
    make(pbx)
    assert known(pbx) is None


def test_the_key_shows_nowhere_else(pbx: Line) -> None:
    row = make(pbx)
    key = key_of(pbx, row)
    assert key.encode() not in pbx.get(f"/ServicePrincipals({row['Id']})").body
    assert key.encode() not in pbx.get("/ServicePrincipals").body


def test_what_only_the_pbx_says(pbx: Line) -> None:
    body = {"Number": "mine", "IsSystem": True, "LastUsed": "2026-01-01T00:00:00Z"}
    row = pbx.ask("POST", "/ServicePrincipals", body).json
    assert not {"IsSystem", "LastUsed"} & row.keys()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("a b", "WARNINGS.INVALID"),
        ("ä", "WARNINGS.INVALID"),
        ("-a", "WARNINGS.INVALID"),
        ("100", "WARNINGS.XAPI.ALREADY_IN_USE"),
        ("trunkline", "WARNINGS.XAPI.ALREADY_IN_USE"),
    ],
)
def test_client_ids_on_a_strict_pbx(dial: Dial, number: str, code: str) -> None:
    answer = dial(strict=True).ask("POST", "/ServicePrincipals", {"Number": number})
    assert (answer.status, answer.message) == (400, f"Number:\n{code}")


def test_a_client_id_stays(pbx: Line) -> None:
    row = make(pbx)
    answer = pbx.ask("PATCH", f"/ServicePrincipals({row['Id']})", {"Number": "other"})
    assert answer.message == "Number:\nWARNINGS.XAPI.FORBIDDEN_CHANGE"


def test_a_session_is_ended_in_both_lists(pbx: Line) -> None:
    assert pbx.ask("POST", "/MyTokens(1)/Pbx.RevokeToken").status == 204
    assert pbx.get("/MyTokens").rows == []
    assert [row["Id"] for row in pbx.get("/SecurityTokens").rows] == [2]
    assert pbx.ask("POST", "/SecurityTokens(2)/Pbx.RevokeToken").status == 204
    assert pbx.get("/SecurityTokens").rows == []
    assert pbx.ask("POST", "/SecurityTokens(2)/Pbx.RevokeToken").status == 404
