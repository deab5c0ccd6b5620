"""The tools, as the SDK's own client sees them: over both transports, by both versions of the protocol."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from mcp_client import Agent, text_of
from saved_fleet import SavedFleet
from trunkline import Pbx
from trunkline_emulator import Emulator

READING = {"find_actions", "describe_action", "status", "list_rows", "call_action"}
CHANGING = {"plan_change", "apply_plan"}


def user_of(pbx: Pbx, number: str) -> dict[str, Any]:
    user: dict[str, Any] = next(iter(pbx.call("users.list", filter=f"Number eq '{number}'")))
    return user


def test_an_agent_finds_reads_plans_and_applies(agent: Agent, pbx: Pbx, emulator: Emulator) -> None:
    found = agent.answer("find_actions", query="change a user")
    assert "users.update" in [each["action"] for each in found["actions"]]
    described = agent.answer("describe_action", action="users.update")
    assert "FirstName" in [field["name"] for field in described["body"]]
    (row,) = agent.answer("list_rows", action="users.list", filter="Number eq '100'", select="Id,Number")["rows"]
    assert agent.answer("call_action", action="users.get", parameters={"Id": row["Id"]})["answer"]["Number"] == "100"
    before = user_of(pbx, "100")
    plan = agent.answer("plan_change", action="users.update", parameters={"Id": row["Id"], "FirstName": "Ada"})
    assert plan["steps"] == [
        {
            "item": 0,
            "key": {"Id": row["Id"]},
            "name": f"100 {before['FirstName']} {before['LastName']}",
            "before": {"FirstName": before["FirstName"]},
            "after": {"FirstName": "Ada"},
            "request": f'PATCH /Users({row["Id"]}) {{"FirstName":"Ada"}}',
        }
    ]
    assert [entry for entry in emulator.journal if entry.method == "PATCH"] == []
    applied = agent.answer("apply_plan", plan=plan["plan"])
    assert (applied["done"], applied["confirmed_by"]) == (1, "plan id")
    assert user_of(pbx, "100")["FirstName"] == "Ada"


def test_every_tool_has_schemas_that_its_answers_fit(agent: Agent, pbx: Pbx) -> None:
    """The client checks answers by these schemas as well; here somebody else's validator does."""
    tools = {tool.name: tool for tool in agent.do("list_tools").tools}
    assert tools.keys() == READING | CHANGING
    for tool in tools.values():
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert str(tool.description).endswith(".")
    id = user_of(pbx, "101")["Id"]
    calls: dict[str, dict[str, Any]] = {
        "find_actions": {"query": "fax"},
        "describe_action": {"action": "users.update"},
        "status": {},
        "list_rows": {"action": "users.list", "limit": 2},
        "call_action": {"action": "system_status.get"},
        "plan_change": {"action": "users.delete", "items": [{"Id": id}]},
    }
    for name, arguments in calls.items():
        jsonschema.validate(arguments, tools[name].input_schema)
        answer = agent.answer(name, **arguments)
        jsonschema.validate(answer, tools[name].output_schema)
    applied = agent.answer("apply_plan", plan=answer["plan"])
    jsonschema.validate(applied, tools["apply_plan"].output_schema)


def test_annotations_are_true(agent: Agent) -> None:
    hints = {tool.name: tool.annotations for tool in agent.do("list_tools").tools}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == READING | {"plan_change"}
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"apply_plan"}
    assert {name for name, hint in hints.items() if not hint.idempotent_hint} == {"plan_change"}
    assert {name for name, hint in hints.items() if not hint.open_world_hint} == {"find_actions", "describe_action"}


def test_tools_of_a_server_that_may_not_change_anything(reader: Agent) -> None:
    assert {tool.name for tool in reader.do("list_tools").tools} == READING
    assert "read only" in str(reader.client.instructions)
    error = reader.error("plan_change", action="users.update", parameters={"Id": 1, "FirstName": "Ada"})
    assert error["code"] == "not_permitted"
    assert "read only" in error["message"]
    assert reader.answer("find_actions", query="users.update")["actions"][0]["allowed"] is False


def test_the_list_of_tools_stays_small(agent: Agent) -> None:
    """Every conversation pays for it: about four characters are a token."""
    size = len(agent.do("list_tools").model_dump_json(by_alias=True, exclude_none=True))
    assert size < 16_000


def test_words_lead_to_actions(reader: Agent) -> None:
    found = reader.answer("find_actions", query="delete fax", limit=2)
    assert found["actions"][0] == {
        "action": "fax.delete",
        "summary": "Delete a fax by its Id.",
        "kind": "delete",
        "needs": ["Id"],
        "risk": "delete",
        "allowed": False,
    }
    assert found["more"] >= 1
    assert len(found["actions"]) == 2


def test_an_action_is_described(reader: Agent) -> None:
    about = reader.answer("describe_action", action="active_calls.drop_call")
    assert (about["method"], about["risk"]) == ("POST", "delete")
    assert "It cuts off calls, phones or people at work." in about["facts"]
    (parameter,) = about["parameters"]
    assert parameter["required"] is True
    create = reader.answer("describe_action", action="contacts.create", budget=100_000)
    assert create["left_out"] == []
    small = reader.answer("describe_action", action="users.update", budget=4_000)
    assert small["left_out"]


def test_the_status_of_all_pbxs_begins_with_the_worst(reader: Agent, places: SavedFleet) -> None:
    statuses = reader.answer("status")
    assert [each["pbx"] for each in statuses["pbxs"]] == ["pbx-04", "pbx-01", "pbx-02", "pbx-03"]
    dead = statuses["pbxs"][0]
    assert dead["error"]["code"] == "unreachable"
    assert [each["field"] for each in statuses["pbxs"][1]["concerns"]] == ["backup"]
    one = reader.answer("status", pbx="pbx-02", detail=True)
    assert one["pbxs"][0]["extensions"]["total"] == 40


def test_rows_are_filtered_selected_and_paged(reader: Agent) -> None:
    asked = {"action": "users.list", "select": "Number", "orderby": "Number", "pbx": "pbx-01", "limit": 15}
    first = reader.answer("list_rows", **asked)
    assert (first["total"], first["truncated"], first["next_skip"]) == (40, True, 15)
    rows, following = first["rows"], first
    while following["next_skip"] is not None:
        following = reader.answer("list_rows", **asked, skip=following["next_skip"])
        rows += following["rows"]
    assert [row["Number"] for row in rows] == sorted({row["Number"] for row in rows})
    assert len(rows) == 40
    (row,) = reader.answer("list_rows", action="users.list", filter="Number eq '103'", pbx="pbx-01")["rows"]
    assert row["Number"] == "103"


def test_a_report_is_read_as_a_list_is(reader: Agent) -> None:
    answer = reader.answer(
        "list_rows",
        action="report_call_log_data.get_call_log_data",
        parameters={"periodFrom": "2026-06-01T00:00:00Z", "periodTo": "2026-06-30T00:00:00Z"},
        limit=3,
        pbx="pbx-01",
    )
    assert answer["total"] is None
    assert len(answer["rows"]) == 3
    assert answer["next_skip"] == 3


def test_only_what_fits_the_budget_comes(reader: Agent) -> None:
    result = reader.call("list_rows", action="users.list", pbx="pbx-01", budget=12_000)
    answer = result.structured_content
    assert len(text_of(result)) <= 12_000
    assert 0 < len(answer["rows"]) < 40
    assert answer["next_skip"] == len(answer["rows"])
    assert answer["hint"] == "Select only the fields that you need, so that more rows fit."
    one = reader.answer("call_action", action="system_status.get", pbx="pbx-01", budget=4_000)
    assert set(one["left_out"]).isdisjoint(one["answer"])


def test_which_pbx_has_to_be_clear(reader: Agent, writer: Agent) -> None:
    error = reader.error("call_action", action="system_status.get")
    assert error["message"] == "Which PBX? Give pbx, one of: pbx-01, pbx-02, pbx-03, pbx-04."
    error = writer.error("call_action", action="system_status.get", pbx="pbx-02")
    assert error["message"] == "This server was not started for a PBX called 'pbx-02', only for: pbx-01."
    assert writer.answer("call_action", action="system_status.get")["pbx"] == "pbx-01"


def test_many_changes_from_a_template(writer: Agent, pbx: Pbx) -> None:
    rows = writer.answer("list_rows", action="users.list", select="Id,LastName", limit=3)["rows"]
    plan = writer.answer(
        "plan_change",
        action="users.update",
        parameters={"Id": "{{ $json.Id }}", "FirstName": "{{ $json.LastName.toUpperCase() }}"},
        items=rows,
    )
    assert [step["after"] for step in plan["steps"]] == [{"FirstName": row["LastName"].upper()} for row in rows]
    assert writer.answer("apply_plan", plan=plan["plan"])["done"] == 3
    assert pbx.call("users.get", rows[2]["Id"])["FirstName"] == rows[2]["LastName"].upper()


def test_a_delete_names_what_it_removes(writer: Agent, pbx: Pbx) -> None:
    user = user_of(pbx, "102")
    plan = writer.answer("plan_change", action="users.delete", parameters={"Id": user["Id"]})
    name = f"102 {user['FirstName']} {user['LastName']}"
    assert plan["steps"][0]["removes"] == name
    assert plan["question"] == f"Delete “{name}” on pbx-01?"
    assert plan["facts"][0] == "What it removes can't be restored."
    assert plan["facts"][1].startswith("It is used by ")
    assert "queue 800 Sales (agent)" in plan["facts"][1]


def test_what_cuts_somebody_off_is_named_as_on_the_command_line(writer: Agent, pbx: Pbx) -> None:
    parameters = {"mac": "805EC0000001"}
    plan = writer.answer("plan_change", action="users.reboot_phone", parameters=parameters)
    assert plan["question"].startswith("Reboot phone “805EC0000001 of 101 ")
    assert plan["question"].endswith("” on pbx-01?")
    assert plan["facts"] == ["It cuts off calls, phones or people at work.", "A call on it drops."]


def test_an_update_of_a_list_says_that_it_replaces_all_of_it(writer: Agent, pbx: Pbx) -> None:
    queue = next(iter(pbx.call("queues.list")))
    plan = writer.answer("plan_change", action="queues.update", parameters={"Id": queue["Id"], "Agents": []})
    assert plan["facts"] == ["Each replaces the whole list Agents: elements that it doesn't name are dropped."]
    assert len(plan["steps"][0]["before"]["Agents"]) > 0


def test_what_changed_since_the_plan_is_not_touched(writer: Agent, pbx: Pbx, emulator: Emulator) -> None:
    ids = [row["Id"] for row in pbx.call("users.list", top=3)]
    plan = writer.answer(
        "plan_change", action="users.update", parameters={"Id": "{{ $json.Id }}", "FirstName": "Ada"},
        items=[{"Id": id} for id in ids],
    )  # fmt: skip
    pbx.call("users.update", ids[1], {"FirstName": "Grace"})
    applied = writer.answer("apply_plan", plan=plan["plan"])
    assert (applied["done"], applied["failed"], applied["not_started"]) == (1, 1, 1)
    assert applied["outcomes"][0]["error"]["code"] == "precondition_failed"
    assert [pbx.call("users.get", id)["FirstName"] for id in ids[:2]] == ["Ada", "Grace"]


@pytest.mark.parametrize("status", [403, 500])
def test_what_a_pbx_refuses_is_the_answer(writer: Agent, emulator: Emulator, status: int) -> None:
    emulator.add_fault(f"{status}@/Users(29)*")
    error = writer.error("call_action", action="users.get", parameters={"Id": 29})
    assert error["status"] == status
    assert error["message"]


def test_a_hint_names_a_tool(writer: Agent) -> None:
    assert writer.error("describe_action", action="users.delet")["hint"]["action"] == "find_actions"
    hint = writer.error("list_rows", action="users.list", parameters={"Color": 1})["hint"]
    assert (hint["action"], hint["arguments"]) == ("describe_action", {"action": "users.list"})
