"""Every action of the catalog, in its first and its latest version, asked once with valid arguments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.catalog import Action, Catalog
from trunkline_emulator import facts
from trunkline_emulator.evidence import REFUSALS
from trunkline_emulator.reports.arguments import Period
from trunkline_emulator.reports.call_log import cdr_id, has_quality
from trunkline_emulator.reports.events import oldest_first
from trunkline_emulator.seeds import ground
from trunkline_emulator.store import Store

from . import bodies, valid, valid_system
from .conftest import Dial, Line
from .report_calls import FROM, TO, USUAL, when

ROOT = Path(__file__).parents[2]
JUNE = Period(when(FROM), when(TO))
VERSIONS = ("pre-20.0.5", "20.0.7", "20.0.10")
# Bodies that name a row of the demo seed.
NAMES_WHAT_EXISTS: dict[str, dict[str, Any]] = {
    "users.make_call": {"dn": "101", "destination": "102"},
}
STATUS = {"list": 200, "entity": 200, "value": 200, "file": 200, "none": 204}
UPLOAD = (
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="new.wav"\r\n\r\nRIFF\x04\0\0\0WAVEfmt \r\n--X--\r\n'
)


def quality_of_a_call(store: Store) -> dict[str, Any]:
    """A leg in which somebody was heard, and its call."""
    call, leg = next(event for event in oldest_first(store, JUNE) if has_quality(event[1]))
    return {"cdrId": cdr_id(leg), "call_id": call.number}


def known_values(store: Store, action: Action) -> dict[str, Any]:
    """The key of a row that exists, for the entity an action is bound to and for what it looks up."""
    resource = re.match(r"/(\w+)", action.path)[1]
    rows = store.rows(resource) if resource in store.tables else []
    row = rows[0] if rows else {}
    known = {parameter.name: row[parameter.name] for parameter in action.parameters if parameter.name in row}
    known |= bodies.ARGUMENTS.get(action.id, {})
    return {
        **USUAL,
        "groupingType": 0,
        **quality_of_a_call(store),
        "recId": 1,
        "recName": store.rows("Recordings")[0]["RecordingUrl"],
        "name": "MAXCALLTIME",
        "number": row.get("Number") or "100",
        **known,
    }


def content_of(version: Catalog, action: Action) -> dict[str, Any] | None:
    """A valid body; what can't be sent or changed is left out."""
    if action.body is None:
        return None
    content = valid.body(version, dict(version.spec_fields(action.body)))
    if action.kind == "update":
        for field in (*version.key(action.body), "Number"):  # type: ignore[arg-type]
            content.pop(field, None)
    if action.kind == "create" and content.get("Id") == valid.VALUES["Int32"]:
        content["Id"] = 0
    if action.id in NAMES_WHAT_EXISTS:
        return NAMES_WHAT_EXISTS[action.id]
    return valid_system.fit(version, action.id, bodies.fitting(version, action, content))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_answers_in_its_declared_way(dial: Dial, version: Any) -> None:
    line = dial(version=version)
    narrowed = catalog.load(version)
    store = Store(narrowed, ground("demo", version))
    assert len(narrowed.actions) > 500
    for action in narrowed.actions:
        target = valid.path(action, {**known_values(store, action), **valid_system.ARGUMENTS.get(action.id, {})})
        if action.id in bodies.BEFORE:
            path, first = bodies.BEFORE[action.id]
            assert line.ask("POST", path, first).status in (201, 204)
        if action.kind == "upload":
            headers = {"authorization": f"Bearer {line.token}", "content-type": "multipart/form-data; boundary=X"}
            answer = line.send("POST", "/xapi/v1" + target, UPLOAD, headers)
        else:
            answer = line.ask(action.method, target, content_of(narrowed, action))
        expected = 201 if action.kind == "create" else STATUS[action.answer_kind]
        assert answer.status == expected, (action.id, answer.status, answer.body)
        check_kind(action, answer)
        if action.method != "GET" or action.id in bodies.BEFORE:
            line.emulator.reset()


def check_kind(action: Action, answer: Any) -> None:
    assert answer.headers["x-trunkline-evidence"] in ("seen", "published", "assumed")
    match action.answer_kind:
        case "none":
            assert answer.body == b""
        case "file":
            json = action.operation_id == "GenerateIamPolicyFile"
            assert ("json" in answer.headers["content-type"]) is json
            assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.body
        case "list":
            assert isinstance(answer.json["value"], list)
        case "value":
            assert "value" in answer.json
        case "entity":
            assert answer.json["@odata.context"].startswith("https://pbx/xapi/v1/$metadata#")


def test_every_action_of_every_version_states_a_fact_that_is_in_the_document() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "pbx.md").read_text(encoding="utf-8"), re.MULTILINE)
    places = {heading.lower().replace(" ", "-") for heading in headings}
    stated = [fact for version in VERSIONS for fact in facts(version).values()]
    assert len(facts("20.0.10")) == len(catalog.load("20.0.10").actions)
    for fact in [*stated, *REFUSALS.values()]:
        assert (fact.place in places) if fact.evidence in ("seen", "published") else fact.place == ""


@given(body=st.binary(max_size=80))
@example(body=b"{}")
def test_no_body_brings_it_down(quiet: Line, body: Any) -> None:
    answer = quiet.send(
        "POST", "/xapi/v1/Users", body, {"authorization": f"Bearer {quiet.token}", "content-type": "application/json"}
    )
    assert answer.status == (201 if body.strip() == b"{}" else 400)
