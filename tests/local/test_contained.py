"""Opening files by names that somebody wrote: links are followed within the folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.errors import InvalidArgument
from trunkline.local.contained import open_named


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, beside another one that is none of its business."""
    (tmp_path / "inside" / "queues").mkdir(parents=True)
    (tmp_path / "inside" / "queues" / "800.yaml").write_text("mine")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "800.yaml").write_text("not mine")
    return tmp_path / "inside"


def text(folder: Path, name: str) -> str:
    with open_named(folder, name) as file:
        return file.read().decode()


def test_a_file_is_opened(folder: Path) -> None:
    assert text(folder, "queues/800.yaml") == "mine"
    assert text(folder, "queues/../queues/./800.yaml") == "mine"


def test_a_file_that_is_not_there(folder: Path) -> None:
    for name in ("queues/801.yaml", "users/100.yaml"):
        with pytest.raises(FileNotFoundError):
            open_named(folder, name)


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert text(tmp_path / "link", "queues/800.yaml") == "mine"


def test_links_within_the_folder_are_followed(folder: Path) -> None:
    (folder / "queues" / "link.yaml").symlink_to("800.yaml")
    (folder / "lines").symlink_to("queues")
    assert text(folder, "queues/link.yaml") == "mine"
    assert text(folder, "lines/800.yaml") == "mine"


def test_links_out_of_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "queues" / "link.yaml").symlink_to(tmp_path / "outside" / "800.yaml")
    (folder / "lines").symlink_to(tmp_path / "outside")
    for name in ("queues/link.yaml", "lines/800.yaml", "../outside/800.yaml", str(tmp_path / "outside" / "800.yaml")):
        with pytest.raises(InvalidArgument, match="outside of the folder"):
            open_named(folder, name)
    with pytest.raises(InvalidArgument, match="device on Windows"):
        open_named(folder, "queues/NUL")
