"""Prompts and playlists."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Dial, Line

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


@pytest.mark.parametrize(("strict", "status"), [(False, 204), (True, 400)])
def test_what_is_not_a_wav_file_is_refused_with_strict_only(dial: Dial, strict: bool, status: int) -> None:
    assert upload(dial(strict=strict), "new.wav", b"ID3\x03 and so on").status == status


def test_an_upload_without_its_part(pbx: Line) -> None:
    assert upload(pbx, "new.wav", part="other").message == "file:\nWARNINGS.XAPI.REQUIRED"


def test_a_deleted_prompt_takes_its_sound_along(pbx: Line) -> None:
    upload(pbx, "new.wav", WAV + b"\0\0")
    link = link_of(pbx, "new.wav")
    assert pbx.ask("DELETE", "/CustomPrompts('new.wav')").status == 204
    assert fetch(pbx, link).status == 404


def test_the_set_in_use(pbx: Line) -> None:
    assert pbx.get("/PromptSets/Pbx.GetActive()").json["Id"] == 1
    assert pbx.ask("POST", "/PromptSets(2)/Pbx.SetActive").status == 204
    assert pbx.get("/PromptSets/Pbx.GetActive()").json["PromptSetName"] == "German Prompts Set"
    assert pbx.get("/Defs/Pbx.GetSystemParameters()").json["GlobalACPRMSET"] == "de-system"
    assert pbx.ask("DELETE", "/PromptSets(1)").status == 204


@pytest.mark.parametrize(
    "path",
    [
        "/Playlists/Pbx.DownloadPlaylistFile(playlistKey='Jazz',fileName='two.wav')",
        "/Users/Pbx.DownloadGreeting(userId=12,fileName='two.wav')",
    ],
)
def test_other_sounds_are_silent(pbx: Line, path: str) -> None:
    answer = pbx.get(path)
    assert answer.headers["content-type"] == "audio/x-wav"
    assert answer.headers["content-disposition"] == 'attachment; filename="two.wav"'
    assert answer.body.startswith(b"RIFF")


def test_a_file_leaves_its_playlist(pbx: Line) -> None:
    body = {"playlistKey": "Jazz", "fileName": "two.wav"}
    assert pbx.ask("POST", "/Playlists/Pbx.DeletePlaylistFile", body).status == 204
    assert pbx.get("/Playlists('Jazz')").json["Files"] == ["one.wav"]
    assert pbx.ask("POST", "/Playlists/Pbx.DeletePlaylistFile", {**body, "playlistKey": "Folk"}).status == 404
