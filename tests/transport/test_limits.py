"""What an answer may take of memory, and what numbers a connection may be given: checked before either is used."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asking import QUICK, Ask
from nasty import Asked, Bytes, Nasty, http
from trunkline import errors
from trunkline.client import AsyncPbx, Pbx
from trunkline.transport.body import PIECE, Decompressor
from trunkline.transport.retries import Retries

DOWNLOAD = "recordings.download_recording"
SMALL = {"max_answer": 100_000, "max_file": 200_000}
JSON = b"Content-Type: application/json\r\n"


def _endless(how: str, kind: bytes = JSON, status: int = 200) -> Bytes:
    """An answer without an end, as a hostile server or a broken proxy may send it."""
    head = b"HTTP/1.1 %d X\r\n" % status + kind
    if how == "chunks":
        return Bytes(head + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"1000\r\n" + b" " * 4096 + b"\r\n")
    if how == "small chunks":
        return Bytes(head + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"2\r\n  \r\n" * 500)
    if how == "until it closes":
        return Bytes(head + b"\r\n", forever=b" " * 4096)
    if how == "a lying length":
        return Bytes(head + b"Content-Length: 999999999999999999\r\n\r\n", forever=b" " * 4096)
    wbits = {"gzip": 31, "deflate": 15, "raw deflate": -15}[how]
    packer = zlib.compressobj(wbits=wbits)
    start = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
    packer.compress(b" " * 2**20)
    packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    encoding = b"Content-Encoding: %s\r\n" % how.rsplit(maxsplit=1)[-1].encode()
    return Bytes(head + encoding + b"\r\n" + start, forever=megabyte)


ENDLESS = ["chunks", "small chunks", "until it closes", "a lying length", "gzip", "deflate"]


@pytest.mark.parametrize("how", ENDLESS)
def test_an_endless_answer_is_given_up_at_the_limit(ask: Ask, how: str) -> None:
    with Nasty(lambda asked: _endless(how)) as server:
        with pytest.raises(errors.BrokenAnswer, match="more than 100,000 bytes") as raised:
            ask(server.url, "fax.get", 4, settings=SMALL)
    assert "TRUNKLINE_MAX_ANSWER" in raised.value.hint.text
    assert len(server.api_calls) == 1


def test_deflate_without_its_header_is_limited_or_refused(ask: Ask) -> None:
    """pyreqwest takes it only as RFC 9110 has it; httpx2's adapter also as some servers send it."""
    with Nasty(lambda asked: _endless("raw deflate")) as server, pytest.raises(errors.BrokenAnswer):
        ask(server.url, "fax.get", 4, settings=SMALL)


@pytest.mark.parametrize("how", ["chunks", "a lying length", "gzip"])
def test_the_limit_by_default_is_64_mb(ask: Ask, how: str) -> None:
    with Nasty(lambda asked: _endless(how)) as server, pytest.raises(errors.BrokenAnswer, match="more than 64 MB"):
        ask(server.url, "fax.get", 4)


@pytest.mark.parametrize("how", ["chunks", "a lying length", "gzip"])
def test_an_answer_to_a_sign_in_is_given_up_much_sooner(ask: Ask, how: str) -> None:
    with Nasty(lambda asked: _endless(how), sign_in=False) as server:
        with pytest.raises(errors.BrokenAnswer, match="more than 1 MB") as raised:
            ask(server.url, "fax.delete", 4)
    assert "sign-in" in raised.value.hint.text
    assert raised.value.processed is False
    assert [asked.target for asked in server.asked] == ["/connect/token"]


@pytest.mark.parametrize("status", [400, 404, 500, 302])
def test_the_text_of_an_error_is_limited_as_well(ask: Ask, status: int) -> None:
    with Nasty(lambda asked: _endless("gzip", status=status)) as server, pytest.raises(errors.BrokenAnswer):
        ask(server.url, "fax.get", 4, settings=SMALL)


def test_whether_a_create_with_an_endless_answer_was_carried_out_is_not_known(ask: Ask) -> None:
    with Nasty(lambda asked: _endless("gzip", status=201)) as server:
        with pytest.raises(errors.BrokenAnswer, match="not known whether") as raised:
            ask(server.url, "contacts.create", {"FirstName": "Ada"}, settings=SMALL)
    assert raised.value.processed is None
    assert len(server.api_calls) == 1


WAV = b"Content-Type: audio/wav\r\n"


@pytest.mark.parametrize("how", ["chunks", "a lying length", "gzip"])
def test_a_file_in_memory_has_a_limit_of_its_own_and_the_error_says_how_to_stream_it(ask: Ask, how: str) -> None:
    with Nasty(lambda asked: _endless(how, WAV)) as server:
        with pytest.raises(errors.BrokenAnswer, match="more than 200,000 bytes") as raised:
            ask(server.url, DOWNLOAD, 42, settings=SMALL)
    assert "max_file" in raised.value.hint.text
    assert "to='PATH'" in str(raised.value.hint)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_that_is_streamed_to_a_disk_may_be_larger(ask: Ask, tmp_path: Path, packed: bool) -> None:
    content = b"RIFF" * 100_000
    answer = (
        http(200, gzip.compress(content), "audio/wav", Content_Encoding="gzip")
        if packed
        else http(200, content, "audio/wav")
    )
    with Nasty(lambda asked: answer) as server:
        saved = ask(server.url, DOWNLOAD, 42, to=tmp_path / "a.wav", settings=SMALL)
        kept = io.BytesIO()
        ask(server.url, DOWNLOAD, 42, to=kept, settings=SMALL)
    assert saved.path.read_bytes() == content
    assert kept.getvalue() == content


def test_an_error_in_place_of_a_streamed_file_is_limited(ask: Ask, tmp_path: Path) -> None:
    with Nasty(lambda asked: _endless("gzip", status=500)) as server, pytest.raises(errors.BrokenAnswer):
        ask(server.url, DOWNLOAD, 42, to=tmp_path / "a.wav", settings=SMALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [99_999, 100_000, 100_001, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_up_to_the_limit_an_answer_is_read_to_its_last_byte(ask: Ask, size: int, packed: bool) -> None:
    body = b'{"Number":"%s"}' % (b"9" * (size - 13))
    assert len(body) == size
    answer = http(200, gzip.compress(body), Content_Encoding="gzip") if packed else http(200, body)
    with Nasty(lambda asked: answer) as server:
        if size <= 100_000:
            assert ask(server.url, "fax.get", 4, settings=SMALL)["Number"] == "9" * (size - 13)
        else:
            with pytest.raises(errors.BrokenAnswer, match="more than 100,000 bytes"):
                ask(server.url, "fax.get", 4, settings=SMALL)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "rot13"])
def test_a_compression_that_nobody_asked_for_is_a_broken_answer(ask: Ask, encoding: str) -> None:
    asked: list[Asked] = []

    def answer(request: Asked) -> Bytes:
        asked.append(request)
        return http(200, gzip.compress(gzip.compress(b"\x00" * 100)), Content_Encoding=encoding)

    with Nasty(answer) as server, pytest.raises(errors.BrokenAnswer):
        ask(server.url, "fax.get", 4)
    offered = {each.strip() for each in asked[0].headers["accept-encoding"].split(",")}
    assert offered == {"gzip", "deflate"}

    with Nasty(answer) as server, pytest.raises(errors.BrokenAnswer):
        ask(server.url, DOWNLOAD, 42)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "Gzip", "deflate", "Deflate", "", "identity"])
@pytest.mark.parametrize("saved", [False, True], ids=["in memory", "saved"])
def test_a_compressed_file_is_never_kept_compressed(ask: Ask, encoding: str, saved: bool, tmp_path: Path) -> None:
    content = b"RIFF" * 1000
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "x-gzip": gzip.compress,
        "deflate": zlib.compress,
    }
    answer = http(200, packers.get(encoding.lower(), bytes)(content), "audio/wav", Content_Encoding=encoding)
    with Nasty(lambda asked: answer) as server:
        if saved:
            ask(server.url, DOWNLOAD, 42, to=tmp_path / "a.wav")
            assert (tmp_path / "a.wav").read_bytes() == content
        else:
            assert ask(server.url, DOWNLOAD, 42).content == content


# ── the decompression of what an HTTP library leaves compressed ─────────────────────────────────


@settings(max_examples=200)
@given(
    content=st.binary(max_size=5000).map(lambda part: part * 40),
    cuts=st.lists(st.integers(1, 4000), max_size=6),
    how=st.sampled_from(["gzip", "deflate", "raw", "identity", "members"]),
)
def test_what_was_compressed_comes_out_whole_and_in_small_pieces(content: bytes, cuts: list[int], how: str) -> None:
    packed = {
        "gzip": lambda: gzip.compress(content),
        "deflate": lambda: zlib.compress(content),
        "raw": lambda: zlib.compress(content, wbits=-15),
        "identity": lambda: content,
        "members": lambda: gzip.compress(content[:1000]) + gzip.compress(content[1000:]),
    }[how]()
    encoding = {"raw": "deflate", "members": "gzip"}.get(how, how)
    decompressor = Decompressor(encoding, "https://pbx.example.com")
    pieces: list[bytes] = []
    for cut in [*cuts, len(packed)]:
        pieces += decompressor.feed(packed[:cut])
        packed = packed[cut:]
    pieces += decompressor.feed(packed)
    decompressor.finish()
    assert b"".join(pieces) == content
    assert how == "identity" or all(len(piece) <= PIECE for piece in pieces)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("kept", [1, 2, 5, 30])
def test_compressed_data_that_ends_early_is_a_broken_answer(encoding: str, kept: int) -> None:
    packed = (gzip.compress if encoding == "gzip" else zlib.compress)(bytes(range(256)) * 10)[:kept]
    decompressor = Decompressor(encoding, "https://pbx.example.com")
    list(decompressor.feed(packed))
    with pytest.raises(errors.BrokenAnswer, match="ends early"):
        decompressor.finish()


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────

NO_SECONDS: list[Any] = [0, -1, -0.0, math.nan, math.inf, -math.inf, 1e14, 1e308, 10**400, "60", True, None, 31_536_001]


@pytest.mark.parametrize("value", NO_SECONDS, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("name", ["timeout", "connect_timeout", "read_timeout"])
def test_a_time_limit_that_no_clock_can_count_is_refused(ask: Ask, name: str, value: Any) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        with pytest.raises(errors.ConfigurationError, match=rf"^{name} is .*seconds above 0"):
            ask(server.url, "fax.get", 4, settings={name: value})
    assert server.asked == []


@pytest.mark.parametrize("value", [v for v in NO_SECONDS if v is not None], ids=lambda value: repr(value)[:12])
def test_so_is_that_of_a_single_call(ask: Ask, value: Any) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        with pytest.raises(errors.InvalidArgument, match=r"^timeout is .*seconds above 0"):
            ask(server.url, "fax.get", 4, timeout=value)
    assert server.asked == []


@pytest.mark.parametrize("value", [31_536_000, 31_536_000.0, 1e7, 5, 2.5])
@pytest.mark.parametrize("name", ["timeout", "connect_timeout", "read_timeout", "unacknowledged"])
def test_any_other_time_limit_works(ask: Ask, name: str, value: float, tmp_path: Path) -> None:
    with Nasty(lambda asked: http(200, "RIFF", "audio/wav")) as server:
        assert ask(server.url, DOWNLOAD, 42, to=tmp_path / "a.wav", settings={name: value}).size == 4
        assert ask(server.url, DOWNLOAD, 42, settings={name: value}).content == b"RIFF"
        assert ask(server.url, DOWNLOAD, 42, timeout=value).content == b"RIFF"


@pytest.mark.parametrize("value", [0, -1, 1.5, math.inf, math.nan, "64", True, None, 2**63])
@pytest.mark.parametrize("name", ["max_answer", "max_file"])
@pytest.mark.parametrize("kind", [Pbx, AsyncPbx])
def test_a_size_is_a_number_of_bytes(kind: type[Pbx] | type[AsyncPbx], name: str, value: Any) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(errors.ConfigurationError, match=rf"^{name} is .*bytes above 0"):
        kind("https://pbx.example.com", "id", "key", **options)


@pytest.mark.parametrize(
    "retries",
    [
        Retries(attempts=0),
        Retries(attempts=-1),
        Retries(attempts=True),
        Retries(attempts=2.5),  # type: ignore[arg-type]
        Retries(base=-1),
        Retries(base=math.nan),
        Retries(ceiling=math.inf),
        Retries(ceiling=1e300),
        Retries(base="1"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_retries_that_cannot_be_waited_for_are_refused(ask: Ask, retries: Retries) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        for given in ({"settings": {"retries": retries}}, {"retries": retries}):
            with pytest.raises(errors.InvalidArgument, match="can't be used"):
                ask(server.url, "fax.get", 4, **given)
    assert server.asked == []


@pytest.mark.parametrize("attempt", [1, 10, 1024, 10**6])
def test_a_wait_between_retries_is_never_more_than_the_ceiling(attempt: int) -> None:
    assert 0 <= QUICK._replace(base=10.0, ceiling=20.0).delay(attempt) <= 20.0


def _kind(value: object) -> str:
    """What pytest calls it: Python writes no number of more than 4,300 digits."""
    return type(value).__name__


@pytest.mark.parametrize(
    "value", [10**400, 10**5000, -(10**5000), "9" * 5000, 2**31, -1, 1.5, True, "x", math.nan], ids=_kind
)
@pytest.mark.parametrize("name", ["top", "skip"])
def test_a_number_of_rows_is_one_that_servers_count_with(ask: Ask, name: str, value: Any) -> None:
    with Nasty(lambda asked: http(200, '{"value":[]}')) as server:
        with pytest.raises(errors.InvalidArgument, match="whole number"):
            ask(server.url, "fax.list", **{name: value})
    assert server.asked == []


@pytest.mark.parametrize("value", [10**400, 10**5000, -(10**5000), "9" * 5000, math.nan, math.inf, 1.5], ids=_kind)
def test_a_key_is_one_that_servers_count_with(ask: Ask, value: Any) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server, pytest.raises(errors.InvalidArgument):
        ask(server.url, "fax.get", value)
    assert server.asked == []
