"""`trunkline config validate`: what is wrong in a folder, by file and line, without a PBX."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Line = Callable[..., Any]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a fault, in the current one."""
    monkeypatch.chdir(tmp_path)
    write("queues/800.yaml", "Number: 800\nName: Sales\nAgents: [101]\n")
    write("users/101.yaml", "Number: 101\nFirstName: Ada\n")
    return Path("acme")


def write(file: str, text: str) -> None:
    path = Path("acme", file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_folder_without_a_fault_ends_with_0(line: Line, acme: Path) -> None:
    result = line("config", "validate", "acme")
    assert (result.code, result.out, result.err) == (0, "", "acme: 0 errors, 0 notes.\n")


def test_every_fault_is_a_line_that_an_editor_opens(line: Line, acme: Path) -> None:
    write("queues/800.yaml", "Number: 800\nNaem: Sales\n")
    write("users/101.yaml", "Number: 101\nEnabled: perhaps\n")
    result = line("config", "validate", "acme", "-o", "table")
    assert result.code == 2
    assert [row.split(": ")[0] for row in result.out.splitlines()] == [
        "acme/queues/800.yaml:2",
        "acme/users/101.yaml:2",
    ]
    assert "Name" in result.out.splitlines()[0]
    assert result.err == "acme: 2 errors, 0 notes.\n"


def test_a_fault_of_a_lower_folder_has_its_own_path(line: Line, acme: Path) -> None:
    write("trunkline.yaml", "extends: ../base\n")
    path = Path("base/queues/801.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("Number: 801\nNaem: Support\n", encoding="utf-8")
    assert line("config", "validate", "acme", "-o", "table").out.startswith("base/queues/801.yaml:2: ")
    (fault,) = line("config", "validate", "acme").lines
    assert (fault["file"], fault["line"], fault["is_error"]) == ("../base/queues/801.yaml", 2, True)


def test_what_a_version_lacks_and_names_of_nothing_are_notes(line: Line, acme: Path) -> None:
    write("queues/800.yaml", "Number: 800\nAgents: [102]\n")
    result = line("config", "validate", "acme", "-o", "table")
    assert result.code == 0
    assert result.out.startswith("acme/queues/800.yaml:2: note: ")
    assert result.err == "acme: 0 errors, 1 note.\n"


def test_a_version_that_is_none_and_a_folder_that_is_not_there_are_refused(line: Line, acme: Path) -> None:
    assert line("config", "validate", "acme", "--api-version", "new").code == 2
    result = line("config", "validate", "nowhere")
    assert (result.code, "There is no folder nowhere." in result.err) == (2, True)


def test_schemas_for_editors_are_those_that_an_export_writes(line: Line, trunkline: Any, acme: Path) -> None:
    assert line("config", "validate", "acme", "--schemas").code == 0
    schema = json.loads((acme / ".schema" / "queues.json").read_text(encoding="utf-8"))
    assert "PollingStrategy" in json.dumps(schema)
    assert trunkline("config", "export", "--out", "other", "--only", "queues,users").code == 0
    for path in Path("other/.schema").rglob("*.json"):
        assert (acme / path.relative_to("other")).read_bytes() == path.read_bytes()


def test_a_file_is_not_said_to_be_missing(line: Line, acme: Path) -> None:
    result = line("config", "validate", "acme/queues/800.yaml")
    assert (result.code, result.out) == (2, "")
    assert "acme/queues/800.yaml is a file, and a configuration is a folder." in result.err


def test_an_empty_text_is_not_the_current_folder(line: Line, acme: Path) -> None:
    result = line("config", "validate", "")
    assert (result.code, result.out) == (2, "")
    assert "it is empty; the current folder is a dot." in result.err
