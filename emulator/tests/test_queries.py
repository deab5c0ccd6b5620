"""Query options: paging, selecting, ordering, expanding, searching (docs/pbx.md, Requests, Pages and Answers)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline import catalog

from .conftest import Dial, Line

INVALID = "The query specified in the URI is not valid. "


def numbers(answer: Any) -> Any:
    return [row["Number"] for row in answer.rows]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("$top=3", [1, 2, 3]),
        ("$skip=58", [59, 60]),
        ("$top=2&$skip=4", [5, 6]),
        ("$skip=60", []),
        ("$top=0", []),
        ("$top=100&$skip=50", list(range(51, 61))),
        ("", list(range(1, 51))),
        ("%24top=1", [1]),
        ("top=1&other=x&o=$top", [1]),
        ("$TOP=1&Skip=1", [2]),
        ("$format=json&$top=1", [1]),
        ("$orderby=Id desc&$top=2", [60, 59]),
        ("$orderby=LastName,Id desc&$top=2", [60, 54]),
        ("$orderby=LastName desc,FirstName asc&$top=1", [11]),
        ("$orderby=length(FirstName) desc,Id&$top=1", [6]),
        ("$orderby=Id Desc&$top=1", [60]),
        ("orderby=cast(Id,Edm.String) desc&top=2", [9, 8]),
        ("$orderby=Id mod 7 desc,Id&$top=2", [6, 13]),
        ("$search=adaeze&$top=2", [10, 20]),
        ('$search="ADAEZE"&$top=1', [10]),
    ],
)
def test_pages(quiet: Line, query: str, ids: Any) -> None:
    assert [row["Id"] for row in quiet.get(f"/Contacts?{query}").rows] == ids


def test_count_is_of_all_that_match_before_paging(quiet: Line) -> None:
    assert quiet.get("/Contacts?$count=true&$top=1").json["@odata.count"] == 60
    assert quiet.get("/Contacts?$count=true&$top=1&$filter=Id le 7").json["@odata.count"] == 7
    assert "@odata.count" not in quiet.get("/Contacts?$count=false").json
    assert "@odata.nextLink" not in quiet.get("/Contacts").json


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "/Users?$top=500",
            "The limit of '100' for Top query has been exceeded. The value from the incoming request is '500'.",
        ),
        ("/Users?$top=101", "The limit of '100' for Top query has been exceeded."),
        ("/Users?$top=-1", "Invalid value '-1' for $top query option found."),
        ("/Users?$top=x", "Invalid value 'x' for $top"),
        ("/Users?$top=", "The value for OData query '$top' cannot be empty."),
        ("/Users?$filter=", "The value for OData query '$filter' cannot be empty."),
        ("/Users?$top=%D9%A3", "Invalid value '٣' for $top"),
        ("/Users?$skip=-1", "Invalid value '-1' for $skip"),
        ("/Users?$count=yes", "Invalid value 'yes' for $count"),
        ("/Users?$select=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$select=", "The value for OData query '$select' cannot be empty."),
        ("/Users?$select=Id,", "Could not find a property named '' on type 'Pbx.User'."),
        ("/Users?$select=Hours/Nope", "Could not find a property named 'Nope' on type 'Pbx.Schedule'."),
        ("/Users?$select=Groups/Name", "Found a path with multiple navigation properties"),
        ("/Users?$select=Hours($top=1)", "is not valid in a $select or $expand expression"),
        ("/Users?$orderby=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$orderby=Number%2Bdesc", "Syntax error at position 6 in 'Number+desc'."),
        ("/Users?$orderby=Number sideways", "Syntax error"),
        ("/Users?$orderby=Groups", "The $orderby expression must evaluate to a single value"),
        ("/Users?$expand=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$expand=Number", "Property 'Number' on type 'Pbx.User' is not a navigation property"),
        ("/Users?$expand=Groups($top=x)", "Invalid value 'x' for $top"),
        ("/Users?$expand=Groups(nope=1)", "is not valid in a $select or $expand expression"),
        ("/Users?$expand=Groups(", "is not valid in a $select or $expand expression"),
        ("/Users?$expand=Hours", "Property 'Hours' on type 'Pbx.User' is not a navigation property"),
        ("/Users?$expand=Groups,Groups", "Found multiple terms with same name 'Groups'"),
        ("/Users?$expand=Groups($top=1;$top=2)", "is not valid in a $select or $expand expression"),
        ("/Users?$expand=Groups($format=json)", "is not valid in a $select or $expand expression"),
        ("/Users?$expand=Groups/Name", "Property 'Groups/Name' on type 'Pbx.User' is not a navigation property"),
        ("/Users?$expand=Groups/$ref", "Entities of type 'Pbx.UserGroup' are in no entity set"),
        ("/Users?$expand=Groups($levels=0)", "Levels option must be a non-negative integer or 'max'"),
        ("/Users?$expand=Groups($levels=9)", "The request includes a $expand path which is too deep."),
        (
            "/Users?$expand=Groups($expand=Rights($top=1))",
            "Property 'Rights' on type 'Pbx.UserGroup' is not a collection.",
        ),
        ("/Users?$orderby=Id,", "Syntax error at position 3"),
        ("/Users?$search=(a", "Syntax error"),
        ("/Users?$search=a AND", "Syntax error"),
        ("/Users?$search=AND", "Syntax error"),
        ('/Users?$search="a', "Syntax error"),
        ("/Users?$search=" + "(" * 200 + "a", "Recursion depth exceeded allowed limit."),
        ("/Users?$top=1&top=2", "Query option '$top' was specified more than once"),
        ("/Users?$filter=@a&@a=1&@a=2", "Query option '@a' was specified more than once"),
        ("/Users?$apply=x", "Query option 'Apply' is not allowed. To allow it, set the 'AllowedQueryOptions' property"),
        ("/Users?$compute=x", "Query option 'Compute' is not allowed."),
        ("/Users?$skiptoken=x", "Query option 'SkipToken' is not allowed."),
        ("/Defs?$select=Id&$deltatoken=x", "Query option 'DeltaToken' is not allowed."),
        ("/Users?$nope=x", "The query parameter '$nope' is not supported."),
        ("/Users?$top=1&$top=2", "Query option '$top' was specified more than once"),
        ("/Users?$top=%", "A percent sign is not followed by two hexadecimal digits."),
        ("/Users?$filter=%FF", "The text is not UTF-8."),
        ("/Users(11)?$top=1", "The requested resource is not a collection."),
    ],
)
def test_wrong_options_are_400(quiet: Line, path: str, message: str) -> None:
    answer = quiet.get(path)
    assert answer.status == 400
    assert answer.message.startswith(INVALID)
    assert message in answer.message


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("/Fax", "Fax"),
        ("/Fax(121)", "Fax/$entity"),
        ("/Fax(121)?$select=Id,Number", "Fax(Id,Number)/$entity"),
        ("/Fax/Pbx.InitFax()", "Fax/$entity"),
        ("/Users?$select=Id,Number,FirstName&$top=1", "Users(Id,Number,FirstName)"),
        ("/Users?$select=Id&$expand=Groups&$top=1", "Users(Id,Groups())"),
        ("/Users?$expand=Groups($select=Name)&$top=1", "Users(Groups(Name))"),
        ("/Users(11)/Groups", "Users(11)/Groups"),
        ("/MyUser/Groups", "MyUser/Groups"),
        ("/Defs?$select=Id", "Defs(Id)"),
        ("/SystemStatus", "SystemStatus"),
        ("/Users/Pbx.GetFirstAvailableExtensionNumber()", "Pbx.FirstAvailableNumber"),
        ("/Backups/Pbx.GetFailoverScripts()", "Collection(Pbx.FailoverScriptFile)"),
        ("/NetworkSettings/Pbx.GetIfaces()", "Collection(Edm.String)"),
        ("/Defs/Pbx.HasSystemOwner()", "Edm.Boolean"),
    ],
)
def test_the_context_is_absolute(quiet: Line, path: str, context: str) -> None:
    assert quiet.get(path).json["@odata.context"] == f"https://pbx/xapi/v1/$metadata#{context}"


def test_order_by_how_many_and_by_the_place_of_an_enum_member(quiet: Line) -> None:
    asked = "/Queues?$orderby=Agents/$count desc,Number&$expand=Agents/$count&$select=Number"
    counts = [row["Agents@odata.count"] for row in quiet.get(asked).rows]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 1
    members = catalog.load("20.0.10").enum_values("Pbx.PeerType")
    kinds = [members.index(row["Type"]) for row in quiet.get("/Peers?$orderby=Type&$top=100").rows]
    assert kinds == sorted(kinds)
    assert len(set(kinds)) > 3


def test_select_takes_fields_away(quiet: Line) -> None:
    row = quiet.get("/Users(Number='100')?$select=Number,FirstName").json
    assert {name for name in row if not name.startswith("@")} == {"Number", "FirstName"}


def test_navigation_properties_come_only_when_expanded(quiet: Line) -> None:
    assert "Groups" not in quiet.get("/Users(11)").json
    assert "Groups" not in quiet.get("/Users(11)?$select=Groups").json
    plain = quiet.get("/Users(11)?$expand=Groups").json["Groups"][0]
    assert plain["Name"] == "Operations"
    assert "Rights" not in plain
    nested = quiet.get("/Users(11)?$expand=Groups($expand=Rights($select=RoleName);$select=Name),Phones").json
    assert nested["Groups"] == [{"Name": "Operations", "Rights": {"RoleName": "system_owners"}}]
    assert nested["Phones"] == []


def test_the_code_of_a_call_flow_app_comes_only_when_selected(quiet: Line) -> None:
    assert "ScriptCode" not in quiet.get("/CallFlowApps(141)").json
    assert "ScriptCode" not in quiet.get("/CallFlowApps").rows[0]
    quiet.emulator.vary({"send_nulls": True})
    assert "ScriptCode" not in quiet.get("/CallFlowApps(141)").json
    assert "ScriptCode" in quiet.get("/CallFlowApps(141)?$select=ScriptCode").json
    quiet.emulator.vary({"send_nulls": False})


def test_an_expanded_list_takes_options_of_its_own(quiet: Line) -> None:
    asked = "$expand=Agents($filter=Number gt '102';$orderby=Number desc;$top=2;$select=Number)&$select=Number"
    assert quiet.get(f"/Queues(Number='800')?{asked}").json["Agents"] == [{"Number": "105"}, {"Number": "104"}]


def test_select_of_a_path_writes_that_part_only(quiet: Line) -> None:
    hours = quiet.get("/MyGroup?$select=Id,Hours").json["Hours"]
    assert {"Type", "Periods"} < hours.keys()
    for asked in ("Hours/Type", "Hours($select=Type)", "hours/type"):
        answer = quiet.get(f"/MyGroup?$select=Id,{asked}").json
        assert answer["@odata.context"].endswith("#MyGroup(Id,Hours/Type)")
        assert answer["Hours"] == {"Type": hours["Type"]}
    assert quiet.get("/MyGroup?$select=Hours/Type,Hours").json["Hours"] == hours
    assert "Hours" not in quiet.get("/Users(11)?$select=Hours/Type").json
    days = quiet.get("/OfficeHours?$select=Hours/Periods/DayOfWeek").json["Hours"]["Periods"]
    assert days[0] == {"DayOfWeek": "Monday"}
    assert "Number" in quiet.get("/Users(11)?$select=*").json


def test_expanding_everything(quiet: Line) -> None:
    row = quiet.get("/Users(11)?$expand=*&$select=Id").json
    assert {"Groups", "Phones", "ForwardingProfiles", "Greetings"} <= row.keys()
    named = quiet.get("/Users(11)?$expand=Groups($select=Name),*&$select=Id").json
    assert named["Groups"] == [{"Name": "Operations"}]
    assert named.keys() == row.keys()


def test_an_expanded_list_can_be_counted(quiet: Line) -> None:
    asked = "/Queues(Number='800')?$select=Number&$expand=Agents"
    agents = quiet.get(asked).json["Agents"]
    counted = quiet.get(f"{asked}($count=true;$top=1;$filter=Number gt '102')").json
    assert len(counted["Agents"]) == 1 < counted["Agents@odata.count"] < len(agents)
    only = quiet.get(f"{asked}/$count").json
    assert only["Agents@odata.count"] == len(agents)
    assert "Agents" not in only
    assert (
        quiet.get(f"{asked}/$count($filter=Number gt '102')").json["Agents@odata.count"]
        == counted["Agents@odata.count"]
    )


def test_levels_go_on_where_a_type_leads_to_its_own_kind(quiet: Line) -> None:
    once = quiet.get("/Users(11)?$expand=Groups&$select=Id").json
    assert quiet.get("/Users(11)?$expand=Groups($levels=max)&$select=Id").json["Groups"] == once["Groups"]


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("amara", {"Amara"}),
        ("AMARA OR siobhán", {"Amara", "Siobhán"}),
        ("amara siobhán", set()),
        ("amara AND siobhán", set()),
        ('"amar"', {"Amara"}),
        ("(amara OR siobhán) AND NOT siobhán", {"Amara"}),
        ("amara OR siobhán AND nobody", {"Amara"}),
    ],
)
def test_search(quiet: Line, search: str, names: Any) -> None:
    found = quiet.get(f"/Users?$search={search}&$top=100&$select=FirstName").rows
    assert {row["FirstName"] for row in found} == names


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/Contacts/$count", 60),
        ("/Contacts/$count?$filter=Id le 7", 7),
        ("/Contacts/$count?$top=5&$skip=2&$orderby=Id", 60),
        ("/Contacts/$count?$search=adaeze", 6),
        ("/Users(11)/Groups/$count", 1),
        ("/Peers/$count?$filter=Type eq 'Queue'", 3),
    ],
)
def test_counting(quiet: Line, path: str, count: int) -> None:
    answer = quiet.get(path)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/plain", str(count).encode())


def test_counting_needs_a_proper_filter(quiet: Line) -> None:
    assert quiet.get("/Contacts/$count?$filter=Nope eq 1").status == 400


@pytest.mark.parametrize(
    ("query", "headers", "level"),
    [
        ("", {}, "minimal"),
        ("", {"accept": "*/*"}, "minimal"),
        ("", {"accept": "application/json"}, "minimal"),
        ("", {"accept": "text/html, application/xml"}, "minimal"),
        ("", {"accept": "application/json;odata.metadata=none"}, "none"),
        ("", {"accept": "Application/JSON; OData.Metadata=None; charset=utf-8"}, "none"),
        ("", {"accept": "application/json;metadata=full"}, "full"),
        ("", {"accept": "text/plain, application/json;odata.metadata=full;q=0.5"}, "full"),
        ("?$format=json", {"accept": "application/json;odata.metadata=none"}, "minimal"),
        ("?$format=application/json;odata.metadata=none", {}, "none"),
    ],
)
def test_how_much_metadata(quiet: Line, query: str, headers: dict[str, Any], level: str) -> None:
    answer = quiet.ask("GET", f"/Fax(121){query}", headers=headers)
    assert f"odata.metadata={level};" in answer.headers["content-type"]
    row = answer.json
    assert ("@odata.context" in row) == (level != "none")
    assert ("@odata.type" in row) == (level == "full")
    assert row["Number"] == "888"


@pytest.mark.parametrize("form", ["xml", "atom", "text/plain", "application/xml"])
def test_other_formats_are_406(quiet: Line, form: str) -> None:
    assert quiet.get(f"/Fax(121)?$format={form}").status == 406
    before = quiet.get("/WebsiteLinks/$count").body
    assert quiet.ask("POST", f"/WebsiteLinks?$format={form}", {"Link": "new"}).status == 406
    assert quiet.get("/WebsiteLinks/$count").body == before


def test_no_metadata_keeps_the_count(dial: Dial) -> None:
    answer = dial(etags=True).get("/Fax?$count=true&$top=1", accept="application/json;odata.metadata=none").json
    assert answer.keys() == {"@odata.count", "value"}
    assert not [name for name in answer["value"][0] if name.startswith("@")]


def test_full_metadata_names_types_and_places(quiet: Line) -> None:
    link = quiet.get("/WebsiteLinks('o''brien-m%C3%BCnchen')", accept="application/json;odata.metadata=full").json
    assert link["@odata.type"] == "#Pbx.Weblink"
    assert link["@odata.id"] == link["@odata.editLink"] == "WebsiteLinks('o%27%27brien-m%C3%BCnchen')"
    user = quiet.get("/Users?$top=1&$expand=Groups", accept="application/json;odata.metadata=full").rows[0]
    assert user["QueueStatus@odata.type"] == "#Pbx.QueueStatusType"
    assert user["Tags@odata.type"] == "#Collection(Pbx.UserTag)"
    group = quiet.get("/Groups?$top=1", accept="application/json;odata.metadata=full").rows[0]
    assert group["Hours"]["@odata.type"] == "#Pbx.Schedule"
    assert group["Hours"]["Periods"][0]["@odata.type"] == "#Pbx.Period"
    assert user["Groups"][0]["@odata.type"] == "#Pbx.UserGroup"
    assert "Number@odata.type" not in user


def test_a_client_may_prefer_less_or_more(pbx: Line) -> None:
    created = pbx.ask("POST", "/Fax", {"Number": "877"}, {"prefer": "return=minimal"})
    assert (created.status, created.body) == (204, b"")
    assert created.headers["location"] == created.headers["odata-entityid"]
    place = created.headers["location"].removeprefix("https://pbx/xapi/v1")
    change = {"OutboundCallerId": "+12025550143"}
    assert pbx.ask("PATCH", place, change).status == 204
    assert pbx.ask("PATCH", place, change, {"prefer": "return=minimal"}).status == 204
    changed = pbx.ask("PATCH", place, change, {"prefer": "respond-async, return=representation"})
    assert changed.status == 200
    assert changed.json["@odata.context"] == "https://pbx/xapi/v1/$metadata#Fax/$entity"
    assert changed.json["OutboundCallerId"] == "+12025550143"


def test_the_health_check(quiet: Line) -> None:
    answer = quiet.get("/Defs?$select=Id")
    assert (answer.status, answer.json["Id"], answer.headers["x-trunkline-evidence"]) == (200, 1, "seen")


VOCABULARY = """
    Id Number Groups Hours Hours/Type Phones Rights Name Tags $it $count $ref * any all g: x @a null true 1 -1 2.5 INF
    NaN 'a' '' " ( ) [ ] , ; = / : and or not eq in has add div mod asc desc AND OR NOT $filter= $select= $expand=
    $top=1 $levels=max cast( isof( Edm.String Pbx.User Pbx.PeerType'Queue' duration'PT1S' 2026-01-01 now() length( date(
    2026-06-01T00:00:00Z 00000000-0000-0000-0000-000000000000 contains( matchesPattern(
"""
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=12)


@settings(max_examples=400)
@given(
    option=st.sampled_from(["filter", "orderby", "select", "expand", "search"]),
    words=WORDS,
    space=st.sampled_from(["", " "]),
)
def test_any_option_is_read_or_refused(quiet: Line, option: Any, words: Any, space: Any) -> None:
    text = quote(space.join(words))
    for path in ("/Users", "/Queues/$count"):
        assert quiet.get(f"{path}?${option}={text}&@a=Id").status in (200, 400)
