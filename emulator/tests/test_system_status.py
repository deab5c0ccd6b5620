"""The state of the system says what the rest of the PBX says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .conftest import Dial, Line


def status(pbx: Any) -> Any:
    return pbx.get("/SystemStatus").json


def total(pbx: Any, path: str) -> int:
    separator = "&" if "?" in path else "?"
    found: int = pbx.get(f"/{path}{separator}$count=true&$top=0").json["@odata.count"]
    return found


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
    assert pbx.ask("POST", "/LicenseStatus/Pbx.ReplaceLicenseKey", {"licenseKey": "ABCD"}).status == 204
    asked = {"licenseParams": {"CompanyName": "New Ltd", "Email": "a@example.com"}}
    assert pbx.ask("POST", "/LicenseStatus/Pbx.EditLicenseInfo", asked).status == 204
    licence, shown = pbx.get("/LicenseStatus").json, status(pbx)
    assert (licence["LicenseKey"], licence["CompanyName"], licence["EMail"]) == ("ABCD", "New Ltd", "a@example.com")
    for name in ("LicenseKey", "LicenseActive", "MaxSimCalls", "ProductCode"):
        assert shown[name] == licence[name]


def test_times_have_the_pbx_s_own_offset_and_seven_digits(pbx: Line) -> None:
    assert status(pbx)["ExpirationDate"] == "2099-06-30T01:00:00.0000000+01:00"
    pbx.ask("PATCH", "/OfficeHours", {"TimeZoneId": "America/New_York"})
    assert status(pbx)["ExpirationDate"] == "2099-06-29T20:00:00.0000000-04:00"
    pbx.emulator._store.singletons["OfficeHours"]["TimeZoneId"] = "1"
    assert status(pbx)["ExpirationDate"] == "2099-06-30T00:00:00.0000000+00:00"


def test_the_last_backup(pbx: Line) -> None:
    def last() -> datetime:
        return datetime.fromisoformat(status(pbx)["LastBackupDateTime"])

    assert last() == datetime(2026, 6, 15, 2, tzinfo=UTC)
    pbx.ask("POST", "/Backups/Pbx.Backup", {"description": {"Name": "more"}})
    times = [datetime.fromisoformat(row["CreationTime"]) for row in pbx.get("/Backups").rows]
    assert last() == max(times) > datetime(2026, 6, 15, 2, tzinfo=UTC)
    pbx.ask("POST", "/Backups/Pbx.PurgeLocalBackups")
    assert status(pbx).get("LastBackupDateTime") is None


def test_the_status_has_no_id_unless_it_is_selected(pbx: Line) -> None:
    assert "Id" not in status(pbx)
    assert pbx.get("/SystemStatus?$select=Id").json["Id"] == 1


def test_updates_are_offered_until_they_are_installed(pbx: Line) -> None:
    offered = pbx.get("/GetUpdates()").json
    chosen = offered["Entries"][1]["Guid"]
    body = {"install": {"Key": offered["Key"], "Entries": [chosen]}}
    assert pbx.ask("POST", "/InstallUpdates", body).status == 204
    left = pbx.get("/GetUpdates()").json
    assert [entry["Guid"] for entry in left["Entries"]] == [
        entry["Guid"] for entry in offered["Entries"] if entry["Guid"] != chosen
    ]
    assert datetime.fromisoformat(left["LastSuccessfulUpdate"]) == datetime.fromisoformat(
        status(pbx)["LastSuccessfulUpdate"]
    )


def test_the_disk_adds_up(pbx: Line) -> None:
    before = status(pbx)
    assert 0 < before["FreeDiskSpace"] < before["TotalDiskSpace"]
    used = before["TotalDiskSpace"] - before["FreeDiskSpace"]
    assert before["DiskUsage"] - 1 <= 100 * used / before["TotalDiskSpace"] <= before["DiskUsage"]
    pbx.ask("POST", "/Backups/Pbx.Backup", {"description": {"Name": "more"}})
    assert status(pbx)["FreeDiskSpace"] < before["FreeDiskSpace"]
    pbx.ask("POST", "/EventLogs/Pbx.PurgeEventLog")
    pbx.ask("POST", "/ActivityLog/Pbx.PurgeLogs")
    assert status(pbx)["LogUsedSpace"] == 0


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


def test_system_extensions_are_users_and_the_rest(pbx: Line) -> None:
    rows = pbx.get("/SystemStatus/Pbx.SystemExtensions()").rows
    assert [row["Number"] for row in rows if row["Type"] == "Extension"] == [
        row["Number"] for row in pbx.get("/Users?$select=Number&$top=100").rows
    ]
    queue = next(row for row in rows if row["Number"] == "800")
    assert queue == {"Number": "800", "Name": "Sales", "Type": "Queue", "IsRegistered": True}


def test_is_there_an_owner(dial: Dial) -> None:
    assert dial().get("/Defs/Pbx.HasSystemOwner()").json["value"] is True
    assert dial(seed="empty").get("/Defs/Pbx.HasSystemOwner()").json["value"] is False
