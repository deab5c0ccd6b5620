"""Which answers are the PBX's own. What a gateway, proxy or portal made up proves nothing of what the PBX holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.errors import BrokenAnswer, Forbidden, NotFound, PreconditionFailed, SignInError
from trunkline.result import Asked, File, HttpResponse, is_from_pbx, page, value
from trunkline.result.origin import may_be_from_pbx

CATALOG = catalog.load()
JSON = {"content-type": "application/json"}
ODATA = {"content-type": "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"}
PROBLEM = {"content-type": "application/problem+json"}
TEXT = {"content-type": "text/plain; charset=utf-8"}
HTML = {"content-type": "text/html"}
VERSION = {"x-3cx-version": "20.0.10.1109"}
GONE = {"error": {"code": "", "message": "Not Found"}}


def asked(action: str, **values: Any) -> Asked:
    return Asked(CATALOG.action(action), values, "/Fax(42)", "pbx.example.com")


def answer(status: int, body: Any = b"", headers: dict[str, str] = JSON) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


RECOGNISED = {
    "a version and no body": (b"", VERSION),
    "a version and a text": (b"404 page not found", {**TEXT, **VERSION}),
    "another header of 3CX's": (b"", {"x-3cx-node": "1"}),
    "an OData error": (GONE, JSON),
    "an OData error as a 3CX labels it": (GONE, ODATA),
    "an OData error with all that it may have": (
        {
            "@odata.context": "c",
            "error": {"code": "", "message": "m", "target": "t", "details": [], "innererror": {}, "@a.b": 1},
        },
        ODATA,
    ),
    "an OData error with a code": ({"error": {"code": "NotFound", "message": "m"}}, JSON),
    "a byte order mark before it": (b"\xef\xbb\xbf" + json.dumps(GONE).encode(), JSON),
}
FOREIGN = {
    "nothing at all": (b"", {}),
    "nothing, of JSON": (b"", JSON),
    "an empty version": (b"", {"x-3cx-version": ""}),
    "Traefik": (b"404 page not found\n", TEXT),
    "nginx": (b"<html><h1>404 Not Found</h1></html>", HTML),
    "nginx, with a version": (b"<html></html>", {**HTML, **VERSION}),
    "Kong": ({"message": "no Route matched with those values", "request_id": "1f"}, JSON),
    "AWS": ({"message": "Not Found"}, JSON),
    "Google": ({"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}, JSON),
    "Google, with a text for a code": ({"error": {"code": "404", "message": "Not found", "status": "NOT_FOUND"}}, JSON),
    "Azure API Management": ({"statusCode": 404, "message": "Resource not found"}, JSON),
    "Spring": ({"timestamp": "t", "status": 404, "error": "Not Found", "path": "/"}, JSON),
    "ASP.NET's problem details": ({"title": "Not Found", "status": 404, "traceId": "00-1"}, PROBLEM),
    "an error beside other things": ({"request_id": "1f", **GONE}, JSON),
    "an error without a message": ({"error": {"code": ""}}, JSON),
    "an error without a code": ({"error": {"message": "m"}}, JSON),
    "a message that is not a text": ({"error": {"code": "", "message": None}}, JSON),
    "an error that is a list": ({"error": [GONE["error"]]}, JSON),
    "a list": ([GONE], JSON),
    "an OData error as a text": (GONE, TEXT),
    "an OData error of no type": (GONE, {}),
    "half an OData error": (b'{"error":{"code":"","message":"m"}', JSON),
    "endless brackets": (b"[" * 100_000, JSON),
    "no UTF-8": (b"\xff\xfe", JSON),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_a_404_of_the_pbx_says_that_something_is_missing(case: str) -> None:
    response = answer(404, *RECOGNISED[case])
    assert is_from_pbx(response)
    for action in ("fax.get", "fax.delete", "fax.update"):
        with pytest.raises(NotFound, match="No fax with Id 42"):
            value(asked(action, Id=42), response)
    with pytest.raises(NotFound):
        page(asked("fax.list"), response)


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("status", [404, 412])
def test_a_404_or_412_of_something_else_says_nothing_of_what_the_pbx_holds(status: int, case: str) -> None:
    response = answer(status, *FOREIGN[case])
    assert not is_from_pbx(response)
    for action in ("fax.get", "fax.delete", "fax.update", "fax.create"):
        with pytest.raises(BrokenAnswer, match=rf"\b{status}\b") as raised:
            value(asked(action, Id=42), response)
        error = raised.value
        assert (error.status, error.processed, error.retryable) == (status, None, False)
        assert (error.method, error.path) == (CATALOG.action(action).method, "/Fax(42)")
        assert ("not known whether the PBX carried it out" in error.hint.text) == (action != "fax.get")
        assert "the 3CX" in str(error)
    with pytest.raises(BrokenAnswer):
        page(asked("fax.list"), response)


@pytest.mark.parametrize("headers", [VERSION, {**JSON, **VERSION}, {**TEXT, **VERSION}])
def test_a_412_of_the_pbx_says_that_the_entity_changed(headers: dict[str, str]) -> None:
    with pytest.raises(PreconditionFailed) as raised:
        value(asked("fax.delete", Id=42), answer(412, b"", headers))
    assert raised.value.processed is False


@given(
    st.dictionaries(
        st.sampled_from(["error", "message", "status", "@odata.context"]),
        st.none() | st.text() | st.integers() | st.dictionaries(st.sampled_from(["code", "message"]), st.integers()),
    )
)
def test_json_that_is_not_an_odata_error_is_never_taken_for_one(document: dict[str, Any]) -> None:
    assert not is_from_pbx(answer(404, document))


REFUSALS = {
    "empty": (b"", {}, True),
    "empty, of JSON": (b"", JSON, True),
    "an OData error": ({"error": {"code": "", "message": "Forbidden"}}, JSON, True),
    "an OAuth error": ({"error": "insufficient_scope", "error_description": "d"}, JSON, True),
    "an empty object": ({}, JSON, True),
    "a version": (b"no", {**TEXT, **VERSION}, True),
    "a web page": (b"<html>Blocked</html>", HTML, False),
    "an empty web page": (b"", HTML, False),
    "a text": (b"RBAC: access denied", TEXT, False),
    "AWS": ({"message": "Forbidden"}, JSON, False),
    "Google": ({"error": {"code": 403, "message": "m"}}, JSON, False),
    "Spring": ({"status": 403, "error": "Forbidden", "path": "/"}, JSON, False),
    "half a document": (b'{"error":', JSON, False),
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize(("status", "kind"), [(401, SignInError), (403, Forbidden)])
def test_a_refusal_is_the_pbx_s_own_or_that_of_something_before_it(
    status: int, kind: type[Exception], case: str
) -> None:
    body, headers, own = REFUSALS[case]
    response = answer(status, body, headers)
    assert may_be_from_pbx(response) == own
    with pytest.raises(kind if own else BrokenAnswer, match="did not" if own else str(status)) as raised:
        value(asked("users.list"), response)
    assert ("lacks the right" in str(raised.value)) == (own and status == 403)


@pytest.mark.parametrize(
    ("challenge", "own"),
    [
        ("Bearer", True),
        ('Bearer error="invalid_token"', True),
        ('Basic realm="x", Bearer', True),
        ('Basic realm="proxy"', False),
        ("Negotiate", False),
        ('Digest realm="x"', False),
    ],
)
def test_a_401_that_asks_for_other_credentials_than_a_token_is_not_the_pbx_s(challenge: str, own: bool) -> None:
    assert may_be_from_pbx(answer(401, b"", {"www-authenticate": challenge})) == own


DONE = {
    "fax.delete": [
        (204, b"", {}),
        (204, b"", JSON),
        (200, b"", VERSION),
        (200, {"@odata.context": "c"}, JSON),
        (205, b"", VERSION),
        (202, b"", VERSION),
    ],
    "fax.update": [
        (204, b"", {}),
        (200, b"", VERSION),
        (200, {"Id": 42, "Number": "9001"}, JSON),
        (200, {"@odata.context": "c"}, ODATA),
    ],
    "fax.create": [
        (201, {"Id": 42, "Number": "9001"}, JSON),
        (200, {"@odata.context": "c", "Id": 42}, ODATA),
        (204, b"", {}),
        (201, {"New": 1}, {**JSON, **VERSION}),
    ],
    "fax.bulk_fax_delete": [(204, b"", {}), (200, b"", {}), (200, {}, JSON), (200, {"@odata.context": "c"}, ODATA)],
}
NOT_DONE: dict[str, list[tuple[int, Any, dict[str, str]]]] = {
    action: [
        (200, b"<html>Sign in to this network</html>", HTML),
        (200, b"", HTML),
        (204, b"", HTML),
        (200, b"OK", TEXT),
        (200, b"OK", {}),
        (200, {"message": "ok"}, JSON),
        (200, {"status": "healthy", "uptime": 5}, JSON),
        (202, b"", {}),
        (203, b"", {}),
        (205, b"", {}),
        (207, b"", {}),
        (304, b"", {}),
        (302, b"", {"location": "https://portal.example.com"}),
        *([] if action == "fax.bulk_fax_delete" else [(200, b"", {}), (200, {}, JSON), (201, b"", {})]),
    ]
    for action in DONE
}


@pytest.mark.parametrize(
    ("action", "status", "body", "headers"), [(action, *each) for action, answers in DONE.items() for each in answers]
)
def test_what_a_3cx_answers_to_a_write_says_that_it_is_done(
    action: str, status: int, body: Any, headers: dict[str, str]
) -> None:
    value(asked(action, Id=42), answer(status, body, headers))


@pytest.mark.parametrize(
    ("action", "status", "body", "headers"),
    [(action, *each) for action, answers in NOT_DONE.items() for each in answers],
)
def test_what_something_else_answers_to_a_write_does_not_say_that_it_is_done(
    action: str, status: int, body: Any, headers: dict[str, str]
) -> None:
    with pytest.raises(BrokenAnswer, match=str(status)) as raised:
        value(asked(action, Id=42), answer(status, body, headers))
    assert raised.value.processed is None
    assert "not known whether the PBX carried it out" in raised.value.hint.text


def test_half_an_answer_to_a_write_leaves_open_whether_it_is_done() -> None:
    with pytest.raises(BrokenAnswer, match="breaks early") as raised:
        value(asked("fax.create"), answer(201, b'{"Id": 4'))
    assert "not known whether" in raised.value.hint.text


def test_a_file_that_an_action_sends_is_a_file() -> None:
    headers = {"content-type": "text/csv", "content-disposition": 'attachment; filename="a.csv"'}
    assert value(asked("fax.bulk_fax_delete"), answer(200, b"a;b", headers)) == File("a.csv", "text/csv", b"a;b")
