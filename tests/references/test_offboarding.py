"""An extension leaves: what refers to it is replaced or ends, and a second run has nothing to do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, ConfigurationError, InvalidArgument, NotConfirmed, NotFound, Offboarding, Pbx, State
from trunkline.references import WhereUsed

TO_104 = {"To": "VoiceMail", "Number": "104", "Type": "Extension"}


@pytest.fixture
def busy(pbx: Pbx) -> Pbx:
    """A PBX where 104 is in many places."""
    for resource, key, body in [
        ("queues", 63, {"ForwardNoAnswer": TO_104, "Managers": [{"Number": "104"}, {"Number": "105"}]}),
        ("ring_groups", 72, {"Members": [{"Number": "104"}, {"Number": "111"}]}),
        (
            "users",
            30,
            {"ForwardingProfiles": [{"Name": "Away", "AwayRoute": {"External": TO_104, "Internal": TO_104}}]},
        ),
        ("inbound_rules", 3, {"OfficeHoursDestination": TO_104}),
        ("outbound_rules", 2, {"DNRanges": [{"From": "104", "To": "104"}, {"From": "100", "To": "110"}]}),
    ]:
        pbx.call(f"{resource}.update", Id=key, body=body)
    pbx.call("general_settings_for_pbx.update", body={"OperatorExtension": "104"})
    return pbx


def names(rows: Any) -> list[str]:
    return [row["Number"] for row in rows]


def test_an_heir_takes_every_place(busy: Pbx) -> None:
    leaving = Offboarding("104", replace_with="105", then="disable")
    plan = leaving.plan(busy)
    assert {outcome.state for outcome in leaving.apply(busy, plan)} == {State.DONE}
    sales, billing = (busy.queues.get(n, expand="Agents,Managers") for n in (61, 63))
    assert names(sales["Agents"]) == ["101", "102", "103", "105"]
    assert names(billing["Managers"]) == ["105"]
    assert (billing["ForwardNoAnswer"]["To"], billing["ForwardNoAnswer"]["Number"]) == ("VoiceMail", "105")
    assert names(busy.ring_groups.get(72, expand="Members")["Members"]) == ["105", "111"]
    away = busy.users.get(30, expand="ForwardingProfiles")["ForwardingProfiles"][0]["AwayRoute"]
    assert (away["External"]["Number"], away["Internal"]["Number"]) == ("105", "105")
    assert busy.general_settings_for_pbx.get()["OperatorExtension"] == "105"
    assert busy.outbound_rules.get(2)["DNRanges"] == [{"From": "105", "To": "105"}, {"From": "100", "To": "110"}]
    assert busy.users.get(15)["Enabled"] is False


def test_without_an_heir_memberships_end_and_destinations_lead_nowhere(busy: Pbx) -> None:
    leaving = Offboarding("104")
    plan = leaving.plan(busy)
    leaving.apply(busy, plan)
    assert names(busy.queues.get(61, expand="Agents")["Agents"]) == ["101", "102", "103", "105"]
    assert busy.inbound_rules.get(3)["OfficeHoursDestination"]["To"] == "None"
    assert {each.field for each in plan.kept} == {
        "OperatorExtension", "DNRanges[0]", "DNRanges[1]", "Members[3].Number", "AssignedUser", "DN.Number"
    }  # fmt: skip
    left = {each.field for each in WhereUsed.find(busy, "104").references}
    assert left == {each.field for each in plan.kept}
    assert any("voicemail" in note.lower() for note in plan.notes)
    assert busy.users.get(15)["Enabled"] is True


@pytest.mark.parametrize("then", ["keep", "disable", "delete"])
def test_a_second_run_finds_nothing_to_do(busy: Pbx, then: Any) -> None:
    leaving = Offboarding("104", replace_with="105", then=then, recordings="remove")
    leaving.apply(busy, leaving.plan(busy), confirm=True)
    assert leaving.plan(busy).steps == []
    assert list(busy.recordings.list(filter="FromDn eq '104' or ToDn eq '104'")) == []


def test_the_event_loop_does_the_same(busy: Pbx, system: System) -> None:
    async def leave() -> list[Any]:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            leaving = Offboarding("104", then="delete")
            return await leaving.aapply(pbx, await leaving.aplan(pbx), confirm=True)

    assert {outcome.state for outcome in asyncio.run(leave())} == {State.DONE}
    with pytest.raises(NotFound):
        busy.users.get(15)


def test_what_changed_since_the_plan_is_left_alone_and_nobody_is_deleted(busy: Pbx) -> None:
    leaving = Offboarding("104", then="delete")
    plan = leaving.plan(busy)
    busy.call("queues.update", Id=61, body={"Agents": [{"Number": "104"}]})
    outcomes = leaving.apply(busy, plan, confirm=True)
    failed = next(outcome for outcome in outcomes if outcome.state is State.FAILED)
    assert failed.described_error["code"] == "precondition_failed"
    assert names(busy.queues.get(61, expand="Agents")["Agents"]) == ["104"]
    assert outcomes[-1].state is State.NOT_STARTED
    assert busy.users.get(15)["Number"] == "104"


def test_removals_need_a_yes(busy: Pbx, system: System) -> None:
    leaving = Offboarding("104", then="delete")
    plan = leaving.plan(busy)
    sent = len(system.sent("PATCH"))
    with pytest.raises(InvalidArgument, match="nobody has confirmed"):
        leaving.apply(busy, plan)
    with pytest.raises(NotConfirmed):
        leaving.apply(busy, plan, confirm=lambda question: False)
    with pytest.raises(ConfigurationError):
        leaving.apply(busy, plan._replace(url="https://pbx.example.com"), confirm=True)
    assert (len(system.sent("PATCH")), system.sent("DELETE")) == (sent, [])


@pytest.mark.parametrize(
    ("number", "heir", "error"),
    [("800", None, InvalidArgument), ("104", "800", InvalidArgument), ("104", "177", NotFound), ("x", None, NotFound)],
)
def test_only_extensions_leave_and_inherit(pbx: Pbx, number: str, heir: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        Offboarding(number, replace_with=heir).plan(pbx)


def test_nobody_inherits_from_themselves() -> None:
    with pytest.raises(InvalidArgument):
        Offboarding("104", replace_with=" 104")


def test_a_resource_that_can_not_be_read_is_not_changed_and_named(busy: Pbx, system: System) -> None:
    system.emulator.add_fault("403@/RingGroups*")
    plan = Offboarding("104").plan(busy)
    assert any("ring_groups" in note for note in plan.notes)
    assert not any(step.action.resource == "ring_groups" for step in plan.steps)


def test_a_run_that_is_stopped_says_what_was_not_started(busy: Pbx, system: System) -> None:
    leaving = Offboarding("104", then="delete")
    run = leaving.over(leaving.plan(busy), confirm=True)
    sent = len(system.sent("PATCH"))
    run.stop()
    run.on(busy)
    assert {outcome.state for outcome in run.outcomes} == {State.NOT_STARTED}
    assert (len(system.sent("PATCH")), system.sent("DELETE")) == (sent, [])
