"""Seed files that are not seeds: each is refused with a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from trunkline_emulator import Emulator, NotAllowed
from trunkline_emulator.seeds import ground


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("recursive.yaml", "Users: &a [*a]", "is not YAML"),
        ("recursive.yaml", "&a {Users: *a}", "a list of rows is expected"),
        ("tag.yaml", "!!python/object/apply:os.system ['id']", "is not YAML"),
        ("two.yaml", "a: 1\n---\nb: 2", "is not YAML"),
        ("nul.yaml", "\x00", "is not YAML"),
        ("merge.yaml", "<<: 3", "is not YAML"),
        ("anchors.yaml", "&" * 20_000, "is not YAML"),
        ("deep.json", "[" * 100_000, "nested too deeply"),
        ("deep.json", '{"Users": ' + "[" * 900 + "]" * 900 + "}", "an object with fields is expected"),
        ("digits.json", '{"Users": [{"Id": ' + "9" * 5000 + "}]}", "is not JSON"),
        ("infinite.json", '{"Users": [{"Id": 1e999}]}', "Cannot convert the value"),
        ("twice.json", '{"Users": [], "Users": []}', "Users stands here twice"),
        ("twice.json", '{"Users": [{"Id": 1, "Id": 2}]}', "Id stands here twice"),
        ("cut.json", '{"Users": [', "is not JSON"),
        ("empty.json", "", "is not JSON"),
    ],
)
def test_each_is_refused(tmp_path: Path, name: str, content: Any, said: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=name) as caught:
        ground(path, "20.0.10")
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"Users: \xe9", b"\x80"])
@pytest.mark.parametrize("name", ["seed.yaml", "seed.json"])
def test_other_encodings_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match="can't be read"):
        ground(path, "20.0.10")


@pytest.mark.parametrize("name", ["seed.yaml", "seed.json"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="it is not a file"):
        ground(tmp_path / name, "20.0.10")
    with pytest.raises(ValueError, match="No such file"):
        ground(tmp_path / "none" / name, "20.0.10")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on POSIX systems")
@pytest.mark.parametrize("name", ["seed.yaml", "seed.json"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match="it is not a file"):
        ground(tmp_path / name, "20.0.10")


def test_aliases_and_merges_go_on_working(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(
        "Users:\n- &ada {Number: 100, FirstName: Ada}\n- {<<: *ada, Number: 101}\n"
        "- {Number: 102, FirstName: &name Bob}\n"
        "Contacts:\n- {FirstName: *name, PhoneNumber: '1'}\n",
        encoding="utf-8",
    )
    emulator = Emulator(seed=path)
    users = emulator.ask("GET", "/Users?$select=Number,FirstName").json()["value"]
    assert [(row["Number"], row["FirstName"]) for row in users] == [("100", "Ada"), ("101", "Ada"), ("102", "Bob")]
    assert emulator.ask("GET", "/Contacts").json()["value"][0]["FirstName"] == "Bob"


def test_rows_that_contain_themselves_are_refused() -> None:
    rows: dict[str, object] = {}
    rows["Phones"] = [rows]
    with pytest.raises(NotAllowed, match="nested too deeply"):
        Emulator().load_seed({"Users": [rows]})
