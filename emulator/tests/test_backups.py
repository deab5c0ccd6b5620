"""Backups: made, listed, downloaded, restored, deleted."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline import catalog
from trunkline_emulator import Emulator, running
from trunkline_emulator.archive import pack, pad, unpack
from trunkline_emulator.principals import client_of
from trunkline_emulator.refusals import Refusal
from trunkline_emulator.seeds import SEEDS
from trunkline_emulator.store import Store

from .conftest import Line

MAKE = "/Backups/Pbx.Backup"


def make(pbx: Any, name: str = "before", **contents: Any) -> Any:
    description: dict[str, Any] = {"Name": name}
    if contents:
        description["Contents"] = contents
    return pbx.ask("POST", MAKE, {"description": description})


def row(pbx: Any, name: str) -> Any:
    found = [one for one in pbx.get("/Backups").rows if one["FileName"] == name]
    return found[0] if found else None


def fetch(pbx: Any, link: str, method: str = "GET") -> Any:
    return pbx.send(method, link, headers={"authorization": f"Bearer {pbx.token}"})


def last_event(pbx: Any) -> Any:
    return pbx.get("/EventLogs?$orderby=Id desc&$top=1").rows[0]


def test_a_backup_is_a_row_with_a_file_of_its_size(pbx: Line) -> None:
    assert make(pbx).status == 204
    made = row(pbx, "before.zip")
    answer = fetch(pbx, made["DownloadLink"])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="before.zip"'
    assert len(answer.body) == made["Size"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        users = json.loads(archive.read("sets/Users.json"))
    assert len(users) == 40
    assert last_event(pbx)["Message"] == "The backup before.zip was written"


def test_the_backups_of_the_seed_have_files_too(pbx: Line) -> None:
    for seeded in pbx.get("/Backups").rows:
        content = fetch(pbx, seeded["DownloadLink"]).body
        assert len(content) == seeded["Size"]
        assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


@pytest.mark.parametrize("name", ["backup-2026-06-13", "backup-2026-06-13.zip"])
def test_a_second_backup_of_the_same_name_is_a_duplicate(pbx: Line, name: str) -> None:
    answer = make(pbx, name)
    assert (answer.status, answer.json["error"]["details"][0]["message"]) == (400, "WARNINGS.XAPI.DUPLICATE")
    assert len(pbx.get("/Backups").rows) == 3


@pytest.mark.parametrize("name", ["vor Ümbau", "a/b", '"\r\n', "..", ""])
def test_any_name_can_be_downloaded(pbx: Line, name: str) -> None:
    before = [one["FileName"] for one in pbx.get("/Backups").rows]
    assert make(pbx, name).status == 204
    (made,) = [one for one in pbx.get("/Backups").rows if one["FileName"] not in before]
    answer = fetch(pbx, made["DownloadLink"])
    assert len(answer.body) == made["Size"]
    assert "\n" not in answer.headers["content-disposition"]


def test_a_backup_says_whether_it_is_encrypted(pbx: Line) -> None:
    make(pbx, EncryptBackup=True, EncryptBackupPassword={"Value": "try-me"})
    extras = pbx.get("/Backups('before.zip')/Pbx.GetBackupExtras()").json
    assert (extras["IsEncrypted"], extras["Version"]) == (True, "20.0.10.0")
    missing = pbx.ask("POST", "/Backups('none.zip')/Pbx.Restore", {"footprint": 0, "password": ""})
    assert missing.status == 404


def test_a_file_is_for_those_who_may_use_the_api(pbx: Line) -> None:
    link = row(pbx, "backup-2026-06-13.zip")["DownloadLink"]
    assert pbx.send("GET", link).status == 401
    assert fetch(pbx, "/api/download/none.zip").status == 404
    assert fetch(pbx, link, "POST").status == 405
    pbx.emulator.add_client("mere", "user-key-0123456789")
    pbx.sign_in("mere", "user-key-0123456789")
    assert fetch(pbx, link).status == 403


def test_restoring_brings_the_pbx_back(pbx: Line) -> None:
    settings = "/Backups/Pbx.GetBackupSettings()"
    before = {path: pbx.get(path).json for path in ("/Fax?$top=100", "/Users(12)", "/MailSettings", settings)}
    make(pbx)
    pbx.ask("DELETE", "/Fax(122)")
    pbx.ask("POST", "/Fax", {"Number": "700"})
    pbx.ask("PATCH", "/Users(12)", {"FirstName": "Other"})
    pbx.ask("PATCH", "/MailSettings", {"MailServer": "other.example.com"})
    pbx.ask("POST", "/Backups/Pbx.SetBackupSettings", {"settings": {"Rotation": 9}})
    assert pbx.get(settings).json != before[settings]
    made = make(pbx, "after")
    assert made.status == 204
    assert pbx.ask("POST", "/Backups('before.zip')/Pbx.Restore", {"footprint": 0, "password": ""}).status == 204
    for path, content in before.items():
        found = pbx.get(path).json
        if "value" in content:
            found["value"].sort(key=lambda fax: fax["Id"])
        assert found == content
    assert row(pbx, "after.zip") is not None
    assert last_event(pbx)["Message"] == "The backup before.zip was restored"
    assert pbx.get("/MyUser").json["Number"] == "100"


def test_restoring_a_backup_of_the_seed_brings_the_seed_back(pbx: Line) -> None:
    pbx.ask("DELETE", "/WebsiteLinks('sales')")
    pbx.ask("POST", "/Backups('backup-2026-06-14.zip')/Pbx.Restore", {"footprint": 0, "password": ""})
    assert pbx.get("/WebsiteLinks('sales')").status == 200


def test_what_a_backup_leaves_out_stays_as_it_is(pbx: Line) -> None:
    make(pbx, "without", Prompts=False)
    make(pbx, "with", Prompts=True)
    pbx.ask("DELETE", "/CustomPrompts('welcome.wav')")
    for name, found in (("without", 0), ("with", 1)):
        pbx.ask("POST", f"/Backups('{name}.zip')/Pbx.Restore", {"footprint": 0, "password": ""})
        assert len(pbx.get("/CustomPrompts").rows) == found


def test_what_happened_is_in_no_backup(pbx: Line) -> None:
    make(pbx)
    pbx.ask("POST", "/Recordings/Pbx.BulkRecordingsDelete", {"ids": [1]})
    pbx.ask("POST", "/EventLogs/Pbx.PurgeEventLog")
    pbx.ask("POST", "/Backups('before.zip')/Pbx.Restore", {"footprint": 0, "password": ""})
    assert 1 not in [one["Id"] for one in pbx.get("/Recordings").rows]
    assert len(pbx.get("/EventLogs").rows) == 1


def test_a_principal_of_the_time_signs_in_again(pbx: Line) -> None:
    row = pbx.ask("POST", "/ServicePrincipals", {"Number": "nightly", "XAPIEnabled": True}).json
    key = pbx.ask("POST", f"/ServicePrincipals({row['Id']})/Pbx.GenerateAppToken").json["value"]
    make(pbx)
    pbx.ask("DELETE", f"/ServicePrincipals({row['Id']})")
    pbx.ask("POST", "/Backups('before.zip')/Pbx.Restore", {"footprint": 0, "password": ""})
    assert client_of(pbx.emulator._store, "nightly") == (key, ())


def test_deleting_takes_the_file_along(pbx: Line) -> None:
    make(pbx)
    link = row(pbx, "before.zip")["DownloadLink"]
    assert pbx.ask("DELETE", "/Backups('before.zip')").status == 204
    assert (row(pbx, "before.zip"), fetch(pbx, link).status) == (None, 404)
    assert pbx.ask("POST", "/Backups/Pbx.PurgeLocalBackups").status == 204
    assert pbx.get("/Backups").rows == []
    assert pbx.get("/Backups/Pbx.GetLocalBackupSize()").json["value"] == 0


def test_the_size_of_all_backups(pbx: Line) -> None:
    make(pbx)
    total = sum(one["Size"] for one in pbx.get("/Backups").rows)
    assert pbx.get("/Backups/Pbx.GetLocalBackupSize()").json["value"] == total


KEPT = [
    ("Backups/Pbx.{}BackupSettings", {"ScheduleEnabled": False, "Rotation": 3}),
    ("Backups/Pbx.{}BackupFailoverSettings", {"Enabled": True, "Mode": "Passive", "RemoteServer": "b.example.com"}),
    ("Backups/Pbx.{}BackupRepositorySettings", {"Location": {"FileSystemType": "Ftp", "FtpPath": "ftp.example.com"}}),
    ("Backups/Pbx.{}RestoreSettings", {"ScheduleEnabled": True, "EncryptBackup": True}),
    ("Recordings/Pbx.{}RecordingRepositorySettings", {"AutoDeleteRecordingDays": 90, "RecordingsQuota": 5000}),
    ("{}UpdateSettings", {"AutoUpdateEnabled": False}),
]


@pytest.mark.parametrize(("path", "given"), KEPT)
def test_what_was_set_is_what_is_read(pbx: Line, path: Any, given: Any) -> None:
    before = pbx.get(f"/{path.format('Get')}()").json
    assert pbx.ask("POST", f"/{path.format('Set')}", {"settings": given}).status == 204
    after = pbx.get(f"/{path.format('Get')}()").json
    for name, value in given.items():
        shown = {key: after[name][key] for key in value} if isinstance(value, dict) else after[name]
        assert shown == value
    assert {name: value for name, value in after.items() if name not in given} == {
        name: value for name, value in before.items() if name not in given
    }


CATALOG = catalog.load("20.0.10")
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.sampled_from([("Fax", {"Id": 121}), ("Contacts", {"Id": 3})])),
        st.tuples(st.just("create"), st.sampled_from([("Fax", {"Number": "700"}), ("Contacts", {"FirstName": "A"})])),
        st.tuples(st.just("update"), st.sampled_from(["A", "B", ""])),
        st.tuples(st.just("keep"), st.integers(0, 3)),
        st.tuples(st.just("clear"), st.sampled_from(["WebsiteLinks", "CallCostSettings", "Holidays"])),
    ),
    max_size=6,
)


def seen(store: Store) -> Any:
    """What a client can see, in no order, and what the settings of functions are."""
    rows = {name: sorted(map(repr, table.rows.values())) for name, table in store.tables.items()}
    kept = {name: value for name, value in store.kept.items() if not name.startswith("last id")}
    return rows, {name: dict(row) for name, row in store.singletons.items()}, kept


def do(store: Store, kind: str, what: Any) -> None:
    with suppress(Refusal):
        match kind:
            case "delete":
                store.delete(*what)
            case "create":
                store.create(*what)
            case "update":
                store.update("Users", {"Id": 12}, {"FirstName": what})
            case "keep":
                store.keep(f"settings {what}", {"n": what})
            case "clear":
                store.clear(what)


@settings(max_examples=30)
@given(before=CHANGES, after=CHANGES)
def test_whatever_was_done_since_is_undone(before: Any, after: Any) -> None:
    store = Store(CATALOG, SEEDS["demo"]())
    for change in before:
        do(store, *change)
    was = seen(store)
    content = pack(store, {})
    for change in after:
        do(store, *change)
    unpack(store, content)
    assert seen(store) == was
    assert store.get("MyUser", {}) is next(iter(store.tables["Users"].rows.values()))


@given(extra=st.integers(0, 100_000))
def test_a_padded_zip_has_its_size_and_opens(extra: Any) -> None:
    small = pack(Store(CATALOG, {}), {})
    content = pad(small, len(small) + extra)
    assert len(content) == (len(small) + extra if extra >= 98 else len(small))
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_a_download_over_a_socket() -> None:
    emulator = Emulator(client_id="tests", api_key="a-key-for-tests")
    with running(emulator) as url:
        form = b"grant_type=client_credentials&client_id=tests&client_secret=a-key-for-tests"
        with urllib.request.urlopen(f"{url}/connect/token", form) as answer:
            token = json.load(answer)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        asked = urllib.request.Request(f"{url}/xapi/v1/Backups?$top=1", headers=headers)
        with urllib.request.urlopen(asked) as answer:
            backup = json.load(answer)["value"][0]
        with urllib.request.urlopen(urllib.request.Request(url + backup["DownloadLink"], headers=headers)) as answer:
            content = answer.read()
    assert len(content) == backup["Size"]
