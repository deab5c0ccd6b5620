"""The configuration of one PBX brought to another: what is sent, what stays, and what is refused before that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Config, InvalidArgument, Pbx, UnknownName
from trunkline.catalog import load
from trunkline.config.applying.applies import name_of
from trunkline.config.applying.apply import Apply, Summary
from trunkline.config.cloning.clone import STAYS, Clone
from trunkline.config.cloning.mapping import RenameMap, Renaming
from trunkline.config.kinds import kinds, settings_kinds
from trunkline.config.model import Id, Secret
from trunkline.config.planning.plan import Plan, Refused
from trunkline_emulator import Emulator, running

RANGES = RenameMap([Renaming(2, "", "1xx", "21xx"), Renaming(3, "", "8xx", "88xx")], "numbers.csv")


@pytest.fixture
def berlin() -> Iterator[System]:
    """A PBX that nobody has set up yet."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def target(berlin: System) -> Iterator[Pbx]:
    """A client of it."""
    with Pbx(berlin.url, CLIENT, KEY) as client:
        yield client


def applied(plan: Plan, pbx: Pbx, folder: Path) -> Summary:
    """Carry a plan out."""
    with Apply(plan, folder / f"{name_of(plan)}.db", confirm=True) as apply:
        apply.on(pbx)
        return apply.summary


def added(plan: Plan, kind: str) -> list[str]:
    return [step.id.key for step in plan.steps if step.change == "add" and step.id.kind == kind]


def carried(plan: Plan) -> list[str]:
    return [note.text for note in plan.notes if note.kind == "carried"]


def test_a_company_is_brought_to_an_empty_pbx_with_other_numbers(pbx: Pbx, target: Pbx) -> None:
    plan = Clone(RANGES).plan(pbx, target)
    assert plan.url == target.url
    assert added(plan, "users") == [f"2{number}" for number in range(100, 140)]
    assert added(plan, "queues") == ["8800", "8801", "8802"]
    (queue,) = [step for step in plan.steps if step.id == Id("queues", "8800")]
    assert queue.fields["Managers"] == ["2101"]
    assert not [step for step in plan.steps if step.change == "remove"]


def test_the_target_becomes_the_source_under_other_numbers_and_a_second_clone_changes_nothing(
    pbx: Pbx, target: Pbx, berlin: System, tmp_path: Path
) -> None:
    renames = RenameMap(
        [
            *(Renaming(n, "", old, new) for n, (old, new) in enumerate([("1xx", "21xx"), ("8xx", "88xx")], 2)),
            Renaming(4, "", "+442079460100", "+493023125800"),
            Renaming(5, "groups", "Sales", "Vertrieb"),
            Renaming(6, "trunks", "London SIP", "Berlin SIP"),
        ],
        "numbers.csv",
    )
    clone = Clone(renames)
    summary = applied(clone.plan(pbx, target), target, tmp_path)
    assert (summary.failed, summary.unknown, summary.left) == (0, 0, 0)
    wanted, there = Config.read(pbx).renamed(renames), Config.read(target)
    brought = [id for id in wanted if id.partition("/")[0] not in STAYS and id not in STAYS]
    without_secrets = {
        str(each.id)
        for each in wanted.diff(there)
        if str(each.id) in brought and not all(isinstance(field.old, Secret) for field in each.fields)
    }
    assert without_secrets == {"email_template/EN/WelcomeEmail.html"}  # no action adds one
    written = len(berlin.emulator.journal)
    again = clone.plan(pbx, target)
    assert again.steps == ()
    assert applied(again, target, tmp_path / "again").done == 0
    assert {entry.method for entry in list(berlin.emulator.journal)[written:]} <= {"GET"}


def test_what_belongs_to_one_pbx_stays_and_is_named_with_the_reason(pbx: Pbx, target: Pbx) -> None:
    plan = Clone(RANGES).plan(pbx, target)
    assert not any(step.id.kind in STAYS or str(step.id) in STAYS for step in plan.steps)
    notes = carried(plan)
    assert "Not carried over: phones (12), because a phone goes by its MAC address, and obeys one PBX." in notes
    assert (
        "Not carried over: settings/network_settings, because its addresses and ports are those of one machine."
        in notes
    )


def test_phones_come_too_where_somebody_asks_for_them(pbx: Pbx, target: Pbx) -> None:
    plan = Clone(RANGES, phones=True).plan(pbx, target)
    with_phones = [step for step in plan.steps if step.id.kind == "users" and step.fields.get("Phones")]
    assert with_phones
    assert not any("phones" in note for note in carried(plan))


def test_only_some_kinds_are_brought_and_only_those_are_named(pbx: Pbx, target: Pbx) -> None:
    pbx.call("network_settings.update", body={"SipPort": 5062})
    pbx.call("mail_settings.update", body={"MailServer": "smtp2.example.com"})
    plan = Clone(RANGES, only=["holidays", "settings/network_settings"]).plan(pbx, target)
    assert {step.id.kind for step in plan.steps} == {"holidays", "settings"}
    assert [str(step.id) for step in plan.steps if step.id.kind == "settings"] == ["settings/network_settings"]
    assert carried(plan) == []


def test_parameters_come_without_the_length_of_extensions_unless_it_is_named(pbx: Pbx, target: Pbx) -> None:
    for row in pbx.call("parameters.list"):
        if row["Name"] in ("EXTENSIONLENGTH", "MAXCALLTIME"):
            pbx.call("parameters.update", row["Id"], {"Value": "4"})
    (step,) = Clone(only=["parameters"]).plan(pbx, target).steps
    assert str(step.id) == "parameters/MAXCALLTIME"
    (step,) = Clone(only=["parameters/EXTENSIONLENGTH"]).plan(pbx, target).steps
    assert str(step.id) == "parameters/EXTENSIONLENGTH"


def test_a_map_that_changes_the_length_of_numbers_says_that_the_targets_own_stays(pbx: Pbx, target: Pbx) -> None:
    why = "how many digits an extension has is chosen when a PBX is installed."
    only = ["groups", "users", "parameters"]
    said = f"such as 100 to 2100; parameters/EXTENSIONLENGTH of the target (3 digits) stays: {why}"
    assert any(note.endswith(said) for note in carried(Clone(RANGES, only=only).plan(pbx, target)))
    assert not any("length" in note for note in carried(Clone(only=only).plan(pbx, target)))
    for row in target.call("parameters.list"):
        if row["Name"] == "EXTENSIONLENGTH":
            target.call("parameters.update", row["Id"], {"Value": "4"})
    assert not any("length" in note for note in carried(Clone(RANGES, only=only).plan(pbx, target)))


def test_what_is_brought_without_what_it_needs_is_refused(pbx: Pbx, target: Pbx) -> None:
    with pytest.raises(Refused) as refused:
        Clone(only=["queues"]).plan(pbx, target)
    reasons = refused.value.reasons
    lost = "names the number 101, which is neither in what is brought nor on the PBX."
    assert any(each.startswith("queues/800: Agents") and each.endswith(lost) for each in reasons)
    assert str(refused.value.hint) == "Nothing was sent. Bring what is named too: only='queues,users'"
    assert "files" not in str(refused.value)


def test_an_address_of_mail_that_another_user_has_is_refused_before_anything_is_sent(
    pbx: Pbx, target: Pbx, berlin: System
) -> None:
    target.call("users.create", body={"Number": "301", "FirstName": "Ada", "EmailAddress": "ext101@example.com"})
    target.call("users.create", body={"Number": "302", "FirstName": "Alan", "EmailAddress": "ext102@example.com"})
    written = len(berlin.emulator.journal)
    with pytest.raises(Refused) as refused:
        Clone(RANGES, only=["groups", "users"]).plan(pbx, target)
    assert refused.value.reasons == (
        "users/2101: EmailAddress ext101@example.com is that of users/301, and 3CX takes it once.",
        "users/2102: EmailAddress ext102@example.com is that of users/302, and 3CX takes it once.",
    )
    assert "Change it on one of the PBXs" in str(refused.value.hint)
    assert {entry.method for entry in list(berlin.emulator.journal)[written:]} == {"GET"}


def test_a_number_that_something_else_has_is_refused(pbx: Pbx, target: Pbx) -> None:
    target.call("users.create", body={"Number": "800", "FirstName": "Ada"})
    with pytest.raises(InvalidArgument) as refused:
        Clone(only=["queues"]).plan(pbx, target)
    assert f"queues/800 can't be added: users/800 has that number on {target.url}." in str(refused.value)


def test_a_pbx_is_not_brought_to_itself(pbx: Pbx) -> None:
    with pytest.raises(InvalidArgument, match="are the same PBX"):
        Clone().plan(pbx, pbx)


def test_a_kind_that_does_not_exist_is_refused_before_the_target_is_read(pbx: Pbx, target: Pbx) -> None:
    with pytest.raises(UnknownName, match="queue"):
        Clone(only=["queue"]).plan(pbx, target)


def test_rows_of_the_map_that_are_about_nothing_are_named(pbx: Pbx, target: Pbx) -> None:
    plan = Clone(RenameMap([Renaming(2, "", "777", "778")], "numbers.csv")).plan(pbx, target)
    assert "numbers.csv, line 2: the source has no 777." in carried(plan)


def test_an_event_loop_makes_the_same_plan(system: System, target: Pbx) -> None:
    async def planned() -> Plan:
        async with AsyncPbx(system.url, CLIENT, KEY) as source, AsyncPbx(target.url, CLIENT, KEY) as other:
            return await Clone(RANGES).aplan(source, other)

    with Pbx(system.url, CLIENT, KEY) as source:
        assert asyncio.run(planned()).as_record() == Clone(RANGES).plan(source, target).as_record()


def test_all_that_stays_is_a_kind_or_one_of_the_settings() -> None:
    catalog = load()
    settings = {f"settings/{name}" for name in settings_kinds(catalog)}
    assert set(STAYS) - {"parameters/EXTENSIONLENGTH"} <= set(kinds(catalog)) | settings
    assert all(STAYS.values())


def test_a_clone_that_was_cut_off_is_finished_by_another_one_and_makes_nothing_twice(
    pbx: Pbx, target: Pbx, tmp_path: Path
) -> None:
    clone = Clone(RANGES, only=["groups", "users", "queues", "holidays"])
    plan = clone.plan(pbx, target)
    with Apply(plan, tmp_path / "first.db", confirm=True) as first:
        first.on(target, lambda step, outcome: first.stop() if outcome.n >= 20 else None)
        assert 0 < first.summary.done < len(plan.steps)
    rest = clone.plan(pbx, target)
    assert 0 < len(rest.steps) < len(plan.steps)
    assert applied(rest, target, tmp_path).left == 0
    assert clone.plan(pbx, target).steps == ()
    numbers = [row["Number"] for row in target.call("users.list")]
    assert sorted(numbers) == [f"2{number}" for number in range(100, 140)]


@pytest.mark.parametrize("version", ["20.0.5", "20.0.7"])
def test_what_an_older_version_lacks_is_left_out_and_a_second_clone_does_nothing(
    pbx: Pbx, version: str, tmp_path: Path
) -> None:
    with running(Emulator(version, CLIENT, KEY, seed="empty")) as url, Pbx(url, CLIENT, KEY) as older:
        plan = Clone().plan(pbx, older)
        (queue,) = [step for step in plan.steps if step.id == Id("queues", "800")]
        assert not {"ComfortPrompts", "MaxWaitTimeSkillGroupValues"} & queue.fields.keys()
        said = [note.text for note in plan.notes if note.kind == "version"]
        assert (
            f"3CX {version}.0 has not published the field ComfortPrompts of queues, so it is left out: "
            "queues/800, queues/801, queues/802."
        ) in said
        assert (
            f"3CX {version}.0 has not published settings/ai_settings, so it is left out: settings/ai_settings." in said
        )

        summary = applied(plan, older, tmp_path)
        assert (summary.done, summary.failed, summary.left) == (len(plan.steps), 0, 0)
        assert Clone().plan(pbx, older).steps == ()
