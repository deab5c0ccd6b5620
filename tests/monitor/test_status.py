"""The status of a PBX, read by both clients over a real socket, and what of it needs attention."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from healthy import NOW, Serve, backup, later, seed, trunk
from nasty import closed_port
from trunkline import (
    AsyncPbx,
    Forbidden,
    Pbx,
    Retries,
    ServerError,
    SignInError,
    Status,
    TimedOut,
    Unreachable,
)
from trunkline.monitor.concerns import Limits, find_concerns
from trunkline.monitor.readings import Readings, read_answers
from trunkline.monitor.status import PARTS
from trunkline_emulator import Emulator, running

Read = Callable[..., Status]


@pytest.fixture(params=[Pbx, AsyncPbx])
def read(request: pytest.FixtureRequest) -> Read:
    """Read the status of a PBX, by each of the clients."""

    def sync(url: str, *limits: Limits, client: str = CLIENT, key: str = KEY, **options: Any) -> Status:
        with Pbx(url, client, key) as pbx:
            return Status.read(pbx, *limits, **options)

    async def aread(url: str, *limits: Limits, client: str = CLIENT, key: str = KEY, **options: Any) -> Status:
        async with AsyncPbx(url, client, key) as pbx:
            return await Status.aread(pbx, *limits, **options)

    if request.param is Pbx:
        return sync
    return lambda *args, **options: asyncio.run(aread(*args, **options))


def test_one_record_has_everything(read: Read, system: System) -> None:
    status = msgspec.to_builtins(read(system.url))
    assert status["url"] == system.url
    assert status["pbx"] == system.url.removeprefix("http://")
    assert status["version"] == "20.0.10.0"
    assert status["updates"] == {"available": 4, "version": "20.0.10.1"}
    assert (status["licence"]["product"], status["licence"]["active"]) == ("3CXPSENTSPLA", True)
    assert status["licence"]["expires"] == "2099-06-30T00:00:00Z"
    assert status["calls"] == {"active": 4, "licensed": 16}
    assert status["extensions"] == {"registered": 35, "total": 40, "system_registered": True}
    assert status["trunks"] == {"registered": 2, "total": 2, "not_registered": []}
    assert status["services"] == {"running": 8, "total": 8, "all_running": True, "not_running": []}
    disk = status["disk"]
    assert (disk["total_bytes"], disk["stopped"], disk["quotas_reached"]) == (107_374_182_400, [], [])
    assert 0 < disk["used_percent"] < 100
    backup = status["backup"]
    assert (backup["file"], backup["last"]) == ("backup-2026-06-15.zip", "2026-06-15T02:00:00Z")
    assert (backup["count"], backup["scheduled"]) == (3, True)
    assert (status["unavailable"], status["error"]) == ({}, None)
    assert status["concerns"] == [
        {
            "field": "backup",
            "kind": "backup_old",
            "message": f"The last backup is {backup['age_days']:.0f} days old.",
            "values": {"days": backup["age_days"]},
            "hint": {"text": "", "action": "backups.backup", "arguments": {"description": {"Name": "now"}}},
        }
    ]


def test_the_record_type_is_the_schema_of_what_is_written(system: System, pbx: Pbx) -> None:
    schema = msgspec.json.schema(Status)
    fields = schema["$defs"]["Status"]["properties"]
    status = Status.read(pbx)
    assert list(fields) == list(msgspec.to_builtins(status))
    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status


def test_each_part_is_one_request_and_nothing_is_changed(read: Read, system: System) -> None:
    read(system.url)
    assert len(system.sent("GET")) == len(PARTS)
    assert system.sent("POST") == ["/connect/token"]


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.5", "20.0.9"])
def test_an_old_pbx_answers_as_much(read: Read, version: str) -> None:
    with running(Emulator(version, client_id=CLIENT, api_key=KEY, seed=seed())) as url:
        status = read(url)
    assert (status.version or "").startswith(version)
    assert (status.unavailable, status.concerns) == ({}, [])
    assert status.trunks.total == 1


# ── what needs attention ────────────────────────────────────────────────────────────────────────


def test_a_healthy_pbx_needs_none(read: Read, serve: Serve) -> None:
    assert read(serve().url).concerns == []


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"Backups": [backup(9), backup(8)]}, "backup", "The last backup is 8 days old."),
        ({"Backups": []}, "backup", "There is no backup."),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(12), "MaintenanceExpiresAt": later(12)}},
            "licence",
            f"The licence ends in 12 days ({later(12)[:10]}).",
        ),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(-3), "LicenseActive": False}},
            "licence",
            f"The licence has ended ({later(-3)[:10]}).",
        ),
        (
            {"LicenseStatus": {"LicenseKey": "X", "ExpirationDate": None, "MaintenanceExpiresAt": later(1)}},
            "licence",
            f"The maintenance of the licence ends in 1 day ({later(1)[:10]}).",
        ),
        ({"Trunks": [trunk("10000", True), trunk("10001", False)]}, "trunks", "Not registered: 10001 (Line 10001)."),
        ({"SystemStatus": {"FreeDiskSpace": 5_000_000_000}}, "disk", "The disk is 95.3 % full."),
        ({"SystemStatus": {"RecordingStopped": True}}, "disk", "Stopped for lack of disk space: recording."),
        ({"SystemStatus": {"VoicemailQuotaReached": True}}, "disk", "The quota of voicemail is reached."),
        (
            {"SystemStatus": {"RecordingStopped": True, "RecordingQuotaReached": True}},
            "disk",
            "Stopped for lack of disk space: recording.",
        ),
        (
            {"Users": [{"Id": 900, "Number": "100", "FirstName": "Ada", "LastName": "Quill", "IsRegistered": False}]},
            "extensions",
            "None of 1 extensions is registered.",
        ),
    ],
)
def test_what_needs_attention(changes: dict[str, Any], field: str, message: str, serve: Serve) -> None:
    with Pbx(serve(**changes).url, CLIENT, KEY) as pbx:
        concerns = Status.read(pbx).concerns
        assert [(concern.field, concern.message) for concern in concerns] == [(field, message)]
        assert pbx.action(concerns[0].hint.action)


def test_stopped_services_are_named(serve: Serve) -> None:
    system = serve()
    services = [{"Name": "IVR", "Status": "Stopped"}, {"Name": "Tunnel", "Status": "Running"}]
    answer = {"status": 200, "body": json.dumps({"value": services}), "content_type": "application/json"}
    system.emulator.add_fault({"match": {"path": "/Services*"}, "do": answer})
    with Pbx(system.url, CLIENT, KEY) as pbx:
        status = Status.read(pbx)
    assert [(service.name, service.status) for service in status.services.not_running] == [("IVR", "Stopped")]
    assert status.concerns[0].message == "Not running: IVR (Stopped)."


@pytest.mark.parametrize(
    ("limits", "fields"),
    [
        (Limits(backup_days=8), []),
        (Limits(backup_days=6), ["backup"]),
        (Limits(licence_days=40), []),
        (Limits(licence_days=41), ["licence"]),
    ],
)
def test_limits_are_the_callers(read: Read, limits: Limits, fields: list[str], serve: Serve) -> None:
    licence = {"LicenseKey": "X", "ExpirationDate": later(40), "MaintenanceExpiresAt": later(400)}
    system = serve(Backups=[backup(6.5)], LicenseStatus=licence)
    assert [concern.field for concern in read(system.url, limits).concerns] == fields


# ── parts that can't be read ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "code", "fields"),
    [
        ("403@/Services*", "forbidden", ["unavailable"]),
        ("404@/Services*", "not_found", []),
        ("500@/Services*", "server_error", ["unavailable"]),
        ("garbage@/Services*", "broken_answer", ["unavailable"]),
        ("reset-before@/Services*", "connection_lost", ["unavailable"]),
    ],
)
def test_a_part_that_fails_does_not_fail_the_others(
    read: Read, fault: str, code: str, fields: list[str], serve: Serve
) -> None:
    system = serve()
    system.emulator.add_fault(fault)
    status = read(system.url)
    assert status.unavailable["services"].code == code
    assert (status.services.total, status.services.all_running) == (None, True)
    assert (status.calls.active, status.calls.licensed) == (0, 16)
    assert status.backup.count == 1
    assert [concern.field for concern in status.concerns] == fields


def test_parts_may_hang_for_as_long_as_they_are_allowed(read: Read, serve: Serve) -> None:
    system = serve()
    for path in ("/SystemStatus*", "/Trunks*", "/GetUpdates*"):
        system.emulator.add_fault(f"silence@{path}")
    status = read(system.url, timeout=5)
    assert {part: error.code for part, error in status.unavailable.items()} == dict.fromkeys(
        ("system", "trunks", "updates"), "timed_out"
    )


def test_without_the_system_status_the_lists_still_count(read: Read, serve: Serve) -> None:
    system = serve(Trunks=[trunk("10000", True), trunk("10001", False)])
    system.emulator.add_fault("500@/SystemStatus*")
    status = read(system.url)
    assert (status.trunks.registered, status.trunks.total) == (1, 2)
    assert (status.calls.active, status.calls.licensed) == (None, 16)
    assert status.version == "20.0.10.0"
    assert status.backup.file == "1-days-old.zip"


def test_without_the_list_of_backups_the_system_status_has_the_last(read: Read, serve: Serve) -> None:
    system = serve(Backups=[backup(3)])
    system.emulator.add_fault("403@/Backups*")
    status = read(system.url)
    assert (status.backup.file, status.backup.count) == (None, None)
    assert 2.9 < (status.backup.age_days or 0) < 3.1


def test_an_ended_licence_shows_though_all_else_is_refused(read: Read) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, variants={"licence": "expired"})) as url:
        status = read(url)
    assert {error.code for error in status.unavailable.values()} == {"forbidden"}
    assert status.concerns[0].message.startswith("The licence has ended")


ANSWERS: dict[str, Any] = dict.fromkeys(PARTS)


def readings(**answers: Any) -> Readings:
    return read_answers("acme", "https://pbx.example.com", None, {**ANSWERS, **answers}, NOW)


@pytest.mark.parametrize(
    "answers",
    [
        {"licence": {}, "system": {}, "services": [], "trunks": [], "backups": [], "updates": {}},
        {"services": [{}], "trunks": [{}], "backups": [{}], "updates": {"Entries": None}},
        {"services": [None], "trunks": [3], "backups": ["x"], "updates": []},
        {"system": {"CallsActive": "4", "TotalDiskSpace": 0, "ExtensionsTotal": True}},
        {"licence": {"ExpirationDate": "0001-01-01T00:00:00.0000000+00:00", "MaintenanceExpiresAt": "soon"}},
        {"trunks": [{"Number": "10000", "Gateway": None}]},
        {"trunks": [{"Number": "10000", "Gateway": "x"}], "services": [{"Name": "IVR"}, {"Status": "Running"}]},
    ],
)
def test_fields_that_are_left_out_are_unknown(answers: dict[str, Any]) -> None:
    known = readings(**answers)
    assert msgspec.convert(msgspec.to_builtins(known), Readings) == known, "each field has its type"
    assert {concern.field for concern in find_concerns(known, Limits())} <= {"backup"}
    assert known.licence.days_left is None
    assert known.trunks.not_registered == []
    assert (known.services.all_running, known.services.not_running) == (None, [])


@pytest.mark.parametrize(
    ("statuses", "flag", "running", "all_running"),
    [
        (["Running", "Running"], True, 2, True),
        (["Running", "Stopped"], False, 1, False),
        (["Running", "StartPending"], None, 1, False),
        (["Running", None], None, 1, None),
        (["Running", None], True, 1, False),
        ([], False, 0, True),
    ],
)
def test_a_service_runs_only_if_it_reports_so(
    statuses: list[str | None], flag: bool | None, running: int, all_running: bool | None
) -> None:
    services = [{"Name": "IVR", "Status": status} for status in statuses]
    read = readings(services=services, system={"HasNotRunningServices": flag}).services
    assert (read.running, read.all_running) == (running, all_running)


def test_dates_come_in_every_spelling_of_iso_8601() -> None:
    system = {"LastBackupDateTime": "2026-06-15T02:00:00.1234567+02:00"}
    assert readings(system=system).backup.last == "2026-06-15T00:00:00Z"


# ── a PBX that can't be read ────────────────────────────────────────────────────────────────────


def test_a_pbx_that_is_down_is_an_error(read: Read) -> None:
    with pytest.raises(Unreachable):
        read(closed_port())


def test_a_pbx_that_hangs_is_an_error(read: Read, serve: Serve) -> None:
    system = serve()
    system.emulator.add_fault("silence@/*")
    with pytest.raises(TimedOut):
        read(system.url, timeout=0.3)


def test_refused_credentials_are_tried_once(read: Read, system: System) -> None:
    with pytest.raises(SignInError):
        read(system.url, key="wrong")
    assert system.sent("POST") == ["/connect/token"]


def test_a_token_that_is_never_accepted_is_renewed_once(read: Read, serve: Serve) -> None:
    system = serve()
    before = len(system.sent("POST"))
    system.emulator.add_fault("401@/LicenseStatus*")
    with pytest.raises(SignInError):
        read(system.url)
    assert system.sent("POST")[before:] == ["/connect/token"] * 2


def test_a_sign_in_that_breaks_is_an_error(serve: Serve) -> None:
    system = serve()
    system.emulator.add_fault({"match": {"path": "^/connect/token"}, "do": {"status": 500}})
    with Pbx(system.url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx, pytest.raises(ServerError):
        Status.read(pbx)


def test_a_client_without_rights_gets_a_hint_where_to_look(read: Read, system: System) -> None:
    with pytest.raises(Forbidden, match="may see nothing of its status") as refused:
        read(system.url, client=VIEWER, key=VIEWER_KEY)
    assert refused.value.hint.action == "doctor"
