"""Services, and the logs in which what happens is written down."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from trunkline_emulator.event_log import stamp

from .conftest import Dial, Line


def manage(pbx: Any, action: str, *names: str) -> Any:
    return pbx.ask("POST", f"/Services/Pbx.{action}", {"options": {"ServiceNames": list(names)}})


def service(pbx: Any, name: str) -> Any:
    return next(row for row in pbx.get("/Services").rows if row["Name"] == name)


def events(pbx: Any, query: str = "") -> Any:
    return pbx.get(f"/EventLogs?$orderby=Id desc&$top=100{query}").rows


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        (["Stop"], "Stopped"),
        (["Stop", "Start"], "Running"),
        (["Stop", "Restart"], "Running"),
        (["Restart"], "Running"),
        (["Disable"], "Stopped"),
        (["Disable", "Start"], "Stopped"),
        (["Disable", "Restart"], "Stopped"),
        (["Disable", "Enable"], "Running"),
    ],
)
def test_services_run_or_do_not(pbx: Line, actions: list[Any], status: str) -> None:
    for action in actions:
        assert manage(pbx, action, "IVR", "NoSuchService").status == 204
    found = service(pbx, "IVR")
    assert found["Status"] == status
    assert (found["MemoryUsed"] > 0) == (found["ThreadCount"] > 0) == (status == "Running")
    assert service(pbx, "QueueManager")["Status"] == "Running"


def test_the_configuration_server_cannot_be_stopped(pbx: Line) -> None:
    for action in ("Stop", "Disable"):
        manage(pbx, action, "Configuration")
        assert service(pbx, "Configuration")["Status"] == "Running"


def test_a_restart_of_the_machine_starts_what_was_stopped_but_not_what_is_disabled(pbx: Line) -> None:
    manage(pbx, "Stop", "IVR")
    manage(pbx, "Disable", "Tunnel")
    assert pbx.ask("POST", "/Services/Pbx.RestartOperatingSystem").status == 204
    assert (service(pbx, "IVR")["Status"], service(pbx, "Tunnel")["Status"]) == ("Running", "Stopped")
    assert "The operating system was restarted" in [row["Message"] for row in events(pbx)]


def test_stopping_and_starting_is_written_down_once(pbx: Line) -> None:
    manage(pbx, "Stop", "IVR")
    manage(pbx, "Stop", "IVR")
    manage(pbx, "Start", "IVR")
    started, stopped, before = events(pbx)[:3]
    name = service(pbx, "IVR")["DisplayName"]
    assert (stopped["Type"], stopped["Message"], stopped["Params"]) == (
        "Warning",
        f"Service {name} was stopped",
        [name],
    )
    assert (started["Type"], started["Message"]) == ("Info", f"Service {name} was started")
    assert before["Id"] == 30


def test_the_download_is_the_list(pbx: Line) -> None:
    manage(pbx, "Stop", "IVR")
    query = "?$filter=Type eq 'Warning'&$orderby=Id desc&$select=Id,Type,Message"
    answer = pbx.get(f"/EventLogs/Pbx.DownloadEventLogs(){query}")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert rows == [{name: str(value) for name, value in row.items()} for row in pbx.get(f"/EventLogs{query}").rows]
    assert rows[0]["Message"].endswith("was stopped")
    whole = list(csv.DictReader(io.StringIO(pbx.get("/EventLogs/Pbx.DownloadEventLogs()").body.decode())))
    assert len(whole) == pbx.get("/EventLogs?$count=true&$top=0").json["@odata.count"] == 31


def test_ids_go_on_after_a_purge(pbx: Line) -> None:
    pbx.ask("POST", "/EventLogs/Pbx.PurgeEventLog")
    assert events(pbx) == []
    manage(pbx, "Stop", "IVR")
    assert [row["Id"] for row in events(pbx)] == [31]


def test_anybody_may_report_an_event(pbx: Line) -> None:
    given = {"Type": "Error", "EventId": 7001, "Source": "Door", "Params": ["open", "3"]}
    assert pbx.ask("POST", "/Defs/Pbx.ReportLogEvent", {"request": given}).status == 204
    found = events(pbx)[0]
    assert {name: found[name] for name in given} == given
    assert found["Message"] == "open, 3"


LONG_AGO, FAR = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


def activity(pbx: Any, start: str = LONG_AGO, end: str = FAR, **wanted: str) -> Any:
    rest = ",".join(f"{name}='{wanted.get(name, '')}'" for name in ("extension", "call", "severity"))
    return pbx.get(f"/ActivityLog/Pbx.GetLogs(startDate={start},endDate={end},{rest})").rows


@pytest.mark.parametrize(
    ("wanted", "messages"),
    [
        ({"extension": "101"}, ["[Info] [Extn:101] [CID:1] Call leg ended"]),
        ({"call": "3"}, ["[Info] [Extn:103] [CID:3] Call leg ended"]),
        ({"extension": "101", "call": "3"}, []),
        ({"extension": "10"}, []),
        ({"severity": "warning"}, ["[Warning] [Extn:105] [CID:5] Line is noisy"]),
        ({"extension": "105", "severity": "Info"}, ["[Info] [Extn:105] [CID:5] Call leg ended"]),
    ],
)
def test_activity_of_one_extension_call_or_severity(pbx: Line, wanted: dict[str, Any], messages: list[Any]) -> None:
    store = pbx.emulator._store
    line = "[Warning] [Extn:105] [CID:5] Line is noisy"
    store.put("ActivityLog", {"Index": 11, "TimeStamp": stamp(store.now()), "Message": line})
    assert [row["Message"] for row in activity(pbx, **wanted)] == messages


def test_activity_of_a_period_has_both_its_ends(pbx: Line) -> None:
    assert len(activity(pbx)) == 10
    found = activity(pbx, "2026-06-15T08:02:00Z", "2026-06-15T08:04:00Z")
    assert [row["TimeStamp"] for row in found] == [f"2026-06-15T08:0{minute}:00Z" for minute in (2, 3, 4)]


def test_older_versions_search_and_page_by_arguments(dial: Dial) -> None:
    pbx = dial(version="pre-20.0.5")
    path = (
        "/ActivityLog/Pbx.GetLogs(startDate={},endDate={},extension='',call='',search='{}',severity='',top=2,skip={})"
    )
    found = pbx.get(path.format(LONG_AGO, FAR, "ended", 8)).rows
    assert [row["Index"] for row in found] == [9, 10]
    assert pbx.get(path.format(LONG_AGO, FAR, "nothing", 0)).rows == []
