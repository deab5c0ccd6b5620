"""Bodies: every field is checked against the catalog before anything is sent."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.catalog import answered
from trunkline.catalog.secret import MASK
from trunkline.errors import InvalidArgument, UnknownName, VersionWarning
from trunkline.request import bind, build

CATALOG = catalog.load()


def sent(action: str, *args: Any, **kwargs: Any) -> Any:
    """The body as a PBX would read it."""
    request = build(bind(CATALOG, CATALOG.action(action), args, kwargs))
    assert dict(request.headers)["Content-Type"] == "application/json"
    assert isinstance(request.body, bytes)
    return json.loads(request.body)


HOLIDAY = {
    "Name": "Summer",
    "Day": 1,
    "DayEnd": 2,
    "Month": 8,
    "MonthEnd": 8,
    "TimeOfStartDate": "PT0S",
    "TimeOfEndDate": "PT23H59M",
}

FINE = "2026-09-12T02:00:00.1234567+02:00"
KEPT: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("fax.create", ({"Number": "9001"},), {}, {"Number": "9001"}),
    ("fax.create", (), {"Number": "9001"}, {"Number": "9001"}),
    ("fax.create", (), {"number": "9001"}, {"Number": "9001"}),
    ("fax.create", (), {"body": {"Number": "9001"}, "FaxServer": True}, {"Number": "9001", "FaxServer": True}),
    ("fax.update", (42,), {"OutboundCallerId": "+442079460123"}, {"OutboundCallerId": "+442079460123"}),
    ("fax.update", (42, {"OutboundCallerId": None}), {}, {"OutboundCallerId": None}),
    ("fax.update", (42, {"Id": 42, "@odata.etag": 'W/"5"'}), {}, {"Id": 42}),
    ("fax.update", (42, {"Id": 42, "@odata.context": "https://pbx.example.com/"}), {}, {"Id": 42}),
    ("fax.update", (42, {"@odata.type": "#Pbx.Fax"}), {}, {"@odata.type": "#Pbx.Fax"}),
    ("fax.update", (42, {"Groups@odata.bind": ["Groups(1)"]}), {}, {"Groups@odata.bind": ["Groups(1)"]}),
    ("fax.bulk_fax_delete", (), {"ids": [1, 2]}, {"ids": [1, 2]}),
    ("fax.bulk_fax_delete", ({"ids": (1, 2)},), {}, {"ids": [1, 2]}),
    ("fax.bulk_fax_delete", (), {"ids": []}, {"ids": []}),
    ("fax.bulk_fax_delete", (), {"ids": [1.0]}, {"ids": [1]}),
    (
        "users.update",
        (7, {"Groups": [{"GroupId": 1, "Rights": {"RoleName": "users"}}]}),
        {},
        {"Groups": [{"GroupId": 1, "Rights": {"RoleName": "users"}}]},
    ),
    (
        "users.update",
        (7,),
        {"Groups": [{"Name": "Sales", "@odata.etag": "1", "@odata.type": "#Pbx.UserGroup"}]},
        {"Groups": [{"Name": "Sales", "@odata.type": "#Pbx.UserGroup"}]},
    ),
    ("users.update", (7,), {"TranscriptionMode": "Both"}, {"TranscriptionMode": "Both"}),
    (
        "users.update",
        (7,),
        {"TranscriptionMode": "Voicemail,Recordings"},
        {"TranscriptionMode": "Voicemail,Recordings"},
    ),
    ("blocklist.create", (), {"ExpiresAt": "2026-09-12T00:00:00Z"}, {"ExpiresAt": "2026-09-12T00:00:00Z"}),
    (
        "blocklist.create",
        (),
        {"ExpiresAt": dt.datetime(2026, 9, 12, tzinfo=dt.UTC)},
        {"ExpiresAt": "2026-09-12T00:00:00Z"},
    ),
    ("blocklist.create", (), {"ExpiresAt": FINE}, {"ExpiresAt": FINE}),
    ("blocklist.create", (), {"ExpiresAt": "20260912T000000Z"}, {"ExpiresAt": "2026-09-12T00:00:00Z"}),
    ("blocklist.create", (), {"ExpiresAt": "2026-09-12 02:00+0200"}, {"ExpiresAt": "2026-09-12T00:00:00Z"}),
    ("holidays.create", (HOLIDAY,), {}, HOLIDAY),
    (
        "holidays.create",
        ({**HOLIDAY, "TimeOfEndDate": dt.timedelta(minutes=1, seconds=30)},),
        {},
        {**HOLIDAY, "TimeOfEndDate": "PT90S"},
    ),
    (
        "website_links.update",
        ("sales",),
        {"Website": ["https://pbx.example.com"]},
        {"Website": ["https://pbx.example.com"]},
    ),
    (
        "email_template.update",
        ("welcome.html",),
        {"Body": "<p>Hello</p>", "Subject": "Welcome"},
        {"Body": "<p>Hello</p>", "Subject": "Welcome"},
    ),
]


@pytest.mark.parametrize(("action", "args", "kwargs", "expected"), KEPT, ids=[f"{k[0]} {k[3]}"[:70] for k in KEPT])
def test_a_good_body_arrives_as_it_was_meant(
    action: str, args: tuple[Any, ...], kwargs: dict[str, Any], expected: Any
) -> None:
    assert sent(action, *args, **kwargs) == expected


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], list[str]]] = [
    ("users.update", (7, {"Groups": {"Name": "Sales"}}), {}, InvalidArgument, ["Groups of users.update", "a list"]),
    ("users.update", (7, {"Groups": None}), {}, InvalidArgument, ["Groups of users.update", "a list"]),
    ("users.update", (7, {"Groups": ["Sales"]}), {}, InvalidArgument, ["Groups[0]", "Pbx.UserGroup"]),
    ("users.update", (7, {"TranscriptionMode": "Bth"}), {}, InvalidArgument, ["TranscriptionMode", "'Bth'", "Both"]),
    ("users.update", (7, {"TranscriptionMode": "Both,Nope"}), {}, InvalidArgument, ["TranscriptionMode", "Nope"]),
    ("users.update", (7, {"TranscriptionMode": ""}), {}, InvalidArgument, ["TranscriptionMode"]),
    ("users.update", (7, {"TranscriptionMode": 3}), {}, InvalidArgument, ["TranscriptionMode"]),
    (
        "users.update",
        (7, {"AuthPassword": "••••••"}),
        {},
        InvalidArgument,
        ["AuthPassword of", "masked", "set to just"],
    ),
    ("trunks.update", (7, {"AuthPassword": "hush"}), {}, InvalidArgument, ["object of type", "not ••••••"]),
    ("users.update", (7, {"VMPIN": 4711}), {}, InvalidArgument, ["VMPIN of users.update", "text", "not ••••••"]),
    ("users.update", (7, {"FirstName": 5}), {}, InvalidArgument, ["FirstName of users.update", "text"]),
    ("users.update", (7, {"Enabled": "true"}), {}, InvalidArgument, ["Enabled of users.update", "true or false"]),
    ("users.update", (7, {"Enabled": 1}), {}, InvalidArgument, ["Enabled of users.update", "true or false"]),
    ("users.update", (7, {"Blfs": "x" * 20481}), {}, InvalidArgument, ["Blfs", "at most 20480", "20481"]),
    ("sbcs.create", ({"Name": "x" * 13},), {}, InvalidArgument, ["Name of sbcs.create", "at most 12"]),
    ("sbcs.create", ({"Name": None},), {}, InvalidArgument, ["Name of sbcs.create", "null"]),
    ("blocklist.create", ({"ExpiresAt": "2026-09-12T00:00:00"},), {}, InvalidArgument, ["ExpiresAt", "zone"]),
    ("blocklist.create", ({"ExpiresAt": "soon"},), {}, InvalidArgument, ["ExpiresAt", "zone"]),
    ("blocklist.create", ({"ExpiresAt": "0001-01-01 00:00:00+02:00"},), {}, InvalidArgument, ["ExpiresAt", "zone"]),
    ("users.update", (7, {"Hours": {"Periods": [{"Start": "9am"}]}}), {}, InvalidArgument, ["Start", "time of day"]),
    ("users.update", (7, {"Hours": {"Periods": [{"Start": "9:00"}]}}), {}, InvalidArgument, ["Start", "08:30:00"]),
    (
        "updates.install_updates",
        ({"install": {"Key": "x", "Entries": []}},),
        {},
        InvalidArgument,
        ["install.Key", "GUID"],
    ),
    ("blocklist.create", ({"ExpiresAt": dt.datetime(2026, 9, 12)},), {}, InvalidArgument, ["ExpiresAt", "zone"]),
    ("blocklist.create", ({"BlockType": "Never"},), {}, InvalidArgument, ["BlockType", "'Never'"]),
    ("fax.bulk_fax_delete", (), {"ids": 1}, InvalidArgument, ["ids of fax.bulk_fax_delete", "a list"]),
    ("fax.bulk_fax_delete", (), {"ids": [1, None]}, InvalidArgument, ["ids[1]", "null"]),
    ("fax.bulk_fax_delete", (), {"ids": [1, True]}, InvalidArgument, ["ids[1]", "an integer"]),
    ("fax.bulk_fax_delete", (), {"ids": [1, 2**31]}, InvalidArgument, ["ids[1]", "between"]),
    ("fax.bulk_fax_delete", (), {"ids": ["1"]}, InvalidArgument, ["ids[0]", "an integer"]),
    ("fax.bulk_fax_delete", (), {"ids": None}, InvalidArgument, ["ids"]),
    ("holidays.create", ({**HOLIDAY, "Day": 256},), {}, InvalidArgument, ["Day of holidays.create", "255"]),
    (
        "holidays.create",
        ({**HOLIDAY, "TimeOfStartDate": "8:00"},),
        {},
        InvalidArgument,
        ["TimeOfStartDate", "duration"],
    ),
    ("holidays.create", ({**HOLIDAY, "TimeOfStartDate": "P"},), {}, InvalidArgument, ["TimeOfStartDate", "duration"]),
    ("custom_prompts.upload", (), {}, InvalidArgument, ["custom_prompts.upload", "body"]),
    ("custom_prompts.upload", ({},), {}, InvalidArgument, ["custom_prompts.upload"]),
    ("custom_prompts.upload", ({"nonsense": b"RIFF"},), {}, UnknownName, ["custom_prompts.upload", "nonsense"]),
    ("custom_prompts.upload", (), {"file": "a.wav"}, InvalidArgument, ["file", "bytes"]),
]


@pytest.mark.parametrize(
    ("action", "args", "kwargs", "error", "said"), REFUSED, ids=[f"{r[0]} {r[4]}"[:70] for r in REFUSED]
)
def test_a_bad_body_is_refused_with_the_path_to_the_field(
    action: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: type[Exception], said: list[str]
) -> None:
    with pytest.raises(error) as raised:
        build(bind(CATALOG, CATALOG.action(action), args, kwargs))
    assert [part for part in said if part not in str(raised.value)] == []


def test_a_question_to_the_user_ends_with_its_question_mark_alone() -> None:
    with pytest.raises(InvalidArgument) as raised:
        sent("users.update", 7, {"TranscriptionMode": "Bth"})
    assert "?." not in str(raised.value)


def test_a_negative_duration_has_its_sign_in_front() -> None:
    body = sent("holidays.create", {**HOLIDAY, "TimeOfStartDate": dt.timedelta(seconds=-5)})
    assert body["TimeOfStartDate"] == "-PT5S"


@given(st.timedeltas(dt.timedelta(0), dt.timedelta(days=40)))
def test_any_duration_is_iso_8601_and_keeps_its_length(length: dt.timedelta) -> None:
    spelled = sent("holidays.create", {**HOLIDAY, "TimeOfStartDate": length})["TimeOfStartDate"]
    parts = re.fullmatch(r"P(?:(\d+)D)?(?:T(\d+)(?:\.(\d{1,6}))?S)?", spelled)
    assert parts
    assert any(parts.groups())
    days, seconds, fraction = parts.groups(default="0")
    assert dt.timedelta(int(days), int(seconds), int(fraction.ljust(6, "0"))) == length


@given(st.text())
def test_any_text_of_a_field_arrives_unchanged(text: str) -> None:
    assert sent("users.update", 7, {"FirstName": text}) == {"FirstName": text}


OF_OTHER_VERSIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("20.0.8.1121", "queues.update", {"VMEmailList": ""}, "VMEmailList of queues.update was added in 20.0.9"),
    ("20.0.8.1121", "trunks.update", {"DisableCallTransfer": True}, "DisableCallTransfer of trunks.update was added"),
    ("20.0.7", "users.update", {"AIAgent": True}, "AIAgent of users.update was added in 20.0.9"),
    ("20.0.7", "users.update", {"VMEmailOptions": "EmailToExtrasOnly"}, "'EmailToExtrasOnly' for VMEmailOptions"),
    (
        "20.0.10",
        "trunks.update",
        {"AutoHolidayMode": None},
        "AutoHolidayMode of trunks.update was added in 20.0.9, last in",
    ),
]


@pytest.mark.parametrize(("version", "action", "body", "said"), OF_OTHER_VERSIONS)
def test_a_field_or_value_of_another_version_is_warned_of_and_sent(
    version: str, action: str, body: dict[str, Any], said: str
) -> None:
    older = catalog.load(version)
    for args, kwargs in (((7, body), {}), ((7,), body)):
        with pytest.warns(VersionWarning, match=re.escape(said)) as warned:
            assert bind(older, older.action(action), args, kwargs).body == body
        assert f"this PBX runs {version}" in str(warned[0].message)


def test_a_field_of_another_version_is_checked_by_its_type_there() -> None:
    older = catalog.load("20.0.7")
    with pytest.warns(VersionWarning), pytest.raises(InvalidArgument, match="AIAgent"):
        bind(older, older.action("users.update"), (7, {"AIAgent": "perhaps"}), {})


def test_a_field_of_the_parameters_of_an_action_may_be_of_another_version() -> None:
    changed = [
        (action, name, edition.version)
        for edition in CATALOG.editions
        for action in catalog.load(edition.version).actions
        if isinstance(action.body, dict)
        for name in catalog.load(edition.version).body_elsewhere(action)
    ]
    assert changed
    for action, name, version in changed:
        spec, lifetime = catalog.load(version).body_elsewhere(action)[name]
        assert name not in (action.body or {})
        assert spec.name
        assert "added in" in lifetime or "last in" in lifetime


@pytest.mark.parametrize(
    ("action", "body", "said"),
    [
        ("trunks.update", {"Futur": 1}, "has Futur in the body of trunks.update. It is sent anyway."),
        ("users.update", {"FirstNam": "Ada"}, "Did you mean FirstName"),
        ("users.update", {"Groups": [{"GroupId": 1, "Rights": {"RoleNam": "users"}}]}, "Groups[0].Rights.RoleNam"),
    ],
)
def test_a_field_that_no_version_has_is_sent_with_a_warning(action: str, body: dict[str, Any], said: str) -> None:
    with pytest.warns(VersionWarning, match=re.escape(said)):
        assert bind(CATALOG, CATALOG.action(action), (7, body), {}).body == body


def test_what_a_pbx_has_answered_is_sent_without_a_warning() -> None:
    action = CATALOG.action("trunks.update")
    read = {"@odata.context": "https://pbx.example.com/xapi/v1/$metadata#Trunks/$entity", "Futur": {"A@odata.type": 1}}
    assert bind(CATALOG, action, (7, read), {}).body == {"Futur": {}}
    answered.note("Pbx.Trunk", "Futur")
    assert bind(CATALOG, action, (7, {"Futur": 1}), {}).body == {"Futur": 1}


def test_a_parameter_that_no_version_has_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"fax\.bulk_fax_delete has no parameter 'idz'\. Did you mean ids"):
        sent("fax.bulk_fax_delete", idz=[1])


def test_a_value_that_no_version_knows_goes_out_if_a_pbx_has_answered_it() -> None:
    action = CATALOG.action("trunks.update")
    with pytest.raises(InvalidArgument, match="can't be 'Sideways'"):
        bind(CATALOG, action, (7, {"Direction": "Sideways"}), {})
    answered.note("Pbx.DirectionType", "Sideways")
    assert bind(CATALOG, action, (7, {"Direction": "Sideways"}), {}).body == {"Direction": "Sideways"}


def test_an_open_type_takes_any_field() -> None:
    body = {"Messaging": {"Provider": "x", "SMS_PREFIX": "+44", "MORE": {"A": [1]}}}
    assert bind(CATALOG, CATALOG.action("trunks.update"), (7, body), {}).body == body


def test_a_masked_value_goes_nowhere_however_it_is_wrapped() -> None:
    action = CATALOG.action("trunks.update")
    for body in ({"Messaging": {"MESSAGING_ACCESS_KEY": MASK}}, {"ExternalNumber": f"a {MASK}"}):
        with pytest.raises(InvalidArgument, match="is masked"):
            bind(CATALOG, action, (7, body), {})


ANNOTATIONS = ("@odata.context", "@odata.etag", "@odata.id", "@odata.navigationLink", "Tags@odata.type", "@context")


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_what_a_pbx_adds_for_the_reader_is_not_sent_back(name: str) -> None:
    assert sent("users.update", 7, {name: "x", "Mobile": ""}) == {"Mobile": ""}


def test_a_version_knows_its_own_fields() -> None:
    assert sent("users.update", 7, {"AIAgent": True}) == {"AIAgent": True}


def test_an_action_without_a_body_sends_none() -> None:
    request = build(bind(CATALOG, CATALOG.action("fax.delete"), (42,), {}))
    assert request.body is None
    assert "Content-Type" not in dict(request.headers)
