"""Files on the command line: which ones items may name, and that what a PBX answered is for its owner only."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from conftest import System
from trunkline.jobs import Job, JobFolder
from trunkline.node import PathRule


@pytest.fixture
def items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Items that name a file each: one in a folder, one outside of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "inside.wav").write_bytes(b"RIFF....WAVE")
    (tmp_path / "outside.wav").write_bytes(b"RIFF....WAVE")
    rows = [
        {"json": {}, "binary": {"data": {"path": path, "fileName": path.rpartition("/")[2]}}}
        for path in (str(folder / "inside.wav"), str(tmp_path / "outside.wav"))
    ]
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def prompts(trunkline: Any) -> set[str]:
    names = {row["Filename"] for row in trunkline("custom-prompts", "list", "-o", "jsonl").lines}
    return names & {"inside.wav", "outside.wav"}


RUN = ["run", "custom_prompts.upload", "--on-error", "continue"]
JOB = ["job", "run", "custom_prompts.upload", "--name", "prompts", "--attempts", "1"]


@pytest.mark.parametrize("command", [RUN, JOB])
@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ([], set()),
        (["--trust-item-paths"], {"inside.wav", "outside.wav"}),
        (["--trust-item-paths", "--files-from", "{}"], {"inside.wav"}),
    ],
)
def test_items_name_files_only_where_they_are_trusted(
    trunkline: Any, system: System, items: Path, command: list[str], options: list[str], sent: set[str]
) -> None:
    given = [option.format(items.parent / "prompts") for option in options]
    said = trunkline(*command, "--input", str(items), *given, "-o", "jsonl")
    assert said.code == (0 if len(sent) == 2 else 7)
    assert prompts(trunkline) == sent


@pytest.mark.parametrize("command", [RUN, JOB])
def test_a_dry_run_says_the_same(trunkline: Any, items: Path, command: list[str]) -> None:
    said = trunkline(*command, "--input", str(items), "--dry-run")
    assert said.code == 7
    assert said.err.count("items are not trusted to do so") == 2
    assert said.err.count("--trust-item-paths") == 2


@pytest.mark.parametrize("command", [RUN, JOB])
def test_a_folder_alone_is_refused_as_nothing_would_come_from_it(
    trunkline: Any, items: Path, command: list[str]
) -> None:
    said = trunkline(*command, "--input", str(items), "--files-from", str(items.parent))
    assert (said.code, "--files-from goes with --trust-item-paths" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("rule", "sent"),
    [(PathRule(), set()), (PathRule(True, Path("prompts")), {"inside.wav"})],
)
def test_a_job_that_goes_on_trusts_as_it_began(
    trunkline: Any, system: System, items: Path, monkeypatch: pytest.MonkeyPatch, rule: PathRule, sent: set[str]
) -> None:
    monkeypatch.chdir(items.parent)
    rows = [json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()]
    file = JobFolder().new("prompts")
    Job.create(file, "custom_prompts.upload", {}, rows, {"": system.url}, paths=rule).close()
    monkeypatch.chdir("/")
    assert trunkline("job", "resume", "prompts").code == 7
    assert prompts(trunkline) == sent


def test_a_flow_takes_its_files_from_another_folder(trunkline: Any, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "data").mkdir()
    flow = tmp_path / "flows" / "copy.yaml"
    flow.write_text("steps:\n  - read: rows.csv\n  - save: out.jsonl\n", encoding="utf-8")
    (tmp_path / "data" / "rows.csv").write_text("Id\n1\n", encoding="utf-8")
    assert trunkline("flow", "check", str(flow), "--files-from", str(tmp_path / "data")).code == 0
    assert "can't be read" in trunkline("flow", "run", str(flow)).err
    assert trunkline("flow", "run", str(flow), "--files-from", str(tmp_path / "data"), "--trust-item-paths").code == 0
    assert (tmp_path / "data" / "out.jsonl").read_text(encoding="utf-8") == '{"Id":"1"}\n'


@pytest.mark.skipif(os.name != "posix", reason="other systems have no modes")
def test_what_a_pbx_answered_is_for_its_owner_only(trunkline: Any, tmp_path: Path, items: Path) -> None:
    (tmp_path / "old.jsonl").write_text("old", encoding="utf-8")
    (tmp_path / "old.jsonl").chmod(0o644)
    for name in ("new.jsonl", "old.jsonl"):
        options = ["--on-error", "split", "--failed", str(tmp_path / name)]
        trunkline("run", "fax.delete", "--set", "Id={{ $json.Id }}", *options, "--yes", stdin='{"Id":999}\n')
        assert "999" in (tmp_path / name).read_text(encoding="utf-8")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (row,) = trunkline("recordings", "list", "--top", "1", "-o", "jsonl").lines
    said = trunkline("recordings", "download-recording", "--rec-id", str(row["Id"]), "--save", str(tmp_path / "a.wav"))
    assert said.code == 0, said.err
    trunkline(
        "run",
        "recordings.download_recording",
        "--binary-to",
        str(tmp_path / "b"),
        "--set",
        f"recId={row['Id']}",
        stdin="{}",
    )
    for path in (tmp_path / "a.wav", *(tmp_path / "b").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_failed_may_go_to_no_file(trunkline: Any) -> None:
    options = ["--on-error", "split", "--failed", "-", "--yes"]
    said = trunkline("run", "fax.delete", "--set", "Id={{ $json.Id }}", *options, stdin='{"Id":999}\n')
    assert said.code == 7
    said = trunkline("run", "fax.delete", "--set", "Id=9", "--failed", "/no/such/folder/a.jsonl", stdin='{"Id":999}\n')
    assert (said.code, "No such file" in said.err) == (2, True)
