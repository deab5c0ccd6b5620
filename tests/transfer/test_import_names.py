"""Users whose departments, roles and languages are named as people name them."""

from __future__ import annotations

import io
from typing import Any

import pytest

from conftest import System
from imports import apply
from trunkline import InvalidArgument, Pbx
from trunkline.transfer import Import
from trunkline.transfer.kinds import USERS
from trunkline.transfer.names import Names


def plan(pbx: Pbx, content: str, **options: Any) -> list[Any]:
    return Import.read(io.BytesIO(content.encode()), "users", **options).plan(pbx).steps


def memberships(pbx: Pbx, number: str) -> dict[str, str]:
    (user,) = pbx.users.list(filter=f"Number eq '{number}'", expand="Groups($expand=Rights)").all()
    return {str(row["Name"]): row["Rights"]["RoleName"] for row in user["Groups"]}


@pytest.mark.parametrize(
    ("department", "role", "then"),
    [
        ("Sales", "", {"Sales": "users"}),
        ("sales ", "Manager", {"Sales": "managers"}),
        ("GRP0001", "managers", {"Sales": "managers"}),
        ("2", "Users", {"Sales": "users"}),
        ("Sales; Support", "", {"Sales": "users", "Support": "users"}),
        ("Sales|Support", "System Owner", {"Sales": "system_owners", "Support": "system_owners"}),
        (
            "Support;Sales",
            "receptionist; Department administrator",
            {"Support": "receptionists", "Sales": "group_admins"},
        ),
    ],
)
@pytest.mark.parametrize("number", ["101", "150"])  # one is in Sales, the other is new
def test_departments_and_roles(
    system: System, pbx: Pbx, number: str, department: str, role: str, then: dict[str, str]
) -> None:
    apply(system, USERS, f"Extension,Department,Role\n{number},{department},{role}\n")
    assert memberships(pbx, number) == then


def test_a_member_keeps_the_role_that_no_cell_names(system: System, pbx: Pbx) -> None:
    apply(system, USERS, "Number,Department,Role\n101,Sales,Manager\n")
    apply(system, USERS, "Number,Department\n101,Sales;Finance\n")
    assert memberships(pbx, "101") == {"Sales": "managers", "Finance": "users"}


def test_what_people_call_the_columns(system: System, pbx: Pbx) -> None:
    apply(
        system,
        USERS,
        "Ext;Forename;Surname;E-mail;Cell phone;Primary department;Language;Tags\n"
        "150;Ada;Byron;ada@example.com;+447700900150;Support;German;Teams, google\n",
    )
    (user,) = pbx.users.list(filter="Number eq '150'").all()
    assert user["FirstName"] == "Ada"
    assert user["LastName"] == "Byron"
    assert user["EmailAddress"] == "ada@example.com"
    assert user["Mobile"] == "+447700900150"
    assert (user["PrimaryGroupId"], user["Language"]) == (3, "DE")
    assert sorted(user["Tags"]) == ["Google", "Teams"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Number,Department\n100,Saless\n", "line 2: Department can't be 'Saless': the PBX has no such department."),
        ("Number,Department\n100,Saless\n", "Did you mean Sales?"),
        ("Number,Department\n150,Marketing\n", "There are DEFAULT, Sales, Support"),
        ("Number,Department,Role\n101,Sales,managr\n", "no such role in Sales. Did you mean managers?"),
        ("Number,Department,Role\n101,Sales;Support,a;b;c\n", "names 2 departments, and there are 3 roles"),
        ("Number,Department\n101,Sales;2\n", "names Sales twice"),
        ("Number,Department,Role\n101,,users\n", "line 2: there is a role, but Department doesn't name its department"),
        ('Number;Groups;Role\n101;[{"GroupId": 2}];users\n', "Groups doesn't name its department"),
        ("Number,Role\n101,users\n", "no column names the departments"),
        ("Number,Department,Role,Roles\n101,Sales,users,users\n", "'Role' and 'Roles' both name roles"),
        ("Number,Language\n100,Klingon\n", "the PBX has no such language. There are English Prompts Set, German"),
        ("Number,Primary department\n100,Marketing\n", "Primary department can't be 'Marketing'"),
        ("Number,Email,EmailAddress\n100,a@example.com,b@example.com\n", "both fill EmailAddress"),
    ],
)  # fmt: skip
def test_what_is_refused_before_anything_is_sent(system: System, pbx: Pbx, content: str, said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        plan(pbx, content)
    assert said in refused.value.message
    assert [method for method in ("POST", "PATCH", "DELETE") if system.sent(method)[1:]] == []


def test_every_mistake_has_its_line(pbx: Pbx) -> None:
    with pytest.raises(InvalidArgument) as refused:
        plan(pbx, "Number,Department\n100,Nope\n101,Sales\n102,Neither\n")
    assert "line 2" in refused.value.message
    assert "line 3" not in refused.value.message
    assert "line 4" in refused.value.message


def test_two_departments_of_one_name_are_named(pbx: Pbx) -> None:
    second = pbx.groups.create({"Name": "sales"})
    with pytest.raises(InvalidArgument) as refused:
        plan(pbx, "Number,Department\n100,Sales\n")
    assert f"'Sales' may be 2 (Sales, GRP0001) or {second['Id']} (sales, " in refused.value.message
    (step,) = plan(pbx, f"Number,Department\n100,{second['Id']}\n")
    assert step.new["Groups"][0]["GroupId"] == second["Id"]


def test_nothing_more_is_read_where_nothing_is_named(system: System, pbx: Pbx) -> None:
    plan(pbx, 'Number;Groups;PrimaryGroupId;Language\n101;[{"GroupId": 2}];2;EN\n')
    assert not [path for path in system.sent("GET") if "/Groups" in path or "/PromptSets" in path]


def test_a_department_that_lists_no_roles_takes_one_as_3cx_writes_it() -> None:
    names = Names([{"Id": 7, "Name": "Lab"}])
    assert names.value("departments", "Lab", "lab_owners") == [{"GroupId": 7, "Rights": {"RoleName": "lab_owners"}}]
    with pytest.raises(InvalidArgument, match="no such role in Lab"):
        names.value("departments", "Lab", "Lab Owners")


def test_a_name_with_a_separator_in_it() -> None:
    names = Names([{"Id": 7, "Name": "R&D; Lab"}, {"Id": 8, "Name": "Lab"}])
    assert [row["GroupId"] for row in names.value("departments", "r&d; lab")] == [7]


def test_languages_that_share_a_name_are_ambiguous() -> None:
    names = Names((), [{"LanguageCode": code, "PromptSetName": "Spanish Prompts Set"} for code in ("ES", "MX")])
    with pytest.raises(InvalidArgument, match="'Spanish' may be ES or MX"):
        names.value("language", "Spanish")


def test_what_3cx_and_we_export_changes_nothing(system: System, pbx: Pbx) -> None:
    exported = pbx.call("users.export_extensions")
    assert Import.read(io.BytesIO(exported.content), "users").plan(pbx).steps == []
