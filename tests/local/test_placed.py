"""A file for each PBX: where it is, and which names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline import InvalidArgument
from trunkline.local.placed import paths_for


def test_each_name_has_its_path_and_the_folders_are_made(tmp_path: Path) -> None:
    paths = paths_for(tmp_path / "{pbx}" / "june-{pbx}.csv", ["acme", "b.c"])
    assert paths == [tmp_path / "acme" / "june-acme.csv", tmp_path / "b.c" / "june-b.c.csv"]
    assert all(path.parent.is_dir() for path in paths)


def test_one_name_needs_no_place(tmp_path: Path) -> None:
    assert paths_for(tmp_path / "june.csv", ["acme"]) == [tmp_path / "june.csv"]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("june.csv", ["a", "b"]),
        ("{pbx}/x", ["a", ".."]),
        ("{pbx}/x", ["a", "."]),
        ("{pbx}/x", ["a", "../b"]),
        ("{pbx}/x", ["a", "b\\c"]),
        ("{pbx}/x", ["a", ""]),
        ("{pbx}/x", ["a", "nul"]),
        ("{pbx}/x", ["a", "b\n"]),
        ("{pbx}/x", ["a", "A"]),
    ],
)
def test_what_would_be_another_file_is_refused(
    template: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument):
        paths_for(template, names)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("a file", encoding="utf-8")
    with pytest.raises(InvalidArgument, match="can't be made"):
        paths_for(tmp_path / "{pbx}" / "x.csv", ["acme"])
