"""Entity sets: create, read, change, delete, in every set of the catalog that lets one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import catalog

from . import bodies, valid, valid_system
from .conftest import Dial, Line

CATALOG = catalog.load("20.0.10")
ACTIONS = {(action.kind, action.path.partition("(")[0][1:]): action for action in CATALOG.actions}
CREATABLE = sorted(name for kind, name in ACTIONS if kind == "create")
UPDATABLE = sorted(name for kind, name in ACTIONS if kind == "update")
FIELD_NAMES = sorted({name for type_name in CATALOG.types for name in CATALOG.fields(type_name)})
IN_USE = "WARNINGS.XAPI.ALREADY_IN_USE"
REQUIRED = "WARNINGS.XAPI.REQUIRED"
FORBIDDEN = "WARNINGS.XAPI.FORBIDDEN_CHANGE"

# What the PBX changes along with a field.


def address(name: str, key: str | int) -> str:
    return f"/{name}({key})" if isinstance(key, int) else f"/{name}('{quote(key, safe='')}')"


@pytest.mark.parametrize("name", CREATABLE)
def test_the_life_of_an_entity(pbx: Line, name: Any) -> None:
    key_field = next(iter(CATALOG.sets[name].key))
    body = bodies.with_rules(CATALOG, name, valid.body(CATALOG, dict(CATALOG.fields(CATALOG.sets[name].type))))  # type: ignore[arg-type]
    if isinstance(body[key_field], int):
        body[key_field] = 0
    before = pbx.get(f"/{name}?$count=true&$top=0").json["@odata.count"]

    created = pbx.ask("POST", f"/{name}", body)
    assert created.status == 201, created.body
    key = created.json[key_field]
    where = address(name, key)
    assert created.headers["location"] == f"https://pbx/xapi/v1{where}"
    assert created.json["@odata.context"].endswith(f"#{name}/$entity")
    assert pbx.get(where).json == created.json
    assert pbx.get(f"/{name}?$count=true&$top=0").json["@odata.count"] == before + 1

    again = pbx.ask("POST", f"/{name}", {**body, key_field: key})
    assert again.status == 400

    assert pbx.ask("DELETE", where).status == 204
    assert pbx.ask("DELETE", where).status == 404
    assert pbx.ask("PATCH", where, {}).status == 404
    assert pbx.get(where).status == 404
    assert pbx.get(f"/{name}?$count=true&$top=0").json["@odata.count"] == before


@pytest.mark.parametrize("name", UPDATABLE)
def test_a_change_is_merged(pbx: Line, name: Any) -> None:
    entity_set = CATALOG.sets[name]
    fields = CATALOG.fields(entity_set.type)  # type: ignore[arg-type]
    where = f"/{name}"
    if not entity_set.singleton:
        key_field = next(iter(entity_set.key))
        where = address(name, pbx.get(f"/{name}?$top=1").rows[0][key_field])
    fixed = {*CATALOG.key(entity_set.type), "Number"}  # type: ignore[arg-type]
    changed = next(
        (f for f, spec in fields.items() if spec.name == "String" and not spec.collection and f not in fixed), None
    )
    if changed is None:
        changed = next(f for f, spec in fields.items() if not spec.navigation and f not in fixed)
    before = pbx.get(where).json
    update = f"{entity_set.resource}.update"
    new = bodies.FIELDS.get(name, {}).get(changed, valid.value(CATALOG, fields[changed]))
    new = valid_system.fit(CATALOG, update, {changed: new})[changed]
    answer = pbx.ask("PATCH", where, {changed: new, "@odata.type": "#Anything"})
    assert (answer.status, answer.body) == (204, b"")
    after = pbx.get(where).json
    if fields[changed].name not in CATALOG.types:
        assert after == {**before, changed: new}


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "message"),
    [
        ("POST", "/Fax", {"Number": "888"}, "Number", IN_USE),
        ("POST", "/Fax", {"Number": "100"}, "Number", IN_USE),
        ("POST", "/Users", {"Number": "888"}, "Number", IN_USE),
        ("POST", "/Fax", {"Id": 121, "Number": "1"}, "Id", IN_USE),
        ("POST", "/WebsiteLinks", {"Link": "sales"}, "Link", IN_USE),
        ("PATCH", "/Fax(121)", {"Number": "889"}, "Number", FORBIDDEN),
        ("PATCH", "/Users(11)", {"Number": "999"}, "Number", FORBIDDEN),
        ("PATCH", "/Groups(2)", {"Number": "GRP0099"}, "Number", FORBIDDEN),
        ("PATCH", "/Trunks(101)", {"Number": "10001"}, "Number", IN_USE),
        ("PATCH", "/MyUser", {"Number": "999"}, "Number", FORBIDDEN),
        ("PATCH", "/Fax(121)", {"Id": 5}, "Id", FORBIDDEN),
        ("PATCH", "/WebsiteLinks('sales')", {"Link": "x"}, "Link", FORBIDDEN),
    ],
)
def test_wrong_bodies_name_their_field(
    quiet: Line, method: str, path: str, body: dict[str, Any], field: str, message: Any
) -> None:
    answer = quiet.ask(method, path, body)
    assert answer.status == 400
    assert answer.json == {
        "error": {
            "code": "",
            "message": f"{field}:\n{message}",
            "details": [{"code": "", "message": message, "target": field}],
        }
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("PATCH", "/Fax(121)", {"Colour": "red"}, "Colour: The property does not exist on type 'Pbx.Fax'."),
        ("PATCH", "/Fax(121)", {"b\u00e4d\r\n": 1}, "b?d??: The property does not exist on type 'Pbx.Fax'."),
        ("PATCH", "/Fax(121)", {"Fax": {}}, "Fax: The property does not exist on type 'Pbx.Fax'."),
        ("POST", "/Fax", {"Number": 1}, "Number: Cannot convert the value to the expected type 'Edm.String'."),
        ("POST", "/Fax", {"Id": "1"}, "Id: Cannot convert the value to the expected type 'Edm.Int32'."),
        ("POST", "/Fax", {"Id": True}, "Id: Cannot convert the value to the expected type 'Edm.Int32'."),
        ("POST", "/Fax", {"Id": 2**31}, "Id: Cannot convert the value to the expected type 'Edm.Int32'."),
        ("POST", "/Fax", {"FaxServer": "true"}, "FaxServer: Cannot convert the value to the expected type 'Edm.Boo"),
        ("POST", "/Blocklist", {"ExpiresAt": "soon"}, "ExpiresAt: Cannot convert the value to the expected type 'Edm."),
        ("POST", "/Blocklist", {"BlockType": "Maybe"}, "BlockType: Cannot convert the value to the expected type 'Pbx"),
        ("POST", "/Fax/Pbx.BulkFaxDelete", None, "A body is required."),
        ("POST", "/Fax/Pbx.BulkFaxDelete", {"ids": [1, "2"]}, "ids: Cannot convert the value"),
        ("POST", "/Fax/Pbx.BulkFaxDelete", {"ids": [], "more": 1}, "more: The property does not exist"),
        ("POST", "/Services/Pbx.Stop", {"options": {"Names": []}}, "Names: The property does not exist"),
    ],
)
def test_a_body_that_does_not_fit_is_not_valid(quiet: Line, method: str, path: str, body: Any, reason: str) -> None:
    answer = quiet.ask(method, path, body)
    assert answer.status == 400
    message = "The input was not valid.\n\ndelta:\nThe delta field is required."
    assert answer.json == {"error": {"code": "", "message": message}}
    assert answer.headers["x-trunkline-reason"].startswith(reason)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/Fax/Pbx.BulkFaxDelete", {}, "ids:\nWARNINGS.XAPI.REQUIRED"),
        ("/Fax/Pbx.BulkFaxDelete", {"ids": None}, "The input was not valid."),
        ("/Sbcs", {"Name": "1234567890123", "DisplayName": "x"}, "Name:\nWARNINGS.STRING_TOO_LONG"),
    ],
)
def test_what_is_assumed_of_a_body_is_refused_when_strict(dial: Dial, path: str, body: Any, message: str) -> None:
    assert dial(strict=True).ask("POST", path, body).message.startswith(message)
    if "ids" in message or "ids" in body:
        assert dial().ask("POST", path, body).status == 204


def test_a_type_that_is_open_keeps_fields_that_it_does_not_name(pbx: Line) -> None:
    trunk = pbx.ask("GET", "/Trunks?$top=1").json["value"][0]["Id"]
    given = {"Messaging": {"Enabled": True, "SMS_PREFIX": "+44"}}
    assert pbx.ask("PATCH", f"/Trunks({trunk})", given).status == 204
    assert pbx.ask("GET", f"/Trunks({trunk})").json["Messaging"]["SMS_PREFIX"] == "+44"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"null", b'{"a":1e999}', b"\xff", b"[" * 100_000])
def test_broken_json_is_400(quiet: Line, body: bytes) -> None:
    headers = {"authorization": f"Bearer {quiet.token}", "content-type": "application/json"}
    assert quiet.send("POST", "/xapi/v1/Fax", body, headers).status == 400


def test_a_body_that_is_not_called_json_is_415_when_strict(dial: Dial) -> None:
    headers = {"content-type": "text/plain"}
    assert dial(strict=True).ask("POST", "/Fax", {"Number": "1"}, headers).status == 415
    assert dial().ask("POST", "/Fax", {"Number": "1"}, headers).status == 201


def test_a_body_above_sixteen_megabytes_is_413(quiet: Line) -> None:
    headers = {"authorization": f"Bearer {quiet.token}", "content-type": "application/json"}
    assert quiet.send("POST", "/xapi/v1/Fax", b" " * (16 * 1024 * 1024 + 1), headers).status == 413


def test_what_is_left_out_gets_the_default_of_its_type(pbx: Line) -> None:
    made = pbx.ask("POST", "/Holidays", {"Name": "Spring", "Day": 1, "Month": 5}).json
    assert (made["Day"], made["Year"], made["TimeOfStartDate"]) == (1, 0, "PT0S")
    assert "IsRecurrent" not in made


def test_ids_count_up_over_all_dns_and_are_not_given_twice(pbx: Line) -> None:
    first = pbx.ask("POST", "/Fax", {"Number": "700"}).json["Id"]
    second = pbx.ask("POST", "/Queues", {"Number": "701", "Name": "New"}).json["Id"]
    assert second == first + 1
    assert pbx.ask("DELETE", f"/Queues({second})").status == 204
    assert pbx.ask("POST", "/Fax", {"Number": "702"}).json["Id"] == second + 1


def test_a_department_gets_its_number_from_the_pbx(pbx: Line) -> None:
    assert pbx.ask("POST", "/Groups", {"Name": "New"}).json["Number"] == "GRP0006"


def test_a_trunk_may_change_its_number(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Trunks(101)", {"Number": "10009"}).status == 204
    assert pbx.get("/Trunks(Number='10009')").json["Id"] == 101


def test_my_user_is_a_row_of_users(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/MyUser", {"FirstName": "Changed"}).status == 204
    assert pbx.get("/Users(Number='100')").json["FirstName"] == "Changed"


def test_missing_entities_are_404_with_an_error_body(quiet: Line) -> None:
    answer = quiet.get("/Fax(1)")
    assert (answer.status, answer.json) == (404, {"error": {"code": "", "message": "Not Found"}})


def test_reset_brings_the_seed_back_and_keeps_tokens(pbx: Line) -> None:
    seeded = pbx.get("/Fax").rows
    pbx.ask("DELETE", "/Fax(121)")
    pbx.ask("PATCH", "/Fax(122)", {"OutboundCallerId": "x"})
    pbx.emulator.reset()
    assert pbx.emulator.journal == []
    assert pbx.get("/Fax").rows == seeded


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELD_NAMES), inner, max_size=2),
    max_leaves=5,
)


@given(body=st.dictionaries(st.sampled_from(sorted(CATALOG.fields("Pbx.User"))), JSON, max_size=3))
def test_any_values_are_taken_or_refused(quiet: Line, body: Any) -> None:
    answer = quiet.ask("POST", "/Users", {"Number": "999", **body})
    assert answer.status in (201, 400)
    if answer.status == 201:
        assert quiet.ask("DELETE", f"/Users({answer.json['Id']})").status == 204


def test_after_the_last_id_the_free_ones_are_used(pbx: Line) -> None:
    contact = {"FirstName": "Ada", "PhoneNumber": "+12025550142"}
    assert pbx.ask("POST", "/Contacts", {**contact, "Id": 2**31 - 1}).status == 201
    assert pbx.ask("POST", "/Contacts", contact).json["Id"] == 61
