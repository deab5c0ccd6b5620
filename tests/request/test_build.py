"""The request itself: method, headers, and the one body that is not JSON."""

from __future__ import annotations

import io
import os
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.errors import InvalidArgument
from trunkline.request import HttpRequest, Part, bind, build

CATALOG = catalog.load()


def request_of(action: str, *args: Any, **kwargs: Any) -> HttpRequest:
    return build(bind(CATALOG, CATALOG.action(action), args, kwargs))


@pytest.mark.parametrize(
    ("action", "args", "method", "accept"),
    [
        ("fax.list", (), "GET", "application/json"),
        ("fax.delete", (1,), "DELETE", "application/json"),
        ("fax.update", (1, {"Number": "9"}), "PATCH", "application/json"),
        ("fax.create", ({"Number": "9"},), "POST", "application/json"),
        ("recordings.download_recording", (1,), "GET", "*/*"),
    ],
)
def test_method_and_accept(action: str, args: tuple[Any, ...], method: str, accept: str) -> None:
    request = request_of(action, *args)
    assert request.method == method
    assert dict(request.headers)["Accept"] == accept


def test_options_of_a_page_stand_in_for_the_call_s_own() -> None:
    call = bind(CATALOG, CATALOG.action("fax.list"), (), {"top": 500, "filter": "Id gt 3"})
    assert build(call).target == "/Fax?$filter=Id%20gt%203&$top=500"
    assert build(call, {"top": "100", "skip": "100"}).target == "/Fax?$top=100&$skip=100"
    assert build(call, {}).target == "/Fax"


def test_the_same_call_makes_the_same_request() -> None:
    for action, args in (("fax.update", (1, {"Number": "9"})), ("custom_prompts.upload", ({"file": b"RIFF"},))):
        assert request_of(action, *args) == request_of(action, *args)


BOUNDARY = "0123456789abcdef"


def written(part: Part) -> bytes:
    """The multipart body of a part whose content is bytes, as it goes out."""
    assert isinstance(part.source, bytes)
    head, tail = part.envelope(BOUNDARY)
    return head + part.source + tail


def parts_of(request: HttpRequest) -> list[tuple[str | None, str | None, bytes]]:
    """The multipart body, read by the standard library."""
    assert isinstance(request.body, Part)
    head = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + written(request.body)).get_payload()
    return [
        (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_payload(decode=True))
        for part in parts
    ]


def test_an_upload_is_one_multipart_part_with_the_content_and_its_name() -> None:
    request = request_of("custom_prompts.upload", file=("welcome.wav", b"RIFF\x00\xff"))
    assert (request.method, request.target) == ("POST", "/customPrompts")
    assert parts_of(request) == [("file", "welcome.wav", b"RIFF\x00\xff")]


def test_content_without_a_name_can_be_uploaded_too() -> None:
    assert parts_of(request_of("custom_prompts.upload", file=b"RIFF")) == [("file", "file", b"RIFF")]


@given(st.text(min_size=1))
def test_no_file_name_breaks_out_of_its_header(name: str) -> None:
    request = request_of("custom_prompts.upload", file=(name, b"RIFF"))
    ((part, _, content),) = parts_of(request)
    assert (part, content) == ("file", b"RIFF")
    assert isinstance(request.body, Part)
    assert written(request.body).count(b"\r\n") == 6, "a header's line break came from the name"


def test_a_path_is_described_and_not_opened() -> None:
    request = request_of("custom_prompts.upload", file=Path("no/such/welcome.wav"))
    assert request.body == Part("file", "welcome.wav", Path("no/such/welcome.wav"))
    assert "Content-Type" not in dict(request.headers), "its boundary is made where it is sent"


def test_an_open_file_is_taken_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "welcome.wav"
    path.write_bytes(b"RIFF")
    with path.open("rb") as file:
        file.read(1)
        assert request_of("custom_prompts.upload", file=file).body == Part("file", "welcome.wav", file, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("welcome.wav", "must be a pathlib.Path, a file opened in binary mode, or bytes; not str"),
        (42, "not int"),
        (io.StringIO("RIFF"), "not StringIO"),
        (("", b"RIFF"), "must be text that is not empty"),
        ((42, b"RIFF"), "must be text that is not empty"),
        (("a.wav", "RIFF"), "not str"),
    ],
)
def test_what_can_not_be_uploaded(value: object, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        request_of("custom_prompts.upload", file=value)


def test_a_stream_of_unknown_size_can_not_be_uploaded() -> None:
    reading, writing = os.pipe()
    with (
        os.fdopen(reading, "rb") as pipe,
        os.fdopen(writing, "wb"),
        pytest.raises(InvalidArgument, match="without a known size"),
    ):
        request_of("custom_prompts.upload", file=pipe)
