"""Recordings: the sound, the name, the archive, the transcripts, and what the call log says of them."""

from __future__ import annotations

import io
import wave
from itertools import pairwise
from typing import Any

import pytest

from trunkline_emulator.seeds.calls import demo

from .conftest import Dial, Line
from .test_telephony_lists import call_log, count, every


def page(line: Line, query: Any = "$top=100") -> Any:
    return line.get(f"/Recordings?{query}").rows


def download(line: Line, number: Any) -> Any:
    return line.get(f"/Recordings/Pbx.DownloadRecording(recId={number})")


def recorded(line: Line) -> Any:
    """The Ids that the call log names."""
    return sorted(item["Id"] for row in call_log(line) for item in row.get("Recordings", ()))


def everything(line: Line) -> Any:
    return [row["Id"] for row in every(line, "Recordings")]


def test_recordings_are_those_of_the_call_log(quiet: Line) -> None:
    assert everything(quiet) == recorded(quiet) == [leg.recording for _, leg in demo().recordings()]


def test_a_row_agrees_with_its_call(quiet: Line) -> None:
    by_recording = {item["Id"]: row for row in call_log(quiet) for item in row.get("Recordings", ())}
    for row in page(quiet):
        leg = by_recording[row["Id"]]
        assert (row["FromDn"], row["ToDn"]) == (leg["SourceDn"], leg["DestinationDn"])
        assert row["RecordingUrl"] == leg["RecordingUrl"]
        assert row["StartTime"] >= leg["StartTime"]
        assert row["EndTime"] > row["StartTime"]
        assert row["CallType"] == {"Inbound": "InboundExternal", "Outbound": "OutboundExternal"}[leg["Direction"]]


def test_the_sound_is_a_tone(quiet: Line) -> None:
    answer = download(quiet, 1)
    assert answer.headers["content-type"] == "audio/x-wav"
    assert int.from_bytes(answer.body[4:8], "little") == len(answer.body) - 8
    with wave.open(io.BytesIO(answer.body)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert 8000 <= sound.getnframes() < 16000
        frames = sound.readframes(sound.getnframes())
        assert len(frames) == 2 * sound.getnframes()
    samples = [int.from_bytes(frames[at : at + 2], "little", signed=True) for at in range(0, len(frames), 2)]
    assert max(samples) > 5000
    assert min(samples) < -5000


def crossings(sound: Any) -> Any:
    """How often a WAV file's wave rises through zero in its first second."""
    samples = [int.from_bytes(sound[at : at + 2], "little", signed=True) for at in range(44, 44 + 16_000, 2)]
    return sum(one < 0 <= other for one, other in pairwise(samples))


def test_each_recording_has_its_own_pitch(quiet: Line) -> None:
    pitches = [crossings(download(quiet, number).body) for number in (1, 2, 3)]
    assert len(set(pitches)) == 3
    assert all(300 <= pitch <= 1000 for pitch in pitches)


def test_each_recording_sounds_its_own_and_always_the_same(quiet: Line) -> None:
    assert download(quiet, 1).body == download(quiet, 1).body
    assert len({download(quiet, row["Id"]).body for row in page(quiet, "$top=20")}) == 20


def test_the_file_has_the_name_of_its_row(quiet: Line) -> None:
    row = page(quiet, "$filter=Id eq 1")[0]
    folder, _, name = row["RecordingUrl"].rpartition("/")
    assert folder in (row["FromDn"], row["ToDn"])
    assert name.endswith("(1).wav")
    assert download(quiet, 1).headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("number", [0, -1, 999_999])
def test_a_missing_recording_is_refused(quiet: Line, number: int) -> None:
    answer = download(quiet, number)
    assert (answer.status, answer.message) == (400, "WARNINGS.XAPI.FILE_NOT_FOUND")


def test_older_versions_download_by_name(dial: Dial) -> None:
    line = dial(version="20.0.9")
    row = page(line)[0]
    for name in (row["RecordingUrl"], row["RecordingUrl"].rpartition("/")[2]):
        quoted = name.replace("/", "%2F").replace("+", "%2B").replace(",", "%2C").replace("[", "%5B")
        answer = line.get(f"/Recordings/Pbx.DownloadRecordingByName(recName='{quoted.replace(']', '%5D')}')")
        assert answer.body == download(line, row["Id"]).body
    missing = line.get("/Recordings/Pbx.DownloadRecordingByName(recName='nope.wav')")
    assert (missing.status, missing.message) == (400, "WARNINGS.XAPI.FILE_NOT_FOUND")


def test_a_deleted_recording_is_gone_everywhere(pbx: Line) -> None:
    before = recorded(pbx)
    gone, *kept = before
    assert pbx.ask("POST", "/Recordings/Pbx.BulkRecordingsDelete", {"ids": [gone, 999_999]}).status == 204
    assert everything(pbx) == recorded(pbx) == kept
    assert download(pbx, gone).status == 400
    segments = pbx.get(f"/CallHistoryView?$filter=SrcRecId eq {gone} or DstRecId eq {gone}").rows
    assert segments == []


def test_archived_recordings_are_purged_apart(pbx: Line) -> None:
    assert pbx.ask("POST", "/Recordings/Pbx.BulkRecordingsArchive", {"ids": [1, 2, 999_999]}).status == 204
    archived = page(pbx, "$filter=IsArchived eq true")
    assert [row["Id"] for row in archived] == [1, 2]
    assert all(row["ArchivedUrl"].endswith(f"/{row['Id']}.wav") for row in archived)
    assert download(pbx, 1).status == 200
    assert pbx.ask("POST", "/Recordings/Pbx.PurgeLocal").status == 204
    assert everything(pbx) == recorded(pbx) == [1, 2]
    assert pbx.ask("POST", "/Recordings/Pbx.PurgeArchive").status == 204
    assert everything(pbx) == recorded(pbx) == []


def test_the_whole_archive(pbx: Line) -> None:
    assert pbx.ask("POST", "/Recordings/Pbx.Archive").status == 204
    assert {row["IsArchived"] for row in every(pbx, "Recordings")} == {True}
    assert pbx.ask("POST", "/Recordings/Pbx.PurgeLocal").status == 204
    assert count(pbx, "Recordings") == len(list(demo().recordings()))
    assert pbx.ask("POST", "/Recordings/Pbx.PurgeArchive").status == 204
    assert count(pbx, "Recordings") == 0
