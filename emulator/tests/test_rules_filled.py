"""What a PBX adds to what a client sends, and what it brings in line afterwards."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from trunkline import catalog
from trunkline_emulator.rules import RULES

from . import whole
from .conftest import Dial, Line

PROFILES = ["Available", "Away", "Out of office", "Custom 1", "Custom 2"]


def user(line: Line, number: Any) -> Any:
    return next(row for row in whole.rows(line, "Users") if row["Number"] == number)


def new_user(line: Line, **fields: Any) -> Any:
    answer = line.ask("POST", "/Users", {"Number": "150", **fields})
    assert answer.status == 201, answer.body
    return user(line, "150")


def row(line: Line, name: Any, id_: Any) -> Any:
    return next(one for one in whole.rows(line, name) if one["Id"] == id_)


@pytest.mark.parametrize("seed", ["demo", "empty"])
def test_writing_back_what_was_read_changes_nothing(dial: Dial, seed: str) -> None:
    """So every row of a seed keeps the rules of its set."""
    line = dial(seed=seed)
    known = catalog.load("20.0.10")
    patched = {action.path.partition("(")[0][1:] for action in known.actions if action.kind == "update"}
    for name in sorted(patched & RULES.keys()):
        if known.sets[name].singleton:
            continue
        before = whole.rows(line, name)
        for one in before:
            key = one[next(iter(known.sets[name].key))]
            literal = "'" + quote(key.replace("'", "''"), safe="") + "'" if isinstance(key, str) else key
            answer = line.ask("PATCH", f"/{name}({literal})", one)
            assert answer.status == 204, (name, key, answer.body)
        assert whole.rows(line, name) == before, name


def test_a_new_user_is_complete(pbx: Line) -> None:
    made = new_user(pbx, FirstName="Ada", LastName="Example", EmailAddress="ada@example.com")
    assert made["Id"] > 0
    assert made["DisplayName"] == "Ada Example"
    assert [profile["Name"] for profile in made["ForwardingProfiles"]] == PROFILES
    assert len({profile["Id"] for profile in made["ForwardingProfiles"]}) == 5
    assert made["CurrentProfileName"] == "Available"
    assert made["ForwardingProfiles"][0]["AvailableRoute"]["NoAnswerExternal"]["To"] == "VoiceMail"
    assert made["ForwardingProfiles"][1]["AwayRoute"]["Internal"]["To"] == "VoiceMail"
    assert made["VMPIN"].isdecimal()
    assert all(made[field] for field in ("AuthID", "AuthPassword", "DeskphonePassword", "ClickToCallId"))
    assert (made["Enabled"], made["VMEnabled"], made["QueueStatus"]) == (True, True, "LoggedOut")
    assert made["PrimaryGroupId"] == 1
    assert made["Groups"][0]["Rights"]["RoleName"] == "users"
    other = pbx.ask("POST", "/Users", {"Number": "151"}).json
    assert other["AuthPassword"] != made["AuthPassword"]


def test_what_a_client_sends_for_a_new_user_stays(pbx: Line) -> None:
    made = new_user(pbx, VMPIN="4321", AuthID="abc", Enabled=False, DisplayName="Front desk", ClickToCallId="desk")
    assert (made["VMPIN"], made["AuthID"], made["Enabled"]) == ("4321", "abc", False)
    assert (made["DisplayName"], made["ClickToCallId"]) == ("Front desk", "desk")


@pytest.mark.parametrize(
    ("sent", "primary", "groups"),
    [
        ({}, 1, {1: "users"}),
        ({"Groups": []}, 1, {1: "users"}),
        ({"Groups": [{"GroupId": 3}]}, 3, {3: "users"}),
        ({"Groups": [{"Number": "GRP0002"}]}, 3, {3: "users"}),
        ({"PrimaryGroupId": 3}, 3, {3: "users"}),
        ({"Groups": [{"GroupId": 3}], "PrimaryGroupId": 2}, 2, {3: "users", 2: "users"}),
        ({"Groups": [{"GroupId": 3, "Rights": {"RoleName": "managers"}}]}, 3, {3: "managers"}),
        ({"Groups": [{"GroupId": 3, "GroupRights": {"RoleName": "managers"}}]}, 3, {3: "users"}),
        ({"Groups": [{"GroupId": 3}, {"GroupId": 2}], "PrimaryGroupId": 2}, 2, {3: "users", 2: "users"}),
    ],
)
def test_departments_of_a_new_user(pbx: Line, sent: dict[str, Any], primary: int, groups: dict[str, Any]) -> None:
    made = new_user(pbx, **sent)
    assert made["PrimaryGroupId"] == primary
    assert {known["GroupId"]: known["Rights"]["RoleName"] for known in made["Groups"]} == groups
    for group in groups:
        assert "150" in [member["Number"] for member in pbx.get(f"/Groups({group})/Members").rows]


def test_a_membership_comes_back_complete(pbx: Line) -> None:
    made = new_user(pbx, FirstName="Ada", LastName="Example", Groups=[{"GroupId": 2}])
    shown = made["Groups"][0]
    assert (shown["Number"], shown["Name"], shown["Type"]) == ("GRP0001", "Sales", "Group")
    member = row(pbx, "Groups", 2)["Members"][-1]
    named = ("Id", "Number", "Type", "MemberName")
    assert [member[field] for field in named] == [made["Id"], "150", "Extension", "Example, Ada"]
    assert member["Rights"] == shown["Rights"]
    assert member["Rights"]["CanSeeGroupMembers"] is True


def test_rights_on_top_of_a_role(pbx: Line) -> None:
    rights = {"RoleName": "users", "CanBargeIn": True}
    made = new_user(pbx, Groups=[{"GroupId": 2, "Rights": rights}])
    assert made["Groups"][0]["Rights"]["CanBargeIn"] is True
    again = {"Groups": [{"GroupId": 2}]}
    assert pbx.ask("PATCH", f"/Users({made['Id']})", again).status == 204
    assert user(pbx, "150")["Groups"][0]["Rights"]["CanBargeIn"] is True


def test_group_rights_are_taken_and_ignored(pbx: Line) -> None:
    """docs/pbx.md, Requests: the role is set through Groups[].Rights.RoleName."""
    for sent, role in (
        ({"GroupRights": {"RoleName": "managers"}}, "users"),
        ({"Rights": {"RoleName": "managers"}, "GroupRights": {"RoleName": "users"}}, "managers"),
    ):
        assert pbx.ask("PATCH", "/Users(12)", {"Groups": [{"GroupId": 2, **sent}]}).status == 204
        assert user(pbx, "101")["Groups"][0]["Rights"]["RoleName"] == role


def test_a_user_leaves_the_departments_that_a_body_leaves_out(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Users(12)", {"Groups": [{"GroupId": 3}]}).status == 204
    assert "101" not in [member["Number"] for member in pbx.get("/Groups(2)/Members").rows]
    assert "101" in [member["Number"] for member in pbx.get("/Groups(3)/Members").rows]
    assert user(pbx, "101")["PrimaryGroupId"] == 3


def test_a_department_takes_members_and_lets_go_of_others(pbx: Line) -> None:
    members = [{"Number": "101", "Rights": {"RoleName": "managers"}}, {"Id": 31}]
    made = pbx.ask("POST", "/Groups", {"Name": "Night shift", "Members": members}).json
    assert user(pbx, "101")["Groups"][-1]["Rights"]["RoleName"] == "managers"
    assert [group["Name"] for group in user(pbx, "120")["Groups"]] == ["Support", "Night shift"]
    assert pbx.ask("PATCH", f"/Groups({made['Id']})", {"Members": [{"Number": "102"}]}).status == 204
    assert [group["Name"] for group in user(pbx, "101")["Groups"]] == ["Sales"]
    assert row(pbx, "Groups", made["Id"])["HasMembers"] is True
    assert pbx.ask("PATCH", f"/Groups({made['Id']})", {"Members": []}).status == 204
    assert row(pbx, "Groups", made["Id"])["HasMembers"] is False
    assert pbx.ask("DELETE", f"/Groups({made['Id']})").status == 204


def test_who_is_put_out_of_the_last_department_goes_to_the_default_one(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Groups(5)", {"Members": []}).status == 204
    moved = user(pbx, "132")
    assert ([group["Name"] for group in moved["Groups"]], moved["PrimaryGroupId"]) == (["DEFAULT"], 1)
    assert "132" in [member["Number"] for member in pbx.get("/Groups(1)/Members").rows]


def test_a_new_department_knows_the_roles_and_gets_its_number(pbx: Line) -> None:
    made = pbx.ask("POST", "/Groups", {"Name": "New", "Language": "EN", "TimeZoneId": "51", "Id": 0}).json
    rights = [known["RoleName"] for known in row(pbx, "Groups", made["Id"])["Rights"]]
    assert {"system_owners", "system_admins", "group_owners", "managers", "receptionists", "users"} <= set(rights)
    assert (made["Number"], made["IsDefault"], made["HasMembers"]) == ("GRP0006", False, False)


def test_what_was_in_a_deleted_department_is_the_default_one_s(pbx: Line) -> None:
    made = pbx.ask("POST", "/Groups", {"Name": "Leaving"}).json
    group = {"Groups": [{"GroupId": made["Id"]}]}
    assert pbx.ask("PATCH", "/Queues(61)", group).status == 204
    assert pbx.ask("PATCH", "/OutboundRules(2)", {"GroupIds": [1, made["Id"]]}).status == 204
    assert pbx.get("/OutboundRules(2)").json["GroupNames"] == ["DEFAULT", "Leaving"]
    assert pbx.ask("PATCH", "/WebsiteLinks('sales')", {"DN": {"Number": made["Number"]}}).status == 204
    assert pbx.ask("DELETE", f"/Groups({made['Id']})").status == 204
    assert [known["Name"] for known in row(pbx, "Queues", 61)["Groups"]] == ["DEFAULT"]
    assert pbx.get("/OutboundRules(2)").json["GroupNames"] == ["DEFAULT"]
    assert "DN" not in pbx.get("/WebsiteLinks('sales')?$expand=DN").json


def test_a_rule_takes_the_names_of_its_departments_from_them_and_from_nobody_else(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/OutboundRules(2)", {"GroupNames": ["Sales", "x"]}).status == 204
    assert pbx.get("/OutboundRules(2)").json["GroupNames"] == ["DEFAULT"]


def test_a_renamed_department_is_shown_by_its_new_name(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Queues(61)", {"Groups": [{"GroupId": 2}]}).status == 204
    assert pbx.ask("PATCH", "/Groups(2)", {"Name": "Counter"}).status == 204
    assert user(pbx, "101")["Groups"][0]["Name"] == "Counter"
    assert row(pbx, "Queues", 61)["Groups"][0]["Name"] == "Counter"
    assert pbx.ask("POST", "/Groups", {"Name": "Sales"}).status == 201


def test_forwarding_profiles_are_replaced_whole(pbx: Line) -> None:
    """docs/pbx.md, Requests: they must be written back whole."""
    before = user(pbx, "101")["ForwardingProfiles"]
    routed = [{**profile, "NoAnswerTimeout": 33} for profile in before]
    assert pbx.ask("PATCH", "/Users(12)", {"ForwardingProfiles": routed}).status == 204
    assert [profile["NoAnswerTimeout"] for profile in user(pbx, "101")["ForwardingProfiles"]] == [33] * 5
    one = [{"Id": before[0]["Id"], "NoAnswerTimeout": 44}]
    assert pbx.ask("PATCH", "/Users(12)", {"ForwardingProfiles": one}).status == 204
    left = user(pbx, "101")["ForwardingProfiles"]
    assert [(profile["Name"], profile["NoAnswerTimeout"]) for profile in left] == [("Available", 44)]


@pytest.mark.parametrize(
    ("path", "set_name", "id_", "field"),
    [
        ("/Queues(61)", "Queues", 61, "Agents"),
        ("/Queues(61)", "Queues", 61, "Managers"),
        ("/RingGroups(71)", "RingGroups", 71, "Members"),
    ],
)
@pytest.mark.parametrize("by", [{"Number": "110"}, {"Id": 21}])
def test_agents_and_members_are_replaced_whole_and_looked_up(
    pbx: Line, path: str, set_name: str, id_: int, field: str, by: dict[str, Any]
) -> None:
    assert pbx.ask("PATCH", path, {field: [by]}).status == 204
    (shown,) = row(pbx, set_name, id_)[field]
    assert (shown["Id"], shown["Number"], shown["Name"]) == (21, "110", "O'Dwyer, Siobhán")


def test_a_new_queue_is_complete(pbx: Line) -> None:
    made = pbx.ask("POST", "/Queues", {"Number": "850", "Name": "New", "Agents": [{"Number": "101"}]}).json
    shown = row(pbx, "Queues", made["Id"])
    assert shown["Groups"][0]["Name"] == "DEFAULT"
    assert (shown["PollingStrategy"], shown["ForwardNoAnswer"]["To"]) == ("RingAll", "None")
    assert shown["MasterTimeout"] > shown["RingTimeout"] > 0


def test_a_destination_is_filled_in(pbx: Line) -> None:
    way = {"ForwardNoAnswer": {"To": "IVR", "Number": "821"}}
    assert pbx.ask("PATCH", "/Queues(61)", way).status == 204
    shown = pbx.get("/Queues(61)").json["ForwardNoAnswer"]
    assert (shown["Type"], shown["Name"]) == ("IVR", "Out of hours")


def test_a_parking_place_gets_its_number(pbx: Line) -> None:
    """3CX's own example sends departments only."""
    made = pbx.ask("POST", "/Parkings", {"Groups": [{"GroupId": 2}, {"GroupId": 3}], "Id": 0})
    assert (made.status, made.json["Number"]) == (201, "SP4")


def test_a_call_flow_gets_its_number(pbx: Line) -> None:
    assert pbx.ask("POST", "/CallFlowApps", {"Name": "Survey"}).json["Number"] == "831"


def test_a_blocked_number_gets_its_id(pbx: Line) -> None:
    made = pbx.ask("POST", "/BlackListNumbers", {"CallerId": "+12025550123", "Description": "Robot"})
    assert (made.status, made.json["Id"]) == (201, "6")
    assert pbx.ask("DELETE", "/BlackListNumbers('6')").status == 204
    assert pbx.ask("POST", "/BlackListNumbers", {"CallerId": "+12025550124"}).json["Id"] == "7"


def test_a_deleted_user_leaves_no_trace(pbx: Line) -> None:
    routes = [{"Name": "Away", "AwayRoute": {"Internal": {"To": "Extension", "Number": "101"}}}]
    for path, body in (
        ("/Users(13)", {"ForwardingProfiles": routes}),
        ("/RingGroups(71)", {"Members": [{"Number": "101"}], "ForwardNoAnswer": {"To": "Extension", "Number": "101"}}),
        ("/Receptionists(81)", {"Forwards": [{"Input": "1", "ForwardType": "Extension", "ForwardDN": "101"}]}),
        ("/Receptionists(82)", {"TimeoutForwardType": "Extension", "TimeoutForwardDN": "101"}),
        ("/Receptionists(82)", {"InvalidKeyForwardDN": "101"}),
        ("/InboundRules(1)", {"OfficeHoursDestination": {"To": "VoiceMail", "Number": "101"}}),
        ("/WebsiteLinks('sales')", {"DN": {"Number": "101"}}),
        ("/Fxs('C074AD000099')", {"FxsLines": [{"Key": 1, "Number": "101"}]}),
    ):
        assert pbx.ask("PATCH", path, body).status == 204, path
    assert pbx.ask("POST", "/DNProperties/Pbx.CreateDNProperty", PROPERTY | {"dnNumber": "101"}).status == 204

    assert pbx.ask("DELETE", "/Users(12)").status == 204

    assert "101" not in [agent["Number"] for agent in pbx.get("/Queues(61)/Agents").rows]
    assert pbx.get("/Queues(61)/Managers").rows == []
    assert pbx.get("/Queues(61)").json["ForwardNoAnswer"]["To"] == "None"
    assert pbx.get("/RingGroups(71)/Members").rows == []
    assert user(pbx, "102")["ForwardingProfiles"][0]["AwayRoute"]["Internal"]["To"] == "None"
    (key,) = pbx.get("/Receptionists(81)/Forwards").rows
    assert (key["ForwardType"], key["ForwardDN"]) == ("EndCall", "")
    menu = pbx.get("/Receptionists(82)").json
    assert (menu["TimeoutForwardType"], menu["TimeoutForwardDN"], menu["InvalidKeyForwardDN"]) == ("EndCall", "", "")
    assert pbx.get("/InboundRules(1)").json["OfficeHoursDestination"]["To"] == "None"
    assert "DN" not in pbx.get("/WebsiteLinks('sales')?$expand=DN").json
    assert pbx.get("/Fxs('C074AD000099')").json["FxsLines"][0]["Number"] == ""
    assert "101" not in [member["Number"] for member in pbx.get("/Groups(2)/Members").rows]
    assert pbx.get("/DeviceInfos(1)").json["Assigned"] is False
    assert "805EC0000001" not in [device["Registrar"]["MAC"] for device in pbx.get("/SipDevices").rows]
    assert pbx.ask("POST", "/Users", {"Number": "101"}).status == 201
    assert pbx.get("/DNProperties/Pbx.GetPropertiesByDn(dnNumber='101')").rows == []


PROPERTY = {"property": {"Name": "note", "Value": "x"}}


def test_a_renamed_user_is_shown_by_the_new_name(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Users(12)", {"LastName": "Newname"}).status == 204
    assert pbx.get("/Users(12)").json["DisplayName"] == "Tomás Newname"
    assert pbx.get("/Queues(61)").json["ForwardNoAnswer"]["Name"] == "Newname, Tomás"
    assert pbx.get("/Queues(61)/Agents").rows[0]["Name"] == "Newname, Tomás"
    assert pbx.get("/Groups(2)/Members").rows[0]["MemberName"] == "Newname, Tomás"


def test_a_trunk_with_another_number_is_followed(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Trunks(101)", {"Number": "10009"}).status == 204
    assert pbx.get("/InboundRules(1)?$expand=TrunkDN").json["TrunkDN"]["Number"] == "10009"
    assert pbx.ask("PATCH", "/Trunks(101)", {"Gateway": {"Name": "Leeds SIP"}}).status == 204
    assert pbx.get("/OutboundRules(2)").json["Routes"][0]["TrunkName"] == "Leeds SIP"
    assert pbx.get("/Trunks(101)").json["Gateway"]["Host"] == "sip.london.example.com"


def test_a_deleted_trunk_takes_its_rules_and_routes(pbx: Line) -> None:
    rule = {"RuleName": "US", "Condition": "BasedOnDID", "Data": "+12025550100", "TrunkDN": {"Number": "10001"}}
    made = pbx.ask("POST", "/InboundRules", rule).json
    assert pbx.ask("DELETE", "/Trunks(102)").status == 204
    assert pbx.get(f"/InboundRules({made['Id']})").status == 404
    assert pbx.get("/OutboundRules(4)").json["Routes"] == [{"Prepend": "", "StripDigits": 0, "TrunkId": -1}] * 5
    assert [did["Number"] for did in pbx.get("/DidNumbers").rows] == [f"+44207946010{n}" for n in range(3)]


def test_phones_devices_and_registrations_go_together(pbx: Line) -> None:
    phone = {"MacAddress": "80:5e:c0:00:00:aa", "Name": "Yealink T54W", "TemplateName": "yealink.ph.xml"}
    kept = user(pbx, "101")["Phones"]
    assert pbx.ask("PATCH", "/Users(12)", {"Phones": [*kept, phone]}).status == 204
    shown = user(pbx, "101")["Phones"]
    assert [one["MacAddress"] for one in shown] == ["805EC0000001", "805EC00000AA"]
    assert len({one["Id"] for one in shown} - {0}) == 2
    registered = whole.rows(pbx, "SipDevices")[-1]
    assert (registered["DN"]["Number"], registered["Registrar"]["MAC"]) == ("101", "805EC00000AA")
    assert pbx.ask("PATCH", "/Users(12)", {"Phones": []}).status == 204
    assert "AssignedUser" not in pbx.get("/DeviceInfos(1)").json
    assert len(pbx.get("/SipDevices").rows) == 11


def test_the_rule_for_an_outbound_rule_s_place_and_names(pbx: Line) -> None:
    body = {"Name": "Last", "Prefix": "9", "GroupIds": [2, 3], "Routes": [{"TrunkId": 102}]}
    made = pbx.ask("POST", "/OutboundRules", body).json
    assert (made["Priority"], made["GroupNames"]) == (5, ["Sales", "Support"])
    assert made["Routes"][0]["TrunkName"] == "New York SIP"
