"""Files: downloads that are whole or not there, uploads that are read once and never held in memory."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import threading
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from asking import QUICK, WAYS, Ask
from conftest import System
from nasty import HALF, HTML, RESET, Asked, Bytes, Nasty, http
from trunkline import AsyncPbx, Pbx, errors
from trunkline.result import Saved
from trunkline.transport.options import AdapterName

DOWNLOAD = "recordings.download_recording"
UPLOAD = "custom_prompts.upload"
RECORDING = b"RIFF" + bytes(range(256)) * 1000


def recording(content: bytes = RECORDING, name: str = 'filename="rec 42.wav"', **headers: str) -> Bytes:
    return http(200, content, "audio/x-wav", Content_Disposition=f"attachment; {name}", **headers)


def half_a_recording() -> Bytes:
    whole = recording()
    return whole._replace(data=whole.data[:-1000], keep_alive=False)


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return WAYS[request.param]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where downloads go; a test that leaves something else there than it says fails."""
    made = tmp_path / "downloads"
    made.mkdir()
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_saved_under_the_path_given(ask: Ask, folder: Path) -> None:
    path = folder / "mine.wav"
    for to in (path, str(path)):
        with Nasty(lambda asked: recording()) as server:
            saved = ask(server.url, DOWNLOAD, 42, to=to)
        assert saved == Saved(path, "rec 42.wav", "audio/x-wav", len(RECORDING))
        assert path.read_bytes() == RECORDING
        assert names(folder) == ["mine.wav"]


def test_in_a_folder_it_gets_the_name_that_the_pbx_gave(ask: Ask, folder: Path) -> None:
    with Nasty(lambda asked: recording()) as server:
        assert ask(server.url, DOWNLOAD, 42, to=folder).path == folder / "rec 42.wav"
    assert names(folder) == ["rec 42.wav"]


def test_a_file_object_gets_the_content_and_stays_open(ask: Ask) -> None:
    file = io.BytesIO(b"before")
    file.seek(0, io.SEEK_END)
    with Nasty(lambda asked: recording()) as server:
        assert ask(server.url, DOWNLOAD, 42, to=file) == Saved(None, "rec 42.wav", "audio/x-wav", len(RECORDING))
    assert file.getvalue() == b"before" + RECORDING


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('filename="../../etc/passwd"', "passwd"),
        (r'filename="..\\..\\boot.ini"', "boot.ini"),
        ('filename=".profile"', "profile"),
        ('filename="a:b*c?.wav"', "a_b_c_.wav"),
        ('filename="nul.txt"', "_nul.txt"),
        ('filename="COM1"', "_COM1"),
        ('filename="trailing. . "', "trailing"),
        (f'filename="{"x" * 400}.wav"', "x" * 196 + ".wav"),
        ("filename*=UTF-8''%E2%82%AC%20rates.wav", "€ rates.wav"),
        (f"filename*=UTF-8''{'%E2%82%AC' * 300}.wav", "€" * 65 + ".wav"),
        ("filename*=UTF-8''a%0A%00b.wav", "a__b.wav"),
        ('filename=".."', "download_recording-42.wav"),
        ("", "download_recording-42.wav"),
    ],
)
def test_no_name_leaves_the_folder_or_troubles_any_system(sent: str, name: str, folder: Path) -> None:
    with Nasty(lambda asked: recording(name=sent)) as server:
        WAYS["sync-pyreqwest"](server.url, DOWNLOAD, 42, to=folder)
    assert names(folder) == [name]


def test_progress_is_told_in_the_callers_thread(ask: Ask, folder: Path) -> None:
    told: list[tuple[int, int | None]] = []
    threads: set[threading.Thread] = set()

    def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        threads.add(threading.current_thread())

    with Nasty(lambda asked: recording()) as server:
        ask(server.url, DOWNLOAD, 42, to=folder, progress=progress)
    assert told[-1] == (len(RECORDING), len(RECORDING))
    assert told == sorted(told)
    assert threads == {threading.current_thread()}


def test_progress_without_a_known_length(ask: Ask, folder: Path) -> None:
    chunked = Bytes(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na,b\r\n0\r\n\r\n"
    )
    told: list[tuple[int, int | None]] = []
    with Nasty(lambda asked: chunked) as server:
        saved = ask(server.url, DOWNLOAD, 42, to=folder, progress=lambda *seen: told.append(seen))
    assert told == [(3, None)]
    assert (saved.path.name, saved.size) == ("download_recording-42.csv", 3)


def test_a_download_asks_for_no_compression_and_reads_it_where_it_comes(ask: Ask, folder: Path) -> None:
    import gzip

    packed = recording(gzip.compress(RECORDING), Content_Encoding="gzip")
    told: list[Any] = []
    with Nasty(lambda asked: packed) as server:
        ask(server.url, DOWNLOAD, 42, to=folder, progress=lambda done, total: told.append(total))
    assert (folder / "rec 42.wav").read_bytes() == RECORDING
    assert server.api_calls[0].headers["accept-encoding"] == "identity"
    assert set(told) == {None}, "the length of what was packed is not the file's"


def test_an_empty_file_is_a_file(ask: Ask, folder: Path) -> None:
    with Nasty(lambda asked: recording(b"")) as server:
        assert ask(server.url, DOWNLOAD, 42, to=folder).size == 0
    assert (folder / "rec 42.wav").read_bytes() == b""


NO_FILES = {
    "not found": (http(404, '{"error":{"code":"","message":"gone"}}'), errors.NotFound),
    "no such recording": (
        http(400, '{"error":{"code":"","message":"WARNINGS.XAPI.FILE_NOT_FOUND"}}'),
        errors.BadRequest,
    ),
    "forbidden": (http(403), errors.Forbidden),
    "web page": (HTML, errors.BrokenAnswer),
    "web page with 404": (http(404, "<html>", "text/html"), errors.BrokenAnswer),
    "redirect": (http(302, "", Location="/elsewhere.wav"), errors.BrokenAnswer),
    "server error": (http(500, "oops", "text/plain"), errors.ServerError),
    "reset": (RESET, errors.ConnectionLost),
    "half a recording": (half_a_recording(), errors.ConnectionLost),
    "half of a header": (HALF, errors.ConnectionLost),
}


@pytest.mark.parametrize("mishap", NO_FILES)
@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
def test_what_is_no_file_is_explained_and_leaves_none(ask: Ask, mishap: str, existing: bool, folder: Path) -> None:
    answer, kind = NO_FILES[mishap]
    path = folder / "mine.wav"
    if existing:
        path.write_bytes(b"yesterday's")
    with Nasty(lambda asked: answer) as server, pytest.raises(kind):
        ask(server.url, DOWNLOAD, 42, to=path)
    assert names(folder) == (["mine.wav"] if existing else [])
    assert not existing or path.read_bytes() == b"yesterday's"


def test_an_answer_without_content_is_none(ask: Ask, folder: Path) -> None:
    with Nasty(lambda asked: http(204)) as server:
        assert ask(server.url, DOWNLOAD, 42, to=folder) is None
    assert names(folder) == []


def test_a_download_that_broke_is_begun_again(ask: Ask, folder: Path) -> None:
    answers = iter([half_a_recording(), http(503), half_a_recording(), recording()])
    with Nasty(lambda asked: next(answers)) as server:
        ask(server.url, DOWNLOAD, 42, to=folder, settings={"retries": QUICK._replace(attempts=4)})
    assert (folder / "rec 42.wav").read_bytes() == RECORDING
    assert names(folder) == ["rec 42.wav"]


def test_a_dead_token_is_renewed_for_a_download(ask: Ask, folder: Path) -> None:
    answers = iter([http(401), recording()])
    with Nasty(lambda asked: next(answers)) as server:
        assert ask(server.url, DOWNLOAD, 42, to=folder).size == len(RECORDING)


def test_a_file_object_is_wound_back_before_it_begins_again(ask: Ask) -> None:
    answers = iter([half_a_recording(), recording()])
    file = io.BytesIO(b"before")
    file.seek(0, io.SEEK_END)
    with Nasty(lambda asked: next(answers)) as server:
        ask(server.url, DOWNLOAD, 42, to=file)
    assert file.getvalue() == b"before" + RECORDING


def test_a_file_object_is_as_before_if_all_fails(ask: Ask) -> None:
    file = io.BytesIO(b"before")
    file.seek(0, io.SEEK_END)
    with Nasty(lambda asked: half_a_recording()) as server, pytest.raises(errors.ConnectionLost):
        ask(server.url, DOWNLOAD, 42, to=file)
    assert file.getvalue() == b"before"


class Pipe(io.BytesIO):
    """What can be written to and not wound back."""

    def seekable(self) -> bool:
        return False


def test_a_pipe_gets_nothing_twice(ask: Ask) -> None:
    pipe = Pipe()
    answers = iter([half_a_recording(), recording()])
    with (
        Nasty(lambda asked: next(answers)) as server,
        pytest.raises(errors.TrunklineError, match="can't be wound back"),
    ):
        ask(server.url, DOWNLOAD, 42, to=pipe)
    assert RECORDING.startswith(pipe.getvalue())


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("kind", [Interrupted, KeyError])
def test_an_interrupted_download_leaves_nothing(ask: Ask, kind: type[BaseException], folder: Path) -> None:
    def progress(done: int, total: int | None) -> None:
        assert [name.startswith(".rec 42.wav.") for name in names(folder)] == [True]
        assert names(folder)[0].endswith(".part")
        raise kind("stop")

    with Nasty(lambda asked: recording()) as server, pytest.raises(kind, match="stop"):
        ask(server.url, DOWNLOAD, 42, to=folder, progress=progress)
    assert names(folder) == []


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
def test_a_cancelled_download_leaves_nothing_and_a_healthy_client(adapter: AdapterName, folder: Path) -> None:
    stuck = half_a_recording()._replace(keep_alive=True)
    answers = iter([stuck, recording()])

    async def run(url: str) -> None:
        async with AsyncPbx(url, "id", "key", adapter=adapter) as pbx:
            begun = asyncio.Event()
            task = asyncio.create_task(
                pbx.call(DOWNLOAD, 42, to=folder, progress=lambda done, total: begun.set(), timeout=60)
            )
            await asyncio.wait_for(begun.wait(), 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert names(folder) == []
            assert (await pbx.call(DOWNLOAD, 42, to=folder)).size == len(RECORDING)

    with Nasty(lambda asked: next(answers)) as server:
        asyncio.run(run(server.url))
    assert names(folder) == ["rec 42.wav"]


def test_a_download_may_take_longer_than_an_answer_but_not_fall_silent(ask: Ask, folder: Path) -> None:
    dripping = recording(b"x" * 20)._replace(trickle=0.15)
    settings = {"timeout": 2.0, "read_timeout": 2.0, "retries": QUICK._replace(attempts=1)}
    with Nasty(lambda asked: dripping) as server:
        assert ask(server.url, DOWNLOAD, 42, to=folder, settings=settings).size == 20
    silent = recording(b"x" * 20)._replace(trickle=6.0)
    with (
        Nasty(lambda asked: silent) as server,
        pytest.raises(errors.TimedOut, match=r"sent nothing for 2 s.*read_timeout"),
    ):
        ask(server.url, DOWNLOAD, 42, to=folder / "second.wav", settings=settings, timeout=60)
    with Nasty(lambda asked: silent) as server, pytest.raises(errors.TimedOut):
        ask(server.url, DOWNLOAD, 42, to=folder / "third.wav", settings={**settings, "read_timeout": 60}, timeout=0.8)
    assert names(folder) == ["rec 42.wav"]


def test_a_disk_that_is_full(ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with (
        Nasty(lambda asked: recording()) as server,
        pytest.raises(errors.TrunklineError, match=r"mine\.wav can't be written \(No space left"),
    ):
        ask(server.url, DOWNLOAD, 42, to=folder / "mine.wav")
    assert names(folder) == []
    assert len(server.api_calls) == 1


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real.wav", folder / "link.wav"
    link.symlink_to(real)
    with Nasty(lambda asked: recording()) as server:
        assert WAYS["sync-pyreqwest"](server.url, DOWNLOAD, 42, to=link).path == link
    assert link.is_symlink()
    assert real.read_bytes() == RECORDING


@pytest.mark.parametrize(
    ("action", "options", "text"),
    [
        (DOWNLOAD, {"to": "no/such/folder/rec.wav"}, "The folder no/such/folder does not exist"),
        (DOWNLOAD, {"to": "missing/"}, "The folder missing does not exist"),
        (DOWNLOAD, {"to": os.devnull}, "is not an ordinary file"),
        (DOWNLOAD, {"to": io.StringIO()}, "binary mode"),
        (DOWNLOAD, {"to": 42}, "must be a path"),
        (DOWNLOAD, {"progress": print}, "`progress` goes with `to`"),
        ("fax.get", {"to": "fax.json"}, r"fax\.get answers no file"),
    ],
)
def test_a_place_that_is_none_is_refused_and_nothing_is_sent(
    ask: Ask, action: str, options: dict[str, Any], text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with Nasty(lambda asked: recording()) as server, pytest.raises(errors.InvalidArgument, match=text):
        ask(server.url, action, 42, **options)
    assert server.asked == []
    assert names(folder) == []


def test_many_threads_may_save_the_same_name_at_once(folder: Path) -> None:
    with Nasty(lambda asked: recording()) as server, Pbx(server.url, "id", "key") as pbx:
        threads = [threading.Thread(target=pbx.call, args=(DOWNLOAD, 42), kwargs={"to": folder}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert names(folder) == ["rec 42.wav"]
    assert (folder / "rec 42.wav").read_bytes() == RECORDING


# Uploads


def parts(asked: Asked) -> list[tuple[str | None, str | None, bytes]]:
    """The parts of a multipart body, read by the standard library."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    return [
        (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_payload(decode=True))  # type: ignore[misc]
        for part in message_from_bytes(head + asked.body).get_payload()
    ]


@pytest.fixture(params=["path", "file object", "bytes", "named path", "named bytes", "named file object"])
def prompt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """The same prompt in each form that can be given, and the name it goes under."""
    path = tmp_path / "welcome.wav"
    path.write_bytes(RECORDING)
    with path.open("rb") as file:
        yield {
            "path": (path, "welcome.wav"),
            "file object": (file, "welcome.wav"),
            "bytes": (RECORDING, "file"),
            "named path": (("hello.wav", path), "hello.wav"),
            "named bytes": (("hello.wav", RECORDING), "hello.wav"),
            "named file object": (("hello.wav", file), "hello.wav"),
        }[request.param]


def test_an_upload_is_one_part_with_its_length_known(ask: Ask, prompt: tuple[Any, str]) -> None:
    given, name = prompt
    with Nasty(lambda asked: http(204)) as server:
        assert ask(server.url, UPLOAD, file=given) is None
    (asked,) = server.api_calls
    assert parts(asked) == [("file", name, RECORDING)]
    assert int(asked.headers["content-length"]) == len(asked.body)
    assert "transfer-encoding" not in asked.headers


def test_an_upload_with_a_dead_token_is_sent_again_whole(ask: Ask, prompt: tuple[Any, str]) -> None:
    answers = iter([http(401), http(204)])
    with Nasty(lambda asked: next(answers)) as server:
        ask(server.url, UPLOAD, file=prompt[0])
    once, again = server.api_calls
    assert parts(once) == parts(again) == [("file", prompt[1], RECORDING)]
    assert once.headers["content-type"] != again.headers["content-type"], "each has a boundary of its own"


@pytest.mark.parametrize("status", [429, 503])
def test_an_upload_that_is_put_off_is_not_sent_again(ask: Ask, status: int) -> None:
    with (
        Nasty(lambda asked: http(status, "", Retry_After="0")) as server,
        pytest.raises(errors.PbxError, match="not known whether") as raised,
    ):
        ask(server.url, UPLOAD, file=("a.wav", io.BytesIO(RECORDING)))
    assert len(server.api_calls) == 1
    assert raised.value.processed is None


@pytest.mark.parametrize("mishap", [RESET, HALF, Bytes(b"")], ids=["reset", "half", "closed"])
def test_an_upload_whose_fate_is_unknown_is_not_sent_again(ask: Ask, mishap: Bytes) -> None:
    with Nasty(lambda asked: mishap) as server, pytest.raises(errors.ConnectionLost, match="not known whether"):
        ask(server.url, UPLOAD, file=("a.wav", io.BytesIO(RECORDING)))
    assert len(server.api_calls) == 1


def test_an_open_file_is_sent_from_where_it_stands(ask: Ask) -> None:
    file = io.BytesIO(b"head" + RECORDING)
    file.seek(4)
    with Nasty(lambda asked: http(204)) as server:
        ask(server.url, UPLOAD, file=("a.wav", file))
    assert parts(server.api_calls[0]) == [("file", "a.wav", RECORDING)]


def test_a_file_that_shrinks_under_way_is_not_taken_for_whole(ask: Ask) -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b""

    with Nasty(lambda asked: http(204)) as server, pytest.raises(errors.TrunklineError, match="became shorter"):
        ask(server.url, UPLOAD, file=("a.wav", Shrinking(RECORDING)))
    assert server.api_calls == []


def test_a_file_that_can_not_be_read(ask: Ask, tmp_path: Path) -> None:
    with Nasty(lambda asked: http(204)) as server:
        for path in (tmp_path / "missing.wav", tmp_path):
            with pytest.raises(errors.InvalidArgument, match="can't be read"):
                ask(server.url, UPLOAD, file=path)
    assert server.api_calls == []


def test_a_large_file_is_never_whole_in_memory(ask: Ask, tmp_path: Path) -> None:
    """The server takes what comes; the client's memory is measured by what it asks the file for."""
    largest = 0

    class Watched(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal largest
            largest = max(largest, size or 0)
            assert size is not None
            assert size > 0, "all at once"
            return super().read(size)

    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(4_000_000)
    with Nasty(lambda asked: http(204)) as server, Watched(path) as watched:
        ask(server.url, UPLOAD, file=watched)
    assert len(server.api_calls[0].body) > 4_000_000
    assert 0 < largest <= 65536


def test_an_upload_gets_time_for_its_size(ask: Ask) -> None:
    def slowly(asked: Asked) -> Bytes:
        return http(204)._replace(delay=1.2)

    with Nasty(slowly) as server:
        ask(server.url, UPLOAD, file=b"x" * 100_000, settings={"timeout": 0.8})
    with Nasty(slowly) as server, pytest.raises(errors.TimedOut):
        ask(server.url, UPLOAD, file=b"x", settings={"timeout": 0.8})


# Both, on an emulated PBX


def test_a_recording_of_an_emulated_pbx(pbx: Pbx, folder: Path) -> None:
    first = next(iter(pbx.call("recordings.list")))
    saved = pbx.call(DOWNLOAD, first["Id"], to=folder)
    assert saved.path.read_bytes() == pbx.call(DOWNLOAD, first["Id"]).content
    assert names(folder) == [saved.path.name]


def test_a_prompt_for_an_emulated_pbx(pbx: Pbx, system: System, tmp_path: Path) -> None:
    path = tmp_path / 'Begrüßung "neu".wav'
    path.write_bytes(b"RIFF....WAVE")
    pbx.call(UPLOAD, file=path)
    assert "Begrüßung %22neu%22.wav" in {row["Filename"] for row in pbx.call("custom_prompts.list")}
