"""The state of the system says what the rest of the PBX says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from .conftest import Dial, Line


def status(pbx: Any) -> Any:
    return pbx.get("/SystemStatus").json


def total(pbx: Any, path: str) -> int:
    separator = "&" if "?" in path else "?"
    found: int = pbx.get(f"/{path}{separator}$count=true&$top=0").json["@odata.count"]
    return found


def later(pbx: Any, **period: float) -> None:
    """Let time pass."""
    store = pbx.emulator._store
    now: datetime = store.now()
    store.now = lambda: now + timedelta(**period)


@pytest.mark.parametrize("seed", ["demo", "empty"])
def test_the_counts_are_those_of_the_sets(dial: Dial, seed: str) -> None:
    pbx = dial(seed=seed)
    found = status(pbx)
    assert found["ExtensionsTotal"] == found["UserExtensions"] == total(pbx, "Users")
    assert found["ExtensionsRegistered"] == total(pbx, "Users?$filter=IsRegistered eq true")
    assert found["TrunksTotal"] == total(pbx, "Trunks")
    assert found["TrunksRegistered"] == total(pbx, "Trunks?$filter=IsOnline eq true")
    assert found["OutboundRules"] == total(pbx, "OutboundRules")
    assert found["CallsActive"] == total(pbx, "ActiveCalls")


def test_counts_follow_what_happens(pbx: Line) -> None:
    store = pbx.emulator._store
    store.change("Trunks", store.get("Trunks", {"Id": 101}), IsOnline=False)
    assert (status(pbx)["TrunksTotal"], status(pbx)["TrunksRegistered"]) == (2, 1)
    assert pbx.get("/SystemStatus/Pbx.SystemHealthStatus()").json["Trunks"] is False
    assert status(pbx)["ExtensionsTotal"] == 40
    pbx.ask("POST", "/Users/Pbx.BatchDelete", {"ids": [12]})
    assert status(pbx)["ExtensionsTotal"] == 39


@pytest.mark.parametrize("version", [("20.0.10", "20.0.10.0"), ("20.0.7", "20.0.7.0")])
def test_the_version_is_the_emulators(dial: Dial, version: tuple[Any, ...]) -> None:
    pbx = dial(version=version[0])
    assert status(pbx)["Version"] == pbx.get("/Defs?$select=Id").headers["x-3cx-version"] == version[1]


def test_the_oldest_version_names_none(dial: Dial) -> None:
    assert "x-3cx-version" not in dial(version="pre-20.0.5").get("/Defs?$select=Id").headers


def test_the_cheapest_call_stays_cheap(pbx: Line) -> None:
    answer = pbx.get("/Defs?$select=Id")
    assert len(answer.body) < 100
    assert answer.json["Id"] == 1


def test_the_licence_is_one(pbx: Line) -> None:
    licence, found = pbx.get("/LicenseStatus").json, status(pbx)
    for name in ("LicenseKey", "LicenseActive", "MaxSimCalls", "ProductCode", "ExpirationDate", "ResellerName"):
        assert found[name] == licence[name]


def test_the_disk_adds_up(pbx: Line) -> None:
    before = status(pbx)
    assert 0 < before["FreeDiskSpace"] < before["TotalDiskSpace"]
    used = before["TotalDiskSpace"] - before["FreeDiskSpace"]
    assert before["DiskUsage"] - 1 <= 100 * used / before["TotalDiskSpace"] <= before["DiskUsage"]
    pbx.ask("POST", "/Backups/Pbx.Backup", {"description": {"Name": "more"}})
    assert status(pbx)["FreeDiskSpace"] < before["FreeDiskSpace"]
    information = pbx.get("/SystemStatus/Pbx.SystemDatabaseInformation()").json
    assert information["ChatsUsedSpace"] == before["ChatUsedSpace"]
    pbx.ask("POST", "/EventLogs/Pbx.PurgeEventLog")
    pbx.ask("POST", "/ActivityLog/Pbx.PurgeLogs")
    assert status(pbx)["LogUsedSpace"] == 0


def test_the_last_backup(pbx: Line) -> None:
    assert status(pbx)["LastBackupDateTime"] == "2026-06-15T02:00:00Z"
    pbx.ask("POST", "/Backups/Pbx.Backup", {"description": {"Name": "more"}})
    times = [row["CreationTime"] for row in pbx.get("/Backups").rows]
    assert status(pbx)["LastBackupDateTime"] == max(times) > "2026-06-15T02:00:00Z"
    pbx.ask("POST", "/Backups/Pbx.PurgeLocalBackups")
    assert status(pbx)["LastBackupDateTime"] is None


@pytest.mark.parametrize(
    ("path", "body", "field", "before", "after"),
    [
        ("Backups/Pbx.SetBackupSettings", {"settings": {"ScheduleEnabled": False}}, "BackupScheduled", True, False),
        ("SetUpdateSettings", {"settings": {"AutoUpdateEnabled": False}}, "AutoUpdateEnabled", True, False),
        ("SystemStatus/Pbx.SetChatLogStatus", {"enable": False}, "IsChatLogEnabled", True, False),
        ("Services/Pbx.Stop", {"options": {"ServiceNames": ["IVR"]}}, "HasNotRunningServices", False, True),
        (
            "Services/Pbx.Stop",
            {"options": {"ServiceNames": ["SIPService"]}},
            "HasUnregisteredSystemExtensions",
            False,
            True,
        ),
        (
            "Backups/Pbx.SetBackupRepositorySettings",
            {"settings": {"Location": {"FileSystemType": "Ftp", "FtpPath": "ftp.example.com"}}},
            "RemoteStorageEnabled",
            False,
            True,
        ),
    ],
)
def test_what_is_set_elsewhere_shows(
    pbx: Line, path: str, body: dict[str, Any], field: str, before: bool, after: bool
) -> None:
    assert status(pbx)[field] is before
    assert pbx.ask("POST", f"/{path}", body).status == 204
    assert status(pbx)[field] is after


def test_parameters_say_the_same(pbx: Line) -> None:
    pbx.ask("POST", "/SystemStatus/Pbx.SetMultiCompanyMode", {"enable": True})
    pbx.ask("POST", "/SystemStatus/Pbx.SetChatLogStatus", {"enable": False})
    pbx.ask("PATCH", "/NetworkSettings", {"SipPort": 5070, "PbxPublicFQDN": "other.example.com"})
    found = pbx.get("/Defs/Pbx.GetSystemParameters()").json
    assert (found["IsMulticompanyMode"], found["IsChatLogEnabled"]) == (True, False)
    assert (found["SipPort"], found["FQDN"]) == (5070, "other.example.com")
    assert found["Version"] == status(pbx)["Version"]
    assert status(pbx)["FQDN"] == "other.example.com"
    assert found["License"] == {
        name: value
        for name, value in pbx.get("/Defs/Pbx.GetLicenseParameters()").json.items()
        if not name.startswith("@")
    }


def test_maintenance_takes_a_while(pbx: Line) -> None:
    assert status(pbx)["DBMaintenanceInProgress"] is False
    assert pbx.ask("POST", "/SystemStatus/Pbx.StartDBMaintenance").status == 204
    assert status(pbx)["DBMaintenanceInProgress"] is True
    later(pbx, seconds=5)
    assert status(pbx)["DBMaintenanceInProgress"] is False


def test_system_extensions_are_users_and_the_rest(pbx: Line) -> None:
    rows = pbx.get("/SystemStatus/Pbx.SystemExtensions()").rows
    assert [row["Number"] for row in rows if row["Type"] == "Extension"] == [
        row["Number"] for row in pbx.get("/Users?$select=Number&$top=100").rows
    ]
    queue = next(row for row in rows if row["Number"] == "800")
    assert queue == {"Number": "800", "Name": "Sales", "Type": "Queue", "IsRegistered": True}


def test_health(pbx: Line) -> None:
    health = "/SystemStatus/Pbx.SystemHealthStatus()"
    found = pbx.get(health).json
    assert (found["Trunks"], found["Phones"], found["Firewall"]) == (True, True, False)
    pbx.ask("POST", "/Firewall/Pbx.StartCheck")
    later(pbx, seconds=3)
    assert pbx.get(health).json["Firewall"] is True
    pbx.ask("POST", "/Firmwares/Pbx.CleanUp")
    found = pbx.get(health).json
    assert (found["Phones"], found["UnsupportedFirmwaresCount"]) == (False, 12)


def test_telemetry_is_of_the_last_hour(pbx: Line) -> None:
    rows = pbx.get("/SystemStatus/Pbx.SystemTelemetry()").rows
    assert len(rows) == 60
    assert [row["Time"] for row in rows] == sorted(row["Time"] for row in rows)
    assert all(0 < row["FreePhysicalMemory"] < row["TotalPhysicalMemory"] for row in rows)
    assert len(pbx.get("/SystemStatus/Pbx.NetworkTelemetry()").rows) == 60 * total(pbx, "NetworkInterfaces")


def test_services_report_what_they_take(pbx: Line) -> None:
    before = pbx.get("/SystemStatus/Pbx.ServiceTelemetry()").rows
    assert {row["Service"]: row["PrivateMemory"] for row in before}["IVR"] == next(
        row["MemoryUsed"] for row in pbx.get("/Services").rows if row["Name"] == "IVR"
    )
    pbx.ask("POST", "/Services/Pbx.Stop", {"options": {"ServiceNames": ["IVR"]}})
    after = pbx.get("/SystemStatus/Pbx.ServiceTelemetry()").rows
    assert {row["Service"] for row in before} - {row["Service"] for row in after} == {"IVR"}


def test_remote_access_lasts_as_long_as_it_was_granted(pbx: Line) -> None:
    access = "/SystemStatus/Pbx.GetRemoteAccessStatus()"
    asked = {"Name": "Admin", "IssueDescription": "No sound", "ReplyEmail": "a@example.com", "GrantPeriodDays": 2}
    help_ = "/SystemStatus/Pbx.RequestHelp"
    assert pbx.get(access).json["value"] == "None"
    assert pbx.ask("POST", help_, {"description": asked}).status == 204
    assert pbx.get(access).json["value"] == "Active"
    later(pbx, days=2)
    assert pbx.get(access).json["value"] == "None"
    pbx.ask("POST", help_, {"description": asked})
    pbx.ask("POST", "/SystemStatus/Pbx.RevokeRemoteAccess")
    assert pbx.get(access).json["value"] == "None"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": ""}, "Name:\nWARNINGS.XAPI.REQUIRED"),
        ({"IssueDescription": ""}, "IssueDescription:\nWARNINGS.XAPI.REQUIRED"),
        ({"ReplyEmail": "nobody"}, "ReplyEmail:\nWARNINGS.INVALID"),
        ({"GrantPeriodDays": 31}, "GrantPeriodDays:\nWARNINGS.XAPI.OUT_OF_THE_RANGE"),
    ],
)
def test_requests_for_help_that_say_too_little(pbx: Line, change: dict[str, Any], message: str) -> None:
    asked = {"Name": "Admin", "IssueDescription": "No sound", "ReplyEmail": "a@example.com", **change}
    answer = pbx.ask("POST", "/SystemStatus/Pbx.RequestHelp", {"description": asked})
    assert (answer.status, answer.message) == (400, message)


def test_is_there_an_owner(dial: Dial) -> None:
    assert dial().get("/Defs/Pbx.HasSystemOwner()").json["value"] is True
    assert dial(seed="empty").get("/Defs/Pbx.HasSystemOwner()").json["value"] is False


def test_routes_are_the_inbound_rules_of_a_number(pbx: Line) -> None:
    rows = pbx.ask("POST", "/Defs/Pbx.GetRoutes", {"ids": [61, 9999]}).rows
    assert rows == [
        {"Id": 61, "Routes": [{"DID": "+442079460100", "DisplayName": "Sales line", "TrunkId": 101}]},
        {"Id": 9999, "Routes": []},
    ]
