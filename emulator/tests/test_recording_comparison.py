"""Comparing the emulator with a recording: each kind of difference is found, and none where there is none."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from trunkline.connections.targets import Target
from trunkline_emulator import Emulator, running
from trunkline_emulator.recording import files, real_pbx
from trunkline_emulator.recording.command import main
from trunkline_emulator.recording.comparison import Difference, compare, record_emulator
from trunkline_emulator.recording.recorder import Recording
from trunkline_emulator.recording.shapes import Shape

from .stand_in import API_KEY, CLIENT_ID, stand_in

COMMAND = [sys.executable, "-c", "from trunkline_emulator.recording.command import main; main()", "compare"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def own() -> Recording:
    """A recording of the emulator itself."""
    return record_emulator(Emulator())[0]


def process(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, argv)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the same command line in this process, which has imported all and made the emulated company already."""

    def now(*argv: str | Path) -> subprocess.CompletedProcess[str]:
        arguments = ["trunkline-emulator", "compare", *map(str, argv)]
        with monkeypatch.context() as patch, warnings.catch_warnings():
            patch.setattr(sys, "argv", arguments)
            with pytest.raises(SystemExit) as ended:
                main()
        assert isinstance(ended.value.code, int)
        return subprocess.CompletedProcess(arguments, ended.value.code, *capsys.readouterr())

    return now


@pytest.mark.parametrize("version", ["20.0.10", "20.0.8.1121", "20.0.7", "pre-20.0.5"])
def test_the_emulator_does_not_differ_from_itself(version: str) -> None:
    recording, evidence = record_emulator(Emulator(version), version)
    comparison = compare(recording)
    assert comparison.differences == []
    assert comparison.skipped == {}
    assert comparison.agreed == evidence
    assert len(comparison.agreed) > 150


def test_an_emulator_that_was_recorded_over_the_network_does_not_differ() -> None:
    emulator = Emulator()
    with running(emulator) as url:
        target = Target(url, emulator.client_id, emulator.api_key, {"verify": True})
        recording = asyncio.run(real_pbx.record(target, lambda question, heard: None))
    assert {entry.method for entry in emulator.journal if entry.path != "/connect/token"} == {"GET"}
    comparison = compare(recording)
    assert (comparison.differences, comparison.skipped) == ([], {})


LIST, ONE, WRONG = "/Users?$top=2&$count=true", "/SystemStatus", "/Users?$top=500"


def row(recording: Recording) -> Shape:
    body = recording.answers[LIST].body
    assert body is not None
    rows = body.properties["value"].items
    assert rows is not None
    return rows


def system(recording: Recording) -> Shape:
    body = recording.answers[ONE].body
    assert body is not None
    return body


def said(recording: Recording) -> Shape:
    body = recording.answers[WRONG].body
    assert body is not None
    return body.properties["error"].properties["message"]


def reordered(recording: Recording) -> None:
    first, second, *others = row(recording).properties.items()
    row(recording).properties = dict([second, first, *others])


def bodiless(recording: Recording) -> None:
    recording.answers[ONE].body = None
    recording.answers[ONE].content = "0 bytes"


def misspoken(recording: Recording) -> None:
    said(recording).kinds = {"text: says Not Found": 1}


def with_news(recording: Recording) -> None:
    row(recording).properties["New"] = Shape({"boolean": 2})


SEEDED: dict[str, tuple[str, str, Callable[[Recording], object]]] = {
    "status": (ONE, "", lambda recording: setattr(recording.answers[ONE], "status", 500)),
    "header": (ONE, "etag", lambda recording: recording.answers[ONE].headers.update({"etag": "W/"})),
    "body": (ONE, "", bodiless),
    "missing property": (LIST, "value[].New", with_news),
    "extra property": (LIST, "value[].Id", lambda recording: row(recording).properties.pop("Id")),
    "type": (LIST, "value[].Id", lambda recording: row(recording).properties.update(Id=Shape({"text: guid": 2}))),
    "format": (ONE, "FQDN", lambda recording: system(recording).properties.update(FQDN=Shape({"text: guid": 1}))),
    "order": (LIST, "value[]", reordered),
    "error text": (WRONG, "error.message", misspoken),
}  # fmt: skip


@pytest.mark.parametrize("kind", SEEDED)
def test_each_kind_of_difference_is_found(run: Run, kind: str, own: Recording, tmp_path: Path) -> None:
    question, place, change = SEEDED[kind]
    recording = deepcopy(own)
    change(recording)
    (found,) = compare(recording).differences
    assert (found.kind, found.question, found.place, found.certain) == (kind, question, place, True)
    assert found.evidence in ("seen", "published", "assumed")
    assert found.recorded != found.emulated

    files.write(tmp_path / "recording.json", files.as_text(recording))
    done = run(tmp_path / "recording.json")
    assert (done.returncode, done.stderr) == (1, "")
    described = f"{kind} {place.removeprefix('value[].')}".strip()
    assert done.stdout.startswith(f"{described}: {found.recorded} on the PBX, {found.emulated} in the emulator\n")
    assert f"  {found.evidence}: {question}\n" in done.stdout
    assert ": 1 difference.\n" in done.stdout
    answered = json.loads(run(tmp_path / "recording.json", "--json").stdout)
    assert [Difference(**each) for each in answered["differences"]] == [found]


def test_a_difference_of_many_answers_is_shown_once(own: Recording, tmp_path: Path) -> None:
    recording = deepcopy(own)
    for answer in recording.answers.values():
        answer.headers["etag"] = "W/"
    files.write(tmp_path / "recording.json", files.as_text(recording))
    done = process(tmp_path / "recording.json")
    assert done.returncode == 1
    assert done.stdout.count("header etag") == 1
    assert f"  and {len(own.answers) - 3} more\n" in done.stdout


def test_a_property_that_may_be_null_is_shown_on_request(run: Run, own: Recording, tmp_path: Path) -> None:
    recording = deepcopy(own)
    assert row(recording).properties.pop("FirstName").optional
    (found,) = compare(recording).differences
    assert (found.kind, found.certain) == ("extra property", False)
    files.write(tmp_path / "recording.json", files.as_text(recording))
    done = run(tmp_path / "recording.json")
    assert done.returncode == 0
    assert "1 properties stand on one side only" in done.stdout
    assert run(tmp_path / "recording.json", "--all").returncode == 1


def test_what_rights_and_networks_kept_from_us_is_not_compared(own: Recording) -> None:
    recording = deepcopy(own)
    recording.answers[ONE].status = 403
    recording.answers["/NoLongerThere"] = recording.answers[LIST]
    comparison = compare(recording)
    assert comparison.differences == []
    assert comparison.skipped == {
        ONE: "the PBX answered 403",
        "/NoLongerThere": "the emulator has no row or action for it",
    }


def test_a_recording_of_a_captured_system_is_compared_with_its_own_version() -> None:
    with stand_in() as pbx:
        target = Target(pbx.url, CLIENT_ID, API_KEY, {"verify": True})
        recording = asyncio.run(real_pbx.record(target, lambda question, heard: None))
    comparison = compare(recording)
    assert comparison.version == "20.0.8.1121"
    assert comparison.skipped["/Recordings?$top=2&$count=true"] == "the PBX answered 403"
    found = {(each.kind, each.place) for each in comparison.differences if each.question == LIST}
    assert ("missing property", "value[].NewerThanPublished") in found
    assert compare(recording, "20.0.10").version == "20.0.10"


def test_another_version_can_be_emulated(run: Run, own: Recording, tmp_path: Path) -> None:
    files.write(tmp_path / "recording.json", files.as_text(own))
    assert "Emulated 3CX 20.0.7:" in run(tmp_path / "recording.json", "--api-version", "20.0.7").stdout
    done = run(tmp_path / "recording.json", "--api-version", "twenty")
    assert (done.returncode, "'twenty' is not a version" in done.stderr) == (2, True)


START = '{"format": "trunkline-recording-1", "tool": "", "date": "", "version": "", "answers": '
BAD = {
    "text": "not JSON",
    "empty": "",
    "another format": START.replace("-1", "-2") + "{}}",
    "unknown field": START + '{}, "more": 1}',
    "wrong type": START + '{"/A": {"status": "200"}}}',
    "nested": START + "[" * 100_000,
    "deep shapes": START + '{"/A": {"status": 200, "body": ' + '{"items":' * 100_000,
    "too large": " " * (files.LARGEST + 1),
    "lone surrogate": '"\\ud800"',
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_explained(run: Run, kind: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(BAD[kind])
    done = run(tmp_path / "bad.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "bad.json is not a recording (" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 600


def test_a_file_that_is_not_there_is_explained(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        done = process(path)
        assert (done.returncode, "can't be read" in done.stderr) == (3, True)


def test_what_a_file_says_does_not_drive_the_terminal(run: Run, own: Recording, tmp_path: Path) -> None:
    recording = deepcopy(own)
    recording.version = ""
    row(recording).properties["\x1b[2J"] = Shape({"boolean": 2})
    files.write(tmp_path / "recording.json", files.as_text(recording))
    done = run(tmp_path / "recording.json")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    recording.version = "\x1b[2J"
    (tmp_path / "other.json").write_text(files.as_text(recording))
    done = run(tmp_path / "other.json")
    assert (done.returncode, "\x1b" in done.stderr) == (2, False)
