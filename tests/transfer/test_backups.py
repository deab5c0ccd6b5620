"""Backups: made, waited for, downloaded, checked, and the newest kept."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from conftest import CLIENT, KEY, System
from trunkline import Pbx, cli
from trunkline.errors import BadRequest, BrokenAnswer, InvalidArgument
from trunkline.transfer import Backup, backups
from trunkline.transfer.backups import BackupFailed


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "_PAUSE", 0.01)


def test_it_is_made_downloaded_and_checked(pbx: Pbx, tmp_path: Path) -> None:
    record = Backup(folder=tmp_path / "own").run(pbx)
    path = Path(record["file"] or "")
    assert zipfile.ZipFile(path).testzip() is None
    row = next(row for row in pbx.backups.list() if row["FileName"] == record["name"])
    assert path.stat().st_size == record["size"] == row["Size"]
    assert path.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("name", ["../../x", "a\\b", ".hidden", "c:x", "line\nbreak"])
def test_a_name_that_leads_elsewhere_is_refused(system: System, pbx: Pbx, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgument, match="A backup can't be named"):
        Backup(name=name, folder=tmp_path).run(pbx)
    assert not system.sent("POST")


def test_the_newest_stay_and_nothing_of_others_goes(pbx: Pbx, tmp_path: Path) -> None:
    host = Path(Backup(folder=tmp_path).run(pbx)["file"] or "").name.partition("-trunkline-")[0]
    old = [f"{host}-trunkline-2025010{day}-000000.zip" for day in range(1, 5)]
    others = ["elsewhere-trunkline-20250101-000000.zip", f"{host}-mine.zip", f"{host}-trunkline-notes.zip"]
    for name in (*old, *others):
        (tmp_path / name).write_bytes(b"x")
    pbx.backups.delete(next(row["FileName"] for row in pbx.backups.list() if "trunkline" in row["FileName"]))
    record = Backup(folder=tmp_path, keep=2).run(pbx)
    assert set(old[:3]) <= set(record["removed"])
    assert all((tmp_path / name).exists() for name in others)
    assert len(list(tmp_path.glob(f"{host}-trunkline-????????-??????.zip"))) == 2


def test_one_that_does_not_appear_is_an_error(system: System, pbx: Pbx, tmp_path: Path) -> None:
    system.emulator.add_fault({"match": {"operation": "Backup"}, "do": {"status": 204}})
    with pytest.raises(BackupFailed, match="it is not in the list"):
        Backup(folder=tmp_path, longest_wait=0.05).run(pbx)
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_length_is_an_error_and_removes_nothing(system: System, pbx: Pbx, tmp_path: Path) -> None:
    system.emulator.add_fault(
        {
            "match": {"path": "/api/download/*"},
            "do": {"status": 200, "headers": {"content-type": "application/zip"}, "body": "PK"},
        }
    )
    with pytest.raises(BackupFailed, match="it has 2 bytes"):
        Backup(folder=tmp_path, keep=1).run(pbx)
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]


def test_an_older_backup_is_no_new_one(system: System, pbx: Pbx, tmp_path: Path) -> None:
    row = {"FileName": "now.zip", "Size": 5, "CreationTime": "2025-01-01T00:00:00Z", "DownloadLink": "/api/download/x"}
    answer = {"status": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"value": [row]})}
    system.emulator.add_fault({"match": {"operation": "ListBackups"}, "do": answer})
    with pytest.raises(BackupFailed, match=r"now\.zip as made at 2025-01-01T00:00:00Z, .* days before"):
        Backup("now", folder=tmp_path).run(pbx)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_refused(pbx: Pbx) -> None:
    with pytest.raises(BadRequest):
        Backup("backup-2026-06-13").run(pbx)


def test_what_cannot_be_is_refused_unsent(system: System, pbx: Pbx, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for wanted in (Backup(keep=1), Backup("x", tmp_path, 1), Backup(folder=tmp_path / "file" / "x")):
        with pytest.raises(InvalidArgument):
            wanted.run(pbx)
    assert not system.sent("POST")


@pytest.mark.parametrize("link", ["/api/%2e%2e%2f%2e%2e/etc", "/%2e%2e/x", "\\\\elsewhere\\x"])
def test_a_link_that_leads_away_is_not_asked(system: System, pbx: Pbx, tmp_path: Path, link: str) -> None:
    with pytest.raises(BrokenAnswer):
        pbx.download(link, tmp_path / "x")
    assert not system.sent("GET")


def test_a_link_to_another_host_is_asked_of_this_one(pbx: Pbx, tmp_path: Path) -> None:
    row = next(iter(pbx.backups.list()))
    saved = pbx.download(f"https://elsewhere.example.com{row['DownloadLink']}", tmp_path / "x")
    assert saved.size == row["Size"]


def test_the_commands(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    where = ("--url", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    assert cli.execute(["backup", "now", *where, "--download", "b", "--keep", "1"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert Path(record["file"]).stat().st_size == record["size"]
    assert cli.execute(["backups", "download", record["name"], *where, "--out", "c"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["file"]).parent == Path("c")
    assert cli.execute(["backups", "download", "none", *where]) == 5
    assert cli.execute(["backup", "now", *where, "--keep", "1"]) == 2
