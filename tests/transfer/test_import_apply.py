"""Doing what a plan says, on a PBX and a network that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Forbidden, InvalidArgument, Pbx, SignInError, TrunklineError
from trunkline.transfer import Import, ImportRun, ImportStep, Plan, Wishes
from trunkline.transfer.kinds import CONTACTS, USERS, Kind
from trunkline.transfer.sheet import read_sheet
from trunkline.transport.retries import Retries
from trunkline.work.outcome import Outcome

NEW = "PhoneNumber,FirstName\n+442079460001,Ada\n+442079460002,Bo\n+442079460003,Cy\n"
CHANGED = "Id,Title\n1,Dr\n2,Dr\n3,Dr\n"
PEOPLE = "Number,FirstName,LastName,EmailAddress\n150,Ada,Byron,ada@example.com\n151,Bo,Byron,bo@example.com\n"


class Done(NamedTuple):
    plan: Plan
    run: ImportRun

    @property
    def outcomes(self) -> list[Outcome]:
        return self.run.outcomes

    @property
    def states(self) -> str:
        """``done failed not_started``."""
        return " ".join(outcome.state.label for outcome in self.outcomes)

    @property
    def steps(self) -> list[tuple[ImportStep, Outcome]]:
        return list(zip(self.plan.steps, self.outcomes, strict=True))

    def reason(self, place: int) -> str:
        """The error of a step, and its note."""
        outcome = self.outcomes[place]
        return f"{outcome.error.message if isinstance(outcome.error, TrunklineError) else ''} {outcome.note}".strip()


def apply(
    system: System,
    kind: Kind,
    content: str,
    *,
    between: Callable[[], object] = lambda: None,
    timeout: float = 60,
    retries: Retries | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 - immutable
    **options: Any,
) -> Done:
    """Plan, let something happen, and carry the plan out."""
    imported = Import(read_sheet(content.encode(), "x.csv"), kind, wishes)

    async def run() -> Done:
        async with AsyncPbx(system.url, CLIENT, KEY, timeout=timeout, retries=retries or Retries()) as pbx:
            plan = await imported.aplan(pbx)
            await asyncio.to_thread(between)
            over = imported.over(plan, confirm=True, **options)
            await over.aon(pbx)
            return Done(plan, over)

    return asyncio.run(run())


def numbers(pbx: Pbx) -> list[str]:
    return [row["PhoneNumber"] for row in pbx.contacts.list() if row["PhoneNumber"].startswith("+4420794600")]  # type: ignore[misc]


def test_users_need_a_number_a_name_and_an_address_and_no_more(system: System, pbx: Pbx) -> None:
    assert apply(system, USERS, PEOPLE).states == "done done"
    made = pbx.users.get_by_number("150")
    assert (made["FirstName"], made["EmailAddress"]) == ("Ada", "ada@example.com")
    assert apply(system, USERS, PEOPLE).plan.steps == []


def test_changes_send_only_what_differs(system: System, pbx: Pbx) -> None:
    before = pbx.contacts.get(1)
    assert apply(system, CONTACTS, CHANGED).states == "done done done"
    assert pbx.contacts.get(1) == {**before, "Title": "Dr"}


def test_removals_go_first_so_that_what_they_held_is_free(system: System, pbx: Pbx) -> None:
    rows = "Number,FirstName,EmailAddress\n" + "".join(
        f"{user['Number']},,\n" for user in pbx.users.list() if user["Number"] != "139"
    )
    rows += "150,Ada,ext139@example.com\n"
    done = apply(system, USERS, rows, wishes=Wishes(remove_missing=True))
    assert [(step.change, step.key, outcome.state.label) for step, outcome in done.steps] == [
        ("add", "Number 150", "done"),
        ("remove", "Number 139", "done"),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        "reset-after:times=1@{method} /{path}",
        "close-after:times=1@{method} /{path}",
        "half-body:times=1@{method} /{path}",
        "502-after:times=1@{method} /{path}",
        "504-after:times=1@{method} /{path}",
        "500-after:times=1@{method} /{path}",
        "garbage:times=1@{method} /{path}",
        "503:times=1@{method} /{path}",
        "503-after=0:times=1@{method} /{path}",
        "429=0:times=1@{method} /{path}",
        "429-after=0:times=1@{method} /{path}",
    ],
)
@pytest.mark.parametrize(
    ("kind", "content", "method", "path"),
    [
        (CONTACTS, NEW, "POST", "Contacts"),
        (CONTACTS, "Id,FirstName,Business\n,Ada,+442079460001\n,Bo,+442079460002\n", "POST", "Contacts"),
        (USERS, PEOPLE, "POST", "Users"),
        (CONTACTS, CHANGED, "PATCH", "Contacts*"),
    ],
    ids=["contacts by number", "contacts without key", "users", "changes"],
)
def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_done_twice(
    system: System, pbx: Pbx, fault: str, kind: Kind, content: str, method: str, path: str
) -> None:
    before = pbx.contacts.list().count() + pbx.users.list().count()
    system.emulator.add_fault(fault.format(method=method, path=path))
    done = apply(system, kind, content, retries=Retries(attempts=1))
    assert set(done.states.split()) == {"done"}
    assert any(entry.fault for entry in system.emulator.journal)
    added = len(done.plan.steps) if method == "POST" else 0
    assert pbx.contacts.list().count() + pbx.users.list().count() == before + added
    assert apply(system, kind, content).plan.steps == []


def test_an_addition_that_never_arrived_is_no_success_and_the_same_import_finishes_it(system: System, pbx: Pbx) -> None:
    system.emulator.add_fault("reset-before:times=1@POST /Contacts")
    done = apply(system, CONTACTS, NEW, concurrency=1)
    assert done.states == "unknown done done"
    assert done.reason(0).endswith("The PBX was read after that, and does not show it as done.")
    again = apply(system, CONTACTS, NEW)
    assert (again.states, len(numbers(pbx))) == ("done", 3)


def test_an_addition_that_waited_for_a_sign_in_that_failed_was_not_sent_and_is_sent_again(system: System) -> None:
    def trouble() -> None:
        system.emulator.add_fault("401:times=1@POST /Contacts")
        system.emulator.add_fault("502:times=1@POST /connect/token")

    done = apply(system, CONTACTS, NEW, concurrency=1, between=trouble)
    assert done.states == "done done done"


def test_a_user_or_change_that_never_arrived_is_sent_again(system: System, pbx: Pbx) -> None:
    system.emulator.add_fault("reset-before:times=1@POST /Users")
    system.emulator.add_fault("reset-before:times=1@PATCH /Contacts*")
    assert apply(system, USERS, PEOPLE).states == "done done"
    assert apply(system, CONTACTS, CHANGED).states == "done done done"


def test_where_it_can_not_be_looked_up_either_that_is_said(system: System) -> None:
    system.emulator.add_fault("reset-after:times=1@POST /Contacts")
    system.emulator.add_fault("500:after=2@GET /Contacts")
    done = apply(system, CONTACTS, NEW, concurrency=1, stop_on_error=True)
    assert done.states == "unknown not_started not_started"
    assert done.reason(0)


def test_what_somebody_changed_meanwhile_is_not_overwritten(system: System, pbx: Pbx) -> None:
    done = apply(system, CONTACTS, CHANGED, between=lambda: pbx.contacts.update(2, {"Title": "Prof"}))
    assert done.states == "done failed done"
    assert (
        done.reason(1)
        == f"The contact on {system.url.partition('//')[2]} changed since it was read: Title. Nothing was done."
    )
    assert pbx.contacts.get(2)["Title"] == "Prof"


def test_another_field_may_change_meanwhile_and_keeps_its_change(system: System, pbx: Pbx) -> None:
    done = apply(system, CONTACTS, CHANGED, between=lambda: pbx.contacts.update(2, {"Tag": "vip"}))
    assert done.states == "done done done"
    assert (pbx.contacts.get(2)["Title"], pbx.contacts.get(2)["Tag"]) == ("Dr", "vip")


def test_what_somebody_added_meanwhile_is_not_added_again(system: System, pbx: Pbx) -> None:
    def meanwhile() -> None:
        pbx.contacts.create({"FirstName": "Ada", "PhoneNumber": "+442079460001"})
        pbx.contacts.create({"FirstName": "Somebody", "PhoneNumber": "+442079460002"})

    done = apply(system, CONTACTS, NEW, between=meanwhile)
    assert done.states == "done failed done"
    assert done.reason(0) == "It was there already, with the same values."
    assert "with other values" in done.reason(1)
    assert sorted(numbers(pbx)) == [f"+44207946000{n}" for n in (1, 2, 3)]


def test_departments_that_changed_meanwhile_are_not_overwritten(system: System, pbx: Pbx) -> None:
    content = 'Number,Groups\n100,"[{""GroupId"": 2}]"\n'
    moved = [{"GroupId": 6}, {"GroupId": 3}]
    done = apply(system, USERS, content, between=lambda: pbx.users.update(11, {"Groups": moved}))  # type: ignore[typeddict-item]
    assert (done.states, "changed since it was read: Groups" in done.reason(0)) == ("failed", True)
    assert apply(system, USERS, content).states == "done"
    (row,) = pbx.users.list_groups(11)
    assert row["GroupId"] == 2


def test_a_role_is_changed_where_the_department_stays(system: System, pbx: Pbx) -> None:
    role = '"[{""GroupId"": 6, ""Rights"": {""RoleName"": ""users""}}]"'
    assert apply(system, USERS, f"Number,Groups\n100,{role}\n").states == "done"
    (row,) = pbx.users.list_groups(11, expand="Rights")
    assert (row["GroupId"], row["Rights"]["RoleName"]) == (6, "users")
    assert apply(system, USERS, f"Number,Groups\n100,{role}\n").plan.steps == []


def test_what_was_renamed_or_removed_meanwhile(system: System, pbx: Pbx) -> None:
    keep = "Id,Email\n" + "".join(f"{n},\n" for n in range(1, 58))

    def meanwhile() -> None:
        pbx.contacts.update(58, {"Email": "new@example.com"})
        pbx.contacts.update(59, {"FirstName": "Somebody else"})
        pbx.contacts.delete(60)

    done = apply(system, CONTACTS, keep, between=meanwhile, wishes=Wishes(remove_missing=True))
    assert [(step.id, outcome.state.label) for step, outcome in done.steps] == [
        (58, "failed"),
        (59, "failed"),
        (60, "done"),
    ]
    assert (
        done.reason(0)
        == f"The contact on {system.url.partition('//')[2]} changed since it was read: Email. Nothing was done."
    )
    assert done.reason(2) == "It was gone already."


def test_a_refused_row_does_not_stop_the_rest(system: System) -> None:
    content = PEOPLE + "152,Cy,Byron,ada@example.com\n153,Di,Byron,di@example.com\n"
    done = apply(system, USERS, content, concurrency=1)
    assert done.states == "done done failed done"
    assert "EmailAddress" in done.reason(2)


def test_stop_on_error_starts_nothing_more(system: System) -> None:
    content = "Number,FirstName,EmailAddress\n150,Ada,ext100@example.com\n151,Bo,bo@example.com\n"
    done = apply(system, USERS, content, concurrency=1, stop_on_error=True)
    assert (done.states, done.run.halt) == ("failed not_started", done.outcomes[0].error)


@pytest.mark.parametrize("fault", ["reset-before@POST /Contacts", "500@POST /Contacts"])
def test_where_everything_fails_it_gives_up(system: System, fault: str) -> None:
    system.emulator.add_fault(fault)
    many = "PhoneNumber,FirstName\n" + "".join(f"+44207946{n:04},N\n" for n in range(50))
    done = apply(system, CONTACTS, many)
    assert done.run.halt is not None
    assert 5 <= done.states.count("failed") + done.states.count("unknown") <= 5 + 4
    assert len(done.outcomes) == 50


@pytest.mark.parametrize(("status", "error"), [(401, SignInError), (403, Forbidden)])
def test_a_refused_sign_in_or_a_missing_right_ends_it(system: System, status: int, error: type) -> None:
    system.emulator.add_fault(f"{status}@POST /Contacts")
    done = apply(system, CONTACTS, NEW, concurrency=1)
    assert done.states == "failed not_started not_started"
    assert isinstance(done.run.halt, error)


def test_what_must_not_be_asked_before_an_hour_is_over_ends_all_phases(system: System, pbx: Pbx) -> None:
    rows = "Id,FirstName\n" + "".join(f"{n},\n" for n in range(1, 60)) + ",New\n"
    system.emulator.add_fault("503-after=3600@DELETE /Contacts*")
    done = apply(system, CONTACTS, rows, wishes=Wishes(remove_missing=True), retries=Retries(attempts=1))
    assert [(step.change, outcome.state.label) for step, outcome in done.steps] == [
        ("add", "not_started"),
        ("remove", "unknown"),
    ]
    assert done.run.halt is done.outcomes[1].error
    assert "/xapi/v1/Contacts" not in system.sent("POST")


def test_a_pbx_that_falls_silent(system: System) -> None:
    system.emulator.add_fault("silence-after:times=1@POST /Contacts")
    done = apply(system, CONTACTS, NEW, timeout=5, concurrency=1)
    assert done.states == "done done done"
    assert done.reason(0) == "The answer was lost; the PBX shows it as done."


def test_what_is_cut_off_on_its_way_is_told_from_what_was_not_started(system: System, pbx: Pbx) -> None:
    imported = Import(read_sheet(NEW.encode(), "x.csv"), CONTACTS)
    system.emulator.add_fault("delay-after=4:after=1@POST /Contacts")

    async def cut_off() -> list[Outcome]:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            run = imported.over(await imported.aplan(client), concurrency=1)
            running = asyncio.create_task(run.aon(client))
            while len(numbers(pbx)) < 2:
                assert not running.done(), "it ended early"
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return run.outcomes

    outcomes = asyncio.run(cut_off())
    assert [outcome.state.label for outcome in outcomes] == ["done", "unknown", "not_started"]
    assert "It was cut off while it was in progress." in str(outcomes[1].error)


def test_nothing_secret_is_in_what_is_said(system: System) -> None:
    message = "VMPIN:\nx-secret-x is not a PIN."
    refusal = {"status": 400, "body": {"error": {"code": "", "message": message}}}
    system.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": refusal})
    try:
        done = apply(system, USERS, "Number,FirstName,VMPIN\n150,Ada,x-secret-x\n")
    finally:
        system.emulator.clear_faults()
    assert done.states == "failed"
    assert "x-secret-x" not in done.reason(0)
    assert "x-secret-x" not in repr((done.plan, done.outcomes, read_sheet(b"VMPIN\nx-secret-x\n", "x.csv")))


@pytest.mark.parametrize("pin", ["1234.0", "1E+10", "#REF!"])
def test_a_secret_that_a_spreadsheet_has_spoilt_is_not_repeated(system: System, pin: str) -> None:
    for number in (100, 150):
        with pytest.raises(InvalidArgument) as caught:
            apply(system, USERS, f"Number,VMPIN\n{number},{pin}\n")
        assert "VMPIN is ••••••" in caught.value.message
        assert pin not in caught.value.message
