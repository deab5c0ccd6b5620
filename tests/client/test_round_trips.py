"""What a PBX has answered can be sent back as it is, by every action that updates."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import CLIENT, KEY
from nasty import Asked, Bytes, Nasty, http
from trunkline import Pbx, catalog, cli
from trunkline.catalog import Action, TypeSpec
from trunkline.errors import NotFound, PbxError, VersionMismatch, VersionWarning
from trunkline.request import bind
from trunkline_emulator import Emulator, running

CATALOG = catalog.load()
OLDER = catalog.load("20.0.8")
UPDATES = [action for action in OLDER.actions if action.kind == "update"]


@pytest.fixture(scope="module")
def older() -> Iterator[Pbx]:
    emulator = Emulator(version="20.0.8", client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        yield pbx


def _read(pbx: Pbx, action: Action) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """An entity that the action updates, with the keys of it; None where this PBX has none."""
    verbs = OLDER.resources[action.resource]
    if not action.keys:
        return ({}, pbx.call(verbs["get"].id)) if "get" in verbs else None
    first = pbx.call(verbs["list"].id).first() if "list" in verbs else None
    if first is None:
        return None
    keys = {name: first[name] for name in action.keys}
    return keys, pbx.call(verbs["get"].id, **keys) if "get" in verbs else first


@pytest.mark.parametrize("action", UPDATES, ids=lambda action: action.id)
def test_what_was_read_goes_back(older: Pbx, action: Action) -> None:
    try:
        read = _read(older, action)
    except NotFound:
        read = None
    if read is None:
        pytest.skip("the demo company has none of these")
    keys, entity = read
    assert entity
    call = bind(OLDER, older.action(action.id), (), {**keys, "body": entity})
    kept = {name for name in entity if "@" not in name}
    assert call.body is not None
    assert call.body.keys() == kept
    with contextlib.suppress(PbxError):  # what a PBX says of a value is for it to say; nothing was refused on the way
        older.call(action.id, **keys, body=entity)


def _some(spec: TypeSpec) -> Any:
    if spec.collection:
        return []
    return None if spec.nullable else "" if spec.name == "String" else 0


@pytest.mark.parametrize("action", UPDATES, ids=lambda action: action.id)
def test_fields_that_no_file_has_go_back_once_they_were_read(action: Action) -> None:
    """A late build of 20.0.8: it answers fields and values of later versions, and some that nobody has heard of."""
    assert isinstance(action.body, str)
    owner = catalog.parse_type(action.body).name
    later = [name for name in CATALOG.fields(owner) if name not in OLDER.fields(owner)]
    row = {name: _some(CATALOG.fields(owner)[name]) for name in later} | {
        "UnheardOf": {"Deep": [1, {"X": None}]},
        "UnheardOf@odata.type": "#X",
    }
    keys: dict[str, Any] = {name: "k" if spec.name == "String" else 7 for name, spec in action.parameters}

    def script(asked: Asked) -> Bytes:
        if asked.method != "GET":
            return http(204, X_3CX_Version="20.0.8.1121")
        body: Any = {**row, **keys}
        listed = asked.target.partition("?")[0].count("(") == 0 and action.keys
        return http(200, json.dumps({"value": [body]} if listed else body), X_3CX_Version="20.0.8.1121")

    verbs = OLDER.resources[action.resource]
    reader = verbs.get("list") if action.keys else verbs.get("get")
    reader = reader or verbs.get("get")
    if reader is None:
        pytest.skip("nothing reads it")
    with Nasty(script) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        with pytest.warns(VersionWarning, match="UnheardOf"):
            pbx.call(action.id, **keys, body={"UnheardOf": 1})
        given = keys if reader.keys else {}
        read = pbx.call(reader.id, **given)
        entity = read.first() if reader.answer_kind == "list" else read
        before = len(server.api_calls)
        if later:
            with pytest.warns(VersionWarning) as warned:
                pbx.call(action.id, **keys, body=entity)
            assert {str(each.message).split(" of ")[0] for each in warned} == set(later)
        else:
            pbx.call(action.id, **keys, body=entity)
        sent = json.loads(server.api_calls[before].body)
    assert sent == {name: value for name, value in {**row, **keys}.items() if "@" not in name}


def _of_version(version: str) -> Nasty:
    """A PBX whose sign-in names its version, and that carries out whatever it is asked."""
    token = json.dumps({"access_token": "token-of-mine", "expires_in": 3600})

    def answer(asked: Asked) -> Bytes:
        signs_in = asked.target == "/connect/token"
        return http(200, token, X_3CX_Version=version) if signs_in else http(204, X_3CX_Version=version)

    return Nasty(answer, sign_in=False)


def _line(server: Nasty, *arguments: str) -> int:
    return cli.execute([*arguments, "--url", server.url, "--client-id", "id", "--client-secret", "a-key-of-mine"])


def test_an_action_of_another_version_is_sent_if_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("contacts", "delete-contacts-by-id", "--ids", "[1]")
    with _of_version("20.0.7.1") as server:
        assert _line(server, *asked, "--yes") == VersionMismatch.exit_code
        assert "`--no-check-version`" in capsys.readouterr().err
        assert [call for call in server.asked if "Contacts" in call.target] == []
        assert _line(server, *asked, "--yes", "--no-check-version") == 0
    assert [call.method for call in server.asked if "Contacts" in call.target] == ["POST"]


def test_the_command_line_warns_once_for_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    with _of_version("20.0.8.1121") as server, warnings.catch_warnings():
        warnings.simplefilter("default")
        assert _line(server, "queues", "update", "64", "--vm-email-list", "") == 0
    assert capsys.readouterr().err.count("VMEmailList of queues.update was added in 20.0.9") == 1
    assert [json.loads(call.body) for call in server.asked if call.method == "PATCH"] == [{"VMEmailList": ""}]


def test_a_field_that_no_file_has_goes_back_however_many_rows_were_read_before() -> None:
    rows = [{"Id": number, "FirstName": "Ada", "LastName": "Example"} for number in range(1500)]
    rows[1490] = {"Id": 1490, "FirstName": "Ada", "UnheardOf": "x"}  # as long as the others of its page

    def script(asked: Asked) -> Bytes:
        if asked.method != "GET":
            return http(204)
        skip = re.search(r"skip=(\d+)", asked.target)
        first = int(skip[1]) if skip else 0
        return http(200, json.dumps({"value": rows[first : first + 100]}))

    with Nasty(script) as server, Pbx(server.url, CLIENT, KEY) as pbx:
        odd = next(row for row in pbx.contacts.list() if "UnheardOf" in row)
        pbx.contacts.update(odd["Id"], odd)
        assert json.loads(server.api_calls[-1].body)["UnheardOf"] == "x"
