"""Error answers: which error, what it says, and what to do next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline import catalog
from trunkline.catalog.descriptions.codes import codes
from trunkline.errors import (
    BadRequest,
    BrokenAnswer,
    Conflict,
    Forbidden,
    NotFound,
    PbxError,
    PreconditionFailed,
    ServerError,
    SignInError,
    TooManyRequests,
)
from trunkline.result import Asked, HttpResponse, value

CATALOG = catalog.load()
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
VERSION = {"x-3cx-version": "20.0.10.1109"}
PATHS = {
    "fax.delete": "/Fax(42)",
    "users.list": "/Users",
    "fax.create": "/Fax",
    "website_links.get": "/WebsiteLinks('sales')",
}


def failure(action: str, status: int, body: Any = b"", headers: dict[str, str] = JSON, **values: Any) -> PbxError:
    asked = Asked(CATALOG.action(action), values, PATHS.get(action, "/Path"), "pbx.example.com")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(PbxError) as raised:
        value(asked, HttpResponse(status, headers, content))
    return raised.value


def said(message: str, *details: tuple[str | None, str]) -> dict[str, Any]:
    """An error as 3CX writes it."""
    error: dict[str, Any] = {"code": "", "message": message}
    if details:
        error["details"] = [{"code": "", "message": code, "target": target} for target, code in details]
    return {"error": error}


IN_USE = said("EmailAddress:\nWARNINGS.XAPI.ALREADY_IN_USE", ("EmailAddress", "WARNINGS.XAPI.ALREADY_IN_USE"))


@pytest.mark.parametrize(
    ("status", "kind", "exit_code", "retryable"),
    [
        (400, BadRequest, 5, False),
        (422, BadRequest, 5, False),
        (401, SignInError, 4, False),
        (403, Forbidden, 5, False),
        (404, NotFound, 5, False),
        (405, PbxError, 5, False),
        (409, Conflict, 5, False),
        (412, PreconditionFailed, 5, False),
        (418, PbxError, 5, False),
        (429, TooManyRequests, 5, True),
        (500, ServerError, 6, True),
        (502, ServerError, 6, True),
        (503, ServerError, 6, True),
        (599, ServerError, 6, True),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[PbxError], exit_code: int, retryable: bool) -> None:
    error = failure("fax.delete", status, b"", VERSION, Id=42)
    assert type(error) is kind
    assert (error.status, error.exit_code, error.retryable) == (status, exit_code, retryable)
    assert error.processed is (None if retryable else False), "what may be tried again may have been done"
    assert (error.method, error.path) == ("DELETE", "/Fax(42)")
    assert "pbx.example.com" in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (
            failure("fax.delete", 404, b"", VERSION, Id=42),
            ["No fax with Id 42 on pbx.example.com", "pbx.fax.list()"],
        ),
        (
            failure("website_links.get", 404, b"", VERSION, Link="sales"),
            ["No weblink with Link sales", "pbx.website_links.list()"],
        ),
        (
            failure("users.update", 404, b"", VERSION, Id=100),
            ["No user with Id 100", "pbx.users.get_by_number(Number='100')"],
        ),
        (failure("users.list", 404, b"", VERSION), ["nothing at /Users"]),
        (
            failure("fax.delete", 412, b"", VERSION, Id=42),
            ["fax with Id 42", "changed since", "Nothing was done", "pbx.fax.get(Id=42)"],
        ),
        (failure("users.list", 403, b"", {}), ["did not allow users.list", "System Admin", "System Wide"]),
        (failure("users.list", 403, b"", {}), ["or the PBX blocks this machine's address", "IP blacklist"]),
        (failure("recordings.list", 403, b"", {}), ["System Owner"]),
        (failure("users.list", 401, b"", {}), ["access token", "API key"]),
        (failure("users.list", 429, b"", {"retry-after": "7"}), ["slow down", "after 7 seconds"]),
        (failure("users.list", 503, b"", {"retry-after": "7"}), ["503", "after 7 seconds"]),
        (failure("users.list", 503, b"<html></html>", HTML), ["503", "Try again"]),
        (failure("users.list", 500, b"", {}), ["failed at users.list", "500"]),
        (failure("users.list", 500, said("Boom."), JSON), ["500: Boom."]),
        (failure("users.list", 400, said("\x1b[2J\tBoom\r\n\x9b0m."), JSON), [": \\u001b[2J Boom \\u009b0m."]),
        (failure("fax.delete", 500, b"", {}, Id=42), ["not known", "look before you send it again"]),
        (failure("fax.create", 504, b"<html></html>", HTML), ["504", "look before you send it again"]),
        (failure("fax.create", 503, b"", {"retry-after": "7"}), ["503", "look before you send it again", "7 seconds"]),
        (failure("fax.create", 429, b"", {"retry-after": "7"}), ["slow", "look before you send it again", "7 seconds"]),
        (
            failure("fax.create", 400, IN_USE),
            ["refused fax.create", "EmailAddress is already in use", "WARNINGS.XAPI.ALREADY_IN_USE"],
        ),
        (
            failure("fax.create", 400, said("Number:\nX", ("Number", "WARNINGS.XAPI.REQUIRED"), ("Name", "Y.Z"))),
            ["Number is required (WARNINGS.XAPI.REQUIRED)", "Name: Y.Z"],
        ),
        (failure("fax.create", 400, said("The query\n is not   valid.")), ["The query is not valid."]),
        (
            failure("contacts.list", 400, said("Could not find a property named 'FirstNam' on type 'Pbx.Contact'.")),
            ["named 'FirstNam'", "Did you mean FirstName"],
        ),
        (
            failure("contacts.list", 400, said("Could not find a property named 'x' on type 'Pbx.Contact'.")),
            ["Pbx.Contact has Business, ", "FirstName"],
        ),
        (
            failure("contacts.list", 400, said("Could not find a property named 'x' on type 'Pbx.Later'.")),
            ["help(pbx.contacts.list)"],
        ),
        (failure("fax.create", 400, b"", {}), ["it gave no reason"]),
        (failure("fax.create", 400, b'{"error": {"mess'), ["it gave no reason"]),
        (failure("fax.create", 400, [1]), ["it gave no reason"]),
        (failure("fax.create", 400, {"error": "text"}), ["it gave no reason"]),
        (failure("fax.create", 409, said("Busy")), ["Busy", "Read the entity again"]),
    ],
    ids=lambda v: v.message[:60] if isinstance(v, PbxError) else "",
)
def test_a_message_says_what_happened_to_what_and_what_to_do_next(error: PbxError, parts: list[str]) -> None:
    assert [part for part in parts if part not in str(error)] == []
    assert "\n" not in str(error)
    assert ".." not in str(error)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (IN_USE, {"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}),
        (said("m", ("A", "X.Y"), ("B", "X.Z")), {"A": "X.Y", "B": "X.Z"}),
        (said("m", (None, "WARNINGS.XAPI.INVALID")), {"": "WARNINGS.XAPI.INVALID"}),
        (said("WARNINGS.XAPI.FILE_NOT_FOUND"), {"": "WARNINGS.XAPI.FILE_NOT_FOUND"}),
        (said("Something else"), {}),
        ({"error": {"message": "m", "details": "none"}}, {}),
        ({"error": {"message": None, "details": [None, 1]}}, {}),
        ({"error": {"details": [{"target": "A", "code": "C", "message": ""}]}}, {"A": "C"}),
        ({"error": None}, {}),
        ([], {}),
        (b"", {}),
        (b"\xff", {}),
        (b"[" * 100_000, {}),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_codes_are_kept_by_field(body: Any, codes: dict[str, str]) -> None:
    assert failure("fax.create", 400, body).codes == codes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("WARNINGS.XAPI.ALREADY_IN_USE", "is already in use"),
        ("WARNINGS.XAPI.REQUIRED", "is required"),
        ("WARNINGS.XAPI.NOT_FOUND", "was not found"),
        ("WARNINGS.XAPI.FILE_NOT_FOUND", "has no file"),
        ("WARNINGS.XAPI.INVALID", "is not valid"),
        ("WARNINGS.XAPI.STRING_TOO_LONG", "is too long"),
        ("WARNINGS.XAPI.NOT_SUPPORTED", "is not supported"),
    ],
)
def test_a_known_code_is_put_into_words_with_the_code_beside_it(code: str, words: str) -> None:
    assert f"Number {words} ({code})" in failure("fax.create", 400, said("m", ("Number", code))).message
    assert f"it {words} ({code})" in failure("fax.create", 400, said(code)).message


@pytest.mark.parametrize("code", CATALOG.enum_values("Pbx.Warnings"))
def test_every_code_that_3cx_lists_says_what_it_means_and_what_to_do_next(code: str) -> None:
    error = failure("users.create", 400, said("m", ("Number", code)))
    known = codes()[code.rpartition(".")[2]]
    assert f" {known.clause('Number')} ({code})." in error.message
    assert error.hint.text.startswith(known.next)


def test_a_code_shows_the_action_that_helps() -> None:
    error = failure("users.delete", 400, said("WARNINGS.OPERATOR_CANNOT_BE_DELETED"), Id=7)
    assert "this extension is the operator, which can't be deleted" in error.message
    assert error.hint.action == "general_settings_for_pbx.get"


def test_two_codes_have_two_steps_and_the_action_follows_its_own() -> None:
    taken, required = "WARNINGS.XAPI.MAC_USED_BY", "WARNINGS.XAPI.REQUIRED"
    error = failure("users.create", 400, said("m", ("Mac", taken), ("Number", required), ("Name", required)))
    assert error.hint == ("Give it a value. " + codes()["MAC_USED_BY"].next, "device_infos.list", {})


@pytest.mark.parametrize("code", ["WARNINGS.XAPI.NEW_IN_VERSION_21", "OTHER.REQUIRED", "REQUIRED"])
def test_an_unknown_code_shows_itself(code: str) -> None:
    error = failure("fax.create", 400, said("m", ("Number", code)))
    assert error.message.endswith(f" refused fax.create: Number: {code}.")
    assert error.hint == ("See what it takes.", "actions.show", {"action": "fax.create"})


def test_a_code_steers_no_terminal() -> None:
    assert "\\u001b[2J" in failure("fax.create", 400, said("m", ("Name", "X.\x1b[2J"))).message


@pytest.mark.parametrize("headers", [{}, HTML], ids=["nothing", "a web page"])
@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (
            "https://pbx.example.com/#/login",
            "redirects to https://pbx.example.com/#/login (302), which is not",
        ),
        ("https://me:hush@pbx.example.com/a?code=hush", "redirects to https://pbx.example.com/a (302)"),
        ("", "answered 302 with"),
    ],
)
def test_a_redirect_comes_from_no_3cx_and_says_where_it_leads(headers: Any, location: str, shown: str) -> None:
    asked = Asked(CATALOG.action("users.list"), {}, "/Users", "pbx.example.com")
    with pytest.raises(BrokenAnswer) as raised:
        value(asked, HttpResponse(302, {**headers, "location": location}, b""))
    assert shown in str(raised.value)
    assert "hush" not in str(raised.value)
    assert raised.value.exit_code == 6


@pytest.mark.parametrize("status", [404, 412])
def test_a_key_that_came_from_a_pbx_steers_no_terminal_either(status: int) -> None:
    error = failure("website_links.get", status, b"", VERSION, Link="\x1b[2J")
    assert "Link \\u001b[2J" in error.message
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("body", [b"", said("Request Timeout")])
def test_after_a_408_it_is_not_known_whether_a_write_was_carried_out(body: Any) -> None:
    error = failure("fax.create", 408, body)
    assert error.processed is None
    assert "not known" in error.hint.text
    assert "Try again" in failure("users.list", 408, body).hint.text


@pytest.mark.parametrize("action", ["fax.create", "fax.delete", "website_links.get"])
def test_a_status_below_200_is_no_answer_of_a_pbx(action: str) -> None:
    asked = Asked(CATALOG.action(action), {}, PATHS[action], "pbx.example.com")
    with pytest.raises(BrokenAnswer) as raised:
        value(asked, HttpResponse(101, {"upgrade": "websocket"}, b""))
    assert raised.value.status == 101
    assert raised.value.processed is None
    assert ("not known" in raised.value.hint.text) is (asked.action.method != "GET")


def test_what_changed_can_be_read_again_by_the_hint() -> None:
    error = failure("website_links.delete", 412, b"", VERSION, Link="a b")
    assert error.hint[1:] == ("website_links.get", {"Link": "a b"})
