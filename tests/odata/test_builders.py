# ruff: noqa: E712 (`== True` is what is tested)
"""select, expand, orderby and filter from builders: their text, the way they are sent, and what is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odatapy.server.uri.expression_parser import ExpressionParser

from trunkline import Pbx, catalog
from trunkline.errors import InvalidArgument, VersionWarning
from trunkline.odata import Expand, F, option_text
from trunkline.request import bind, build

CATALOG = catalog.load("20.0.10")
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "querying.md"


def query(action: str = "users.list", **options: Any) -> str:
    """The query string that an action is sent with."""
    request = build(bind(CATALOG, CATALOG.action(action), (), options))
    return request.target.partition("?")[2]


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (Expand("Groups"), "Groups"),
        (Expand(F.Groups), "Groups"),
        (Expand("Groups", select=["Id", F.Name]), "Groups($select=Id,Name)"),
        (Expand("Groups", select=["Id", "Name"], expand="Rights"), "Groups($expand=Rights;$select=Id,Name)"),
        (Expand("Groups", expand=[Expand("Rights", select=F.Show), "X"]), "Groups($expand=Rights($select=Show),X)"),
        (Expand("Groups", filter=F.Name == "a;b)'"), "Groups($filter=Name eq 'a;b)''')"),
        (Expand("Groups", filter="Id eq 1", orderby=F.Name.desc()), "Groups($filter=Id eq 1;$orderby=Name desc)"),
        (Expand("Groups", top=5, skip=0, count=True), "Groups($top=5;$skip=0;$count=true)"),
        (Expand("Groups", search="sales"), "Groups($search=sales)"),
    ],
    ids=str,
)
def test_an_expansion_s_text(built: Expand, text: str) -> None:
    parts = sorted(text.removesuffix(")").partition("(")[2].split(";"))
    assert sorted(str(built).removesuffix(")").partition("(")[2].split(";")) == parts
    assert repr(built) == f"<Expand {built}>"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"filter": F.Number.startswith("8") & (F.Enabled == True)},
            "$filter=startswith(Number,'8')%20and%20Enabled%20eq%20true",
        ),
        ({"filter": F.Enabled}, "$filter=Enabled"),
        ({"filter": F.Mobile == "+44 20"}, "$filter=Mobile%20eq%20'%2B44%2020'"),
        (
            {"filter": F.LastName == "O'Dwyer & Söhne #1"},
            "$filter=LastName%20eq%20'O''Dwyer%20%26%20S%C3%B6hne%20%231'",
        ),
        ({"filter": F.LastName == "100%"}, "$filter=LastName%20eq%20'100%25'"),
        ({"filter": "Number eq '8'"}, "$filter=Number%20eq%20'8'"),
        ({"orderby": F.Number}, "$orderby=Number"),
        ({"orderby": F.Number.desc()}, "$orderby=Number%20desc"),
        (
            {"orderby": [F.LastName.lower().asc(), "FirstName", F.Id.desc()]},
            "$orderby=tolower(LastName)%20asc,FirstName,Id%20desc",
        ),
        ({"select": F.Number}, "$select=Number"),
        ({"select": [F.Number, "Id", F.Hours.Type]}, "$select=Number,Id,Hours/Type"),
        ({"expand": F.Groups}, "$expand=Groups"),
        ({"expand": Expand("Groups", select=["Name"])}, "$expand=Groups($select%3DName)"),
        (
            {"expand": ["Phones", Expand("Groups", filter=F.Name == "A+B", top=1)]},
            "$expand=Phones,Groups($filter%3DName%20eq%20'A%2BB';$top%3D1)",
        ),
        ({"search": "hello world"}, "$search=hello%20world"),
        ({"search": '"hello world"'}, "$search=%22hello%20world%22"),
    ],
    ids=repr,
)
def test_builders_are_sent_as_3cx_reads_them(options: dict[str, Any], expected: str) -> None:
    assert query(**options) == expected


def test_a_date_in_a_filter_is_sent_in_utc() -> None:
    at = dt.datetime(2026, 9, 12, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert query("recordings.list", filter=F.StartTime >= at) == "$filter=StartTime%20ge%202026-09-12T00:00:00Z"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_any_text_in_a_filter_arrives_as_it_is(text: str) -> None:
    sent = query(filter=F.Number == text).removeprefix("$filter=")
    assert "+" not in sent
    assert " " not in sent
    assert ExpressionParser.parse_string(unquote(sent)).right.value == text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"filter": 5},
            InvalidArgument,
            "filter of users.list must be text that is not empty or a filter built with F",
        ),
        ({"filter": [F.Enabled]}, InvalidArgument, "filter of users.list must be text"),
        ({"filter": F.Number.asc()}, InvalidArgument, "filter of users.list must be text"),
        ({"filter": F.Id == "1"}, InvalidArgument, "filter of users.list compares Id"),
        ({"search": F.Number}, InvalidArgument, "search of users.list must be text"),
        ({"select": F.Number.length()}, InvalidArgument, "select of users.list must be text, fields or a list"),
        ({"select": [F.Number.desc()]}, InvalidArgument, "select of users.list must be text, fields or a list"),
        ({"select": {F.Number}}, InvalidArgument, "select of users.list must be text, fields or a list"),
        ({"orderby": F.Id.lower()}, InvalidArgument, "orderby of users.list asks tolower of Id"),
        ({"orderby": F.Id == 1}, InvalidArgument, "orderby of users.list must be"),
        ({"orderby": F.Groups}, InvalidArgument, "orderby of users.list sorts by Groups, which is a list"),
        ({"orderby": F.Hours.desc()}, InvalidArgument, "orderby of users.list sorts by Hours, which is an object"),
        ({"expand": Expand("Hours")}, InvalidArgument, "names Hours, which comes with every User without"),
        ({"top": F.Id}, InvalidArgument, "top of users.list must be a whole number"),
    ],
    ids=repr,
)
def test_wrong_builders_are_refused_by_name(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        query(**options)


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"filter": F.Numbr == "1"}, "User.Numbr. It is sent anyway. Did you mean Number?"),
        ({"select": F.Numbr}, "User.Numbr"),
        ({"orderby": F.Numbr.desc()}, "User.Numbr"),
        ({"expand": F.Grups}, "User.Grups. It is sent anyway. Did you mean Groups?"),
        ({"expand": Expand("Groups", filter=F.Nam == "x")}, "UserGroup.Nam"),
        ({"expand": Expand("ForwardingProfiles", select=[F.Name], orderby=F.Nam)}, "ForwardingProfile.Nam"),
    ],
    ids=repr,
)
def test_a_field_that_no_version_has_is_asked_for_with_a_warning(options: dict[str, Any], near: str) -> None:
    with pytest.warns(VersionWarning, match=re.escape(near)):
        query(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Expand(""),
        lambda: Expand("Groups($select=Id)"),
        lambda: Expand("Groups,Phones"),
        lambda: Expand("Groups", top=-1),
        lambda: Expand("Groups", skip=True),
        lambda: Expand("Groups", count="yes"),  # type: ignore[arg-type]
        lambda: Expand("Groups", select=[]),
        lambda: Expand("Groups", select=[F.Name.desc()]),  # type: ignore[list-item]
        lambda: Expand("Groups", filter=" "),
        lambda: Expand("Groups", expand=Expand),  # type: ignore[arg-type]
    ],
)
def test_an_expansion_that_can_t_be_is_refused_at_once(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgument, match="Expand"):
        make()


def test_text_is_passed_on_unchecked() -> None:
    assert query(filter="Anything eq 1", select="Nope", orderby="Nope", expand="Nope($select=X)")
    assert query(expand=Expand("Groups", select="Nope", filter="Nope eq 1"))


def test_without_a_catalog_only_the_form_is_checked() -> None:
    assert option_text("filter", F.Anything == 1) == "Anything eq 1"
    assert option_text("expand", [Expand("Nope", orderby=F.X.desc())]) == "Nope($orderby=X desc)"


def test_an_action_whose_rows_have_no_fields_takes_any_filter() -> None:
    action = "network_settings.get_ifaces"
    assert query(action, filter=F["$it"].endswith("2")) == "$filter=endswith($it,'2')"


def test_the_guide_s_table_is_true() -> None:
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)`", GUIDE.read_text(encoding="utf-8"), re.M)
    assert len(rows) > 10
    known = {"F": F, "datetime": dt.datetime, "timedelta": dt.timedelta, "UTC": dt.UTC}
    for python, odata in rows:
        assert str(eval(python.replace("\\|", "|"), known)) == odata


def test_the_emulated_pbx_understands_them_all(pbx: Pbx) -> None:
    users = pbx.users.list(
        filter=F.Groups.any(lambda g: g.Name == "Sales"),
        select=[F.Number, "LastName"],
        orderby=[F.LastName.desc(), F.Number],
        expand=Expand("Groups", select=["Name"], filter=F.Name == "Sales", expand=Expand("Rights", select=F.RoleName)),
    ).all()
    assert len(users) > 2
    assert [u["LastName"] for u in users] == sorted((u["LastName"] for u in users), reverse=True)  # type: ignore[type-var]
    assert {key for user in users for key in user if "@" not in key} == {"Number", "LastName", "Groups"}
    assert {g["Name"] for user in users for g in user["Groups"]} == {"Sales"}
    assert all("RoleName" in g["Rights"] for user in users for g in user["Groups"])  # type: ignore[operator]
