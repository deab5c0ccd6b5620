"""The functions and actions that do what a 3CX does."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Dial, Line


@pytest.mark.parametrize(
    ("path", "name", "ids", "left"),
    [
        ("/Fax/Pbx.BulkFaxDelete", "Fax", [121, 122, 122, 9999], 10),
        ("/Blocklist/Pbx.BulkIpsDelete", "Blocklist", [1, 2, 3], 7),
        ("/BlackListNumbers/Pbx.BulkNumbersDelete", "BlackListNumbers", ["1", "nope"], 4),
        ("/WebsiteLinks/Pbx.BulkLinksDelete", "WebsiteLinks", ["sales", "o'brien-münchen"], 6),
        ("/Contacts/Pbx.DeleteContactsById", "Contacts", list(range(1, 31)), 30),
        ("/InboundRules/Pbx.BulkInboundRulesDelete", "InboundRules", [1], 2),
        ("/Recordings/Pbx.BulkRecordingsDelete", "Recordings", [1, 2], 343),
    ],
)
def test_bulk_deletes(pbx: Line, path: str, name: str, ids: Any, left: int) -> None:
    answer = pbx.ask("POST", path, {"ids": ids})
    assert answer.status == 204
    assert pbx.get(f"/{name}?$count=true&$top=0").json["@odata.count"] == left


def test_older_versions_call_it_otherwise(dial: Dial) -> None:
    line = dial(version="20.0.8")
    assert line.ask("POST", "/Contacts/Pbx.BatchContactsDelete", {"ids": [1, 2]}).status == 204
    assert line.get("/Contacts?$count=true&$top=0").json["@odata.count"] == 58


def test_deleting_users_answers_with_those_that_could_not_be(pbx: Line) -> None:
    answer = pbx.ask("POST", "/Users/Pbx.BatchDelete", {"ids": [12, 9999]})
    assert answer.rows == [{"ExtensionNumber": "9999", "Error": "WARNINGS.XAPI.NOT_FOUND"}]
    assert pbx.get("/Users(12)").status == 404


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/EventLogs/Pbx.PurgeEventLog", "EventLogs"),
        ("/Recordings/Pbx.PurgeLocal", "Recordings"),
        ("/Backups/Pbx.PurgeLocalBackups", "Backups"),
    ],
)
def test_purges(pbx: Line, path: str, name: str) -> None:
    assert pbx.ask("POST", path).status == 204
    assert pbx.get(f"/{name}").rows == []


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/Users/Pbx.GetFirstAvailableExtensionNumber()", "140"),
        ("/Queues/Pbx.GetFirstAvailableQueueNumber()", "803"),
        ("/Trunks/Pbx.GetFirstAvailableTrunkNumber()", "10002"),
        ("/Fax/Pbx.InitFax()", "900"),
    ],
)
def test_free_numbers(pbx: Line, path: str, number: str) -> None:
    assert pbx.get(path).json["Number"] == number


def test_a_fax_to_start_from_is_not_stored(pbx: Line) -> None:
    start = pbx.get("/Fax/Pbx.InitFax()").json
    assert start["Id"] == 0
    assert pbx.get(f"/Fax(Number='{start['Number']}')").status == 404
    fields = {name: value for name, value in start.items() if not name.startswith("@")}
    assert pbx.ask("POST", "/Fax", fields).status == 201
    assert pbx.get("/Fax/Pbx.InitFax()").json["Number"] == "901"


def test_lookups(pbx: Line) -> None:
    contact = pbx.get("/Contacts(3)").json
    assert [row["Id"] for row in pbx.get("/Contacts/Pbx.GetContactsByNumber(number='%2B12025550103')").rows] == [3]
    assert contact["PhoneNumber"] == "+12025550103"
    assert pbx.get("/Parameters/Pbx.GetParameterByName(name='MAXCALLTIME')").json["Value"] == "7200"
    assert pbx.get("/Parameters/Pbx.GetParameterByName(name='NOPE')").status == 404
    wanted = {"peersRequest": {"DnNumbers": ["100", "800"], "IsReportPeers": False}}
    assert [row["Type"] for row in pbx.ask("POST", "/Peers/Pbx.RetreivePeersByNumbers", wanted).rows] == [
        "Extension",
        "Queue",
    ]
    assert pbx.get("/Users(12)/Pbx.HasDuplicatedEmail()").json["value"] is False


def test_services_stop_and_start(pbx: Line) -> None:
    body = {"options": {"ServiceNames": ["IVR"]}}
    state = "/Services?$filter=Name eq 'IVR'&$select=Status"
    for action, status in (("Stop", "Stopped"), ("Start", "Running")):
        assert pbx.ask("POST", f"/Services/Pbx.{action}", body).status == 204
        assert pbx.get(state).rows == [{"Status": status}]


def test_an_export_is_csv(pbx: Line) -> None:
    answer = pbx.get("/Users/Pbx.ExportExtensions()?$select=Number,FirstName&$top=1")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.body == b"Number,FirstName\r\n100,Amara\r\n"


def test_several_users_are_changed_alike(pbx: Line) -> None:
    changed = {"Language": "DE", "Number": "x", "Id": 0}
    assert pbx.ask("POST", "/Users/Pbx.BulkUpdate", {"ids": [12, 13, 9999], "user": changed}).status == 204
    fields: dict[str, Any] = {"Groups": [], "Number": "x", "RecordCalls": False, "Mobile": None}
    assert pbx.ask("POST", "/Users/Pbx.MultiUserUpdate", {"ids": [13], "user": fields}).status == 204
    shown = pbx.get("/Users?$filter=Id eq 12 or Id eq 13&$select=Language,Number,RecordCalls&$expand=Groups").rows
    assert [(row["Language"], row["Number"]) for row in shown] == [("DE", "101"), ("DE", "102")]
    assert shown[1]["RecordCalls"] is False
    assert all(row["Groups"] for row in shown)


OPTIONS = ("SipAuth", "WebclientPassword", "VoicemailPIN", "DeskphonePassword", "SendWelcomeEmail", "ConfigurationLink")
SECRETS = ("AuthID", "AuthPassword", "AccessPassword", "VMPIN", "DeskphonePassword")


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.10"])
def test_what_a_user_signs_in_with_is_made_anew_as_asked(dial: Dial, version: str) -> None:
    line = dial(version=version)
    one, other = (line.get(f"/Users({id_})").json for id_ in (12, 13))
    options = {**dict.fromkeys((*OPTIONS, "RpsKey"), False), "SipAuth": True}
    body = options if version == "pre-20.0.5" else {"opts": options}
    assert line.ask("POST", "/Users(12)/Pbx.Regenerate", body).status == 204
    after = line.get("/Users(12)").json
    assert {name for name in SECRETS if one[name] != after[name]} == {"AuthID", "AuthPassword"}
    assert line.ask("POST", "/Users/Pbx.RegeneratePasswords", {"Ids": [13], **body}).status == 204
    assert line.get("/Users(13)").json["AuthPassword"] != other["AuthPassword"]


@pytest.mark.parametrize(
    ("template", "name"), [("example.pv.xml", "Example SIP"), ("1cx.pv.xml", "1cx"), ("of their own", "of their own")]
)
def test_a_trunk_to_start_from_is_not_stored(pbx: Line, template: str, name: str) -> None:
    trunk = pbx.get(f"/Trunks/Pbx.InitTrunk(template='{template}')").json
    assert (trunk["Id"], trunk["Number"], trunk["Gateway"]["Name"]) == (0, "10002", name)
    assert pbx.get("/Trunks?$count=true&$top=0").json["@odata.count"] == 2


def test_phones_by_their_mac_address(pbx: Line) -> None:
    mac = "805EC0000002"
    assert pbx.get(f"/Users/Pbx.GetPhoneRegistrar(mac='{mac}')").json["Model"] == "T57W"
    assert pbx.get("/Users/Pbx.GetPhoneRegistrar(mac='805EC0FFFFFF')").status == 404
    asked = {"macs": ["80:5e:c0:00:00:02", "805EC0FFFFFF"]}
    assert [row["MAC"] for row in pbx.ask("POST", "/Users/Pbx.GetPhoneRegistrars", asked).rows] == [mac]


def test_properties_of_a_dn(pbx: Line) -> None:
    def act(action: Any, **body: Any) -> Any:
        return pbx.ask("POST", f"/DNProperties/Pbx.{action}", {"dnNumber": "800", **body}).status

    assert act("CreateDNProperty", property={"Name": "note", "Value": "x"}) == 204
    assert act("UpdateDNProperty", property={"Name": "note", "Value": "y"}) == 204
    shown = pbx.get("/DNProperties/Pbx.GetDNPropertyByName(dnNumber='800',name='note')").json
    assert (shown["Value"], shown["Id"]) == ("y", 1)
    assert [row["Name"] for row in pbx.get("/DNProperties/Pbx.GetPropertiesByDn(dnNumber='800')").rows] == ["note"]
    assert act("DeleteDNProperty", propertyName="note") == 204
    assert pbx.get("/DNProperties/Pbx.GetDNPropertyByName(dnNumber='800',name='note')").status == 404


def test_contacts_by_source(pbx: Line) -> None:
    def left(body: dict[str, Any], action: str = "DeleteContactsByType") -> Any:
        assert pbx.ask("POST", f"/Contacts/Pbx.{action}", body).status == 204
        return pbx.get("/Contacts?$count=true&$top=0").json["@odata.count"]

    assert left({"contactSource": "CRM"}, "DeletePersonalContactsByType") == 60
    assert left({"contactSource": "CRM", "number": "100"}) == 60
    assert left({"contactSource": "CRM"}) == 50


def test_peers_that_reports_know(pbx: Line) -> None:
    assert {row["Type"] for row in pbx.get("/Peers/Pbx.GetReportPeers()").rows} == {"Extension", "Queue", "RingGroup"}
    wanted = {"peersRequest": {"DnNumbers": ["100", "820"], "IsReportPeers": True}}
    assert [row["Number"] for row in pbx.ask("POST", "/Peers/Pbx.RetreivePeersByNumbers", wanted).rows] == ["100"]


def test_addresses_that_are_taken(pbx: Line) -> None:
    asked = {"emails": ["EXT101@example.com", "new@example.com", ""]}
    assert pbx.ask("POST", "/Users/Pbx.GetDuplicatedEmails", asked).rows == ["EXT101@example.com"]


def test_departments_and_rules_go_by_an_action_too(pbx: Line) -> None:
    made = pbx.ask("POST", "/Groups", {"Name": "Leaving"}).json
    assert pbx.ask("POST", "/Groups/Pbx.DeleteCompanyByNumber", {"number": made["Number"]}).status == 204
    assert pbx.ask("POST", "/Groups/Pbx.DeleteCompanyById", {"id": made["Id"]}).status == 404
    assert pbx.ask("POST", "/OutboundRules/Pbx.Purge", {"purgeObject": {"Ids": [2, 3]}}).status == 204
    assert [row["Id"] for row in pbx.get("/OutboundRules").rows] == [1, 4]
    emergency = pbx.get("/OutboundRules/Pbx.GetEmergencyOutboundRules()").rows
    assert [row["Name"] for row in emergency] == ["Emergency"]
