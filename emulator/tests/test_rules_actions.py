"""Actions on people, phones, lines and rules: what is different afterwards."""

from __future__ import annotations

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest

from . import whole
from .conftest import Dial, Line

OLD_OPTIONS = ("SipAuth", "WebclientPassword", "VoicemailPIN", "DeskphonePassword", "SendWelcomeEmail")
OPTIONS = dict.fromkeys((*OLD_OPTIONS, "ConfigurationLink", "RpsKey"), False)
SECRETS = ("AuthID", "AuthPassword", "AccessPassword", "VMPIN", "DeskphonePassword")
MAC = "805EC0000002"


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def user(line: Line, id_: Any) -> Any:
    return next(row for row in whole.rows(line, "Users") if row["Id"] == id_)


def test_batch_delete_says_what_became_of_each(pbx: Line) -> None:
    """3CX's own example answers with an empty list where all went well."""
    assert pbx.ask("POST", "/Users/Pbx.BatchDelete", {"ids": [12, 13]}).rows == []
    answer = pbx.ask("POST", "/Users/Pbx.BatchDelete", {"ids": [14, 11, 9999]})
    assert answer.rows == [
        {"ExtensionNumber": "100", "Error": "WARNINGS.OPERATOR_CANNOT_BE_DELETED"},
        {"ExtensionNumber": "9999", "Error": "WARNINGS.XAPI.NOT_FOUND"},
    ]
    assert pbx.get("/Users?$count=true&$top=0").json["@odata.count"] == 37


def test_bulk_update_changes_all_or_none(pbx: Line) -> None:
    changed = {"Language": "DE", "Groups": [{"GroupId": 3}], "Id": 0}
    assert pbx.ask("POST", "/Users/Pbx.BulkUpdate", {"ids": [12, 13], "user": changed}).status == 204
    for id_ in (12, 13):
        shown = user(pbx, id_)
        assert (shown["Language"], [row["Name"] for row in shown["Groups"]]) == ("DE", ["Support"])
        assert shown["Number"] == str(89 + id_)
    refused = {"Language": "FR", "VMPIN": "x"}
    assert pbx.ask("POST", "/Users/Pbx.BulkUpdate", {"ids": [12, 13], "user": refused}).status == 400
    assert user(pbx, 12)["Language"] == "DE"


def test_multi_user_update_leaves_what_differs(pbx: Line) -> None:
    before = user(pbx, 12)
    fields: dict[str, Any] = {
        "RecordCalls": False,
        "Enabled": None,
        "Mobile": None,
        "Groups": [],
        "ForwardingProfiles": [],
        "Number": "x",
    }
    assert pbx.ask("POST", "/Users/Pbx.MultiUserUpdate", {"ids": [12, 22], "user": fields}).status == 204
    assert user(pbx, 12) == {**before, "RecordCalls": False}
    assert user(pbx, 22)["RecordCalls"] is False


@pytest.mark.parametrize(
    ("option", "fields"),
    [
        ("SipAuth", {"AuthID", "AuthPassword"}),
        ("WebclientPassword", {"AccessPassword"}),
        ("VoicemailPIN", {"VMPIN"}),
        ("DeskphonePassword", {"DeskphonePassword"}),
        ("RpsKey", set()),
    ],
)
def test_secrets_are_made_anew_as_asked(pbx: Line, option: str, fields: Any) -> None:
    before = user(pbx, 12)
    assert pbx.ask("POST", "/Users(12)/Pbx.Regenerate", {"opts": {**OPTIONS, option: True}}).status == 204
    after = user(pbx, 12)
    assert {field for field in before if before[field] != after[field]} <= fields
    assert all(before[field] != after[field] or field == "VMPIN" for field in fields)
    assert pbx.get("/Users(12)/Pbx.GetPhoneSecret()").json["value"] == after["DeskphonePassword"]


def test_secrets_of_many(pbx: Line) -> None:
    before = {id_: user(pbx, id_) for id_ in (12, 13, 14)}
    body = {"Ids": [12, 13], "opts": {**OPTIONS, "SipAuth": True}}
    assert pbx.ask("POST", "/Users/Pbx.RegeneratePasswords", body).status == 204
    changed = [id_ for id_, row in before.items() if user(pbx, id_)["AuthPassword"] != row["AuthPassword"]]
    assert changed == [12, 13]
    assert pbx.ask("POST", "/Users/Pbx.RegeneratePasswords", {**body, "Ids": [14, 9999]}).status == 400
    assert user(pbx, 14) == before[14]


def test_older_versions_have_the_options_in_the_body(dial: Dial) -> None:
    line = dial(version="pre-20.0.5")
    before = user(line, 12)
    body = dict.fromkeys((*OLD_OPTIONS, "ConfigurationLink", "RpsKey"), False)
    assert line.ask("POST", "/Users(12)/Pbx.Regenerate", {**body, "SipAuth": True}).status == 204
    assert user(line, 12)["AuthPassword"] != before["AuthPassword"]


def test_a_configuration_link_lasts_until_it_is_made_anew(pbx: Line) -> None:
    link = pbx.get("/Users(12)/Pbx.GenerateProvLink()").json["value"]
    assert pbx.get("/Users(12)/Pbx.GenerateProvLink()").json["value"] == link
    assert pbx.get("/Users(13)/Pbx.GenerateProvLink()").json["value"] != link
    opts = {**OPTIONS, "ConfigurationLink": True}
    assert pbx.ask("POST", "/Users(12)/Pbx.Regenerate", {"opts": opts}).status == 204
    assert pbx.get("/Users(12)/Pbx.GenerateProvLink()").json["value"] != link


def test_nobody_is_welcomed_without_an_address(pbx: Line) -> None:
    assert pbx.ask("POST", "/Users(12)/Pbx.SendWelcomeEmail").status == 204
    made = pbx.ask("POST", "/Users", {"Number": "150"}).json
    answer = pbx.ask("POST", f"/Users({made['Id']})/Pbx.SendWelcomeEmail")
    assert (answer.status, answer.message) == (400, "EmailAddress:\nWARNINGS.XAPI.REQUIRED")


def test_extensions_are_exported_as_they_are(pbx: Line) -> None:
    found = table(pbx.get("/Users/Pbx.ExportExtensions()"))
    assert [row["Number"] for row in found] == [str(number) for number in range(100, 140)]
    assert found[1]["EmailAddress"] == "ext101@example.com"
    chosen = table(pbx.get("/Users/Pbx.ExportExtensions()?$select=Number&$filter=LastName eq 'Wren'"))
    assert chosen == [{"Number": "105"}]


def test_who_is_monitored(dial: Dial) -> None:
    line = dial(version="20.0.7")
    assert line.ask("POST", "/Users(12)/Pbx.SetMonitorStatus", {"days": 2}).status == 204
    assert [row["DN"] for row in line.get("/Users/Pbx.GetMonitorStatus()").rows] == ["101"]
    assert line.ask("POST", "/Users(12)/Pbx.SetMonitorStatus", {"days": 0}).status == 204
    assert line.get("/Users/Pbx.GetMonitorStatus()").rows == []


def test_greetings(pbx: Line) -> None:
    record = {"dn": "101", "filename": "away.wav"}
    assert pbx.ask("POST", "/Users(12)/Pbx.MakeCallUserRecordGreeting", record).status == 204
    many = pbx.ask("POST", "/Users/Pbx.GetMultiEditGreetings", {"ids": [12, 13]}).rows
    assert [row["Filename"] for row in many] == ["default.wav", "away.wav"]
    sound = pbx.get("/Users/Pbx.DownloadGreeting(userId=12,fileName='away.wav')")
    assert (sound.status, sound.headers["content-type"]) == (200, "audio/x-wav")
    missing = pbx.get("/Users/Pbx.DownloadGreeting(userId=13,fileName='away.wav')")
    assert (missing.status, missing.message) == (400, "WARNINGS.XAPI.FILE_NOT_FOUND")
    body = {"ids": [12, 13], "filename": "away.wav"}
    assert pbx.ask("POST", "/Users/Pbx.MultiDeleteGreeting", body).status == 204
    assert [row["Filename"] for row in pbx.get("/Users(12)/Greetings").rows] == ["default.wav"]


def test_phones_by_their_mac_address(pbx: Line) -> None:
    shown = pbx.get(f"/Users/Pbx.GetPhoneRegistrar(mac='{MAC}')").json
    assert (shown["MAC"], shown["Model"]) == (MAC, "T57W")
    assert pbx.get("/Users/Pbx.GetPhoneRegistrar(mac='805EC0FFFFFF')").status == 404
    asked = {"macs": ["80:5e:c0:00:00:02", "805EC0FFFFFF"]}
    assert [row["MAC"] for row in pbx.ask("POST", "/Users/Pbx.GetPhoneRegistrars", asked).rows] == [MAC]
    for action in ("RebootPhone", "ReprovisionPhone"):
        assert pbx.ask("POST", f"/Users/Pbx.{action}", {"mac": MAC}).status == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Users/Pbx.UpgradePhone", {"mac": MAC, "useragent": "", "version": "96.86.0.70"}),
        ("/Users/Pbx.InstallFirmware", {"phone": {"Model": "T57W"}}),
        ("/Firmwares('yealink-t57w')/Pbx.PushFirmwareForPhones", None),
        ("/SipDevices(2)/Pbx.PushFirmware", {"firmwareId": "yealink-t57w"}),
    ],
)
def test_firmware_reaches_the_phones(pbx: Line, path: str, body: dict[str, Any] | None) -> None:
    old = {"mac": MAC, "useragent": "", "version": "1.0"}
    assert pbx.ask("POST", "/Users/Pbx.UpgradePhone", old).status == 204
    assert pbx.get(f"/Users/Pbx.GetPhoneRegistrar(mac='{MAC}')").json["FirmwareVersion"] == "1.0"
    assert pbx.ask("POST", path, body).status == 204
    assert pbx.get(f"/Users/Pbx.GetPhoneRegistrar(mac='{MAC}')").json["FirmwareVersion"] == "96.86.0.70"
    assert pbx.get("/DeviceInfos(2)").json["FirmwareVersion"] == "96.86.0.70"


def test_a_device_is_given_to_a_user(pbx: Line) -> None:
    give = "/DeviceInfos(15)/Pbx.Provision"
    assert pbx.ask("POST", give, {"userId": 30, "reprovision": False}).status == 204
    assert pbx.get("/DeviceInfos(15)").json["AssignedUser"].startswith("119 ")
    assert pbx.ask("POST", give, {"userId": 31, "reprovision": False}).status == 400
    assert pbx.ask("POST", give, {"userId": 31, "reprovision": True}).status == 204
    assert pbx.get("/DeviceInfos(15)").json["AssignedUser"].startswith("120 ")
    assert user(pbx, 30)["Phones"] == []
    (phone,) = user(pbx, 31)["Phones"]
    assert phone["MacAddress"] == pbx.get("/DeviceInfos(15)").json["MAC"]


def test_a_gateway_s_password_is_made_anew(pbx: Line) -> None:
    path = "/Fxs('C074AD000099')"
    before = pbx.get(path).json.get("Password")
    shown = pbx.ask("POST", f"{path}/Pbx.RegenerateWebCredentials").json
    assert shown["Password"] == pbx.get(path).json["Password"] != before


def test_only_a_connected_border_controller_can_be_configured(pbx: Line) -> None:
    assert pbx.ask("POST", "/Sbcs('100000000001')/Pbx.PushConfig").status == 204
    assert pbx.ask("POST", "/Sbcs", {"Name": "2", "DisplayName": "Barn"}).status == 201
    assert pbx.ask("POST", "/Sbcs('2')/Pbx.PushConfig").status == 400


def test_what_a_department_may_have(pbx: Line) -> None:
    props = {"UserNumberFrom": "100", "UserNumberTo": "119", "TrunksMaxCount": 2}
    assert pbx.ask("PATCH", "/Groups(2)", {"Props": props}).status == 204
    shown = pbx.get("/Groups(2)/Pbx.GetRestrictions()").json
    assert shown["Users"] == {"Allowed": 20, "Unlimited": False, "Used": 9}
    assert shown["Trunks"] == {"Allowed": 2, "Unlimited": False, "Used": 0}
    assert shown["Sbcs"] == {"Unlimited": True, "Used": 0}
    default = pbx.get("/Groups(1)/Pbx.GetRestrictions()").json
    assert (default["System"]["Used"], default["Trunks"]["Used"], default["LiveChats"]["Used"]) == (7, 2, 8)


def test_a_trunk_to_start_from(pbx: Line) -> None:
    start = pbx.get("/Trunks/Pbx.InitTrunk(template='example.pv.xml')").json
    assert (start["Id"], start["Number"], start["Gateway"]["Name"]) == (0, "10002", "Example SIP")
    assert pbx.get("/Trunks/Pbx.InitTrunk(template='nope')").status == 404
    assert pbx.get("/Trunks/Pbx.InitMasterBridge()").json["Gateway"]["Type"] == "BridgeMaster"
    assert pbx.get("/Trunks/Pbx.InitSlaveBridge()").json["Gateway"]["Type"] == "BridgeSlave"
    assert pbx.get("/Trunks?$count=true&$top=0").json["@odata.count"] == 2


def test_a_trunk_as_xml(pbx: Line) -> None:
    answer = pbx.get("/Trunks(101)/Pbx.ExportTrunk()")
    provider = ElementTree.fromstring(answer.body).find("provider")
    assert provider.findtext("Host") == "sip.london.example.com"
    assert [did.text for did in provider.findall("DID")] == [f"+44207946010{n}" for n in range(3)]
    assert b"assword" not in answer.body


def test_a_trunk_is_examined(pbx: Line) -> None:
    bare = pbx.ask("POST", "/Trunks", {"Number": "10005", "EnableInboundCalls": False, "EnableOutboundCalls": False})
    codes = [row["Code"] for row in pbx.ask("POST", f"/Trunks({bare.json['Id']})/Pbx.RunAnalysis").rows]
    assert codes[:2] == ["TrunkIsDisabled", "RegistrarIsNotSet"]
    assert pbx.ask("POST", "/Trunks/Pbx.RefreshRegistration", {"id": bare.json["Id"]}).status == 204
    assert pbx.get(f"/Trunks({bare.json['Id']})").json["IsOnline"] is False
    assert pbx.ask("POST", "/Trunks/Pbx.RefreshRegistration", {"id": 101}).status == 204
    assert pbx.get("/Trunks(101)").json["IsOnline"] is True


@pytest.mark.parametrize(
    ("trunk", "number", "code"),
    [
        (101, "02079460123", "OutboundCallSuccessful"),
        (102, "12025550123", "OutboundCallSuccessful"),
        (102, "02079460123", "OutboundCallFailed"),
        (101, "5", "OutboundCallFailed"),
    ],
)
def test_where_a_number_goes_out(pbx: Line, trunk: int, number: str, code: str) -> None:
    body = {"contact": "100", "destination": number}
    result = pbx.ask("POST", f"/Trunks({trunk})/Pbx.TestOutboundCall", body).json
    assert result["Reports"][-1]["Code"] == code
    assert len(result["Log"]) == len(result["Reports"])


def test_where_calls_of_a_trunk_come_in(pbx: Line) -> None:
    reports = pbx.ask("POST", "/Trunks(101)/Pbx.TestInboundCall").json["Reports"]
    ways = [report["Params"] for report in reports if report["Code"] == "ForwardingInfo"]
    assert ways == [["Sales line", "800"], ["Support line", "801"], ["Head office", "820"]]


def test_numbers_are_routed_to_a_dn(pbx: Line) -> None:
    one, two = "+442079460100", "+442079460101"
    set_routes = "/Trunks/Pbx.SetRoutes"
    routes = [{"DID": did, "TrunkId": 101, "DisplayName": "Direct"} for did in (one, two)]
    assert pbx.ask("POST", set_routes, {"routes": {"Id": 12, "Routes": routes}}).status == 204

    def leading_to(number: Any) -> Any:
        rules = pbx.get("/InboundRules").rows
        return [rule["Data"] for rule in rules if rule["OfficeHoursDestination"]["Number"] == number]

    assert leading_to("101") == [one, two]
    assert pbx.get("/InboundRules?$count=true&$top=0").json["@odata.count"] == 3
    assert pbx.ask("POST", set_routes, {"routes": {"Id": 12, "Routes": routes[:1]}}).status == 204
    assert leading_to("101") == [one]
    assert pbx.ask("POST", set_routes, {"routes": {"Id": 62, "Routes": routes[1:]}}).status == 204
    assert leading_to("801") == [two]
    shown = {did["Number"]: did for did in pbx.get("/DidNumbers?$expand=RoutingRule").rows}
    assert shown[two]["RoutingRule"]["OfficeHoursDestination"]["Number"] == "801"


def test_a_provider_s_trunk_is_made_with_its_rule(pbx: Line) -> None:
    phone = {"PhoneNumber": "+12025550177", "Sid": "1"}
    rule = {"RuleName": "Main", "OfficeHoursDestination": {"To": "Queue", "Number": "800"}}
    model = {
        "Name": "Cloud",
        "Type": "Twilio",
        "PhoneNumbers": [phone],
        "DefaultRule": rule,
        "Groups": [{"GroupId": 1}],
    }
    refused = {**model, "DefaultRule": {"RuleName": "Main", "OfficeHoursDestination": {"To": "Queue", "Number": "999"}}}
    finalize = "/Trunks/Pbx.FinalizeTrunkProvisioning"
    for wrong in (refused, {**model, "DefaultRule": {**rule, "RuleName": "x" * 51}}):  # type: ignore[dict-item]
        assert pbx.ask("POST", finalize, {"model": wrong}).status == 400
    assert pbx.get("/Trunks?$count=true&$top=0").json["@odata.count"] == 2
    made = pbx.ask("POST", finalize, {"model": model}).json
    assert (made["Number"], made["DidNumbers"]) == ("10002", ["+12025550177"])
    assert pbx.get("/InboundRules?$expand=TrunkDN").rows[-1]["TrunkDN"]["Number"] == "10002"


def test_outbound_rules_move(pbx: Line) -> None:
    def order() -> Any:
        return [row["Id"] for row in pbx.get("/OutboundRules?$orderby=Priority").rows]

    for id_, up, expected in (
        (3, True, [1, 3, 2, 4]),
        (1, True, [1, 3, 2, 4]),
        (1, False, [3, 1, 2, 4]),
        (4, False, [3, 1, 2, 4]),
    ):
        assert pbx.ask("POST", "/OutboundRules/Pbx.MoveUpDown", {"id": id_, "up": up}).status == 204
        assert order() == expected
    assert [row["Name"] for row in pbx.get("/OutboundRules/Pbx.GetEmergencyOutboundRules()").rows] == ["Emergency"]
    assert pbx.ask("POST", "/OutboundRules/Pbx.Purge", {"purgeObject": {"Ids": [1, 2]}}).status == 204
    assert order() == [3, 4]


def test_rules_by_caller_are_exported(pbx: Line) -> None:
    rule = {"RuleName": "VIP", "Condition": "BasedOnCallerID", "Data": "+12025550123", "TrunkDN": {"Number": "10000"}}
    rule["OfficeHoursDestination"] = {"To": "Extension", "Number": "100"}
    assert table(pbx.get("/InboundRules/Pbx.ExportCallerIdRules()")) == []
    assert pbx.ask("POST", "/InboundRules", rule).status == 201
    (row,) = table(pbx.get("/InboundRules/Pbx.ExportCallerIdRules()"))
    assert (row["RuleName"], row["Data"], row["Destination"], row["Trunk"]) == ("VIP", "+12025550123", "100", "10000")


def test_properties_of_a_dn(pbx: Line) -> None:
    def act(action: Any, **body: Any) -> Any:
        return pbx.ask("POST", f"/DNProperties/Pbx.{action}", {"dnNumber": "800", **body}).status

    note = {"Name": "note", "Value": "x"}
    assert act("CreateDNProperty", property=note) == 204
    assert act("CreateDNProperty", property=note) == 400
    assert act("UpdateDNProperty", property={**note, "Value": "y"}) == 204
    assert act("UpdateDNProperty", property={**note, "Name": "other"}) == 400
    shown = pbx.get("/DNProperties/Pbx.GetDNPropertyByName(dnNumber='800',name='note')").json
    assert (shown["Value"], shown["Id"]) == ("y", 1)
    assert [row["Name"] for row in pbx.get("/DNProperties/Pbx.GetPropertiesByDn(dnNumber='800')").rows] == ["note"]
    assert act("DeleteDNProperty", propertyName="note") == 204
    assert pbx.get("/DNProperties/Pbx.GetDNPropertyByName(dnNumber='800',name='note')").status == 404


def test_emergency_locations_are_replaced_as_a_list(pbx: Line) -> None:
    update = "/EmergencyGeoLocations/Pbx.Update"
    new = [{"Id": "1", "FriendlyName": "London"}, {"Id": "", "FriendlyName": "Leeds"}]
    assert pbx.ask("POST", update, {"locations": new}).status == 204
    shown = [(row["Id"], row["FriendlyName"]) for row in pbx.get("/EmergencyGeoLocations").rows]
    assert shown == [("1", "London"), ("2", "Leeds")]
    assert pbx.ask("PATCH", "/Users(12)", {"EmergencyLocationId": "2"}).status == 204
    assert pbx.ask("POST", update, {"locations": new[:1]}).status == 400
    assert len(pbx.get("/EmergencyGeoLocations").rows) == 2


@pytest.mark.parametrize(
    ("name", "pair", "status"),
    [
        ("brand-new", "100", 204),
        ("ext101", "101", 204),
        ("ext101", "12", 204),
        ("ext101", "102", 400),
        ("sales", "800", 204),
        ("Sales", "101", 400),
        ("", "100", 400),
    ],
)
def test_whether_a_link_is_free(quiet: Line, name: str, pair: str, status: int) -> None:
    answer = quiet.ask("POST", "/WebsiteLinks/Pbx.ValidateLink", {"model": {"FriendlyName": name, "Pair": pair}})
    assert answer.status == status
    assert status == 204 or answer.json["error"]["details"][0]["target"] == "FriendlyName"


def test_contacts_by_source(pbx: Line) -> None:
    assert pbx.ask("POST", "/Contacts/Pbx.DeletePersonalContactsByType", {"contactSource": "CRM"}).status == 204
    assert (
        pbx.ask("POST", "/Contacts/Pbx.DeleteContactsByType", {"contactSource": "CRM", "number": "100"}).status == 204
    )
    assert pbx.get("/Contacts?$count=true&$top=0").json["@odata.count"] == 60
    assert pbx.ask("POST", "/Contacts/Pbx.DeleteContactsByType", {"contactSource": "CRM"}).status == 204
    assert pbx.get("/Contacts?$filter=ContactType eq 'CRM'").rows == []
    assert pbx.get("/Contacts?$count=true&$top=0").json["@odata.count"] == 50


def test_how_the_directory_is_searched(pbx: Line) -> None:
    sent = {"ExchangeServerUrl": "https://mail.example.com", "ExchangeUser": "ada"}
    assert pbx.ask("POST", "/Contacts/Pbx.SetDirSearchSettings", {"dirSearchSettings": sent}).status == 204
    shown = pbx.get("/Contacts/Pbx.GetDirSearchSettings()").json
    assert (shown["ExchangeServerUrl"], shown["ExchangeUser"]) == ("https://mail.example.com", "ada")


def test_who_can_be_reported_on(pbx: Line) -> None:
    kinds = {row["Type"] for row in pbx.get("/Peers/Pbx.GetReportPeers()").rows}
    assert kinds == {"Extension", "Queue", "RingGroup"}
    wanted = {"peersRequest": {"DnNumbers": ["100", "820"], "IsReportPeers": True}}
    assert [row["Number"] for row in pbx.ask("POST", "/Peers/Pbx.RetreivePeersByNumbers", wanted).rows] == ["100"]


def test_addresses_that_are_taken(pbx: Line) -> None:
    asked = {"emails": ["EXT101@example.com", "new@example.com", ""]}
    assert pbx.ask("POST", "/Users/Pbx.GetDuplicatedEmails", asked).rows == ["EXT101@example.com"]
