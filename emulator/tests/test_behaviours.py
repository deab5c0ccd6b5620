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
