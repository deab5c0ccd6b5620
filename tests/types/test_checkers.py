"""mypy and pyright read the stubs: right calls pass both, and each wrong one is refused by both."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from once import Once
from trunkline import catalog
from trunkline.client.methods import signature

PACKAGE = Path(__file__).parents[2] / "src" / "trunkline"
GOOD = Path(__file__).with_name("good.py")

HEAD = """\
from trunkline import AsyncPbx, Pbx, types

async def wrong(pbx: Pbx, other: AsyncPbx, fax: types.Fax) -> None:
"""
WRONG = {
    "a resource that isn't there": "pbx.faxes.list()",
    "an action that isn't there": "pbx.fax.delet(42)",
    "an action of another resource": "pbx.system_status.list()",
    "text for a number": 'pbx.fax.delete("42")',
    "a number for text": "pbx.users.get_by_number(100)",
    "no key": "pbx.fax.get()",
    "None for a key": "pbx.users.get_by_number(None)",
    "one argument too many": "pbx.fax.delete(42, 43, 44)",
    "a number for a date": "pbx.activity_log.get_logs(20260901, '2026-09-12T00:00:00Z', None, None, None)",
    "too few function parameters": "pbx.report_call_log_data.get_call_quality_report('1')",
    "no body": "pbx.contacts.create()",
    "an option that isn't there": "pbx.fax.list(filters='Id eq 1')",
    "an option of other actions": "pbx.fax.get(42, top=5)",
    "text for an option's number": "pbx.fax.list(top='5')",
    "if_match where 3CX has none": "pbx.fax.update(42, {}, if_match='W/\"7\"')",
    "if_unchanged without an entity": "pbx.fax.list(if_unchanged=fax)",
    "an ETag that is not text": "pbx.fax.delete(42, if_match=7)",
    "text for a timeout": "pbx.fax.delete(42, timeout='5')",
    "a field that isn't there": 'pbx.contacts.create({"FistName": "Ada"})',
    "a field of the wrong type": 'pbx.contacts.create({"FirstName": 7})',
    "a wrong field further down": 'pbx.users.update(7, {"Groups": [{"GroupNr": 3}]})',
    "another type's entity": "pbx.contacts.update(7, fax)",
    "a wrong enum value in a body": 'pbx.blocklist.create({"BlockType": "Blocked"})',
    "a wrong enum value as an argument": 'pbx.contacts.delete_contacts_by_type(contact_source="Outlook")',
    "a field of an action's body by a wrong name": "pbx.fax.bulk_fax_delete(id=[1])",
    "a field of an action's body of a wrong type": 'pbx.fax.bulk_fax_delete(ids=["1"])',
    "None for a field that can't be null": "pbx.fax.bulk_fax_delete(ids=None)",
    "text where a list belongs": 'pbx.users.get_phone_registrars(macs="001122334455")',
    "text for a file": 'pbx.custom_prompts.upload(file="welcome.wav")',
    "reading a field that isn't there": 'fax["Numbr"]',
    "a row as a list": "rows: list[types.Fax] = pbx.fax.list()",
    "None as an answer": "answer: types.Contact = pbx.contacts.update(7, {})",
    "a saved file's content": "pbx.recordings.download_recording(42, to='calls').content",
    "an answer that may be None": "pbx.users.make_call(destination='100').get('FinalStatus')",
    "an answer not awaited": 'other.fax.get(42)["Id"]',
    "an asynchronous list in a plain loop": "for row in other.fax.list(): pass",
    "a plain list in an asynchronous loop": "[row async for row in pbx.fax.list()]",
    "a wrong argument, asynchronously": 'await other.fax.delete("42")',
    "a wrong field, asynchronously": 'await other.contacts.create({"FistName": "Ada"})',
}
FIRST_LINE = HEAD.count("\n") + 1
VALUES = {"bool": "True", "int": "7", "str": "'7'", "datetime | str": "'2026-09-01T00:00:00Z'", "UUID | str": "'7'"}


def pyright(*files: Path, folder: Path) -> Mapping[Path, Mapping[int, str]]:
    """Errors by file and line."""
    config: dict[str, Any] = {"typeCheckingMode": "standard", "include": [str(file) for file in files]}
    folder.joinpath("pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=240, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(files), done.stdout
    found: dict[Path, dict[int, str]] = {file: {} for file in files}
    for entry in report["generalDiagnostics"]:
        if entry["severity"] == "error":
            found[Path(entry["file"])][entry["range"]["start"]["line"] + 1] = entry["message"]
    return found


def mypy(*files: Path, folder: Path) -> Mapping[Path, Mapping[int, str]]:
    """Errors by file and line."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--cache-dir={folder / 'mypy'}",
        *map(str, files),
    ]
    done = subprocess.run(
        [*command, "--output=json"], cwd=folder, capture_output=True, encoding="utf-8", timeout=240, check=False
    )
    assert not done.stderr, done.stderr
    found: dict[Path, dict[int, str]] = {file: {} for file in files}
    for line in done.stdout.splitlines():
        if line.startswith("{") and (entry := json.loads(line))["severity"] == "error":
            found[(folder / entry["file"]).resolve()][entry["line"]] = entry["message"]
    return found


def every_call() -> str:
    """A program that calls all actions, of threads and of an event loop, with no more than they need."""
    calls = []
    everything = catalog.load()
    for resource, actions in everything.resources.items():
        for verb, action in actions.items():
            given = []
            for parameter in signature(everything, action).parameters.values():
                if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty:
                    given.append(VALUES.get(parameter.annotation.removesuffix(" | None"), "{}"))
            calls.append(f"pbx.{resource}.{verb}({', '.join(given)})")
    sync = "".join(f"    {call}\n" for call in calls)
    asynchronous = "".join(f"    await {call}\n" for call in calls)
    return (
        "from trunkline import AsyncPbx, Pbx\n\n"
        f"def sync(pbx: Pbx) -> None:\n{sync}\n"
        f"async def asynchronous(pbx: AsyncPbx) -> None:\n{asynchronous}"
    )


def check(folder: Path) -> None:
    """Write what each checker says of each file to said.json; each runs once over all of them."""
    files = [folder / name for name in ("good.py", "wrong.py", "every.py")]
    shutil.copy(GOOD, files[0])
    files[1].write_text(HEAD + "".join(f"    {line}\n" for line in WRONG.values()), encoding="utf-8")
    files[2].write_text(every_call(), encoding="utf-8")
    said = {
        name: {file.name: lines for file, lines in checker(*files, folder=folder).items()}
        for name, checker in (("mypy", mypy), ("pyright", pyright))
    }
    folder.joinpath("said.json").write_text(json.dumps(said), encoding="utf-8")


@pytest.fixture(scope="module")
def errors(once: Once) -> dict[tuple[str, str], Mapping[int, str]]:
    """What each checker says, by its name and the file's."""
    said = json.loads(once("checked", lambda folder: check(folder.resolve())).joinpath("said.json").read_text("utf-8"))
    return {
        (checker, file): {int(line): message for line, message in lines.items()}
        for checker, files in said.items()
        for file, lines in files.items()
    }


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_one_action_of_each_kind_passes(checker: str, errors: dict[tuple[str, str], Mapping[int, str]]) -> None:
    assert errors[checker, "good.py"] == {}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_calls_of_all_actions_pass(checker: str, errors: dict[tuple[str, str], Mapping[int, str]]) -> None:
    assert errors[checker, "every.py"] == {}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_line_is_refused(checker: str, case: str, errors: dict[tuple[str, str], Mapping[int, str]]) -> None:
    line = FIRST_LINE + list(WRONG).index(case)
    assert line in errors[checker, "wrong.py"], list(WRONG.values())[line - FIRST_LINE]


def test_pyright_finds_no_fault_with_the_stubs_themselves(tmp_path: Path) -> None:
    stubs = (PACKAGE / "types.pyi", PACKAGE / "client" / "resources.pyi")
    assert pyright(*stubs, folder=tmp_path.resolve()) == {stub: {} for stub in stubs}
