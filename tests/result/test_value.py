"""From an answer to a value, a file or a page; and what can't be an answer of 3CX's at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.errors import BrokenAnswer, NotFound, TransportError
from trunkline.result import Asked, File, HttpResponse, Page, page, value
from trunkline.result.files import harmless

CATALOG = catalog.load()
JSON = {"content-type": "application/json;odata.metadata=minimal;charset=utf-8"}
HTML = {"content-type": "text/html; charset=utf-8"}
VERSION = {"x-3cx-version": "20.0.10.1109"}


def asked(action: str, **values: Any) -> Asked:
    return Asked(CATALOG.action(action), values, "/Fax(42)", "pbx.example.com")


def answer(status: int, body: Any = b"", headers: dict[str, str] = JSON) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


FAX = {"Id": 42, "Number": "9001"}


@pytest.mark.parametrize(
    ("action", "response", "expected"),
    [
        ("fax.get", answer(200, FAX), FAX),
        ("fax.create", answer(201, FAX), FAX),
        ("fax.get", answer(200, {"@odata.context": "c", **FAX}), {"@odata.context": "c", **FAX}),
        ("fax.get", answer(200, FAX, {**JSON, "etag": 'W/"5"'}), {**FAX, "@odata.etag": 'W/"5"'}),
        (
            "fax.get",
            answer(200, {**FAX, "@odata.etag": "own"}, {**JSON, "etag": "other"}),
            {**FAX, "@odata.etag": "own"},
        ),
        ("fax.get", answer(200, FAX, {"content-type": "text/json"}), FAX),
        ("fax.get", answer(200, FAX, {}), FAX),
        ("fax.get", answer(200, b'\xef\xbb\xbf{"Id": 42, "Number": "9001"}'), FAX),
        ("fax.get", answer(200, FAX, {"content-type": "Application/JSON"}), FAX),
        ("fax.get", answer(200, FAX, {"content-type": "application/problem+json"}), FAX),
        ("fax.delete", answer(204, b"", {}), None),
        ("fax.delete", answer(200, b"", VERSION), None),
        ("fax.update", answer(200, b"", {**JSON, **VERSION}), None),
        ("fax.bulk_fax_delete", answer(200, {"@odata.context": "c"}), None),
        ("fax.bulk_fax_delete", answer(200, {}), None),
        ("fax.bulk_fax_delete", answer(200, {"@odata.context": "c", "Said": 1}), {"@odata.context": "c", "Said": 1}),
        ("defs.has_system_owner", answer(200, {"@odata.context": "c", "value": True}), True),
        ("defs.has_system_owner", answer(200, {"value": False}), False),
        ("defs.has_system_owner", answer(200, b"true"), True),
        ("backups.get_sftp_host_key", answer(200, {"value": None}), None),
        ("backups.get_local_backup_size", answer(200, {"value": 9007199254740993}), 9007199254740993),
    ],
)
def test_an_answer_is_its_value(action: str, response: HttpResponse, expected: Any) -> None:
    assert value(asked(action), response) == expected


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(200, b"<html>Sign in</html>", HTML), ["200", "web page", "pbx.example.com"]),
        (answer(200, b"<html></html>", {}), ["instead of JSON"]),
        (answer(200, b'{"Id": 42, "Number": "90'), ["breaks early"]),
        (answer(200, b"\xff\xfe"), ["breaks early"]),
        (answer(200, b'"\xff"'), ["breaks early"]),
        (answer(404, b"<html>nginx</html>", HTML), ["404", "web page"]),
        (answer(400, b"<html>nginx</html>", HTML), ["400", "web page"]),
        (answer(301, b"<html>moved</html>", {**HTML, "location": "https://pbx.example.com/"}), ["301", "e.com/ "]),
        (answer(200, b"", {}), ["instead of JSON"]),
        (answer(204, b"", {}), ["204"]),
        (answer(200, b"null"), ["instead of JSON"]),
        (answer(200, [FAX]), ["instead of JSON"]),
        (answer(200, b"[" * 100_000 + b"]" * 100_000), ["breaks early"]),
    ],
    ids=[
        "page",
        "nothing named",
        "half a document",
        "no UTF-8",
        "text of no UTF-8",
        "404 page",
        "400 page",
        "301 page",
        "no entity",
        "no entity, and it is said",
        "null",
        "a list",
        "deeper than anything",
    ],
)
def test_what_3cx_can_t_have_sent_is_a_broken_answer_and_no_reason_to_try_again(
    response: HttpResponse, said: list[str]
) -> None:
    with pytest.raises(BrokenAnswer) as raised:
        value(asked("fax.get", Id=42), response)
    assert [part for part in said if part not in str(raised.value)] == []
    assert isinstance(raised.value, TransportError)
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="call.wav"', "call.wav"),
        ("attachment; filename=call.wav", "call.wav"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20call.wav", "naïve call.wav"),
        (
            "attachment; filename=\"x.wav\"; filename*=UTF-8''y.wav",
            "y.wav",
        ),  # RFC 6266: extended form first
        ("inline", None),
        ("", None),
        ('attachment; filename=""', None),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename=/etc/passwd", "passwd"),
        ('attachment; filename="..\\\\..\\\\windows\\\\win.ini"', "win.ini"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ('attachment; filename="a/"', None),
        ('attachment; filename=".."', None),
        ('attachment; filename="reports/.."', None),
        ('attachment; filename="."', None),
        ("attachment; filename*=idna''a.wav", None),
        ("attachment; filename=\"x.wav\"; filename*=idna''a.wav", "x.wav"),
        ("attachment; filename*=undefined''a.wav", None),
        ("attachment; filename*=punycode''a-%ff", None),
        ("attachment; filename*=a\0b''a.wav", None),
        (f"attachment; filename*{'9' * 5000}=a", None),
        ("attachment; filename*0=a; filename*0=b; filename*=c", None),
    ],
)
def test_a_file_has_the_name_that_was_sent_without_any_folder(disposition: str, name: str | None) -> None:
    headers = {"content-type": "audio/x-wav", "content-disposition": disposition}
    file = value(asked("recordings.download_recording", recId=42), HttpResponse(200, headers, b"RIFF"))
    assert file == File(name, "audio/x-wav", b"RIFF")


@given(st.text(max_size=40))
def test_no_file_name_leads_out_of_the_folder_it_is_saved_in(sent: str) -> None:
    headers = {"content-type": "text/csv", "content-disposition": f'attachment; filename="{sent}"'}
    name = value(asked("recordings.download_recording"), HttpResponse(200, headers, b"a;b")).name
    assert name is None or not ({"/", "\\"} & set(name) or name in ("", ".", ".."))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("call.wav", "call.wav"),
        ("../../.profile", "_.._.profile"),
        ("..", "file"),
        ("a\x1b]0;b\x9b.wav", "a_]0;b_.wav"),
        ("gnp\u202evaw.exe", "gnp_vaw.exe"),
        ("NUL.txt", "_NUL.txt"),
        ("\u00e9" * 300 + ".wav", "\u00e9" * 98 + ".wav"),
    ],
)
def test_a_name_from_elsewhere_is_made_harmless(given: str, name: str) -> None:
    assert harmless(given, "file") == name


@pytest.mark.parametrize(
    ("action", "content_type"),
    [
        ("recordings.download_recording", "audio/x-wav"),
        ("recordings.download_recording", "application/json"),
        ("recordings.download_recording", ""),
        ("fax.get", "application/octet-stream"),
        ("fax.get", "text/csv"),
    ],
)
def test_a_file_is_told_by_its_content_type_and_not_by_the_specification(action: str, content_type: str) -> None:
    response = HttpResponse(200, {"content-type": content_type} if content_type else {}, b"\x00\x01")
    assert value(asked(action), response) == File(None, content_type, b"\x00\x01")


def test_a_web_page_is_no_file() -> None:
    with pytest.raises(BrokenAnswer):
        value(asked("recordings.download_recording"), answer(200, b"<html></html>", HTML))


ROWS = [{"Id": 1}, {"Id": 2}]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (answer(200, {"value": ROWS}), Page(ROWS, None, None)),
        (answer(200, {"value": []}), Page([], None, None)),
        (answer(200, {"value": ROWS, "@odata.count": 99}), Page(ROWS, 99, None)),
        (answer(200, {"value": [], "@odata.count": 0}), Page([], 0, None)),
        (answer(200, {"value": ROWS, "@odata.count": "99"}), Page(ROWS, 99, None)),
        (answer(200, {"value": ROWS, "@odata.nextLink": "https://l"}), Page(ROWS, None, "https://l")),
        (answer(200, {"value": ROWS, "@odata.nextLink": 5}), Page(ROWS, None, None)),
        (answer(200, {"value": ROWS, "@odata.nextLink": ""}), Page(ROWS, None, None)),
        (answer(204, b"", VERSION), Page([], None, None)),
    ],
    ids=[
        "rows",
        "no rows",
        "counted",
        "counted none",
        "counted in text",
        "next",
        "no link",
        "nothing linked",
        "no content",
    ],
)
def test_a_page_has_rows_a_total_and_a_link(response: HttpResponse, expected: Page) -> None:
    assert page(asked("fax.list"), response) == expected


@pytest.mark.parametrize(
    "response",
    [
        answer(200, b"<html></html>", HTML),
        answer(200, b'{"value": [{"Id": 1}, {"I'),
        answer(200, b""),
        answer(204, b"", {}),
        answer(200, {"Id": 1}),
        answer(200, {"value": {"Id": 1}}),
        answer(200, {"value": None}),
        answer(200, {"value": [{"Id": 1}, None]}),
        answer(200, {"value": ["1"]}),
        answer(200, [1]),
        answer(200, b'{"value": ' + b"[" * 100_000),
    ],
    ids=[
        "web page",
        "half",
        "empty",
        "no content, of nobody knows whom",
        "an entity",
        "one row",
        "null",
        "a row of nothing",
        "texts",
        "a bare list",
        "deep",
    ],
)
def test_half_a_list_is_never_taken_for_a_short_one(response: HttpResponse) -> None:
    with pytest.raises(BrokenAnswer):
        page(asked("fax.list"), response)


def test_an_error_status_is_an_error_of_a_page_too() -> None:
    with pytest.raises(NotFound):
        page(asked("fax.list"), answer(404, b"", VERSION))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1).filter(lambda k: not k.startswith("@")), JSON_VALUES, min_size=1))
def test_an_entity_arrives_with_nothing_lost_and_nothing_added(entity: dict[str, Any]) -> None:
    assert value(asked("fax.get"), answer(200, entity)) == entity
