"""The request itself: method, headers, and the one body that is no JSON."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.request import HttpRequest, bind, build

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


def parts_of(request: HttpRequest) -> list[tuple[str | None, str | None, bytes]]:
    """The multipart body, read by the standard library."""
    head = f"Content-Type: {dict(request.headers)['Content-Type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + (request.body or b"")).get_payload()
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


@settings(deadline=None)
@given(st.text(min_size=1))
def test_no_file_name_breaks_out_of_its_header(name: str) -> None:
    request = request_of("custom_prompts.upload", file=(name, b"RIFF"))
    ((part, _, content),) = parts_of(request)
    assert (part, content) == ("file", b"RIFF")
    assert (request.body or b"").count(b"\r\n") == 6, "a header's line break came from the name"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_content_lies_between_its_boundaries_unchanged(content: bytes) -> None:
    request = request_of("custom_prompts.upload", file=("a.wav", content))
    boundary = dict(request.headers)["Content-Type"].partition("boundary=")[2].encode()
    before, between, after = (request.body or b"").split(b"--" + boundary)
    assert before == b""
    assert between.partition(b"\r\n\r\n")[2] == content + b"\r\n"
    assert after == b"--\r\n"
