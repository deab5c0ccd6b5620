"""Where a flow reads and writes: in its own folder or the one that was named, never over itself or what it reads."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import CLIENT, KEY, System
from trunkline import Flow, Pbx
from trunkline.errors import InvalidArgument, ItemsFailed, TrunklineError
from trunkline.flows.files import rows_of, write
from trunkline.flows.steps import file_name
from trunkline.node import Template
from trunkline.node.template import Scope

LINKS = pytest.mark.skipif(os.name == "nt", reason="only administrators make links")
FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")


class NoPbx:
    """What a flow runs on that asks no PBX for anything."""

    def call(self, action: str, /, **arguments: Any) -> Any:
        raise AssertionError(action)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A flow's folder: rows, and links out of it; beside it somebody else's file."""
    folder = tmp_path / "flows"
    (folder / "sub").mkdir(parents=True)
    (folder / "rows.jsonl").write_text('{"Id":1,"Name":"Ada"}\n{"Id":2,"Name":"Bob"}\n', encoding="utf-8")
    (folder / "sub" / "rows.jsonl").write_text('{"Id":3}\n', encoding="utf-8")
    (tmp_path / "other.csv").write_text("Id\n9\n", encoding="utf-8")
    (tmp_path / "flows-of-others").mkdir()
    if os.name != "nt":
        (folder / "out.csv").symlink_to(tmp_path / "other.csv")
        (folder / "away").symlink_to(tmp_path)
        (folder / "ring.csv").symlink_to(folder / "ring.csv")
    return folder


def flow(steps: str, folder: Path, **options: Any) -> Flow:
    (folder / "own.yaml").write_text(f"steps:\n{steps}", encoding="utf-8")
    return Flow.load(folder / "own.yaml", **options)


def run(steps: str, folder: Path, **options: Any) -> list[Any]:
    found = flow(steps, folder, **options)
    return [item["json"] for item in found.run(NoPbx()).items]


READ = "  - read: rows.jsonl\n"

OUTSIDE = [
    "../other.csv",
    "sub/../../other.csv",
    "../flows-of-others/a.csv",
    "/etc/passwd.csv",
    "//etc/a.csv",
    "out.csv",
    "away/other.csv",
    "away/new.csv",
]
ODD = [
    "~/a.csv",
    "~root/a.csv",
    "C:/a.csv",
    "C:a.csv",
    "\\\\server\\share\\a.csv",
    "..\\other.csv",
    "sub\\a.csv",
    "NUL.csv",
    "sub/con.jsonl",
    "lpt9.csv",
    "aux.tar.csv",
    "sub /a.csv",
    "a\tb.csv",
]


@LINKS
@pytest.mark.parametrize("step", ["read: {}", "save: {}", "match: {}\n    on: Id\n    keep: found"])
@pytest.mark.parametrize("name", [*OUTSIDE, *ODD])
def test_a_file_outside_of_the_folder_is_refused_with_its_line(step: str, name: str, folder: Path) -> None:
    before = (folder.parent / "other.csv").read_bytes()
    said = "outside of the folder" if name in OUTSIDE else "can't be the name of a file"
    with pytest.raises(InvalidArgument, match=rf"own.yaml, line 3: .*{said}"):
        run(f"{READ}  - {step.format(json.dumps(name))}\n", folder)
    assert (folder.parent / "other.csv").read_bytes() == before
    assert not (folder.parent / "new.csv").exists()


@pytest.mark.parametrize("name", ["../binaries", "/tmp/binaries", "~", "away", "CON", "{{ $json.Name }}"])
@LINKS
def test_the_files_of_a_pbx_stay_in_the_folder_too(name: str, folder: Path) -> None:
    step = "  - action: recordings.download_recording\n    with: {recId: 1}\n    binary to: "
    with pytest.raises(InvalidArgument, match=r"own\.yaml, line 3"):
        flow(f"{READ}{step}{json.dumps(name)}\n", folder)


@pytest.mark.parametrize("name", ["rows.jsonl", "sub/rows.jsonl", "./sub/../rows.jsonl", "{}/rows.jsonl"])
def test_a_file_in_the_folder_is_read_however_it_is_named(name: str, folder: Path) -> None:
    assert run(f"  - read: {json.dumps(name.format(folder))}\n", folder)[0]["Id"] in (1, 3)


def test_another_folder_may_be_named(folder: Path, tmp_path: Path) -> None:
    steps = "  - read: rows.jsonl\n  - save: new/kept.csv\n"
    assert run(steps, folder, files_from=folder / "sub") == [{"Id": 3}]
    assert (folder / "sub" / "new" / "kept.csv").read_text(encoding="utf-8") == "Id\n3\n"
    with pytest.raises(InvalidArgument, match="outside of the folder"):
        run("  - read: ../rows.jsonl\n", folder, files_from=folder / "sub")
    assert run("  - read: other.csv\n", folder, files_from=tmp_path) == [{"Id": "9"}]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (f"{READ}  - save: own.yaml\n", "line 3: own.yaml is the flow itself"),
        (f"{READ}  - save: sub/../own.yaml\n", "is the flow itself"),
        (f"{READ}  - save: '{{}}/own.yaml'\n", "is the flow itself"),
        (f"{READ}  - save: rows.jsonl\n", "line 3: rows.jsonl is a file that it reads"),
        (f"{READ}  - save: same.jsonl\n", "is a file that it reads"),
        ("  - read: same.jsonl\n  - save: rows.jsonl\n", "is a file that it reads"),
        (f"{READ}  - save: hard.jsonl\n", "is a file that it reads"),
        (f"{READ}  - save: sub/rows.jsonl\n  - match: sub/rows.jsonl\n    on: Id\n    keep: found\n", "that it reads"),
        (f"{READ}  - set: {{Name: own}}\n  - save: '{{{{ $json.Name }}}}.yaml'\n", "is the flow itself"),
        (f"{READ}  - set: {{Name: rows}}\n  - save: '{{{{ $json.Name }}}}.jsonl'\n", "is a file that it reads"),
    ],
)
@LINKS
def test_no_flow_overwrites_itself_or_what_it_reads(steps: str, said: str, folder: Path) -> None:
    (folder / "same.jsonl").symlink_to(folder / "rows.jsonl")
    (folder / "hard.jsonl").hardlink_to(folder / "rows.jsonl")
    steps = steps.replace("{}", str(folder)) if "'{}" in steps else steps
    before = (folder / "rows.jsonl").read_bytes()
    with pytest.raises(InvalidArgument, match=said):
        run(steps, folder)
    assert (folder / "rows.jsonl").read_bytes() == before
    assert (folder / "own.yaml").read_text(encoding="utf-8") == f"steps:\n{steps}"


@LINKS
def test_a_link_that_is_put_there_after_the_check_is_not_followed(folder: Path) -> None:
    (folder / "kept.csv").write_text("Id\n", encoding="utf-8")
    found = flow(f"{READ}  - save: kept.csv\n  - save: sub/kept.csv\n", folder)
    (folder / "kept.csv").unlink()
    (folder / "kept.csv").symlink_to(folder.parent / "other.csv")
    with pytest.raises(InvalidArgument, match="outside of the folder"):
        found.run(NoPbx())
    assert (folder.parent / "other.csv").read_text(encoding="utf-8") == "Id\n9\n"


@LINKS
def test_a_folder_for_files_that_became_a_link_is_refused(folder: Path, system: System) -> None:
    steps = "  - list: recordings\n    with: {top: 1}\n  - action: recordings.download_recording\n"
    found = flow(f"{steps}    with: {{recId: '{{{{ $json.Id }}}}'}}\n    binary to: sub/audio\n", folder)
    (folder / "sub" / "audio").symlink_to(folder.parent)
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(InvalidArgument, match="A link was put in the place"):
        found.run(pbx)


@FIFO
@pytest.mark.parametrize("step", ["read: pipe.csv", "match: pipe.csv\n    on: Id\n    keep: found", "save: pipe.csv"])
def test_a_pipe_is_neither_waited_for_nor_replaced(step: str, folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    with pytest.raises(InvalidArgument, match="not an ordinary file"):
        run(f"{READ}  - {step}\n", folder)
    assert stat.S_ISFIFO((folder / "pipe.csv").stat().st_mode)


@LINKS
@pytest.mark.parametrize("name", ["sub.csv", "ring.csv", "x" * 300 + ".csv", "rows.jsonl/a.csv", "gone.csv"])
def test_a_file_that_can_not_be_read_is_an_error_of_ours(name: str, folder: Path) -> None:
    (folder / "sub.csv").mkdir()
    with pytest.raises(InvalidArgument, match=r"line 2: .*(can't be read|outside)"):
        run(f"  - read: {name}\n", folder)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_an_error_of_ours(folder: Path) -> None:
    folder.joinpath("sub").chmod(0o500)
    with pytest.raises(InvalidArgument, match="can't be written"):
        run(f"{READ}  - save: sub/a.csv\n", folder)


def test_a_full_disk_is_an_error_of_ours_and_leaves_nothing(folder: Path) -> None:
    resource = pytest.importorskip("resource")
    (folder / "kept.jsonl").write_text("before", encoding="utf-8")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    found = flow(f"{READ}  - set: {{Text: {'x' * 9000}}}\n  - save: kept.jsonl\n", folder)
    names = {path.name for path in folder.iterdir()}
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(InvalidArgument, match=r"kept.jsonl can't be written: File too large"):
            found.run(NoPbx())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (folder / "kept.jsonl").read_text(encoding="utf-8") == "before"
    assert {path.name for path in folder.iterdir()} == names


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "yaml"])
def test_half_a_character_in_an_item_is_an_error_of_ours(ending: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="half a character"):
        write(tmp_path / f"a.{ending}", [{"Name": "\ud800"}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["jsonl", "json", "yaml"])
def test_rows_that_are_nested_without_end_are_refused(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{ending}").write_text('[{"a":' * 50_000, encoding="utf-8")
    with pytest.raises(InvalidArgument):
        rows_of(tmp_path / f"a.{ending}")


# ── names out of items ───────────────────────────────────────────────────────────────────────────


def test_each_item_may_say_in_which_file_its_row_goes(folder: Path) -> None:
    rows = [{"Dept": "Sales", "n": 1}, {"Dept": "IT", "n": 2}, {"Dept": "sales", "n": 3}]
    (folder / "all.json").write_text(json.dumps(rows), encoding="utf-8")
    assert run("  - read: all.json\n  - save: 'by/{{ $json.Dept }}-{{ 1 + 1 }}.csv'\n", folder) == rows
    assert {path.name: path.read_text(encoding="utf-8") for path in (folder / "by").iterdir()} == {
        "Sales-2.csv": "Dept,n\nSales,1\nsales,3\n",
        "IT-2.csv": "Dept,n\nIT,2\n",
    }
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "by").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Ada", "Ada.csv"),
        (7, "7.csv"),
        (True, "true.csv"),
        (["a", "b"], "a,b.csv"),
        ("../../etc/passwd", "_.._etc_passwd.csv"),
        ("/etc/passwd", "_etc_passwd.csv"),
        ("..\\x", "_x.csv"),
        ("C:\\x", "C__x.csv"),
        ("a\0b\n", "a_b_.csv"),
        ("a\u202eb", "a_b.csv"),
        (".profile", "profile.csv"),
        ("con", "_con.csv"),
        ("COM1", "_COM1.csv"),
        ("~", "~.csv"),
        ("x" * 400, "x" * 196 + ".csv"),
    ],
)
def test_a_value_is_only_ever_a_part_of_a_name(value: Any, name: str, folder: Path) -> None:
    (folder / "all.json").write_text(json.dumps([{"Name": value}]), encoding="utf-8")
    run("  - read: all.json\n  - save: 'by/{{ $json.Name }}.csv'\n", folder)
    assert [path.name for path in (folder / "by").iterdir()] == [name]


@pytest.mark.parametrize("value", ["", None, ".", "..", " "])
def test_an_item_without_a_name_is_named(value: Any, folder: Path) -> None:
    (folder / "all.json").write_text(json.dumps([{"Name": value}]), encoding="utf-8")
    with pytest.raises(InvalidArgument, match=r"line 3: Item 0: save .* gives no name for a file"):
        run("  - read: all.json\n  - save: '{{ $json.Name }}.csv'\n", folder)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("save: '{{ $json.Name }}'", "must end in .csv"),
        ("save: '{{ $json.Name }}.exe'", "must end in .csv"),
        ("save: '../{{ $json.Name }}.csv'", "outside of the folder"),
        ("save: '/tmp/{{ $json.Name }}.csv'", "outside of the folder"),
        ("save: 'away/{{ $json.Name }}.csv'", "outside of the folder"),
        ("save: '{{ $json.Name .csv'", "does not close"),
        ("save: ''", "needs the name"),
        ("save: null", "text"),
        ("read: '{{ $vars.file }}.csv'", "takes the name as it is"),
        ("match: '{{ $vars.file }}.csv'\n    on: Id\n    keep: found", "takes the name as it is"),
    ],
)
@LINKS
def test_a_template_for_a_name_is_checked_before_anything_is_sent(step: str, said: str, folder: Path) -> None:
    with pytest.raises(InvalidArgument, match=rf"line 3: .*{said}"):
        flow(f"{READ}  - {step}\n", folder)


NAME = Template("by/{{ $json.a }}-{{ $json.b }}.csv")


@given(st.text(max_size=30), st.text(max_size=30))
@example("..", "..")
@example("/", "\\..\\..")
def test_no_value_leads_into_another_folder(a: str, b: str) -> None:
    name = file_name(NAME, Scope([{"json": {"a": a, "b": b}}], 0))
    assert name.startswith("by/")
    assert name.endswith(".csv")
    assert name.count("/") == 1
    assert "\\" not in name
    assert "\0" not in name


# ── files that items name ────────────────────────────────────────────────────────────────────────

UPLOAD = "  - read: items.jsonl\n  - set: {Label: x}\n  - action: custom_prompts.upload\n"


@pytest.fixture
def through(system: System) -> Iterator[Callable[[Flow], Any]]:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        yield lambda found: found.run(pbx)


def test_a_file_that_a_step_has_saved_is_sent_by_a_later_one(
    folder: Path, system: System, through: Callable[[Flow], Any]
) -> None:
    steps = "  - list: recordings\n    with: {top: 2}\n  - action: recordings.download_recording\n"
    steps += "    with: {recId: '{{ $json.Id }}'}\n    binary to: audio\n  - where: '{{ true }}'\n"
    steps += "  - set: {Label: '{{ $binary.data.fileName }}'}\n  - at most: 2\n  - action: custom_prompts.upload\n"
    assert len(through(flow(steps, folder)).items) == 2
    assert len(system.sent("POST")) >= 2
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "audio").iterdir()} == {0o600}


def test_rows_that_a_flow_reads_name_no_file(folder: Path, system: System, through: Callable[[Flow], Any]) -> None:
    """A row is never an item with files, whatever is in it."""
    item = {"json": {}, "binary": {"data": {"path": str(folder / "rows.jsonl"), "fileName": "a.wav"}}}
    (folder / "items.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    for options in ({}, {"trust_item_paths": True}):
        with pytest.raises(ItemsFailed, match="no file 'data'"):
            through(flow(UPLOAD, folder, **options))
    assert system.sent("POST") == []


def test_a_flow_hands_its_trust_to_the_steps_that_send() -> None:
    text = "steps:\n  - list: custom_prompts\n  - action: custom_prompts.upload\n"
    plain = Flow.parse(text, "a.yaml", Path()).steps[1]
    trusted = Flow.parse(text, "a.yaml", Path(), trust_item_paths=True).steps[1]
    assert (plain.options, trusted.options) == ({}, {"trust_item_paths": True})


def test_a_flow_that_is_a_device_without_an_end_is_refused() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("there is no such device")
    with pytest.raises(TrunklineError, match=r"characters, and more are not read|may not stand here"):
        Flow.load("/dev/zero")
