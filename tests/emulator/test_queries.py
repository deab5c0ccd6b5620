"""Query options: paging, selecting, ordering, expanding, searching (PBX.md, Requests, Paging and Answers)."""

from __future__ import annotations

import pytest

INVALID = "The query specified in the URI is not valid. "


def numbers(answer):
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
        ("top=1&other", list(range(1, 51))),
        ("$orderby=Id desc&$top=2", [60, 59]),
        ("$orderby=LastName,Id desc&$top=2", [60, 54]),
        ("$orderby=LastName desc,FirstName asc&$top=1", [11]),
        ("$orderby=length(FirstName) desc,Id&$top=1", [6]),
        ("$search=adaeze&$top=2", [10, 20]),
        ('$search="ADAEZE"&$top=1', [10]),
    ],
)
def test_pages(quiet, query, ids):
    assert [row["Id"] for row in quiet.get(f"/Contacts?{query}").rows] == ids


def test_count_is_of_all_that_match_before_paging(quiet):
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
        ("/Users?$top=", "Invalid value '' for $top"),
        ("/Users?$top=%D9%A3", "Invalid value '٣' for $top"),
        ("/Users?$skip=-1", "Invalid value '-1' for $skip"),
        ("/Users?$count=yes", "Invalid value 'yes' for $count"),
        ("/Users?$select=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$select=", "Could not find a property named '' on type 'Pbx.User'."),
        ("/Users?$orderby=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$orderby=Number+desc", "Syntax error at position 6 in 'Number+desc'."),
        ("/Users?$orderby=Number sideways", "Syntax error"),
        ("/Users?$orderby=Groups", "The $orderby expression must evaluate to a single value"),
        ("/Users?$expand=Nope", "Could not find a property named 'Nope' on type 'Pbx.User'."),
        ("/Users?$expand=Number", "Property 'Number' on type 'Pbx.User' is not a navigation property"),
        ("/Users?$expand=Groups($top=x)", "Invalid value 'x' for $top"),
        ("/Users?$expand=Groups(nope=1)", "is not valid in a $select or $expand expression"),
        ("/Users?$expand=Groups(", "is not valid in a $select or $expand expression"),
        ("/Users?$apply=x", "The query parameter '$apply' is not supported."),
        ("/Users?$nope=x", "The query parameter '$nope' is not supported."),
        ("/Users?$top=1&$top=2", "Query option '$top' was specified more than once"),
        ("/Users?$top=%", "A percent sign is not followed by two hexadecimal digits."),
        ("/Users?$filter=%FF", "The text is not UTF-8."),
        ("/Users(11)?$top=1", "The requested resource is not a collection."),
    ],
)
def test_wrong_options_are_400(quiet, path, message):
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
def test_the_context_is_absolute(quiet, path, context):
    assert quiet.get(path).json["@odata.context"] == f"https://pbx/xapi/v1/$metadata#{context}"


def test_select_takes_fields_away(quiet):
    row = quiet.get("/Users(Number='100')?$select=Number,FirstName").json
    assert {name for name in row if not name.startswith("@")} == {"Number", "FirstName"}


def test_navigation_properties_come_only_when_expanded(quiet):
    assert "Groups" not in quiet.get("/Users(11)").json
    assert "Groups" not in quiet.get("/Users(11)?$select=Groups").json
    plain = quiet.get("/Users(11)?$expand=Groups").json["Groups"][0]
    assert plain["Name"] == "Operations"
    assert "Rights" not in plain
    nested = quiet.get("/Users(11)?$expand=Groups($expand=Rights($select=RoleName);$select=Name),Phones").json
    assert nested["Groups"] == [{"Name": "Operations", "Rights": {"RoleName": "system_owners"}}]
    assert nested["Phones"] == []


def test_the_code_of_a_call_flow_app_comes_only_when_selected(quiet):
    assert "ScriptCode" not in quiet.get("/CallFlowApps(141)").json
    assert "ScriptCode" not in quiet.get("/CallFlowApps").rows[0]
    assert "ScriptCode" in quiet.get("/CallFlowApps(141)?$select=ScriptCode").json


def test_an_expanded_list_takes_options_of_its_own(quiet):
    asked = "$expand=Agents($filter=Number gt '102';$orderby=Number desc;$top=2;$select=Number)&$select=Number"
    assert quiet.get(f"/Queues(Number='800')?{asked}").json["Agents"] == [{"Number": "105"}, {"Number": "104"}]


def test_the_health_check(quiet):
    answer = quiet.get("/Defs?$select=Id")
    assert (answer.status, answer.json["Id"], answer.headers["x-trunkline-level"]) == (200, 1, "crud")
