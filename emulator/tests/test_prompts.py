"""Prompts and playlists."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Line

WAV = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0\1\2\3\4"


def upload(pbx: Any, name: str, content: bytes = WAV, part: str = "file") -> Any:
    head = f'--X\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\n\r\n'.encode()
    headers = {"authorization": f"Bearer {pbx.token}", "content-type": "multipart/form-data; boundary=X"}
    return pbx.send("POST", "/xapi/v1/customPrompts", head + content + b"\r\n--X--\r\n", headers)


def fetch(pbx: Any, link: str) -> Any:
    return pbx.send("GET", link, headers={"authorization": f"Bearer {pbx.token}"})


def link_of(pbx: Any, name: str) -> str:
    return next(row["FileLink"] for row in pbx.get("/CustomPrompts").rows if row["Filename"] == name)


def test_what_was_uploaded_can_be_fetched(pbx: Line) -> None:
    large = WAV + bytes(2_000_000)
    for name, content in (("new.wav", WAV), ("grüße an alle.wav", large)):
        assert upload(pbx, name, content).status == 204
        answer = fetch(pbx, link_of(pbx, name))
        assert (answer.status, answer.headers["content-type"]) == (200, "audio/x-wav")
        assert answer.body == content
    assert fetch(pbx, link_of(pbx, "welcome.wav")).body.startswith(b"RIFF")


def test_another_of_the_same_name_takes_its_place(pbx: Line) -> None:
    count = len(pbx.get("/CustomPrompts").rows)
    upload(pbx, "new.wav")
    upload(pbx, "new.wav", WAV + b"\0\0")
    assert len(pbx.get("/CustomPrompts").rows) == count + 1
    assert fetch(pbx, link_of(pbx, "new.wav")).body == WAV + b"\0\0"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("new.mp3", WAV, "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV"),
        ("new", WAV, "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV"),
        ("new.wav", b"ID3\x03 and so on", "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT"),
        ("new.wav", b"RIFF\x04\0\0\0AVI LIST", "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT"),
        ("new.wav", b"", "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT"),
        ("new.wav", WAV + bytes(8 * 1024 * 1024), "WARNINGS.XAPI.FILE_IS_TOO_LARGE"),
        ("../new.wav", WAV, "WARNINGS.XAPI.INVALID_FILE_NAME"),
        (".new.wav", WAV, "WARNINGS.XAPI.INVALID_FILE_NAME"),
        ("a:b.wav", WAV, "WARNINGS.XAPI.INVALID_FILE_NAME"),
    ],
)
def test_uploads_that_are_refused(pbx: Line, name: str, content: Any, code: str) -> None:
    answer = upload(pbx, name, content)
    assert (answer.status, answer.message) == (400, f"file:\n{code}")
    assert len(pbx.get("/CustomPrompts").rows) == 1


def test_an_upload_without_its_part(pbx: Line) -> None:
    assert upload(pbx, "new.wav", part="other").message == "file:\nWARNINGS.XAPI.REQUIRED"


def test_a_deleted_prompt_takes_its_sound_along(pbx: Line) -> None:
    upload(pbx, "new.wav", WAV + b"\0\0")
    link = link_of(pbx, "new.wav")
    assert pbx.ask("DELETE", "/CustomPrompts('new.wav')").status == 204
    assert fetch(pbx, link).status == 404


def test_a_prompt_is_recorded_at_an_extension(pbx: Line) -> None:
    record = "/CustomPrompts/Pbx.MakeCallRecordCustomPrompt"
    assert pbx.ask("POST", record, {"dn": "101", "filename": "spoken"}).status == 204
    assert fetch(pbx, link_of(pbx, "spoken.wav")).body.startswith(b"RIFF")
    unknown = pbx.ask("POST", record, {"dn": "555", "filename": "spoken"})
    assert unknown.message == "dn:\nWARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"
    name = pbx.ask("POST", record, {"dn": "101", "filename": "a/b"})
    assert name.message == "filename:\nWARNINGS.XAPI.INVALID_FILE_NAME"


def test_a_copy_is_a_custom_set_of_its_own(pbx: Line) -> None:
    copy = "/PromptSets(1)/Pbx.Copy"
    made = pbx.ask("POST", copy, {"overrides": {"PromptSetName": "Ours", "Description": "For us"}}).json
    source = pbx.get("/PromptSets(1)").json
    assert (made["PromptSetName"], made["PromptSetType"], made["LanguageCode"]) == ("Ours", "Custom", "EN")
    assert made["Folder"] not in ("", source["Folder"])
    where = f"/PromptSets({made['Id']})"
    assert pbx.get(f"{where}/Prompts").rows == pbx.get("/PromptSets(1)/Prompts").rows
    again = pbx.ask("POST", copy, {"overrides": {"PromptSetName": "Ours"}})
    assert again.message == "PromptSetName:\nWARNINGS.XAPI.ALREADY_IN_USE"
    assert pbx.ask("POST", f"{where}/Pbx.SetAlternatePronunciation", {"alternatePronunciation": True}).status == 204
    assert pbx.get(where).json["UseAlternateNumberPronunciation"] is True
    assert "UseAlternateNumberPronunciation" not in pbx.get("/PromptSets(1)").json


def test_the_set_in_use_stays(pbx: Line) -> None:
    assert pbx.get("/PromptSets/Pbx.GetActive()").json["Id"] == 1
    assert pbx.ask("DELETE", "/PromptSets(1)").message == "WARNINGS.CANNOT_BE_DELETED"
    assert pbx.ask("POST", "/PromptSets(2)/Pbx.SetActive").status == 204
    assert pbx.get("/PromptSets/Pbx.GetActive()").json["PromptSetName"] == "German Prompts Set"
    assert pbx.get("/Defs/Pbx.GetSystemParameters()").json["GlobalACPRMSET"] == "de-system"
    assert pbx.ask("DELETE", "/PromptSets(1)").status == 204
    assert pbx.ask("DELETE", "/PromptSets(2)").status == 400


@pytest.mark.parametrize(
    ("path", "extension", "prompt", "message"),
    [
        ("/PromptSets(1)/Pbx.PlayPrompt", "100", "1", ""),
        ("/PromptSets(1)/Pbx.PlayPrompt", "100", "9", "promptId:\nWARNINGS.XAPI.NOT_FOUND"),
        ("/PromptSets(1)/Pbx.PlayPrompt", "800", "1", "extension:\nWARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"),
        ("/PromptSets(1)/Pbx.RecordPrompt", "100", "1", "WARNINGS.XAPI.FORBIDDEN_CHANGE"),
        ("/PromptSets(3)/Pbx.RecordPrompt", "100", "1", ""),
    ],
)
def test_prompts_are_played_and_recorded_at_an_extension(
    pbx: Line, path: str, extension: str, prompt: str, message: str
) -> None:
    answer = pbx.ask("POST", path, {"extension": extension, "promptId": prompt})
    assert answer.status == (400 if message else 204)
    if message:
        assert answer.message == message
    else:
        calls = pbx.get("/ActivityLog/Pbx.GetFilter()").json["Extensions"]
        assert "100" in [one["Number"] for one in calls]


def test_the_files_of_a_playlist(pbx: Line) -> None:
    name = quote("two.wav")
    download = f"/Playlists/Pbx.DownloadPlaylistFile(playlistKey='Jazz',fileName='{name}')"
    answer = pbx.get(download)
    assert answer.headers["content-disposition"] == 'attachment; filename="two.wav"'
    assert answer.body.startswith(b"RIFF")
    body = {"playlistKey": "Jazz", "fileName": "two.wav"}
    assert pbx.ask("POST", "/Playlists/Pbx.DeletePlaylistFile", body).status == 204
    assert pbx.get("/Playlists('Jazz')").json["Files"] == ["one.wav"]
    assert pbx.get(download).message == "fileName:\nWARNINGS.XAPI.FILE_NOT_FOUND"
    assert pbx.ask("POST", "/Playlists/Pbx.DeletePlaylistFile", body).status == 400
    assert pbx.ask("POST", "/Playlists/Pbx.DeletePlaylistFile", {**body, "playlistKey": "Folk"}).status == 404
