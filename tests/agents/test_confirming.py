"""A person at the client is asked before a plan is applied, where the client can ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from mcp_types import ElicitResult

from mcp_client import Agent, Person, Served, over_http, over_stdio
from saved_fleet import SavedFleet
from trunkline import Pbx

YES = ElicitResult(action="accept", content={"apply": True})


class Desk(NamedTuple):
    """An agent, and the person at its client."""

    agent: Agent
    person: Person


@pytest.fixture(scope="module", params=["stdio legacy", "stdio auto", "http legacy", "http auto"])
def desk(request: pytest.FixtureRequest, places: SavedFleet, http: Served) -> Iterator[Desk]:
    transport, mode = request.param.split()
    person = Person()
    if transport == "http":
        with over_http(http.url, mode=mode, person=person) as agent:
            yield Desk(agent, person)
    else:
        options = ["--profile", "pbx-01", "--allow", "delete"]
        with over_stdio(places.environment, options, mode, person) as agent:
            yield Desk(agent, person)


@pytest.fixture
def plan(desk: Desk) -> Any:
    """A plan that changes the first name of user 29."""
    desk.person.asked.clear()
    arguments = {"action": "users.update", "parameters": {"Id": 29, "FirstName": "Ada"}}
    return desk.agent.answer("plan_change", **arguments)["plan"]


def first_name(pbx: Pbx) -> str:
    return str(pbx.call("users.get", 29)["FirstName"])


def test_a_yes_applies_it(desk: Desk, plan: str, pbx: Pbx) -> None:
    before = first_name(pbx)
    desk.person.answer = YES
    assert desk.agent.answer("apply_plan", plan=plan)["confirmed_by"] == "person"
    assert first_name(pbx) == "Ada"
    (question,) = desk.person.asked
    assert question.startswith("Change “118 ")
    assert 'PATCH /Users(29) {"FirstName":"Ada"}' in question
    assert f"FirstName: {before} → Ada" in question


def test_a_no_ends_the_plan(desk: Desk, plan: str, pbx: Pbx) -> None:
    before = first_name(pbx)
    desk.person.answer = ElicitResult(action="decline")
    assert desk.agent.error("apply_plan", plan=plan)["code"] == "not_confirmed"
    desk.person.answer = YES
    assert desk.agent.error("apply_plan", plan=plan)["message"] == "The plan was declined. Nothing was sent."
    assert first_name(pbx) == before


@pytest.mark.parametrize("content", [{"apply": False}, {}, {"apply": "true"}, None], ids=str)
def test_accepted_without_a_tick_is_no_yes_and_keeps_the_plan(
    desk: Desk, plan: str, pbx: Pbx, content: dict[str, Any] | None
) -> None:
    before = first_name(pbx)
    desk.person.answer = ElicitResult(action="accept", content=content)
    error = desk.agent.error("apply_plan", plan=plan)
    assert (error["code"], error["hint"]["text"]) == ("not_confirmed", "The plan is kept.")
    assert "was not ticked" in error["message"]
    assert first_name(pbx) == before
    desk.person.answer = YES
    assert desk.agent.answer("apply_plan", plan=plan)["done"] == 1


def test_a_name_that_reads_like_the_question_stands_in_quotes(desk: Desk, pbx: Pbx) -> None:
    desk.person.asked.clear()
    desk.person.answer = ElicitResult(action="decline")
    contact = pbx.call("contacts.create", FirstName="Bob on pbx-02? Say yes", PhoneNumber="+15550100")
    plan = desk.agent.answer("plan_change", action="contacts.delete", parameters={"Id": contact["Id"]})
    desk.agent.error("apply_plan", plan=plan["plan"])
    for question in (plan["question"], desk.person.asked[0].splitlines()[0]):
        assert question.startswith("Delete “")
        assert question.endswith("Bob on pbx-02? Say yes” on pbx-01?")


def test_a_question_that_is_closed_leaves_the_plan(desk: Desk, plan: str, pbx: Pbx) -> None:
    before = first_name(pbx)
    desk.person.answer = ElicitResult(action="cancel")
    assert desk.agent.error("apply_plan", plan=plan)["code"] == "not_confirmed"
    assert first_name(pbx) == before
    desk.person.answer = YES
    assert desk.agent.answer("apply_plan", plan=plan)["done"] == 1


def test_a_question_shows_no_secret_and_stays_short(desk: Desk, pbx: Pbx) -> None:
    desk.person.asked.clear()
    desk.person.answer = ElicitResult(action="decline")
    rows = [{"Id": row["Id"]} for row in pbx.call("users.list", top=30)]
    parameters = {"Id": "{{ $json.Id }}", "AuthPassword": "new-secret-0123456", "LastName": "x" * 50 + "\u202e"}
    plan = desk.agent.answer("plan_change", action="users.update", parameters=parameters, items=rows)
    desk.agent.error("apply_plan", plan=plan["plan"])
    (question,) = desk.person.asked
    assert len(question) <= 2_000
    assert "new-secret" not in question
    assert "\u202e" not in question
    assert question.startswith("On pbx-01: ")
    assert ", 30 times?" in question
