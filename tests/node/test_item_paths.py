"""Which files of this machine an item may name, and how a file is opened that may be uploaded."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import CLIENT, KEY, System
from trunkline import InvalidArgument, Pbx, TrunklineError
from trunkline.errors import ItemsFailed
from trunkline.local.contained import open_regular, open_within, replace_within, resolved
from trunkline.node import Node
from trunkline.node.binary import SavedFile, settle
from trunkline.result import File

FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
LINKS = pytest.mark.skipif(os.name == "nt", reason="only administrators make links")


def named(path: object, **about: Any) -> dict[str, Any]:
    return {"json": {}, "binary": {"data": {"path": path, "fileName": "prompt.wav", **about}}}


def upload(system: System, item: Any, **options: Any) -> set[str]:
    """The prompts that a PBX has after an upload."""
    with Pbx(system.url, CLIENT, KEY) as pbx:
        Node("custom_prompts.upload", {}, **options).run(pbx, [item])
        return {row["Filename"] for row in pbx.custom_prompts.list()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, and one beside it that is nobody's business."""
    folder = tmp_path / "prompts"
    (folder / "sub").mkdir(parents=True)
    (folder / "prompt.wav").write_bytes(b"RIFF....WAVE")
    (folder / "sub" / "prompt.wav").write_bytes(b"RIFF....WAVE")
    (tmp_path / "secret.wav").write_bytes(b"RIFF secret")
    (tmp_path / "prompts-of-others").mkdir()
    (tmp_path / "prompts-of-others" / "prompt.wav").write_bytes(b"RIFF secret")
    return folder


@pytest.mark.parametrize("trusted", [{}, {"files_from": "."}])
@pytest.mark.parametrize("path", ["/etc/passwd", "prompt.wav", "~/prompt.wav", 7, ["/etc/passwd"]])
def test_an_item_names_no_file_unless_it_is_trusted(
    system: System, folder: Path, path: Any, trusted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ItemsFailed, match="are not trusted to do so") as refused:
        upload(system, named(path), **trusted)
    assert "trust_item_paths=True" in str(refused.value.hint)
    assert system.sent("POST") == []


def test_a_trusted_item_names_any_file(system: System, folder: Path) -> None:
    assert "prompt.wav" in upload(system, named(str(folder / "prompt.wav")), trust_item_paths=True)


@pytest.mark.parametrize("path", ["prompt.wav", "sub/prompt.wav", "./sub/../prompt.wav", "{}/prompt.wav"])
def test_with_a_folder_a_trusted_item_names_files_in_it(system: System, folder: Path, path: str) -> None:
    item = named(path.format(folder))
    assert "prompt.wav" in upload(system, item, trust_item_paths=True, files_from=folder)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../secret.wav", "outside of the folder"),
        ("sub/../../secret.wav", "outside of the folder"),
        ("{}/../secret.wav", "outside of the folder"),
        ("{}-of-others/prompt.wav", "outside of the folder"),
        ("/etc/passwd", "outside of the folder"),
        ("//etc/passwd", "outside of the folder"),
        ("out.wav", "outside of the folder"),
        ("away/secret.wav", "outside of the folder"),
        (".", "outside of the folder"),
        ("", "neither data nor path"),
        (" ", "it is empty"),
        ("sub", "is not at"),
        ("gone.wav", "is not at"),
        ("~/prompt.wav", "~ does not stand for a home"),
        ("~root/prompt.wav", "~ does not stand for a home"),
        ("a\0b.wav", "control character"),
        ("half\ud800.wav", "half a character"),
        ("x" * 300, "is not at"),
        ("C:\\Windows\\prompt.wav", "written for Windows"),
        ("C:prompt.wav", "written for Windows"),
        ("\\\\server\\share\\prompt.wav", "written for Windows"),
        ("sub\\prompt.wav", "written for Windows"),
        ("NUL", "is a device on Windows"),
        ("con.wav", "is a device on Windows"),
        ("sub/COM1.wav", "is a device on Windows"),
        ("prompt.wav.", "ends with a dot"),
        ("prompt.wav ", "ends with a dot or a space"),
        (7, "not text"),
        (True, "not text"),
    ],
)
@LINKS
def test_nothing_leads_out_of_the_folder(system: System, folder: Path, path: Any, said: str) -> None:
    (folder / "out.wav").symlink_to(folder.parent / "secret.wav")
    (folder / "away").symlink_to(folder.parent)
    item = named(path.format(folder) if isinstance(path, str) else path)
    with pytest.raises(ItemsFailed, match=said):
        upload(system, item, trust_item_paths=True, files_from=folder)
    assert system.sent("POST") == []


@FIFO
@pytest.mark.parametrize("options", [{"trust_item_paths": True}, {"trust_item_paths": True, "files_from": "."}])
def test_a_pipe_or_device_is_not_waited_for(
    system: System, folder: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    os.mkfifo(folder / "pipe")
    with pytest.raises(ItemsFailed, match="is not at"):
        upload(system, named("pipe"), **options)


def saved(system: System, folder: Path) -> Any:
    """An item with a recording that a step has just saved."""
    with Pbx(system.url, CLIENT, KEY) as pbx:
        row = next(iter(pbx.recordings.list(top=1)))
        node = Node("recordings.download_recording", {"recId": "{{ $json.Id }}"}, binary_to=folder)
        (item,) = node.run(pbx, [row]).items
    return item


def test_a_file_that_a_step_has_saved_may_be_sent_by_a_later_one(system: System, tmp_path: Path) -> None:
    item = saved(system, tmp_path)
    assert item["binary"]["data"]["fileName"] in upload(system, item)
    assert json.loads(json.dumps(item["binary"]["data"]))["path"] == str(next(tmp_path.iterdir()))


@LINKS
def test_the_folder_that_a_step_saves_in_may_be_a_link(system: System, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    item = saved(system, tmp_path / "link")
    assert item["binary"]["data"]["fileName"] in upload(system, item)


@pytest.mark.parametrize(
    "forge",
    [
        lambda item: json.loads(json.dumps(item)),
        lambda item: {**item, "binary": {"data": dict(item["binary"]["data"])}},
        lambda item: {**item, "binary": {"data": {**item["binary"]["data"], "saved": True}}},
    ],
)
def test_no_field_says_that_a_file_was_saved_by_a_step(
    forge: Callable[[Any], Any], system: System, tmp_path: Path
) -> None:
    with pytest.raises(ItemsFailed, match="are not trusted to do so"):
        upload(system, forge(saved(system, tmp_path)))


def test_an_entry_whose_path_was_changed_is_one_like_any_other(system: System, tmp_path: Path) -> None:
    item = saved(system, tmp_path)
    item["binary"]["data"]["path"] = "/etc/passwd"
    with pytest.raises(ItemsFailed, match="are not trusted to do so"):
        upload(system, item)
    assert copy.copy(SavedFile({}, tmp_path))["path"] == str(tmp_path)


@LINKS
def test_a_saved_file_that_was_replaced_by_a_link_is_not_sent(system: System, tmp_path: Path) -> None:
    item = saved(system, tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    path.unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ItemsFailed, match="can't be read"):
        upload(system, item)


# ── the folder itself ────────────────────────────────────────────────────────────────────────────


@LINKS
def test_a_link_that_is_put_in_the_way_after_the_check_is_not_followed(folder: Path) -> None:
    inner, last = resolved(folder, "sub/prompt.wav"), resolved(folder, "prompt.wav")
    new = resolved(folder, "sub/new.csv")
    (folder / "sub" / "prompt.wav").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(folder.parent / "prompts-of-others")
    last.unlink()
    last.symlink_to(folder.parent / "secret.wav")
    for path in (inner, last):
        with pytest.raises(OSError), open_within(folder, path):  # noqa: PT011 - each system has its own
            pass
    with pytest.raises(OSError), replace_within(folder, new) as file:  # noqa: PT011
        file.write(b"x")
    assert sorted(path.name for path in (folder.parent / "prompts-of-others").iterdir()) == ["prompt.wav"]


def test_without_folders_that_can_be_walked_the_checks_hold_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr("trunkline.local.contained._WALKS", False)
    with open_within(folder, resolved(folder, "sub/prompt.wav")) as opened:
        assert opened.read() == b"RIFF....WAVE"
    with replace_within(folder, resolved(folder, "new/a.csv")) as file:
        file.write(b"a")
    assert (folder / "new" / "a.csv").read_bytes() == b"a"
    if os.name != "nt":
        path = resolved(folder, "prompt.wav")
        path.unlink()
        path.symlink_to(folder.parent / "secret.wav")
        with pytest.raises(OSError, match="a link was put in its place"), open_within(folder, path):
            pass


@given(
    st.lists(
        st.sampled_from(["..", ".", "a", "sub", "~", "/", "//", "\\", "C:", " ", "\0", "\ud800", "nul"]) | st.text()
    )
)
def test_no_name_at_all_leads_out_of_the_folder(parts: list[str]) -> None:
    folder = Path(os.path.realpath(tempfile.gettempdir())) / "trunkline-no-such-folder"
    for name in ("/".join(parts), "".join(parts)):
        with contextlib.suppress(InvalidArgument):
            assert resolved(folder, name).is_relative_to(folder)
            assert resolved(folder, name) != folder


def test_a_link_within_the_folder_is_fine(folder: Path) -> None:
    if os.name != "nt":
        (folder / "short").symlink_to(folder / "sub")
        with open_within(folder, resolved(folder, "short/prompt.wav")) as file:
            assert file.read() == b"RIFF....WAVE"


def test_what_is_written_is_whole_and_for_its_owner(folder: Path) -> None:
    path = resolved(folder, "new/deep/a.csv")
    for content in (b"one", b"two"):
        with replace_within(folder, path) as file:
            file.write(content)
        assert path.read_bytes() == content
    with pytest.raises(RuntimeError), replace_within(folder, path) as file:  # noqa: PT012
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"two"
    assert [other.name for other in path.parent.iterdir()] == ["a.csv"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@FIFO
def test_only_an_ordinary_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match=r"ordinary file|[Dd]irectory"):
            open_regular(path)


# ── the files that a PBX sends ───────────────────────────────────────────────────────────────────


@pytest.mark.skipif(os.name != "posix", reason="other systems have no modes")
def test_what_a_pbx_sends_is_for_its_owner_only(system: System, tmp_path: Path) -> None:
    (tmp_path / "old.wav").write_bytes(b"old")
    (tmp_path / "old.wav").chmod(0o644)
    seen: list[int] = []

    def look(*_: object) -> None:
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.suffix == ".part")

    with Pbx(system.url, CLIENT, KEY) as pbx:
        row = next(iter(pbx.recordings.list(top=1)))
        pbx.recordings.download_recording(row["Id"], to=tmp_path / "new.wav", progress=look)
        pbx.recordings.download_recording(row["Id"], to=tmp_path / "old.wav")
    saved(system, tmp_path / "items")
    settle(File("a.wav", "audio/wav", b"x"), tmp_path / "items", tmp_path / "items" / ".waiting")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600} == set(seen)


def test_two_files_of_one_name_never_take_each_others_place(tmp_path: Path) -> None:
    def keep(number: int) -> None:
        settle(File("a.wav", "audio/wav", b"%d" % number), tmp_path, tmp_path / f".waiting-{number}")

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == sorted(b"%d" % number for number in range(20))


def test_a_file_that_can_not_be_kept_fails_alone_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.write_bytes(b"")
    with pytest.raises(TrunklineError, match="can't be kept in"):
        settle(File("a.wav", "audio/wav", b"x"), folder, tmp_path / ".waiting")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize("name", ["a\0b.wav", "half\ud800.wav", "x" * 300, "gone/a.wav"])
def test_a_download_to_a_name_that_no_file_can_have_is_refused_unsent(
    name: str, system: System, tmp_path: Path
) -> None:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        with pytest.raises((InvalidArgument, TrunklineError), match=r"can't be written|does not exist"):
            pbx.recordings.download_recording(1, to=tmp_path / name)
    assert [path for path in system.sent("GET") if "Recordings" in path] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b.wav", "half\ud800.wav", "x" * 300])
def test_an_upload_from_a_name_that_no_file_can_have_is_refused(name: str, system: System) -> None:
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(InvalidArgument, match="can't be read"):
        pbx.custom_prompts.upload(file=Path(name))


@FIFO
def test_an_upload_from_a_pipe_is_refused_and_not_waited_for(system: System, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(InvalidArgument, match="not an ordinary file"):
        pbx.custom_prompts.upload(file=tmp_path / "pipe")
