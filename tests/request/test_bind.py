"""From an action and its arguments to a checked call: what is taken, what is refused, and under which names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.errors import InvalidArgument, UnknownName, UsageError
from trunkline.request import Call, bind, build

CATALOG = catalog.load()
ETAG = 'W/"5"'


def bound(action: str, *args: Any, **kwargs: Any) -> Call:
    return bind(CATALOG, CATALOG.action(action), args, kwargs)


def target(action: str, *args: Any, **kwargs: Any) -> str:
    return build(bound(action, *args, **kwargs)).target


@pytest.mark.parametrize(
    ("action", "args", "kwargs", "expected"),
    [
        ("fax.delete", (42,), {}, "/Fax(42)"),
        ("fax.delete", (), {"Id": 42}, "/Fax(42)"),
        ("fax.delete", (), {"id": "42"}, "/Fax(42)"),
        ("fax.get_by_number", ("100",), {}, "/Fax(Number='100')"),
        ("fax.get_by_number", (100,), {}, "/Fax(Number='100')"),
        ("website_links.delete", ("it's",), {}, "/WebsiteLinks('it%27%27s')"),
        ("custom_prompts.delete", ("a/b.wav",), {}, "/CustomPrompts('a%2Fb.wav')"),
        ("fax.list", (), {}, "/Fax"),
        ("fax.get", (1,), {"select": "Id"}, "/Fax(1)?$select=Id"),
        ("recordings.download_recording", (42,), {}, "/Recordings/Pbx.DownloadRecording(recId=42)"),
        ("recordings.download_recording", (), {"rec_id": 42}, "/Recordings/Pbx.DownloadRecording(recId=42)"),
        ("recordings.download_recording", (), {"recId": 42}, "/Recordings/Pbx.DownloadRecording(recId=42)"),
        ("recordings.download_recording", (), {"Rec Id": 42}, "/Recordings/Pbx.DownloadRecording(recId=42)"),
    ],
)
def test_keys_go_by_position_by_3cx_s_name_by_python_s_and_by_the_workflow_s(
    action: str, args: tuple[Any, ...], kwargs: dict[str, Any], expected: str
) -> None:
    assert target(action, *args, **kwargs) == expected


def test_function_parameters_are_given_in_the_order_of_the_path() -> None:
    since, until = dt.datetime(2026, 9, 12, tzinfo=dt.UTC), dt.datetime(2026, 9, 13, tzinfo=dt.UTC)
    action = CATALOG.action("activity_log.get_logs")
    values: dict[str, Any] = {p.name: None for p in action.parameters}
    values |= {"startDate": since, "endDate": until, "severity": "Info"}
    by_name = build(bind(CATALOG, action, (), values))
    by_position = build(bind(CATALOG, action, tuple(values.values()), {}))
    assert by_name == by_position
    assert "startDate=2026-09-12T00:00:00Z,endDate=2026-09-13T00:00:00Z" in by_name.target
    assert "severity='Info'" in by_name.target


@pytest.mark.parametrize("name", ["if_match", "If Match", "If-Match", "ifMatch"])
def test_an_etag_goes_into_the_if_match_header(name: str) -> None:
    assert ("If-Match", ETAG) in build(bound("fax.delete", 42, **{name: ETAG})).headers


def test_without_an_etag_there_is_no_if_match_header() -> None:
    for call in (bound("fax.delete", 42), bound("fax.delete", 42, if_match=None)):
        assert "If-Match" not in dict(build(call).headers)


@pytest.mark.parametrize("etag", ["", "   "])
def test_an_empty_etag_is_refused_because_it_would_take_the_protection_away(etag: str) -> None:
    with pytest.raises(InvalidArgument, match="if_match"):
        bound("fax.delete", 42, if_match=etag)


@pytest.mark.parametrize(
    "etag",
    ['"5"\r\nX-Evil: 1', '"5"\n', "\r\n", '"5"\x00', '"é"', "\x7f", 5, b'"5"', ["*"]],
    ids=repr,
)
def test_an_etag_that_is_no_header_value_is_refused(etag: Any) -> None:
    with pytest.raises(InvalidArgument, match="if_match"):
        bound("fax.delete", 42, if_match=etag)


def test_an_etag_that_is_not_a_text_is_not_called_empty() -> None:
    with pytest.raises(InvalidArgument, match=r"must be an ETag in plain ASCII, not 5\."):
        bound("fax.delete", 42, if_match=5)


@given(st.text())
def test_no_etag_ever_brings_a_line_break_into_the_headers(etag: str) -> None:
    try:
        call = bound("fax.delete", 42, if_match=etag)
    except InvalidArgument:
        return
    value = dict(build(call).headers)["If-Match"]
    assert value.isascii()
    assert value.isprintable()
    assert value == etag.strip()


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[UsageError], list[str]]] = [
    ("fax.delete", (), {}, InvalidArgument, ["fax.delete", "needs Id"]),
    ("fax.delete", (None,), {}, InvalidArgument, ["Id of fax.delete", "empty"]),
    ("fax.delete", ("",), {}, InvalidArgument, ["Id of fax.delete", "empty"]),
    ("fax.delete", ("abc",), {}, InvalidArgument, ["Id of fax.delete", "an integer", "'abc'"]),
    ("fax.delete", (2**31,), {}, InvalidArgument, ["Id of fax.delete", "between"]),
    ("fax.delete", (True,), {}, InvalidArgument, ["Id of fax.delete", "an integer"]),
    ("fax.delete", (1, 2), {}, InvalidArgument, ["fax.delete", "takes Id", "2 were given"]),
    ("fax.delete", (1,), {"Id": 1}, InvalidArgument, ["Id twice"]),
    ("fax.delete", (), {"Id": 1, "id": 1}, InvalidArgument, ["Id twice"]),
    ("fax.delete", (1,), {"force": True}, UnknownName, ["fax.delete", "'force'"]),
    ("fax.delete", (1,), {"if_mach": ETAG}, UnknownName, ["'if_mach'", "Did you mean if_match"]),
    ("fax.get", (1,), {"if_match": ETAG}, UnknownName, ["if_match"]),
    ("fax.get", (1,), {"filter": "Id eq 1"}, UnknownName, ["filter"]),
    ("fax.list", (), {"fliter": "Id eq 1"}, UnknownName, ["'fliter'", "Did you mean filter"]),
    ("fax.list", (1,), {}, InvalidArgument, ["no positional argument"]),
    ("fax.get_by_number", (None,), {}, InvalidArgument, ["Number of fax.get_by_number", "empty"]),
    ("website_links.delete", ("",), {}, InvalidArgument, ["Link of website_links.delete", "empty"]),
    ("fax.create", (), {}, InvalidArgument, ["fax.create", "body"]),
    ("fax.create", ([],), {}, InvalidArgument, ["body of fax.create"]),
    ("fax.create", ("text",), {}, InvalidArgument, ["body of fax.create"]),
    ("fax.update", (42,), {}, InvalidArgument, ["fax.update", "body"]),
    ("fax.update", (42, None), {}, InvalidArgument, ["fax.update", "body"]),
    ("fax.update", (42, {"Number": "1"}), {"Number": "2"}, InvalidArgument, ["Number twice"]),
    ("fax.update", (42, {}, {}), {}, InvalidArgument, ["takes Id, body", "3 were given"]),
    ("fax.update", (42,), {"Nummer": "1"}, UnknownName, ["'Nummer'", "Number"]),
    ("fax.bulk_fax_delete", (), {}, InvalidArgument, ["fax.bulk_fax_delete", "body"]),
]


@pytest.mark.parametrize(
    ("action", "args", "kwargs", "error", "said"), REFUSED, ids=[f"{r[0]}{r[1]}{r[2]}" for r in REFUSED]
)
def test_what_can_t_be_asked_is_refused_with_the_names_of_action_and_argument(
    action: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: type[UsageError], said: list[str]
) -> None:
    with pytest.raises(error) as raised:
        bound(action, *args, **kwargs)
    assert [part for part in said if part not in str(raised.value)] == []


@pytest.mark.parametrize(
    ("action", "args"),
    [("website_links.get", ("\ud800",)), ("fax.get_by_number", ("\udfff",))],
    ids=["lone high surrogate", "lone low surrogate"],
)
def test_a_key_that_is_no_unicode_text_is_refused_like_any_other_bad_value(action: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidArgument):
        bound(action, *args)


@given(st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers()) | st.binary())
def test_a_numeric_key_is_a_number_in_the_path_or_refused(value: Any) -> None:
    try:
        call = bound("fax.delete", value)
    except InvalidArgument:
        return
    number = call.path.removeprefix("/Fax(").removesuffix(")")
    assert str(int(number)) == number
    assert int(number) == int(value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"top": 5}, "$top=5"),
        ({"top": "5"}, "$top=5"),
        ({"skip": 0}, "$skip=0"),
        ({"count": True}, "$count=true"),
        ({"count": "False"}, "$count=false"),
        ({"select": "Id,Number"}, "$select=Id,Number"),
        ({"select": ["Id", "Number"]}, "$select=Id,Number"),
        ({"orderby": ("Number desc", "Id")}, "$orderby=Number%20desc,Id"),
        ({"expand": ["Groups"]}, "$expand=Groups"),
        ({"filter": "Id eq 3", "top": 1}, "$filter=Id%20eq%203&$top=1"),
        ({"$filter": "Id eq 3"}, "$filter=Id%20eq%203"),
        ({"Filter": "Id eq 3"}, "$filter=Id%20eq%203"),
        ({"filter": None, "top": None}, ""),
    ],
    ids=repr,
)
def test_query_options(options: dict[str, Any], expected: str) -> None:
    assert target("fax.list", **options).partition("?")[2] == expected


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("top", -1),
        ("top", "many"),
        ("top", 1.5),
        ("top", True),
        ("top", "²"),
        ("skip", "-1"),
        ("skip", [1]),
        ("count", 1),
        ("count", "yes"),
        ("select", ""),
        ("select", "  "),
        ("select", []),
        ("select", [1]),
        ("select", 5),
        ("orderby", b"Id"),
        ("filter", ""),
        ("filter", ["Id eq 1"]),
        ("search", 5),
    ],
    ids=repr,
)
def test_an_option_of_no_use_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"{option} of fax.list"):
        bound("fax.list", **{option: value})


def test_a_call_keeps_the_values_as_given_for_messages() -> None:
    call = bound("fax.delete", 42)
    assert (call.action.id, call.path, dict(call.values)) == ("fax.delete", "/Fax(42)", {"Id": 42})


def test_what_the_caller_passed_is_left_as_it_was() -> None:
    body = {"Number": "9001", "@odata.etag": ETAG, "Groups": [{"Name": "Sales"}]}
    kwargs: dict[str, Any] = {"Id": 42, "body": body}
    bind(CATALOG, CATALOG.action("fax.update"), (), kwargs)
    assert kwargs == {"Id": 42, "body": body}
    assert body == {"Number": "9001", "@odata.etag": ETAG, "Groups": [{"Name": "Sales"}]}
