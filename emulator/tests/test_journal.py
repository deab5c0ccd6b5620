"""The journal: one entry a request, in the order of effect, and true item by item."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import Line
from .raw import plugged


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "operation", "evidence", "effect"),
    [
        ("GET", "/Fax(121)", None, 200, "GetFax", "seen", False),
        ("GET", "/Fax(1)", None, 404, "GetFax", "published", False),
        ("DELETE", "/Fax(121)", None, 204, "DeleteFax", "seen", True),
        ("DELETE", "/Fax(1)", None, 404, "DeleteFax", "published", False),
        ("PATCH", "/Fax(121)", {"OutboundCallerId": "x"}, 204, "UpdateFax", "seen", True),
        ("PATCH", "/Fax(121)", {"Nothing": "x"}, 400, "UpdateFax", "seen", False),
        ("POST", "/Fax", {"Number": "7001"}, 201, "CreateFax", "seen", True),
        ("POST", "/Recordings/Pbx.PurgeLocal", None, 204, "PurgeLocal", "assumed", True),
        ("GET", "/Nothing", None, 404, "", "seen", False),
        ("PUT", "/Fax(121)", None, 405, "", "seen", False),
    ],
)
def test_what_an_entry_tells(
    pbx: Line,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
    operation: str,
    evidence: str,
    effect: bool,
) -> None:
    pbx.emulator.clear_journal()
    pbx.ask(method, path, body)
    (entry,) = pbx.emulator.journal
    assert (entry.method, entry.path, entry.status) == (method, f"/xapi/v1{path}", status)
    assert (entry.operation, entry.evidence, entry.effect, entry.fault) == (operation, evidence, effect, "")
    assert entry.client_id == "trunkline"
    assert entry.seconds >= 0  # type: ignore[operator]
    assert abs(entry.at - time.time()) < 60


def test_a_sign_in_has_an_effect_and_a_refused_one_none(pbx: Line) -> None:
    pbx.emulator.clear_journal()
    pbx.sign_in()
    pbx.send("POST", "/connect/token", b"", {"content-type": "application/x-www-form-urlencoded"})
    pbx.token = "none"
    pbx.get("/Fax")
    assert [(e.path, e.status, e.effect, e.client_id) for e in pbx.emulator.journal] == [
        ("/connect/token", 200, True, ""),
        ("/connect/token", 400, False, ""),
        ("/xapi/v1/Fax", 401, False, ""),
    ]


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/connect/authorize?client_id=a&state=s3&code_challenge=c", "client_id=a&state=…&code_challenge=c"),
        ("/xapi/v1/Fax?access_token=abc&$top=1", "/xapi/v1/Fax?access_token=…&$top=1"),
        ("/xapi/v1/Fax?api_key=abc&apikey=d&X-Api-Key=e", "?api_key=…&apikey=…&X-Api-Key=…"),
        ("/xapi/v1/Users/Pbx.Check(id=1,newPin='12,34')", "(id=1,newPin=…)"),
        (
            "/xapi/v1/Users?$filter=AuthPassword eq 'HU''SH' or Id eq 3",
            "$filter=AuthPassword%20eq%20'…'%20or%20Id%20eq%203",
        ),
        ("/xapi/v1/Users?$filter=%27HUSH%27 eq VMPIN", "?$filter='…'%20eq%20VMPIN"),
        ("/xapi/v1/Users?$filter=AuthPassword eq @p&@p='HUSH'", "@p='…'"),
        ("/xapi/v1/Users?$filter=Number eq '100'", "$filter=Number%20eq%20'100'"),
        ("/xapi/v1/Users/Pbx.Check(password='x')/More", "(password=…)/More"),
        ("/xapi/v1/Fax?$skiptoken=abc&%24skiptoken=d", "?$skiptoken=abc&%24skiptoken=d"),
    ],
)
def test_secrets_are_cut_out_of_paths(pbx: Line, target: str, shown: str) -> None:
    pbx.emulator.clear_journal()
    pbx.send("GET", target.replace(" ", "%20"))
    assert pbx.emulator.journal[0].path.endswith(shown)


def test_ids_go_on_when_the_journal_is_cleared(pbx: Line) -> None:
    pbx.get("/Fax")
    last = pbx.emulator.journal[-1].id
    pbx.emulator.clear_journal()
    pbx.get("/Fax")
    pbx.emulator.reset()
    pbx.get("/Fax")
    assert [entry.id for entry in pbx.emulator.journal] == [last + 2]


def test_reading_a_part(pbx: Line) -> None:
    for path in ("/Fax", "/Users", "/Fax", "/Users"):
        pbx.get(path)
    read = pbx.emulator.read_journal
    assert [entry.operation for entry in read(since=2)] == ["ListUser", "ListFax", "ListUser"]
    assert [entry.id for entry in read(operation="ListFax")] == [2, 4]
    assert [entry.id for entry in read(limit=2)] == [1, 2]


def test_entries_are_copies(pbx: Line) -> None:
    pbx.emulator.journal[0].status = 999
    assert pbx.emulator.journal[0].status == 200


def test_a_ledger_agrees_with_the_journal_item_by_item() -> None:
    """Sixty faxes are deleted by eight threads over connections that break; every outcome is told by the journal."""
    faults = ["reset-after:0.2@DELETE", "reset-before:0.2@DELETE", "502-after:0.2@DELETE", "503:0.2@DELETE"]
    with plugged(seed={"Fax": [{"Id": n, "Number": f"9{n:03}"} for n in range(100, 160)]}) as plug:
        for fault in faults:
            plug.emulator.add_fault(fault)
        plug.emulator.clear_journal()
        with ThreadPoolExecutor(8) as threads:
            asked = {n: threads.submit(plug.ask, "DELETE", f"/Fax({n})") for n in range(100, 160)}
            ledger = {n: future.result().status for n, future in asked.items()}
        entries = plug.emulator.journal
        plug.emulator.clear_faults()
        left = {row["Id"] for row in plug.ask("GET", "/Fax?$top=100").json["value"]}
    told = {int(entry.path[13:-1]): entry for entry in entries}
    assert len(entries) == len(told) == 60
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    assert {n for n, entry in told.items() if not entry.effect} == left
    assert ledger == {n: entry.status for n, entry in told.items()}
    assert len({entry.fault for entry in entries}) == 5


def test_a_request_under_way_stands_in_the_journal_once_it_took_effect() -> None:
    with plugged(faults=[{"match": {"method": "DELETE"}, "do": {"delay": 3, "when": "after"}}]) as plug:
        plug.emulator.clear_journal()
        seen = plug.ask("DELETE", "/Fax(121)", patience=0.1, until=plug.is_in_the_journal)
        assert seen.ending == "silence"
        (entry,) = plug.emulator.journal
        assert (entry.effect, entry.status, entry.seconds) == (True, 0, None)
