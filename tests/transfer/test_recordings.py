"""Recordings into a folder: names, resuming, what fails alone, and what is deleted only when it is safe."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.errors import ConfigurationError, InvalidArgument
from trunkline.local.lock import acquire_lock
from trunkline.transfer import RecordingDeletion, RecordingsExport, recording_removal, recordings
from trunkline.transport.retries import Retries
from trunkline.work.drivers import drive
from trunkline.work.guards import NotConfirmed, Question

START, END = datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (recordings, recording_removal):
        monkeypatch.setattr(module, "_RETRIES", Retries(attempts=2, base=0))


def export(folder: Path, **more: Any) -> RecordingsExport:
    return RecordingsExport(START, END, folder, **more)


def of_the_pbx(pbx: Pbx) -> dict[int, Any]:
    rows: list[Any] = list(pbx.recordings.list())
    return {row["Id"]: row for row in rows if START.isoformat() <= row["StartTime"] < END.isoformat()}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.wav"))


def downloads(system: System) -> int:
    return sum("DownloadRecording" in path for path in system.sent("GET"))


def test_each_recording_is_a_file_with_its_row_beside_it(pbx: Pbx, tmp_path: Path) -> None:
    rows = of_the_pbx(pbx)
    run = export(tmp_path).run(pbx)
    assert len(rows) > 3
    assert run.is_complete
    assert run.summary["fetched"] == len(rows) == len(files(tmp_path))
    for name in files(tmp_path):
        path = tmp_path / name
        beside = json.loads(path.with_name(f"{path.name}.json").read_text())
        row = rows[beside["id"]]
        assert beside["recording"]["RecordingUrl"] == row["RecordingUrl"]
        assert beside["size"] == beside["declared_size"] == path.stat().st_size
        assert path.read_bytes() == pbx.recordings.download_recording(row["Id"]).content
        day, _, file = name.partition("/")
        assert row["StartTime"].startswith(day)
        assert file.endswith(f"-{row['Id']}.wav")
        assert path.stat().st_mode & 0o77 == 0


def test_the_same_in_an_event_loop(system: System, tmp_path: Path) -> None:
    async def run() -> Any:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return (await export(tmp_path).arun(pbx)).summary

    summary = asyncio.run(run())
    assert summary["fetched"] == len(files(tmp_path)) > 3


def test_what_is_there_is_not_fetched_again(system: System, pbx: Pbx, tmp_path: Path) -> None:
    export(tmp_path).run(pbx)
    before = downloads(system)
    first, second, third, *_ = files(tmp_path)
    (tmp_path / first).unlink()
    (tmp_path / second).write_bytes(b"RIFF")
    (tmp_path / third).with_name(f"{Path(third).name}.json").write_text("{")
    summary = export(tmp_path).run(pbx).summary
    assert (summary["fetched"], summary["failed"]) == (3, [])
    assert downloads(system) - before == 3
    assert (tmp_path / second).stat().st_size > 1000
    assert len(files(tmp_path)) == summary["fetched"] + summary["already_there"] + 1  # the one that nobody vouches for


def test_a_recording_that_fails_fails_alone(system: System, pbx: Pbx, tmp_path: Path) -> None:
    bad = min(of_the_pbx(pbx))
    system.emulator.add_fault({"match": {"path": f"*recId={bad})*"}, "do": {"status": 404}})
    run = export(tmp_path, then="delete").run(pbx, confirm=True)
    assert [each["id"] for each in run.summary["failed"]] == [bad]
    assert not run.is_complete
    assert set(of_the_pbx(pbx)) == {bad}
    assert run.summary["removed"]["left"] == []


def test_a_file_that_is_cut_stays_on_the_pbx(system: System, pbx: Pbx, tmp_path: Path) -> None:
    bad = min(of_the_pbx(pbx))
    whole = pbx.recordings.download_recording(bad).content
    system.emulator.add_fault(
        {
            "match": {"path": f"*recId={bad})*"},
            "do": {
                "status": 200,
                "headers": {"content-type": "audio/x-wav"},
                "body": "RIFF\u0040\u0040\u0000\u0000WAVE",
            },
        }
    )
    run = export(tmp_path, then="delete").run(pbx, confirm=True)
    assert len(whole) > 100
    assert run.summary["cut"] == [bad]
    assert set(of_the_pbx(pbx)) == {bad}


def test_nothing_is_deleted_without_a_yes(pbx: Pbx, tmp_path: Path) -> None:
    before = of_the_pbx(pbx)
    with pytest.raises(InvalidArgument, match="nobody has confirmed"):
        export(tmp_path, then="delete").run(pbx)
    with pytest.raises(NotConfirmed):
        export(tmp_path, then="archive").run(pbx, confirm=False)
    assert of_the_pbx(pbx) == before
    assert not files(tmp_path)


def test_archived_ones_are_known_as_such(pbx: Pbx, tmp_path: Path) -> None:
    run = export(tmp_path, then="archive").run(pbx, confirm=True)
    assert run.is_complete
    assert {row["IsArchived"] for row in of_the_pbx(pbx).values()} == {True}
    assert export(tmp_path, then="archive").run(pbx, confirm=True).is_complete


@pytest.mark.parametrize("name", ["{from}.wav", "{to_dn}.wav", "x.wav"])
def test_names_that_collide_get_the_id(pbx: Pbx, tmp_path: Path, name: str) -> None:
    rows = of_the_pbx(pbx)
    export(tmp_path, name=name).run(pbx)
    assert len(files(tmp_path)) == len(rows)
    again = export(tmp_path, name=name).run(pbx).summary
    assert (again["fetched"], again["already_there"]) == (0, len(rows))


def test_a_file_of_somebody_else_stays(pbx: Pbx, tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"mine")
    export(tmp_path, name="x.wav").run(pbx)
    assert (tmp_path / "x.wav").read_bytes() == b"mine"
    assert len(files(tmp_path)) == len(of_the_pbx(pbx)) + 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../{id}.wav", "leads out of the folder"),
        ("/tmp/{id}.wav", "has no name"),
        ("{id}/", "has no name"),
        ("a\\{id}.wav", "parted by /"),
        ("{caller}.wav", "there is no field {caller}"),
        ("{from.__class__}.wav", "there is no field"),
        ("{from!r}.wav", "without anything behind its name"),
        ("{id:>9999999}.wav", "without anything behind its name"),
        ("{start:%Q}.wav", "%Q is not a part of a time"),
        ("{start:../..}.wav", "leads out of the folder"),
        ("{start", "can't be used"),
        ("", "has no name"),
        ("x" * 600, "at most 500 characters"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_unsent(
    system: System, pbx: Pbx, tmp_path: Path, name: str, told: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        export(tmp_path, name=name).plan(pbx)
    assert told in caught.value.message
    assert not system.sent("GET")


def test_a_link_does_not_lead_out(pbx: Pbx, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "2026-06-10").symlink_to(outside)
    with pytest.raises(InvalidArgument, match="is outside of the folder"):
        export(folder).run(pbx)
    assert not list(outside.iterdir())


def test_two_at_once_are_kept_apart(pbx: Pbx, tmp_path: Path) -> None:
    lock = acquire_lock(tmp_path / ".trunkline.lock")
    with pytest.raises(ConfigurationError, match="Another process"):
        export(tmp_path).run(pbx)
    lock.release()


def test_a_run_that_was_stopped_deletes_nothing(pbx: Pbx, tmp_path: Path) -> None:
    before = of_the_pbx(pbx)
    wanted = export(tmp_path, then="delete", concurrency=1)
    run = wanted.over(wanted.plan(pbx), confirm=True)
    run.on(pbx, lambda far: run.stop() if far.done == 2 else None)
    assert of_the_pbx(pbx) == before
    assert run.summary["fetched"] == 2
    assert run.summary["not_started"] == len(before) - 2


def test_old_ones_are_deleted_and_no_others(pbx: Pbx) -> None:
    rows = {row["Id"]: str(row["StartTime"]) for row in pbx.recordings.list()}
    old = {number for number, began in rows.items() if began < START.isoformat()}
    deletion = RecordingDeletion(START)
    plan = deletion.plan(pbx)
    assert (set(plan.ids), plan.present) == (old, len(rows))
    asked: list[Question] = []

    def confirm(question: Question) -> bool:
        asked.append(question)
        return True

    run = deletion.over(plan, confirm=confirm, max_removals="100%")
    run.on(pbx)
    assert set(run.removed.done) == old
    assert {row["Id"] for row in pbx.recordings.list()} == rows.keys() - old
    assert (asked[0].removals, asked[0].present) == (len(old), len(rows))


@pytest.mark.parametrize(("most", "told"), [("10%", "at most 10% may be"), ("3", "at most 3 may be")])
def test_more_than_allowed_are_not_deleted(pbx: Pbx, most: str, told: str) -> None:
    deletion = RecordingDeletion(END)
    with pytest.raises(InvalidArgument, match=told):
        deletion.over(deletion.plan(pbx), confirm=True, max_removals=most)


def test_a_pbx_that_says_yes_and_does_nothing_is_found_out(system: System, pbx: Pbx) -> None:
    system.emulator.add_fault({"match": {"operation": "BulkRecordingsDelete"}, "do": {"status": 204}})
    deletion = RecordingDeletion(START)
    plan = deletion.plan(pbx)
    run = deletion.over(plan, confirm=True, max_removals="100%")
    run.on(pbx)
    assert (run.removed.done, set(run.removed.left)) == ((), set(plan.ids))


def test_a_lost_answer_is_looked_up(system: System, pbx: Pbx) -> None:
    system.emulator.add_fault({"match": {"operation": "BulkRecordingsDelete", "times": 1}, "do": {"reset": "after"}})
    deletion = RecordingDeletion(START)
    run = deletion.over(deletion.plan(pbx), confirm=True, max_removals="100%")
    run.on(pbx)
    assert set(run.removed.done) == set(run.plan.ids)


def test_a_pbx_that_ignores_the_filter_loses_nothing(system: System, pbx: Pbx) -> None:
    recent = [{"Id": 1, "StartTime": "2026-06-15T08:00:00Z"}, {"Id": 2, "StartTime": "2026-06-01T08:00:00Z"}, {"Id": 3}]
    system.emulator.add_fault(
        {"match": {"operation": "ListRecording"}, "do": {"status": 200, "body": {"value": recent}}}
    )
    rows = drive(recording_removal.recordings_between(None, START), pbx)
    assert [row["Id"] for row in rows] == [2]
