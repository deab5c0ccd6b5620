"""`trunkline config export`: a PBX, or several, as folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import System
from nasty import closed_port
from trunkline import Pbx
from trunkline.catalog.secret import secrets_in
from trunkline.config.folder.loading import load

Line = Callable[..., Any]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_is_a_folder_that_does_not_differ(trunkline: Any, there: Path, system: System) -> None:
    result = trunkline("config", "export", "--out", "acme")
    files = [record["file"] for record in result.lines]
    assert result.code == 0
    assert {record["change"] for record in result.lines} == {"added"}
    assert result.err == f"acme: {len(files)} added, 0 changed, 0 removed, 0 as they were.\n"
    assert {"queues/800.yaml", "users/101.yaml", "hours/company.yaml", "settings/mail_settings.yaml"} <= {*files}
    assert len(load(Path("acme")).entities) == len(files)
    assert trunkline("config", "diff", "acme", system.url).code == 0
    assert trunkline("config", "drift", "acme").code == 0


def test_the_same_pbx_again_gives_the_same_bytes(trunkline: Any, there: Path) -> None:
    trunkline("config", "export", "--out", "acme")
    before = contents(Path("acme"))
    result = trunkline("config", "export", "--out", "acme")
    assert (result.code, result.out) == (0, "")
    assert "0 added, 0 changed, 0 removed" in result.err
    assert contents(Path("acme")) == before


def test_only_what_differs_is_written_and_comments_stay(trunkline: Any, there: Path, pbx: Pbx) -> None:
    trunkline("config", "export", "--out", "acme", "--only", "queues,contacts")
    path = Path("acme/queues/800.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "# Ask Sales first.\n", encoding="utf-8")
    Path("acme/README.md").write_text("Ours.\n", encoding="utf-8")
    (row,) = pbx.call("queues.list", filter="Number eq '800'")
    pbx.call("queues.update", Id=row["Id"], Name="Renamed")
    (gone,) = pbx.call("queues.list", filter="Number eq '801'")
    pbx.call("queues.delete", Id=gone["Id"])
    pbx.call("queues.create", Number="859", Name="New")
    result = trunkline("config", "export", "--out", "acme", "--only", "queues", "-o", "table")
    assert result.out == "+ acme/queues/859.yaml\n~ acme/queues/800.yaml\n- acme/queues/801.yaml\n"
    text = path.read_text(encoding="utf-8")
    assert "Name: Renamed\n" in text
    assert "# Ask Sales first.\n" in text
    assert Path("acme/README.md").exists()
    assert any(Path("acme/contacts").iterdir())


def test_a_spreadsheet_gets_the_files_as_csv(trunkline: Any, there: Path) -> None:
    result = trunkline("config", "export", "--out", "acme", "--only", "queues", "-o", "csv")
    assert result.out.splitlines() == ["file,change", *(f"queues/{number}.yaml,added" for number in (800, 801, 802))]


def test_a_terse_export_has_no_empty_fields(trunkline: Any, there: Path, system: System) -> None:
    trunkline("config", "export", "--out", "acme", "--only", "queues", "--terse")
    for path in Path("acme/queues").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not any(line.endswith((": []", ": {}", ': ""', ": false")) for line in lines)
    assert trunkline("config", "diff", "acme", system.url).code == 0


def test_each_of_several_pbxs_has_a_folder_of_its_own(
    line: Line, saved: Callable[..., None], there: Path, system: System
) -> None:
    saved(one=system.url, two=system.url, away=closed_port())
    result = line("config", "export", "--out", "customers", "--all-profiles", "--only", "queues")
    assert result.code == 7
    assert "1 of 3 PBXs failed." in result.err
    assert {record["pbx"] for record in result.lines} == {"one", "two"}
    assert sorted(path.name for path in Path("customers").iterdir()) == ["one", "two"]
    result = line("config", "drift", "customers", "--each", "--profile", "one", "--profile", "two")
    assert (result.code, result.err) == (0, "0 of 2 PBXs differ.\n")


def test_what_a_client_may_not_read_keeps_its_files_and_is_named(trunkline: Any, there: Path, system: System) -> None:
    trunkline("config", "export", "--out", "acme", "--only", "queues,holidays")
    before = contents(Path("acme"))
    system.emulator.add_fault("403@/Queues*")
    result = trunkline("config", "export", "--out", "acme", "--only", "queues,holidays")
    assert result.code == 7
    assert "Not exported: queues." in result.err
    assert contents(Path("acme")) == before


def test_no_secret_of_the_pbx_is_in_any_file_or_output(trunkline: Any, there: Path, pbx: Pbx) -> None:
    rows = [*pbx.call("users.list", expand="Phones"), *pbx.call("trunks.list"), pbx.call("mail_settings.get")]
    secrets = {text for row in rows for text in secrets_in(row) if len(text) > 4}
    result = trunkline("config", "export", "--out", "acme")
    text = b"\n".join(contents(Path("acme")).values()).decode() + result.out + result.err
    assert len(secrets) > 40
    assert "!secret users/101/AuthPassword" in text
    assert [secret for secret in secrets if secret in text] == []


def test_a_folder_that_is_wrong_is_not_written_into(trunkline: Any, there: Path) -> None:
    path = Path("acme/queues/800.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("- not\n- an entity\n", encoding="utf-8")
    result = trunkline("config", "export", "--out", "acme", "--only", "queues")
    assert result.code == 2
    assert "queues/800.yaml:1" in result.err
    assert contents(Path("acme")) == {"queues/800.yaml": b"- not\n- an entity\n"}


def test_an_empty_text_is_not_the_current_folder(trunkline: Any, there: Path, system: System) -> None:
    result = trunkline("config", "export", "--out", "")
    assert result.code == 2
    assert "it is empty; the current folder is a dot." in result.err
    assert system.sent("GET") == []
