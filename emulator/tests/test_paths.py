"""Paths: keys, function arguments, literals, and what is refused (docs/pbx.md, Requests)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Dial, Line

DAYS = "periodFrom=2026-06-01T00:00:00Z,periodTo=2026-06-02T00:00:00Z"
REST = (
    "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,"
    "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true"
)
LOG = "/ReportCallLogData/Pbx.GetCallLogData"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Fax(121)", 200),
        ("/Fax(Id=121)", 200),
        ("/Fax(Number='888')", 200),
        ("/Fax%28121%29", 200),
        ("/Fax(Number=%27888%27)", 200),
        ("/Fax(9999)", 404),
        ("/Fax(Number='none')", 404),
        ("/Fax(Number=null)", 404),
        ("/Fax", 200),
        ("/fax", 404),
        ("/Fax/", 404),
        ("/Fax()", 404),
        ("/Fax('121')", 404),
        ("/Fax(121.0)", 404),
        ("/Fax(121L)", 404),
        ("/Fax(+121)", 404),
        ("/Fax(2147483648)", 404),
        ("/Fax(-1)", 404),
        ("/Fax(null)", 404),
        ("/Fax(121,122)", 404),
        ("/Fax(121,)", 404),
        ("/Fax(121)x", 404),
        ("/Fax(id=121)", 404),
        ("/Fax(Number=888)", 404),
        ("/Fax(Number='888)", 404),
        ("/Fax(Number='8'8')", 404),
        ("/Nothing", 404),
        ("/$metadata", 200),
        ("/%24metadata", 200),
        ("/$batch", 404),
        ("", 200),
        ("/", 200),
        ("//", 404),
        ("/Fax/$count", 200),
        ("/Fax/%24count", 200),
        ("/Fax/$count()", 404),
        ("/Fax/$count/$count", 404),
        ("/Fax(121)/$count", 404),
        ("/Users(11)/Groups/$count", 200),
        ("/Users(9999)/Groups/$count", 404),
        ("/MyUser/Groups/$count", 200),
        ("/MyUser/$count", 404),
        ("/Backups/Pbx.GetFailoverScripts()/$count", 404),
        ("/Fax(121)/Number", 404),
        ("/Fax(121)/Number/$value", 404),
        ("/Users(11)/Groups/$ref", 404),
        ("/Users(11)/Groups(1)", 404),
        ("/Fax(121)/Pbx.DN", 404),
        ("/Users/$filter(Id eq 11)", 404),
        ("/Users(11)/Groups", 200),
        ("/Users(11)/Nothing", 404),
        ("/Users(9999)/Groups", 404),
        ("/MyUser/Groups", 200),
        ("/Defs/TimeZones", 200),
        ("/Fax/Pbx.InitFax()", 200),
        ("/Fax/Pbx.InitFax", 404),
        ("/Fax/InitFax()", 404),
        ("/Fax/Pbx.InitFax(a=1)", 404),
        ("/GetUpdates()", 200),
        ("/GetUpdateDetails(key=401ae923-b4fe-5972-b286-c0f5fc2d4e7f,id=e02b0afa-c984-5b5c-8d12-209a6daf6880)", 200),
        ("/GetUpdateDetails(key='a',id='b')", 404),
        ("/Recordings/Pbx.DownloadRecording(recId=1)", 200),
        ("/Recordings/Pbx.DownloadRecording(1)", 404),
        ("/Recordings(1)", 404),
        ("/WebsiteLinks('sales')", 200),
        ("/WebsiteLinks(sales)", 404),
        ("/WebsiteLinks('o''brien-m%C3%BCnchen')", 200),
        ("/WebsiteLinks(%27o%27%27brien-m%c3%bcnchen%27)", 200),
        ("/WebsiteLinks('o'brien-m%C3%BCnchen')", 404),
        ("/WebsiteLinks('a/b')", 404),
        ("/WebsiteLinks('a%2Fb')", 404),
        ("/WebsiteLinks('%FF')", 400),
        ("/WebsiteLinks('%zz')", 400),
        (f"{LOG}({DAYS},{REST})", 200),
        (f"{LOG}({REST},{DAYS})", 200),
        (f"{LOG}({DAYS.replace(':', '%3A')},{REST})", 200),
        (f"{LOG}({DAYS.replace('Z', '+02:00')},{REST})", 200),
        (f"{LOG}({DAYS.replace('Z', '.5Z')},{REST})", 200),
        (f"{LOG}({DAYS},{REST.replace('true', 'True')})", 404),
        (f"{LOG}({DAYS},{REST.replace('callsType=0', 'callsType=null')})", 404),
        (f"{LOG}({DAYS},{REST.replace(',hidePcalls=true', '')})", 404),
        (f"{LOG}({DAYS.replace('06-02', '02-30')},{REST})", 500),
        (f"{LOG}({DAYS.replace('T00:00:00Z', '')},{REST})", 500),
        (f"{LOG}({DAYS.replace('Z', '')},{REST})", 500),
    ],
)
def test_paths(quiet: Line, path: str, status: int) -> None:
    answer = quiet.get(path)
    assert answer.status == status
    if status == 500:
        assert answer.body == b""


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/Fax", "GET, POST"),
        ("DELETE", "/Fax", "GET, POST"),
        ("POST", "/Fax(121)", "DELETE, GET, PATCH"),
        ("PATCH", "/Fax(Number='888')", "GET"),
        ("POST", "/Fax/Pbx.InitFax()", "GET"),
        ("GET", "/Fax/Pbx.BulkFaxDelete", "POST"),
        ("DELETE", "/Defs", "GET"),
        ("GET", "/customPrompts", "POST"),
        ("DELETE", "/Fax/$count", "GET"),
    ],
)
def test_a_known_path_with_a_wrong_method_is_405(quiet: Line, method: str, path: str, allow: str) -> None:
    answer = quiet.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


@given(link=st.text(min_size=1))
def test_any_text_can_be_a_key(quiet: Line, link: Any) -> None:
    literal = "'" + quote(link.replace("'", "''"), safe="") + "'"
    quiet.ask("DELETE", f"/WebsiteLinks({literal})")  # a key of the demo company may come up too
    created = quiet.ask("POST", "/WebsiteLinks", {"Link": link})
    assert created.status == 201
    assert created.headers["location"] == f"https://pbx/xapi/v1/WebsiteLinks({literal})"
    for spelled in (literal, quote(literal, safe="%")):
        assert quiet.get(f"/WebsiteLinks({spelled})").json["Link"] == link
    assert quiet.ask("DELETE", f"/WebsiteLinks({literal})").status == 204
    assert quiet.get(f"/WebsiteLinks({literal})").status == 404


@pytest.mark.parametrize(
    ("version", "path", "status"),
    [
        ("20.0.7", "/Fax/Pbx.GetByNumber(number='888')", 200),
        ("20.0.7", "/Fax/Pbx.GetByNumber(number='x')", 404),
        ("20.0.9", "/Fax/Pbx.GetByNumber(number='888')", 404),
        ("20.0.6", "/Fax(Number='888')", 404),
        ("20.0.9", "/Contacts/Pbx.ExportContacts()", 404),
        ("20.0.8", "/Contacts/Pbx.ExportContacts()", 200),
        ("20.0.9", "/Recordings/Pbx.DownloadRecordingByName(recName='a.wav')", 400),
        ("20.0.10", "/Recordings/Pbx.DownloadRecordingByName(recName='a.wav')", 404),
    ],
)
def test_each_version_has_its_own_paths(dial: Dial, version: str, path: str, status: int) -> None:
    assert dial(version=version).get(path).status == status


@given(path=st.binary(max_size=60), query=st.binary(max_size=60))
def test_no_bytes_bring_it_down(quiet: Line, path: Any, query: Any) -> None:
    target = b"/xapi/v1/" + path.replace(b"?", b"") + b"?" + query
    answer = quiet.send("GET", target, headers={"authorization": f"Bearer {quiet.token}"})
    assert answer.status in (200, 400, 404)
