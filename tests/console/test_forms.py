"""Every action gives a form, and what somebody types into it becomes the call that it says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trunkline import InvalidArgument, catalog
from trunkline.catalog import Action, Catalog, TypeSpec
from trunkline.catalog.secret import MASK
from trunkline.catalog.skeleton import skeleton
from trunkline.console.form import MOST_TEXT, Field, Form
from trunkline.request import bind

NEWEST = catalog.load("20.0.10")
TODAY = [action for action in catalog.load().actions if action.until is None]
NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
EXAMPLES = {
    "number": "42",
    "truth": "true",
    "moment": "2026-09-01T00:00:00Z",
    "list": "100\n101",
    "json": "{}",
    "file": b"RIFF",
}


def form_of(name: str, known: Catalog = NEWEST) -> Form:
    return Form(known, known.action(name))


def example(field: Field) -> Any:
    """What somebody could type into a field."""
    if field.kind in ("choice", "choices"):
        first = next(iter(field.choices))
        return first if field.kind == "choice" else [first]
    if field.kind == "text":
        texts = {"Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "TimeOfDay": "09:00:00", "Duration": "PT30S"}
        return texts.get(field.spec.name, "2026-09-01" if field.spec.name == "Date" else "100")
    return "200" if field.spec.name == "Byte" else "[]" if field.spec.collection else EXAMPLES[field.kind]


RESOURCES = [list(actions) for _resource, actions in groupby(TODAY, lambda action: action.resource)]


@pytest.mark.parametrize("actions", RESOURCES, ids=lambda actions: actions[0].resource)
def test_every_action_gives_a_form(actions: list[Action]) -> None:
    for action in actions:
        form = Form(NEWEST, action)
        check_examples_bind(action, form)
        check_an_entity_comes_back(action, form)
        check_fields_have_names(action, form)


def check_examples_bind(action: Action, form: Form) -> None:
    shown = [field for field in form.fields if field.place != "option" and not field.elsewhere]
    inputs = {field.name: example(field) for field in shown}
    arguments = form.arguments(inputs)
    call = bind(NEWEST, action, (), arguments, NOW)
    assert set(call.values) == set(action.params), action.id
    fields = {field.name for field in shown if field.place == "body"}
    assert set(call.body or {}) == fields, action.id


def check_an_entity_comes_back(action: Action, form: Form) -> None:
    if action.body is None or action.kind == "upload":
        return
    body = skeleton(action)
    own = {name: value for name, value in body.items() if name in form}
    assert own.keys() == body.keys(), action.id
    assert form.arguments(form.inputs_of(body)).get("body", {}) == body, action.id


def check_fields_have_names(action: Action, form: Form) -> None:
    names = [field.name for field in form.fields]
    assert len(names) == len(set(names)), action.id
    assert all(field.label.strip() for field in form.fields), action.id
    needed = [field.name for field in form.fields if field.is_required]
    assert set(action.keys) <= set(needed), action.id


def test_fields_have_the_kinds_of_their_types() -> None:
    form = form_of("queues.update")
    kinds = {name: form[name].kind for name in ("Id", "Name", "RingTimeout", "Recording", "PollingStrategy", "Agents")}
    assert kinds == {
        "Id": "number",
        "Name": "text",
        "RingTimeout": "number",
        "Recording": "choice",
        "PollingStrategy": "choice",
        "Agents": "json",
    }


def test_common_fields_come_first_and_the_rest_can_be_found() -> None:
    fields = [field for field in form_of("users.create").fields if field.place == "body"]
    common = [field.name for field in fields if field.is_common]
    assert {"Number", "FirstName", "LastName", "EmailAddress"} <= set(common)
    assert len(fields) >= 80 > 3 * len(common)
    assert "Id" not in common  # the PBX assigns it
    assert [field.is_common for field in fields] == sorted((field.is_common for field in fields), reverse=True)


def test_what_is_not_set_is_not_sent_and_empty_or_null_is() -> None:
    form = form_of("contacts.create")
    assert form.arguments({}) == {"body": {}}
    assert form_of("contacts.update").arguments({}) == {}
    assert form.arguments({"FirstName": "", "LastName": None}) == {"body": {"FirstName": "", "LastName": None}}


def test_a_default_is_said_in_words() -> None:
    form = form_of("report_queue_performance_totals.get_queue_performance_totals_data")
    assert form["periodFrom"].default == "30 days before the end"
    assert not form["periodFrom"].is_required
    assert "Default" not in form["periodFrom"].help
    assert form_of("fax.delete")["Id"].is_required


def test_a_field_that_this_version_lacks_says_so_and_can_be_sent() -> None:
    form = form_of("trunks.update", catalog.load("20.0.9"))
    field = form["DisableCallTransfer"]
    assert field.elsewhere == "added in 20.0.10"
    assert not field.is_common
    assert form.arguments({"Id": "1", "DisableCallTransfer": "true"})["body"] == {"DisableCallTransfer": True}
    assert form_of("trunks.update")["DisableCallTransfer"].elsewhere == ""


def test_an_enum_of_flags_is_sent_as_one_text() -> None:
    flags = next(
        (action.id, field.name)
        for action in TODAY
        for field in Form(NEWEST, action).fields
        if field.kind == "choices" and not field.spec.collection
    )
    field = form_of(flags[0])[flags[1]]
    first, second = list(field.choices)[:2]
    assert field.value([first, second]) == f"{first},{second}"
    assert field.shown(f"{first}, {second}") == [first, second]


@pytest.mark.parametrize(
    ("action", "name", "given", "said"),
    [
        ("contacts.list", "top", "ten", "must be an integer (Int32), not 'ten'"),
        ("queues.update", "Agents", "{", "is not JSON"),
        ("queues.update", "Agents", "{}", "must be a JSON list"),
        ("queues.update", "body", "[]", "must be a JSON object"),
        ("users.update", "Enabled", "maybe", "must be true or false, not 'maybe'"),
        ("users.update", "FirstName", "x" * (MOST_TEXT + 1), "at most 1,000,000"),
    ],
)
def test_wrong_input_is_refused_and_names_the_field(action: str, name: str, given: str, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        form_of(action).arguments({name: given})
    assert said in str(caught.value)
    assert caught.value.parameter == name


def test_a_refusal_never_repeats_a_secret() -> None:
    field = Field("AuthPassword", "Auth password", "", "truth", "body", TypeSpec("Boolean"))
    with pytest.raises(InvalidArgument) as caught:
        field.value("hunter2-hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_time_without_a_zone_is_one_of_the_browsers_zone() -> None:
    field = form_of("blocklist.create")["ExpiresAt"]
    berlin = ZoneInfo("Europe/Berlin")
    assert field.value("2026-09-12T08:00", berlin) == "2026-09-12T08:00:00+02:00"
    assert field.value("2026-09-12T08:00:00Z", berlin) == "2026-09-12T08:00:00Z"
    report = form_of("report_queue_performance_totals.get_queue_performance_totals_data")
    assert report["periodFrom"].value("last-month", berlin) == "last-month"


def test_more_fields_go_into_the_body_but_never_twice() -> None:
    form = form_of("users.update")
    assert form.arguments({"Id": "1", "FirstName": "Ada", "body": '{"Brandnew": 1}'}) == {
        "Id": 1,
        "body": {"FirstName": "Ada", "Brandnew": 1},
    }
    with pytest.raises(InvalidArgument, match="FirstName, which has a field of its own"):
        form.arguments({"FirstName": "Ada", "body": '{"FirstName": "Bob"}'})


def test_masked_secrets_of_an_entity_fill_in_nothing() -> None:
    form = form_of("users.update")
    inputs = form.inputs_of({"FirstName": "Ada", "AuthPassword": MASK, "Groups": [{"Id": 1}]})
    assert inputs.keys() == {"FirstName", "Groups"}


def test_lines_of_a_list_are_its_elements() -> None:
    assert form_of("fax.bulk_fax_delete")["ids"].value("1\n2") == [1, 2]
    field = form_of("country_codes.update")["CountryCodes"]
    assert field.value("a\n\n b ") == ["a", " b "]
    assert field.value('["one\\ntwo"]') == ["one\ntwo"]
    for value in (["a", "b"], ["one\ntwo"], [""], ["[x"], []):
        assert field.value(field.shown(value)) == value
