"""Whatever an HTTP library raises becomes one of our errors at the adapter; what a caller's own code raises stays."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest

from asking import WAYS, Ask
from nasty import Nasty, http
from trunkline import errors
from trunkline.client import AsyncPbx, Pbx
from trunkline.request import HttpRequest
from trunkline.transport import httpx2_adapter, pyreqwest_adapter
from trunkline.transport.failures import unexpected

DOWNLOAD = "recordings.download_recording"


class PanicException(BaseException):
    """As Rust's panics reach Python: not an Exception."""


FOREIGN: list[BaseException] = [
    ValueError("failed to convert header to a str"),
    RuntimeError("Response body already consumed"),
    OverflowError("timestamp too large"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    KeyError("x"),
    MemoryError(),
    OSError(24, "Too many open files"),
    AssertionError(),
    RecursionError("too deep"),
]
PLACES: dict[str, list[tuple[Any, str]]] = {
    "sync-pyreqwest": [
        (pyreqwest_adapter, "_filled"),
        (pyreqwest_adapter, "_head"),
        (pyreqwest_adapter, "_whole"),
        (pyreqwest_adapter, "_chunks"),
    ],
    "async-pyreqwest": [
        (pyreqwest_adapter, "_filled"),
        (pyreqwest_adapter, "_begin"),
        (pyreqwest_adapter, "_head_async"),
        (pyreqwest_adapter, "_whole_async"),
        (pyreqwest_adapter, "_chunks_async"),
    ],
    "sync-httpx2": [(httpx2.Client, "stream"), (httpx2_adapter, "_head"), (httpx2.Response, "iter_raw")],
    "async-httpx2": [(httpx2.AsyncClient, "stream"), (httpx2_adapter, "_head"), (httpx2.Response, "aiter_raw")],
}
EVERY = [(way, owner, name) for way, places in PLACES.items() for owner, name in places]


def _raising(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("error", [*FOREIGN, PanicException("called `Option::unwrap()` on a `None` value")], ids=repr)
@pytest.mark.parametrize(("way", "owner", "name"), EVERY, ids=[f"{way}-{name}" for way, _, name in EVERY])
def test_a_foreign_exception_becomes_ours(
    way: str, owner: Any, name: str, error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if isinstance(error, PanicException) and "httpx2" in way:
        return  # it has no Rust in it
    ask = WAYS[way]
    with Nasty(lambda asked: http(200, "RIFF", "audio/wav")) as server:
        monkeypatch.setattr(owner, name, _raising(error))
        target = {"to": tmp_path / "a.wav"} if "chunks" in name else {}
        with pytest.raises(errors.TransportError) as raised:
            ask(server.url, DOWNLOAD, 42, **target)
    assert type(error).__name__ in raised.value.message
    assert raised.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", FOREIGN, ids=repr)
@pytest.mark.parametrize(
    ("way", "name"),
    [
        ("sync-pyreqwest", "ReqwestAdapter"),
        ("async-pyreqwest", "AsyncReqwestAdapter"),
        ("sync-httpx2", "HttpxAdapter"),
        ("async-httpx2", "AsyncHttpxAdapter"),
    ],
)
def test_so_does_one_that_an_adapter_lets_through(
    way: str, name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pyreqwest_adapter if "pyreqwest" in way else httpx2_adapter
    fail = _raising(error)

    async def fail_async(*_: object) -> NoReturn:
        fail()

    monkeypatch.setattr(getattr(owner, name), "send", fail_async if "async" in way else fail)
    with pytest.raises(errors.TransportError, match=type(error).__name__):
        WAYS[way]("http://127.0.0.1:9", "fax.get", 4)


@pytest.mark.parametrize("adapter", ["pyreqwest", "httpx2"])
@pytest.mark.parametrize("kind", [Pbx, AsyncPbx])
@pytest.mark.parametrize("error", FOREIGN, ids=repr)
def test_a_client_that_cannot_be_made_is_a_matter_of_configuration(
    kind: Any, adapter: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pyreqwest_adapter if adapter == "pyreqwest" else httpx2_adapter
    monkeypatch.setattr(owner, "_configured", _raising(error))
    with pytest.raises(errors.ConfigurationError, match=type(error).__name__):
        kind("https://pbx.example.com", "id", "key", adapter=adapter)


def test_after_a_create_nobody_claims_to_know(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with Nasty(lambda asked: http(201, '{"Id":4}')) as server:
        for owner, name in ((pyreqwest_adapter, "_judged"), (httpx2_adapter, "decode_headers")):
            real = getattr(owner, name)

            def fail_later(*args: Any, real: Any = real) -> Any:
                if server.api_calls:
                    raise ValueError("unforeseen")
                return real(*args)

            monkeypatch.setattr(owner, name, fail_later)
        with pytest.raises(errors.BrokenAnswer, match="not known whether") as raised:
            ask(server.url, "contacts.create", {"FirstName": "Ada"})
    assert raised.value.processed is None
    assert len(server.api_calls) == 1


def test_what_a_library_says_of_a_request_loses_its_token() -> None:
    request = HttpRequest("GET", "https://pbx.example.com/x", (("Authorization", "Bearer s3cr3t-token"),))
    error = unexpected(request, ValueError("illegal header b'Bearer s3cr3t-token'\n\x1b[31m"))
    assert "s3cr3t" not in str(error)
    assert "\x1b" not in str(error)


# ── the caller's own code ───────────────────────────────────────────────────────────────────────


class Mine(Exception):
    pass


def test_what_a_progress_callback_raises_is_the_callers(ask: Ask, tmp_path: Path) -> None:
    def progress(done: int, total: int | None) -> None:
        raise Mine

    with Nasty(lambda asked: http(200, "RIFF", "audio/wav")) as server, pytest.raises(Mine):
        ask(server.url, DOWNLOAD, 42, to=tmp_path, progress=progress)
    assert list(tmp_path.iterdir()) == []
    assert len(server.api_calls) == 1


@pytest.mark.parametrize("error", [Mine(), ValueError("I/O operation on closed file"), OSError(28, "No space left")])
def test_so_is_what_a_file_object_raises(ask: Ask, error: Exception) -> None:
    class Full(io.RawIOBase):
        def write(self, _: object) -> int:
            raise error

    with Nasty(lambda asked: http(200, "RIFF", "audio/wav")) as server, pytest.raises(type(error)):
        ask(server.url, DOWNLOAD, 42, to=Full())
    assert len(server.api_calls) == 1


@pytest.mark.parametrize(
    "error", [Mine("gone"), ValueError("I/O operation on closed file"), OSError(5, "Input/output")]
)
def test_a_file_object_that_cannot_be_read_for_an_upload_is_a_bad_argument(ask: Ask, error: Exception) -> None:
    class Broken(io.BytesIO):
        name = "hello.wav"

        def read(self, *_: object) -> bytes:
            raise error

    with Nasty(lambda asked: http(200, "{}")) as server:
        with pytest.raises(errors.TrunklineError) as raised:
            ask(server.url, "custom_prompts.upload", {"file": Broken(b"RIFF" * 100_000)})
    assert "hello.wav" in str(raised.value)


def test_a_cancelled_task_stays_cancelled() -> None:
    async def run(url: str) -> None:
        async with AsyncPbx(url, "id", "key", adapter="httpx2") as pbx:
            task = asyncio.create_task(pbx.call("fax.get", 4))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def wait(_: object) -> Any:
        return http(200, "{}")._replace(delay=5)

    with Nasty(wait) as server:
        asyncio.run(run(server.url))
