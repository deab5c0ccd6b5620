"""What an export kept and a disk, a copy or a person damaged: it is noticed, said, and read again from the PBX."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, ConfigurationError, ItemsFailed, Retries, TrunklineError
from trunkline.transfer import call_log
from trunkline.transfer.call_log import Leg
from trunkline.transfer.export import Export, Exported
from trunkline.transfer.parts import Parts, Plan
from trunkline.transfer.period import Window
from trunkline.transfer.watermark import Mark, Watermark

START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)
LOG = "GetCallLogData"
PLAN = Plan("http://pbx.example.com", "a", "b", "jsonl")
DAY = Window(START, START + timedelta(days=1))
LEGS = [Leg(START, str(number), f'{{"CdrId":"{number}"}}'.encode()) for number in range(20)]
FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")


def run(url: str, to: Path, **options: Any) -> Exported:
    async def exported() -> Exported:
        async with AsyncPbx(url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx:
            return await Export(START, END, to, **options).arun(pbx)

    return asyncio.run(exported())


@pytest.fixture
def out(tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose export lost one day of four and kept the others."""
    monkeypatch.setattr(call_log, "_PAUSES", Retries(base=0))
    out = tmp_path / "calls.jsonl"
    system.emulator.add_fault({"match": {"operation": LOG, "path": "*periodFrom=2026-06-04*"}, "do": {"status": 500}})
    with pytest.raises(ItemsFailed):
        run(system.url, out)
    system.emulator.clear_faults()
    system.emulator.clear_journal()
    return out


@pytest.fixture
def whole(system: System, tmp_path: Path) -> bytes:
    """The export without any trouble."""
    run(system.url, tmp_path / "whole.jsonl")
    return (tmp_path / "whole.jsonl").read_bytes()


def asked(system: System) -> set[str]:
    """The days that were asked for."""
    paths = [entry.path for entry in system.emulator.journal if entry.operation == LOG]
    return {path.partition("periodFrom=")[2][:10] for path in paths}


def cut_at_a_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-5]))


def cut_before_its_last_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def lose_a_row(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], *lines[4:]]))


def swap_rows(path: Path) -> None:
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))


def cut_in_a_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"CdrId":"made up"}\n')


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def fill_with_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def take_another_day(path: Path) -> None:
    other = next(other for other in sorted(path.parent.glob("*.jsonl")) if other != path)
    shutil.copyfile(other, path)


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_a_folder_with_something_in_it(path: Path) -> None:
    make_a_folder(path)
    (path / "mine.txt").write_text("mine", encoding="utf-8")


def make_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_a_link(path: Path) -> None:
    kept = path.read_bytes()
    path.unlink()
    other = path.parent.with_name("elsewhere")
    other.write_bytes(kept)
    path.symlink_to(other)


def nest_deeply(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


@pytest.mark.parametrize(
    "damage",
    [
        cut_at_a_line,
        cut_before_its_last_line,
        lose_a_row,
        swap_rows,
        cut_in_a_line,
        append,
        flip_a_byte,
        empty,
        fill_with_zeros,
        take_another_day,
        make_a_folder,
        make_a_folder_with_something_in_it,
        nest_deeply,
        make_a_link,
        pytest.param(make_a_pipe, marks=FIFO),
    ],
)
def test_a_damaged_part_is_noticed_and_its_day_read_again(
    damage: Callable[[Path], None], system: System, out: Path, whole: bytes
) -> None:
    system.emulator.clear_journal()
    part = out.with_name(f"{out.name}.parts") / "20260602T000000Z-20260603T000000Z.jsonl"
    damage(part)
    done = run(system.url, out)
    assert out.read_bytes() == whole
    assert asked(system) == {"2026-06-02", "2026-06-04"}
    assert done.damaged == (part.name,)
    assert done.resumed
    assert not part.parent.exists()


def test_what_somebody_put_in_the_place_of_a_part_is_kept(system: System, out: Path) -> None:
    part = out.with_name(f"{out.name}.parts") / "20260602T000000Z-20260603T000000Z.jsonl"
    make_a_folder_with_something_in_it(part)
    run(system.url, out)
    assert [path.read_text(encoding="utf-8") for path in out.parent.glob("*/mine.txt")] == ["mine"]


@pytest.mark.parametrize(
    "damage",
    [
        cut_in_a_line,
        append,
        flip_a_byte,
        empty,
        fill_with_zeros,
        nest_deeply,
        make_a_folder,
        Path.unlink,
        pytest.param(make_a_pipe, marks=FIFO),
    ],
)
def test_with_a_damaged_plan_nothing_that_was_kept_counts(
    damage: Callable[[Path], None], system: System, out: Path, whole: bytes
) -> None:
    system.emulator.clear_journal()
    damage(out.with_name(f"{out.name}.parts") / "plan.json")
    done = run(system.url, out)
    assert out.read_bytes() == whole
    assert asked(system) == {"2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"}
    assert len(done.damaged) >= 3
    assert not done.resumed
    assert not out.with_name(f"{out.name}.parts").exists()


def test_parts_of_an_older_version_are_read_again(system: System, out: Path, whole: bytes) -> None:
    """It wrote the plan and the rows, without counts and checksums."""
    parts = out.with_name(f"{out.name}.parts")
    plan = json.loads((parts / "plan.json").read_bytes())["plan"]
    (parts / "plan.json").write_bytes(json.dumps(plan).encode())
    for part in parts.glob("*.jsonl"):
        cut_before_its_last_line(part)
    done = run(system.url, out)
    assert out.read_bytes() == whole
    assert len(done.damaged) == 3


def test_what_is_damaged_is_said_also_where_the_export_fails_again(system: System, out: Path) -> None:
    part = out.with_name(f"{out.name}.parts") / "20260602T000000Z-20260603T000000Z.jsonl"
    cut_at_a_line(part)
    system.emulator.add_fault({"match": {"operation": LOG, "path": "*periodFrom=2026-06-04*"}, "do": {"status": 500}})
    with pytest.raises(ItemsFailed) as lost:
        run(system.url, out)
    assert f"read again: {part.name}." in lost.value.hint.text
    assert not out.exists()


def test_a_part_that_is_damaged_while_the_file_is_put_together_leaves_no_file(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "calls.jsonl")

    def put_together() -> None:
        with parts.whole() as file:
            file.writelines(parts.lines(DAY))

    with parts.held(PLAN):
        parts.keep(DAY, LEGS)
        cut_at_a_line(parts.folder / "20260601T000000Z-20260602T000000Z.jsonl")
        with pytest.raises(TrunklineError, match="was damaged while this export ran") as damaged:
            put_together()
    assert "reads that part again" in damaged.value.hint.text
    assert not parts.file.exists()
    again = Parts(tmp_path / "calls.jsonl")
    with again.held(PLAN):
        assert list(again.missing(DAY)) == [DAY]


def test_with_a_gap_there_is_no_file(system: System, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> AsyncGenerator[Any, None]:
        rows: tuple[Any, ...] = ()
        for read in rows:
            yield read

    monkeypatch.setattr(call_log.CallLog, "read", nothing)
    with pytest.raises(TrunklineError, match="2026-06-04 was not read"):
        run(system.url, out)
    assert not out.exists()


def test_a_sound_part_is_read_as_it_was_kept(tmp_path: Path) -> None:
    for legs in (LEGS, []):
        parts = Parts(tmp_path / "calls.jsonl")
        with parts.held(PLAN, restart=True):
            parts.keep(DAY, legs)
        again = Parts(tmp_path / "calls.jsonl")
        with again.held(PLAN):
            assert (list(again.missing(DAY)), again.damaged) == ([], [])
            assert list(again.lines(DAY)) == [leg.line for leg in legs]


@given(st.data())
@example(None)
def test_no_damage_goes_unnoticed(data: st.DataObject | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder) / "calls.jsonl")
        with parts.held(PLAN):
            parts.keep(DAY, LEGS)
        (part,) = parts.folder.glob("*.jsonl")
        content = part.read_bytes()
        places = st.integers(0, len(content) - 1)
        start, end = sorted((data.draw(places), data.draw(places))) if data else (0, len(content) // 2)
        put = data.draw(st.binary(max_size=5)) if data else b""
        damaged = content[:start] + put + content[end:]
        part.write_bytes(damaged)
        again = Parts(Path(folder) / "calls.jsonl")
        with again.held(PLAN):
            expected = [] if damaged == content else [DAY]
            assert list(again.missing(DAY)) == expected


# ── the watermark ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mark(tmp_path: Path) -> Watermark:
    mark = Watermark("http://pbx.example.com", CLIENT, tmp_path / "mark.json")
    mark.write(Mark(mark.pbx, CLIENT, END, START, frozenset(map(str, range(50)))))
    return mark


def change_the_end(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"2026-06-05", b"2026-06-06"))


def lose_a_leg(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"7",', b""))


def forget_the_zone(path: Path) -> None:
    about = {"pbx": "http://pbx.example.com", "client_id": CLIENT, "known_from": "2026-06-01T00:00:00Z"}
    path.write_text(json.dumps({**about, "until": "2026-06-05T00:00:00"}), encoding="utf-8")


def begin_with_the_world(path: Path) -> None:
    about = {"pbx": "http://pbx.example.com", "client_id": CLIENT, "known_from": "0001-01-01T00:00:00Z"}
    path.write_text(json.dumps({**about, "until": "2026-06-05T00:00:00Z"}), encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        change_the_end,
        lose_a_leg,
        forget_the_zone,
        begin_with_the_world,
        cut_in_a_line,
        append,
        flip_a_byte,
        empty,
        fill_with_zeros,
        nest_deeply,
        make_a_folder,
        pytest.param(make_a_pipe, marks=FIFO),
    ],
)
def test_a_damaged_watermark_is_an_error_that_says_what_to_do(damage: Callable[[Path], None], mark: Watermark) -> None:
    damage(mark.path)
    with pytest.raises(ConfigurationError, match=r"damaged|can't be read") as refused:
        mark.read()
    assert str(mark.path) in refused.value.message
    assert refused.value.hint.arguments


def test_a_watermark_is_read_as_it_was_written_and_one_of_an_older_version_too(mark: Watermark) -> None:
    kept = mark.read()
    assert kept is not None
    assert (kept.until, kept.known_from, len(kept.delivered)) == (END, START, 50)
    older = json.loads(mark.path.read_bytes())
    del older["sha256"]
    mark.path.write_text(json.dumps(older), encoding="utf-8")
    assert mark.read() is not None


# ── files that can't be written ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["a\0b.csv", "half\ud800.csv", "x" * 300 + ".csv", "x/" * 3000 + "a.csv", "/"])
def test_a_name_that_no_file_can_have_is_refused_unsent(name: str, system: System, tmp_path: Path) -> None:
    with pytest.raises(TrunklineError, match="can't be written"):
        run(system.url, tmp_path / name)
    assert asked(system) == set()


@pytest.mark.parametrize("name", ["a\0b.json", "half\ud800.json", "x" * 300, "/"])
def test_a_watermark_under_a_name_that_no_file_can_have_is_refused(name: str, tmp_path: Path) -> None:
    mark = Watermark("http://pbx.example.com", CLIENT, tmp_path / name)
    with pytest.raises(ConfigurationError, match="can't be written"), mark.held():
        pass


def test_a_full_disk_is_an_error_of_ours_and_leaves_no_file(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    out = tmp_path / "calls.jsonl"
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(TrunklineError, match=r"can't be written \(File too large\)"):
            run(system.url, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not out.exists()
    run(system.url, out)
    assert out.exists()


def test_rows_that_parquet_can_not_hold_are_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from trunkline.transfer.writing import writer

    with (tmp_path / "a.parquet").open("wb") as file:
        out: Any = writer("parquet", (), file)
        out.write([b'{"CdrId":"1"}'])

        def broken(*_: Any, **__: Any) -> None:
            raise pyarrow.ArrowNotImplementedError("not this one")

        monkeypatch.setattr(out._writer, "write_table", broken)
        with pytest.raises(TrunklineError, match=r"can't be written as Parquet \(not this one\)"):
            out.close()
