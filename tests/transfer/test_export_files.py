"""An export into a file: whole or not there, and never read twice; and what is new since the last one."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import (
    AsyncPbx,
    ConfigurationError,
    Forbidden,
    InvalidArgument,
    ItemsFailed,
    Pbx,
    Retries,
    ServerError,
    TrunklineError,
    Unreachable,
    UsageError,
)
from trunkline.transfer import call_log
from trunkline.transfer import parts as parts_module
from trunkline.transfer.export import Export, Exported, Progress
from trunkline.transfer.parts import Parts, Plan
from trunkline.transfer.period import Moment, Window, days
from trunkline.transfer.watermark import Watermark

START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)
LOG = "GetCallLogData"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "_PAUSES", Retries(base=0))


def export(url: str, to: Any, start: Any = START, end: Any = END, **options: Any) -> Exported:
    async def run() -> Exported:
        async with AsyncPbx(url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx:
            return await Export(start, end, to, **options).arun(pbx)

    return asyncio.run(run())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


@pytest.fixture
def whole(system: System) -> bytes:
    """The export without any trouble."""
    file = io.BytesIO()
    export(system.url, file)
    system.emulator.clear_journal()
    return file.getvalue()


def asked(system: System) -> set[str]:
    """The windows that were asked for, by their first moment."""
    paths = [entry.path for entry in system.emulator.journal if entry.operation == LOG]
    return {path.partition("periodFrom=")[2].partition(",")[0] for path in paths}


def test_a_file_and_a_stream_have_the_same_rows(system: System, out: Path, whole: bytes) -> None:
    seen: list[Progress] = []
    done = export(system.url, out, progress=seen.append)
    assert out.read_bytes() == whole
    assert (done.rows, done.days, done.resumed) == (whole.count(b"\n"), 10, False)
    assert [now.done for now in seen] == sorted(now.done for now in seen)
    assert seen[-1].done == seen[-1].windows >= 10
    assert seen[-1].rows == done.rows
    assert seen[-1].reached == END
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(out.parent.iterdir()) == [out]


def test_in_threads_it_is_the_same_export(system: System, out: Path, whole: bytes) -> None:
    stream = io.BytesIO()
    with Pbx(system.url, CLIENT, KEY) as pbx:
        done = Export(START, END, out).run(pbx)
        Export(START, END, stream).run(pbx)
    assert out.read_bytes() == stream.getvalue() == whole
    assert done.rows == whole.count(b"\n")


def test_in_threads_an_error_of_the_pbx_comes_through(system: System, out: Path) -> None:
    system.emulator.add_fault({"match": {"operation": LOG}, "do": {"status": 403}})
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(Forbidden):
        Export(START, END, out).run(pbx)
    assert not out.exists()


def test_an_empty_period_is_an_empty_file(system: System, tmp_path: Path) -> None:
    done = export(
        system.url, tmp_path / "none.csv", START - timedelta(days=900), START - timedelta(days=899), output="csv"
    )
    assert done.rows == 0
    assert (tmp_path / "none.csv").read_bytes().startswith(b"ActionDnCallerId,")


def test_what_is_to_come_is_cut_at_now(system: System, out: Path) -> None:
    now = datetime.now(UTC)
    done = export(system.url, out, now - timedelta(days=1), now + timedelta(days=1))
    assert now - timedelta(seconds=1) <= done.end <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (END, START, "before it begins"),
        (START, START, "when it begins"),
        (datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) + timedelta(days=2), "which is to come"),
        (None, END, "not known where the last export ended"),
        (START.replace(tzinfo=None), END, "has no zone"),
    ],
)
def test_a_period_that_is_none_is_refused_unsent(system: System, out: Path, start: Any, end: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        export(system.url, out, start, end)
    assert not asked(system)
    assert not list(out.parent.iterdir())


@pytest.mark.parametrize(("option", "value"), [("output", "xml"), ("concurrency", 0), ("columns", ("Nothing",))])
def test_options_that_are_none_are_refused_unsent(system: System, out: Path, option: str, value: Any) -> None:
    with pytest.raises(UsageError):
        export(system.url, out, **{option: value})
    assert not system.sent("GET")
    assert not list(out.parent.iterdir())


# ── stopping and going on ────────────────────────────────────────────────────────────────────────


def stopped(system: System, out: Path, **options: Any) -> None:
    """An export that got through some windows only."""
    system.emulator.add_fault(
        {"match": {"operation": LOG, "path": "*periodFrom=2026-06-0[47]*"}, "do": {"status": 500}}
    )
    try:
        with pytest.raises(ItemsFailed) as lost:
            export(system.url, out, **options)
    finally:
        system.emulator.clear_faults()
    assert "Missing: 2026-06-04, 2026-06-07." in lost.value.message
    assert "status 500" in lost.value.message
    assert f"kept in {out.name}.parts" in lost.value.hint.text
    assert not out.exists()
    system.emulator.clear_journal()


def test_lost_windows_are_named_and_only_they_are_read_again(system: System, out: Path, whole: bytes) -> None:
    stopped(system, out)
    parts = out.with_name(f"{out.name}.parts")
    assert stat.S_IMODE(parts.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in parts.iterdir()} == {0o600}
    done = export(system.url, out)
    assert done.resumed
    assert asked(system) == {"2026-06-04T00:00:00Z", "2026-06-07T00:00:00Z"}
    assert out.read_bytes() == whole
    assert not parts.exists()


def test_windows_that_were_halved_are_found_again(system: System, out: Path, whole: bytes) -> None:
    system.emulator.vary({"call_log_cap": 50})
    try:
        stopped(system, out)
        export(system.url, out)
    finally:
        system.emulator.vary({"call_log_cap": 20_000})
    assert {start[:10] for start in asked(system)} == {"2026-06-04", "2026-06-07"}
    assert out.read_bytes() == whole


def parts_of(out: Path) -> list[str]:
    return sorted(path.name for path in out.with_name(f"{out.name}.parts").glob("*.jsonl"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"start": START + timedelta(days=1)}, "from 2026-06-01T00:00:00Z"),
        ({"end": END - timedelta(days=1)}, "to 2026-06-11T00:00:00Z"),
        ({"columns": ("CdrId",)}, "with columns of all fields"),
        ({"output": "csv"}, "as jsonl"),
    ],
)
def test_parts_of_another_export_are_not_mixed_in(
    system: System, out: Path, whole: bytes, options: dict[str, Any], told: str
) -> None:
    stopped(system, out)
    kept = parts_of(out)
    with pytest.raises(ConfigurationError) as refused:
        export(system.url, out, **options)
    assert told in refused.value.message
    assert parts_of(out) == kept != []
    assert refused.value.hint.arguments == {"restart": True}
    assert not asked(system)
    export(system.url, out)
    assert out.read_bytes() == whole


def test_parts_of_another_pbx_are_not_mixed_in(system: System, out: Path) -> None:
    stopped(system, out)
    kept = parts_of(out)
    with pytest.raises(ConfigurationError, match=f"another export: of {system.url}"):
        export("https://pbx.example.com", out)
    assert parts_of(out) == kept != []


def test_restart_begins_anew(system: System, out: Path, whole: bytes) -> None:
    stopped(system, out)
    done = export(system.url, out, restart=True)
    assert not done.resumed
    assert len(asked(system)) >= 10
    assert out.read_bytes() == whole


def test_words_that_move_with_the_clock_go_on_too(system: System, out: Path) -> None:
    """The days between are not read again; the ends, which have moved, are."""
    stopped(system, out, start=Moment(START + timedelta(hours=1), "-9d"), end=Moment(END - timedelta(hours=2), "now"))
    late = {"start": Moment(START + timedelta(hours=2), "-9d"), "end": Moment(END - timedelta(hours=1), "now")}
    export(system.url, out, **late)
    assert "2026-06-05T00:00:00Z" not in asked(system)
    file = io.BytesIO()
    export(system.url, file, **late)
    assert out.read_bytes() == file.getvalue()


def test_a_part_that_was_being_written_does_not_count(system: System, out: Path, whole: bytes) -> None:
    stopped(system, out)
    parts = out.with_name(f"{out.name}.parts")
    kept = parts / "20260601T000000Z-20260602T000000Z.jsonl"
    kept.rename(kept.with_name(f"{kept.name}.new")).write_bytes(b'{"CdrId":"half')
    (parts / "whole").write_bytes(b"half")
    export(system.url, out)
    assert out.read_bytes() == whole
    assert not parts.exists()


def test_a_file_that_is_there_stays_unless_told(system: System, out: Path, whole: bytes) -> None:
    out.write_text("mine")
    with pytest.raises(InvalidArgument, match="is there already"):
        export(system.url, out)
    assert not asked(system)
    system.emulator.add_fault(f"500@{LOG}")
    with pytest.raises(ServerError):
        export(system.url, out, overwrite=True)
    system.emulator.clear_faults()
    assert out.read_text() == "mine"
    export(system.url, out, overwrite=True)
    assert out.read_bytes() == whole


def test_a_link_stays_a_link(system: System, tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "calls.jsonl"
    link.symlink_to(tmp_path / "there" / "real.jsonl")
    export(system.url, link)
    assert link.is_symlink()
    assert (tmp_path / "there" / "real.jsonl").read_bytes() == whole


@pytest.mark.parametrize("place", ["nowhere/calls.jsonl", ".", "/dev/null"])
def test_a_place_where_nothing_can_be_written(system: System, tmp_path: Path, place: str) -> None:
    with pytest.raises(InvalidArgument):
        export(system.url, tmp_path / place)
    assert not asked(system)


def test_somebody_elses_folder_is_left_alone(system: System, out: Path) -> None:
    folder = out.with_name(f"{out.name}.parts")
    folder.mkdir()
    (folder / "precious").write_text("mine")
    for restart in (False, True):
        with pytest.raises(ConfigurationError, match="was not made by an export"):
            export(system.url, out, restart=restart)
    assert (folder / "precious").read_text() == "mine"


def test_two_at_once_do_not_share_a_file(system: System, out: Path) -> None:
    with Parts(out).held(Plan("http://pbx.example.com", "a", "b", "jsonl")):
        with pytest.raises(ConfigurationError, match="Another process is exporting to"):
            export(system.url, out)
    assert not out.with_name(f"{out.name}.parts").exists()


def test_a_pbx_that_is_gone_is_said_at_once_with_what_is_kept(system: System, out: Path) -> None:
    stopped(system, out)

    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY, retries=Retries(attempts=1)) as pbx:
            parts = Parts(out)
            await Export(START, END, parts.file).arun(pbx)

    system.emulator.add_fault({"match": {"operation": LOG}, "do": {"reset": "before"}})
    with pytest.raises(TrunklineError) as lost:
        asyncio.run(run())
    system.emulator.clear_faults()
    assert "Missing: 2026-06-04, 2026-06-07." in str(lost.value)
    assert not out.exists()


def test_nothing_is_left_behind_where_nothing_was_read(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        export("http://127.0.0.1:9", tmp_path / "calls.csv", output="csv")
    assert not list(tmp_path.iterdir())


def test_a_stream_stops_before_the_gap(system: System, whole: bytes) -> None:
    system.emulator.add_fault({"match": {"operation": LOG, "path": "*periodFrom=2026-06-04*"}, "do": {"status": 500}})
    file = io.BytesIO()
    with pytest.raises(ServerError) as lost:
        export(system.url, file)
    system.emulator.clear_faults()
    assert whole.startswith(file.getvalue())
    assert b"2026-06-03T" in file.getvalue()
    assert lost.value.hint.arguments == {"start": "2026-06-04T00:00:00Z"}


def test_a_full_disk_is_said_and_mended(
    system: System, out: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(system, out)
    with monkeypatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(TrunklineError, match=r"can't be written \(No space left on device\)"):
            export(system.url, out)
    assert not out.exists()
    export(system.url, out)
    assert out.read_bytes() == whole


def test_parts_tell_what_is_missing(tmp_path: Path) -> None:
    day = next(days(START, END))
    parts = Parts(tmp_path / "calls.jsonl")
    with parts.held(Plan("http://pbx.example.com", "a", "b", "jsonl")):
        assert list(parts.missing(day)) == [day]
        morning, evening = day.halves() or ()  # type: ignore[misc]
        parts.keep(morning, [])
        assert list(parts.missing(day)) == [evening]
        parts.keep(evening, [])
        assert list(parts.missing(day)) == []
        assert list(parts.windows(day)) == [morning, evening]
        odd = Window(START, START + timedelta(hours=13))
        assert morning not in parts.missing(odd)


def test_parts_of_days_that_ended_otherwise_are_found_too(tmp_path: Path) -> None:
    """An earlier run read until its own now, so that its last day was cut elsewhere."""
    day = next(days(START, END))
    quarter = timedelta(hours=6)
    plan = Plan("http://pbx.example.com", "a", "b", "jsonl")
    cut = Window(day.start, day.start + timedelta(hours=10))
    with Parts(tmp_path / "calls.jsonl").held(plan):
        pass
    parts = Parts(tmp_path / "calls.jsonl")
    with parts.held(plan):
        parts.keep(cut, [])
        parts.keep(Window(day.start + quarter, day.start + 2 * quarter), [])
    again = Parts(tmp_path / "calls.jsonl")
    with again.held(plan):
        wanted = [(0, 1), (2, 4)]
        assert list(again.missing(day)) == [Window(day.start + a * quarter, day.start + b * quarter) for a, b in wanted]
        assert list(again.missing(cut)) == []


# ── what is new ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mark(system: System, tmp_path: Path) -> Watermark:
    return Watermark(system.url, CLIENT, tmp_path / "mark.json")


def rows(file: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_exports_one_after_another_are_the_whole_log_once(system: System, mark: Watermark, whole: bytes) -> None:
    got = b""
    for hours in (30, 31, 60, 61, 200, 240):
        file = io.BytesIO()
        done = export(system.url, file, START, START + timedelta(hours=hours), watermark=mark)
        assert done.rows == file.getvalue().count(b"\n")
        got += file.getvalue()
    assert sorted(got.splitlines()) == sorted(whole.splitlines())
    assert stat.S_IMODE(mark.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("overlaps", [(24, 1, 48), (1, 24, 1), (0, 0, 24)])
def test_the_overlap_may_change(system: System, mark: Watermark, whole: bytes, overlaps: tuple[int, ...]) -> None:
    got = b""
    for days_on, hours in zip((3, 6, 10), overlaps, strict=True):
        mark.overlap = timedelta(hours=hours)
        file = io.BytesIO()
        export(system.url, file, START, START + timedelta(days=days_on), watermark=mark)
        got += file.getvalue()
    assert sorted(got.splitlines()) == sorted(whole.splitlines())


def test_a_call_that_ends_late_comes_once(system: System, pbx: Pbx, mark: Watermark) -> None:
    """It is dated by when it began, which was before the last export, and is in the log only once it is over."""
    system.emulator.skew_clock(-300)
    before = {call["Id"] for call in pbx.active_calls.list()}
    pbx.users.make_call(dn="101", destination="102")
    system.emulator.skew_clock(0)
    (call,) = [call["Id"] for call in pbx.active_calls.list() if call["Id"] not in before]
    found = []
    for drop in (False, True, False):
        if drop:
            pbx.active_calls.drop_call(call)
        file = io.BytesIO()
        now = datetime.now(UTC)
        export(system.url, file, now - timedelta(hours=1), now + timedelta(hours=1), watermark=mark)
        found.append([row["SourceDn"] for row in rows(file)])
    assert found == [[], ["101"], []]


def test_a_call_that_was_still_on_when_a_part_was_read_is_not_lost(
    system: System, mark: Watermark, out: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that goes on moves the mark past it, so nothing would ever look for it again."""
    monkeypatch.setattr(parts_module, "_now", lambda: END + timedelta(minutes=1))  # killed just after midnight
    stopped(system, out, end=Moment(END, "now"), watermark=mark)
    later = Moment(END + timedelta(days=2), "now")
    kept = parts_of(out)
    with pytest.raises(ConfigurationError, match="another export"):
        export(system.url, out, end=later, watermark=mark, output="csv")
    assert parts_of(out) == kept
    export(system.url, out, end=later, watermark=mark)
    assert asked(system) >= {"2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z"}
    assert "2026-06-09T00:00:00Z" not in asked(system)
    assert out.read_bytes().startswith(whole)


def test_the_mark_moves_only_when_everything_is_written(system: System, mark: Watermark, out: Path) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        export(system.url, Full(), watermark=mark)
    assert mark.read() is None
    stopped(system, out, watermark=mark)
    assert mark.read() is None
    export(system.url, out, watermark=mark)
    kept = mark.read()
    assert kept is not None
    assert kept.until == END
    assert kept.known_from == END - timedelta(days=1)


def test_an_export_to_the_same_moment_has_nothing_new(system: System, mark: Watermark) -> None:
    first = export(system.url, io.BytesIO(), watermark=mark)
    again = io.BytesIO()
    done = export(system.url, again, watermark=mark)
    assert again.getvalue() == b""
    assert 0 < done.repeated < first.rows


def test_an_export_of_what_was_exported_long_ago_is_refused(system: System, mark: Watermark) -> None:
    export(system.url, io.BytesIO(), watermark=mark)
    with pytest.raises(UsageError, match="came as far as 2026-06-11T00:00:00Z, past 2026-06-10T00:00:00Z"):
        export(system.url, io.BytesIO(), START, END - timedelta(days=1), watermark=mark)
    assert mark.read() is not None


def test_two_at_once_do_not_share_a_mark(system: System, mark: Watermark) -> None:
    with mark.held():
        with pytest.raises(ConfigurationError, match="Another process is exporting what is new"):
            export(system.url, io.BytesIO(), watermark=Watermark(mark.pbx, mark.client_id, mark.path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not a watermark"),
        (b"\xff\xfe", "is not a watermark"),
        (b'{"pbx":"http://pbx.example.com"}', "is not a watermark"),
        (
            b'{"pbx":"http://pbx.example.com","client_id":"tests","until":"2026-06-01T00:00:00Z",'
            b'"known_from":"2026-06-01T00:00:00Z"}',
            "is the watermark of http://pbx.example.com with client 'tests'",
        ),
    ],
)
def test_a_mark_that_is_none_or_somebody_elses(system: System, mark: Watermark, content: bytes, told: str) -> None:
    mark.path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told):
        export(system.url, io.BytesIO(), watermark=mark)
    assert mark.path.read_bytes() == content


def test_each_pbx_and_client_has_a_mark_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    places = {Watermark(pbx, client).path for pbx in ("http://a", "http://b") for client in ("one", "two")}
    assert len(places) == 4


def test_half_a_file_does_not_stay_on_a_full_disk(out: Path) -> None:
    parts = Parts(out)

    def put_together() -> None:
        with parts.whole() as file:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with parts.held(Plan("http://pbx.example.com", "a", "b", "jsonl")):
        parts.keep(Window(START, END), [])
        with pytest.raises(TrunklineError, match="No space left"):
            put_together()
    assert sorted(path.suffix for path in parts.folder.iterdir() if path.name != "lock") == [".json", ".jsonl"]
    assert not out.exists()
