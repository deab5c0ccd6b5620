"""Calls that somebody looks at before they are sent: what they show, and that a change in between stops them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.catalog import load
from trunkline.errors import NotFound, PreconditionFailed
from trunkline.request import bind
from trunkline.work.drivers import adrive, drive
from trunkline.work.planned import Planned, PlannedStep, planned


def call_of(action: str, **arguments: Any) -> Any:
    return bind(load(), load().action(action), (), arguments)


def plan_of(pbx: Pbx, action: str, **arguments: Any) -> Planned:
    plan: Planned = drive(planned(call_of(action, **arguments)), pbx)
    return plan


@pytest.fixture
def user(pbx: Pbx) -> dict[str, Any]:
    rows = pbx.call("users.list", filter="Number eq '100'", select="Id,Number,FirstName,LastName")
    return next(iter(rows))


def test_an_update_shows_the_fields_that_it_sends(pbx: Pbx, user: dict[str, Any]) -> None:
    plan = plan_of(pbx, "users.update", Id=user["Id"], FirstName="Ada", Groups=[])
    assert plan.name == f"100 {user['FirstName']} {user['LastName']}"
    assert plan.before["FirstName"] == user["FirstName"]
    assert plan.before.keys() == {"FirstName", "Groups"}
    assert [group["Name"] for group in plan.before["Groups"]]


def test_a_delete_shows_what_it_removes(pbx: Pbx, user: dict[str, Any]) -> None:
    plan = plan_of(pbx, "users.delete", Id=user["Id"])
    assert plan.name == f"100 {user['FirstName']} {user['LastName']}"
    assert plan.read is not None
    assert plan.read["Number"] == "100"
    assert plan.before == {}


def test_what_is_not_there_is_named_before_anything_is_sent(pbx: Pbx, system: System) -> None:
    with pytest.raises(NotFound):
        plan_of(pbx, "users.delete", Id=987654)
    assert system.sent("DELETE") == []


def test_a_create_and_an_action_read_nothing(pbx: Pbx, system: System) -> None:
    assert plan_of(pbx, "contacts.create", FirstName="Ada", PhoneNumber="+15550100").read is None
    assert plan_of(pbx, "active_calls.drop_call", Id=1).name == "Id 1"
    assert system.sent("GET") == []


def test_it_is_sent_where_nothing_changed(pbx: Pbx, user: dict[str, Any], system: System) -> None:
    drive(PlannedStep(plan_of(pbx, "users.update", Id=user["Id"], FirstName="Ada")).send(), pbx)
    assert pbx.call("users.get", user["Id"])["FirstName"] == "Ada"
    drive(PlannedStep(plan_of(pbx, "users.delete", Id=user["Id"])).send(), pbx)
    assert len(system.sent("DELETE")) == 1


@pytest.mark.parametrize("action", ["users.update", "users.delete"])
def test_what_somebody_else_changed_stays(pbx: Pbx, user: dict[str, Any], system: System, action: str) -> None:
    plan = plan_of(pbx, action, Id=user["Id"], **({"FirstName": "Ada"} if action == "users.update" else {}))
    pbx.call("users.update", user["Id"], {"FirstName": "Grace"})
    before = len(system.sent("PATCH")) + len(system.sent("DELETE"))
    with pytest.raises(PreconditionFailed, match=r"changed since it was read: .*FirstName"):
        drive(PlannedStep(plan).send(), pbx)
    assert len(system.sent("PATCH")) + len(system.sent("DELETE")) == before
    assert pbx.call("users.get", user["Id"])["FirstName"] == "Grace"


def test_another_field_that_somebody_changed_does_not_stop_an_update(pbx: Pbx, user: dict[str, Any]) -> None:
    plan = plan_of(pbx, "users.update", Id=user["Id"], FirstName="Ada")
    pbx.call("users.update", user["Id"], {"LastName": "Hopper"})
    drive(PlannedStep(plan).send(), pbx)
    assert pbx.call("users.get", user["Id"])["FirstName"] == "Ada"


def test_settings_without_a_key_are_compared_too(pbx: Pbx, system: System) -> None:
    settings = pbx.call("voicemail_settings.get")
    plan = plan_of(pbx, "voicemail_settings.update", MinDuration=7)
    assert plan.name == "the voicemail settings"
    assert plan.before == {"MinDuration": settings["MinDuration"]}
    pbx.call("voicemail_settings.update", body={"MinDuration": 5})
    with pytest.raises(PreconditionFailed, match="MinDuration of the voicemail settings changed"):
        drive(PlannedStep(plan).send(), pbx)
    drive(PlannedStep(plan_of(pbx, "voicemail_settings.update", MinDuration=7)).send(), pbx)
    assert pbx.call("voicemail_settings.get")["MinDuration"] == 7


def test_the_same_in_an_event_loop(system: System, user: dict[str, Any]) -> None:
    async def change() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            plan = await adrive(planned(call_of("users.update", Id=user["Id"], FirstName="Ada")), pbx)
            await pbx.call("users.update", user["Id"], {"FirstName": "Grace"})
            with pytest.raises(PreconditionFailed):
                await adrive(PlannedStep(plan).send(), pbx)

    asyncio.run(change())
