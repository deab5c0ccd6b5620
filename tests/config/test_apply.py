"""Plans applied to emulated PBXs: nothing is sent but what the plan named, twice is once, and anywhere is a good place
to stop."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from config.applied import CLIENT, GIVEN, KEY, System, applied, brought, calls_of, emulated
from config.companies import randoms, set_up
from config.plans import steps
from trunkline import AsyncPbx
from trunkline.catalog import load as catalog
from trunkline.config.applying.applies import KEPT, prune
from trunkline.config.applying.apply import Apply
from trunkline.config.applying.steps import ADDED
from trunkline.config.difference import differences
from trunkline.config.folder.loading import load
from trunkline.config.folder.writing import write
from trunkline.config.kinds import kind_of
from trunkline.config.model import Configuration, Entity, Id, Scope
from trunkline.config.planning.plan import Plan, Refused, plan
from trunkline.config.reading import read
from trunkline.errors import ConfigurationError, InvalidArgument
from trunkline.work.guards import NotConfirmed
from trunkline.work.state import State

Files = dict[str, dict[str, Any]]
"""Fields by ``kind/key``."""


@pytest.fixture(scope="module")
def _systems() -> Iterator[tuple[System, System]]:
    with emulated("demo") as one, emulated("empty") as other:
        yield one, other


@pytest.fixture
def demo(_systems: tuple[System, System]) -> System:
    """An emulated PBX with the demo company."""
    _systems[0].emulator.reset()
    _systems[0].emulator.clear_faults()
    return _systems[0]


@pytest.fixture
def empty(_systems: tuple[System, System]) -> System:
    """An emulated PBX that nobody has set up."""
    _systems[1].emulator.reset()
    _systems[1].emulator.clear_faults()
    return _systems[1]


def exported(system: System, folder: Path) -> dict[str, str]:
    """The files of an export, by path, without 3CX's own templates, which nobody can add, and what says of them."""
    configuration = read(system.pbx).configuration
    write(configuration, folder)
    files = {str(file.relative_to(folder)): file.read_text("utf-8") for file in folder.rglob("*.yaml")}
    return {name: text for name, text in files.items() if not name.startswith(("email_template", "trunkline"))}


class TestCarryingOver:
    def test_an_empty_pbx_becomes_the_demo_company(self, demo: System, empty: System, tmp_path: Path) -> None:
        before = exported(demo, tmp_path / "one")
        brought(load(tmp_path / "one"), empty, tmp_path)
        assert exported(empty, tmp_path / "other") == before

    def test_an_empty_pbx_stays_empty(self, empty: System, tmp_path: Path) -> None:
        exported(empty, tmp_path / "one")
        assert plan(load(tmp_path / "one"), read(empty.pbx)).steps == ()

    def test_a_second_time_nothing_is_sent(self, demo: System, empty: System, tmp_path: Path) -> None:
        configuration = read(demo.pbx).configuration
        brought(configuration, empty, tmp_path)
        mark = empty.mark()
        assert brought(configuration, empty, tmp_path).steps == ()
        assert not empty.written(mark)

    def test_an_empty_text_clears_one_and_is_nothing_to_send_where_there_is_none(
        self, empty: System, tmp_path: Path
    ) -> None:
        texts = {"FirstName": "Ada", "LastName": "Byron", "Mobile": "", "OutboundCallerID": ""}
        added = files_of(empty, {"users/299": {"Number": "299", **texts}})
        brought(added, empty, tmp_path)
        mark = empty.mark()
        assert brought(added, empty, tmp_path).steps == ()
        assert not empty.written(mark)
        cleared = files_of(empty, {"users/299": {"Number": "299", **texts, "FirstName": ""}})
        assert [step.fields for step in brought(cleared, empty, tmp_path).steps] == [{"FirstName": ""}]
        assert not read(empty.pbx).configuration.entities[Id("users", "299")].fields.get("FirstName")

    @settings(
        max_examples=6,
        phases=[Phase.generate],  # a smaller company takes as long
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(random=randoms)
    def test_any_company(self, empty: System, tmp_path_factory: pytest.TempPathFactory, random: Random) -> None:
        """A circle's fields come later, so that 3CX's own values are there by then; those that a file lacks stay."""
        folder = tmp_path_factory.mktemp("company")
        with emulated() as company:
            set_up(company.emulator, random)
            before = exported(company, folder / "one")
        empty.emulator.reset()
        made = brought(load(folder / "one"), empty, folder)
        finished = {step.id for step in made.steps if step.change == "finish"}
        after = exported(empty, folder / "other")
        assert before.keys() == after.keys()
        other = differences(load(folder / "one"), load(folder / "other"))
        assert {difference.id for difference in other} <= finished
        assert [change for difference in other for change in difference.fields if change.old is not None] == []
        assert plan(load(folder / "one"), read(empty.pbx)).steps == ()


KINDS = (
    "users",
    "queues",
    "ring_groups",
    "receptionists",
    "groups",
    "contacts",
    "holidays",
    "fax",
    "trunks",
    "settings",
)


def edited(configuration: Configuration, random: Random, number: int) -> Configuration:
    """The same with some plain fields changed, some entities added and some taken out that nothing refers to."""
    entities = deepcopy(configuration.entities)
    for _ in range(number):
        id = random.choice(sorted(id for id in entities if id.kind in KINDS))
        match random.random():
            case x if x < 0.15 and id.kind == "contacts":
                del entities[id]
            case x if x < 0.3 and id.kind in ("contacts", "holidays"):
                key = f"Copy {random.randrange(1000)}"
                named = {"contacts": "FirstName", "holidays": "Name"}[id.kind]
                without = {
                    name: v for name, v in entities[id].fields.items() if name not in ("LastName", "CompanyName")
                }
                entities[Id(id.kind, key)] = Entity(Id(id.kind, key), {**without, named: key})
            case _:
                _change_a_field(entities[id], random)
    return Configuration(configuration.name, entities, configuration.scope, configuration.version)


def _change_a_field(entity: Entity, random: Random) -> None:
    kind = kind_of(catalog(), entity.id)
    heads = {name.partition(".")[0] for name in kind.key}
    plain = [
        name
        for name, form in kind.forms.items()
        if form.way == "plain" and form.spec.name == "Boolean" and not form.spec.collection and name not in heads
    ]
    texts = [
        name for name in ("FirstName", "LastName", "Title", "Name", "Description", "Business") if name in kind.fields
    ]
    names = [name for name in (*plain, *texts) if name in entity.fields and name not in heads | {"IsDefault"}]
    if names:
        name = random.choice(names)
        value = entity.fields[name]
        entity.fields[name] = not value if isinstance(value, bool) else f"Changed {random.randrange(1000)}"


class TestCalls:
    @settings(
        max_examples=8,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(random=randoms)
    def test_edits_become_the_calls_that_the_plan_names_and_no_others(
        self, demo: System, tmp_path_factory: pytest.TempPathFactory, random: Random
    ) -> None:
        demo.emulator.reset()
        folder = tmp_path_factory.mktemp("edits")
        exported(demo, folder / "acme")
        desired = edited(load(folder / "acme"), random, random.randrange(1, 12))
        write(Configuration(desired.name, desired.entities, read(demo.pbx).configuration.scope), folder / "acme")
        made = plan(load(folder / "acme"), read(demo.pbx), remove=True)
        mark = demo.mark()
        applied(made, demo.pbx, folder)
        assert demo.written(mark) == calls_of(made, demo)
        mark = demo.mark()
        assert plan(load(folder / "acme"), read(demo.pbx), remove=True).steps == ()
        assert not demo.written(mark)

    def test_an_update_carries_only_what_changes(self, demo: System, tmp_path: Path) -> None:
        desired = files_of(demo, {"users/100": {"FirstName": "Zed"}})
        before = demo.pbx.call("users.get", Id=read(demo.pbx).names.api(Id("users", "100"), "Id"))
        brought(desired, demo, tmp_path)
        after = demo.pbx.call("users.get", Id=before["Id"])
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        assert changed - {"@odata.etag", "DisplayName"} == {"FirstName"}


def files_of(system: System, state: Files, *, manage: tuple[str, ...] = ()) -> Configuration:
    """Files with a few fields."""
    entities = {}
    for text, fields in state.items():
        id = Id(*text.split("/", 1))
        kind = kind_of(catalog(), id)
        key = {kind.key[0]: id.key} if kind.key and "." not in kind.key[0] else {}
        entities[id] = Entity(id, {**key, **fields})
    return Configuration("acme", entities, Scope(dict.fromkeys(manage, ("*",))))


class TestStates:
    @pytest.mark.parametrize(
        ("state", "manage", "expected"),
        [
            pytest.param(
                {"ring_groups/802": {"Name": "Was a queue", "Members": ["100"]}},
                {"queues": ("802",)},
                ["0 remove queues/802", "1 add ring_groups/802"],
                id="a number goes from a queue to a ring group",
            ),
            pytest.param(
                {
                    "groups/New": {"OfficeRoute": {"Route": {"To": "Extension", "Number": "177"}}},
                    "users/177": {"FirstName": "Ada", "Groups": {"New": "managers"}},
                },
                {},
                ["0 add groups/New", "1 add users/177", "2 finish groups/New"],
                id="a department and its user need each other",
            ),
            pytest.param(
                {"queues/800": {"Agents": ["100", "177"]}, "users/177": {"FirstName": "Ada"}},
                {},
                ["0 add users/177", "1 change queues/800"],
                id="agents are sent whole",
            ),
            pytest.param(
                {"users/100": {"Groups": {"Sales": "managers", "Support": "users"}}},
                {},
                ["0 change users/100"],
                id="departments of a user",
            ),
            pytest.param(
                {"holidays/Christmas": {"Name": "Christmas"}},
                {"holidays": ("*",)},
                ["0 remove holidays/Boxing Day", "0 remove holidays/New Year"],
                id="removals",
            ),
            pytest.param(
                {
                    "hours/company": {"Hours": {"Type": "SpecificHours"}},
                    "settings/mail_settings": {"MailAddress": "phones@example.com"},
                },
                {},
                ["0 change hours/company", "0 change settings/mail_settings"],
                id="singletons",
            ),
            pytest.param(
                {
                    "trunks/Berlin SIP": {
                        "Gateway": {"Name": "Berlin SIP", "Host": "sip.example.com"},
                        "ExternalNumber": "+4930231258",
                    },
                    "inbound_rules/Berlin": {
                        "RuleName": "Berlin",
                        "TrunkDN": "Berlin SIP",
                        "Data": "+49302312580",
                        "OfficeHoursDestination": {"To": "Extension", "Number": "100"},
                    },
                    "outbound_rules/Berlin": {
                        "Name": "Berlin",
                        "Prefix": "9",
                        "Routes": [{"TrunkId": "Berlin SIP"}],
                        "GroupIds": ["Sales"],
                    },
                },
                {},
                ["0 add trunks/Berlin SIP", "1 add inbound_rules/Berlin", "1 add outbound_rules/Berlin"],
                id="rules need their trunk",
            ),
        ],
    )
    def test_what_files_describe_is_what_the_pbx_has_then(
        self, demo: System, tmp_path: Path, state: Files, manage: dict[str, tuple[str, ...]], expected: list[str]
    ) -> None:
        desired = files_of(demo, state)
        desired = Configuration("acme", desired.entities, Scope(manage))
        made = brought(desired, demo, tmp_path, remove=True)
        assert steps(made) == expected
        assert plan(desired, read(demo.pbx), remove=True).steps == ()

    def test_a_phone_moves_from_one_user_to_another(self, demo: System, tmp_path: Path) -> None:
        entities = read(demo.pbx).configuration.entities
        phone = next(entities[id] for id in sorted(entities) if id.kind == "phones")
        other = "139" if phone.fields["User"] != "139" else "138"
        desired = Configuration("acme", {phone.id: Entity(phone.id, {**phone.fields, "User": other})}, Scope({}))
        made = brought(desired, demo, tmp_path)
        assert steps(made) == [f"0 change users/{phone.fields['User']}", f"1 change users/{other}"]
        after = read(demo.pbx).configuration.entities
        assert after[phone.id].fields == {**phone.fields, "User": other}
        assert len([id for id in after if id.kind == "phones"]) == len([id for id in entities if id.kind == "phones"])


class TestGuards:
    def test_what_changed_since_is_not_changed_again(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        brought(files_of(demo, {"users/100": {"FirstName": "Eve"}}), demo, tmp_path)
        mark = demo.mark()
        with Apply(made, tmp_path / "x.job") as apply:
            apply.on(demo.pbx)
            (outcome,) = apply.outcomes
        assert outcome.state is State.FAILED
        assert outcome.described_error["message"] == "users/100 changed since the plan was made: FirstName."
        assert not demo.written(mark)

    def test_what_is_so_by_now_is_done_without_a_request(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        brought(files_of(demo, {"users/100": {"FirstName": "Zed"}}), demo, tmp_path)
        mark = demo.mark()
        with Apply(made, tmp_path / "x.job") as apply:
            apply.on(demo.pbx)
            assert [outcome.state for outcome in apply.outcomes] == [State.DONE]
        assert not demo.written(mark)

    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ({"users/100": {"FirstName": "Eve"}}, "users/100 changed since the plan was made."),
            ({"queues/877": {"Name": "New"}}, "queues/877 is on the PBX by now."),
        ],
    )
    def test_a_saved_plan_is_refused_where_the_pbx_changed(
        self, demo: System, tmp_path: Path, state: Files, reason: str
    ) -> None:
        wanted: Files = {"users/100": {"FirstName": "Zed"}, "queues/877": {"Name": "New", "Agents": ["101"]}}
        plan(files_of(demo, wanted), read(demo.pbx)).save(tmp_path / "plan")
        brought(files_of(demo, state), demo, tmp_path)
        mark = demo.mark()
        with Apply(Plan.load(tmp_path / "plan"), tmp_path / "x.job") as apply, pytest.raises(Refused) as refused:
            apply.on(demo.pbx)
        assert refused.value.reasons == (reason,)
        assert not demo.written(mark)

    def test_a_saved_plan_is_refused_where_what_it_refers_to_is_gone(self, demo: System, tmp_path: Path) -> None:
        plan(files_of(demo, {"queues/877": {"Name": "New", "Agents": ["101"]}}), read(demo.pbx)).save(tmp_path / "plan")
        names = read(demo.pbx).names
        demo.pbx.call("users.delete", Id=names.api(Id("users", "101"), "Id"))
        with Apply(Plan.load(tmp_path / "plan"), tmp_path / "x.job") as apply:
            with pytest.raises(Refused, match="users/101, which is referred to, is gone"):
                apply.on(demo.pbx)

    def test_a_saved_plan_is_applied_once(self, demo: System, tmp_path: Path) -> None:
        plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx)).save(tmp_path / "plan")
        for _ in range(2):
            mark = demo.mark()
            with Apply(Plan.load(tmp_path / "plan"), tmp_path / "x.job") as apply:
                apply.on(demo.pbx)
                assert apply.summary.is_finished
        assert demo.mark() == mark

    def test_another_pbx_is_refused(self, demo: System, empty: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        with Apply(made, tmp_path / "x.job") as apply, pytest.raises(ConfigurationError, match="this connection is to"):
            apply.on(empty.pbx)

    def test_removals_need_a_yes(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {}, manage=("holidays",)), read(demo.pbx), remove=True)
        with pytest.raises(InvalidArgument, match="nobody has confirmed"):
            Apply(made, tmp_path / "x.job", max_removals="100%")
        with pytest.raises(NotConfirmed):
            Apply(made, tmp_path / "x.job", max_removals="100%", confirm=False)
        with pytest.raises(InvalidArgument, match="3 of 3 holidays would be removed; at most 10% may be"):
            Apply(made, tmp_path / "x.job", confirm=True)
        assert not (tmp_path / "x.job").exists()

    def test_one_of_one_is_not_a_plural(self, empty: System, tmp_path: Path) -> None:
        brought(files_of(empty, {"holidays/New Year": {"Day": 1, "Month": 1}}), empty, tmp_path)
        made = plan(files_of(empty, {}, manage=("holidays",)), read(empty.pbx), remove=True)
        with pytest.raises(InvalidArgument, match="1 of 1 holiday would be removed; at most 0 may be"):
            Apply(made, tmp_path / "x.job", confirm=True, max_removals=0)

    def test_one_removal_of_a_kind_is_let_pass(self, demo: System, tmp_path: Path) -> None:
        desired = files_of(demo, {}, manage=("holidays",))
        desired = Configuration("acme", {}, desired.scope._replace(manage={"holidays": ("Christmas",)}))
        with Apply(plan(desired, read(demo.pbx), remove=True), tmp_path / "x.job", confirm=True) as apply:
            apply.on(demo.pbx)
            assert apply.summary.done == 1

    def test_what_waits_for_a_failed_step_is_not_sent(self, demo: System, tmp_path: Path) -> None:
        wanted: Files = {"users/199": {"FirstName": "New"}, "queues/877": {"Name": "New", "Agents": ["199"]}}
        demo.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 400}})
        mark = demo.mark()
        with Apply(plan(files_of(demo, wanted), read(demo.pbx)), tmp_path / "x.job") as apply:
            apply.on(demo.pbx)
            user, queue = apply.outcomes
        assert [user.state, queue.state] == [State.FAILED, State.FAILED]
        assert queue.described_error["message"] == "It needs users/199, which could not be added."
        assert demo.written(mark) == {("POST", "/Users"): 1}

    def test_what_is_removed_is_said_by_kind(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {}, manage=("holidays", "contacts")), read(demo.pbx), remove=True)
        counts = {kind: sum(id.kind == kind for id in made.removed) for kind in ("holidays", "contacts")}
        with pytest.raises(InvalidArgument) as refused:
            Apply(made, tmp_path / "x.job", max_removals="100%")
        assert min(counts.values()) > 1
        assert refused.value.message == (
            f"The plan would remove {sum(counts.values())} entities "
            f"({counts['holidays']} of {counts['holidays']} holidays, "
            f"{counts['contacts']} of {counts['contacts']} contacts), and nobody has confirmed that."
        )


class TestLedgers:
    def test_one_of_a_plan_that_was_not_saved_goes_once_everything_is_done(self, demo: System, tmp_path: Path) -> None:
        file = tmp_path / "x.job"
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        with Apply(made, file) as apply:
            assert file.exists()
            apply.on(demo.pbx)
        assert not list(tmp_path.glob("x.job*"))
        brought(files_of(demo, {"users/100": {"FirstName": "Eve"}}), demo, tmp_path)
        with Apply(made, file) as apply:  # the PBX does not hold what that was made from any more
            apply.on(demo.pbx)
            assert apply.summary.failed == 1
        assert file.exists()

    def test_old_ones_go_if_they_are_over(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        made.save(tmp_path / "plan")
        for name in ("open", "over"):
            with Apply(Plan.load(tmp_path / "plan"), tmp_path / f"{name}.job") as apply:
                if name == "over":
                    apply.on(demo.pbx)
        shutil.copy(tmp_path / "over.job", tmp_path / "young.job")
        (tmp_path / "else.job").write_bytes(b"not a ledger")
        before = time.time() - KEPT - 60
        for name in ("over", "open", "else"):
            os.utime(tmp_path / f"{name}.job", (before, before))
        prune(tmp_path)
        assert sorted(file.stem for file in tmp_path.glob("*.job")) == ["else", "open", "young"]


class TestMeanwhile:
    """Somebody else applies too, from another machine or under another address, so that no lock keeps them apart."""

    WANTED: ClassVar[Files] = {
        "groups/New": {"Name": "New", "Language": "EN"},
        "holidays/Carnival": {"Day": 24, "Month": 2, "Name": "Carnival"},
        "contacts/Ada Byron": {"FirstName": "Ada", "LastName": "Byron", "PhoneNumber": "+442079460501"},
        "contacts/Ada Byron#2": {"FirstName": "Ada", "LastName": "Byron", "PhoneNumber": "+442079460502"},
        "black_list_numbers/+442079460503": {"CallerId": "+442079460503"},
        "queues/877": {"Name": "New"},
    }

    def test_what_came_meanwhile_is_not_added_again(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, self.WANTED), read(demo.pbx))
        without = {text: fields for text, fields in self.WANTED.items() if not text.startswith("queues")}
        brought(files_of(demo, without), demo, tmp_path / "other")
        mark = demo.mark()
        with Apply(made, tmp_path / "x.job") as apply:
            apply.on(demo.pbx)
            assert [outcome.state for outcome in apply.outcomes] == [State.DONE] * len(self.WANTED)
            notes = {str(step.id): outcome.note for step, outcome in zip(made.steps, apply.outcomes, strict=True)}
        assert notes == {**dict.fromkeys(self.WANTED, ADDED), "queues/877": ""}
        assert demo.written(mark) == {("POST", "/Queues"): 1}
        assert plan(files_of(demo, self.WANTED), read(demo.pbx)).steps == ()

    def test_what_came_meanwhile_with_other_content_stays_and_is_named(self, demo: System, tmp_path: Path) -> None:
        queue = {"queues/877": {"Name": "New", "Groups": {"New": "users"}}}
        made = plan(files_of(demo, {"groups/New": {"Name": "New", "Language": "EN"}, **queue}), read(demo.pbx))
        brought(files_of(demo, {"groups/New": {"Name": "New", "Language": "DE"}}), demo, tmp_path / "other")
        mark = demo.mark()
        with Apply(made, tmp_path / "x.job") as apply:
            apply.on(demo.pbx)
            group, needing = apply.outcomes
        assert (group.state, group.described_error["status"]) == (State.FAILED, 412)
        message = "groups/New came to the PBX since the plan was made, with other content: Language."
        assert group.described_error["message"] == message
        assert needing.state is State.FAILED
        assert not demo.written(mark)

    def test_it_costs_one_request_for_what_the_pbx_would_take_twice(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, self.WANTED), read(demo.pbx))
        mark = demo.mark()
        applied(made, demo.pbx, tmp_path)
        searches = [entry.path for entry in demo.emulator.journal if entry.id > mark and entry.method == "GET"]
        assert len(searches) == len(self.WANTED) - 1
        assert all("%24filter=" in path or "$filter=" in path for path in searches)

    def test_what_the_pbx_gets_by_itself_is_another_thing(self, demo: System, tmp_path: Path) -> None:
        """A contact of the same name that a synchronisation brings is in no file, and is no reason to add none."""
        made = plan(files_of(demo, {"contacts/Ada Byron": {"FirstName": "Ada", "LastName": "Byron"}}), read(demo.pbx))
        demo.pbx.call("contacts.create", {"FirstName": "Ada", "LastName": "Byron", "ContactType": "Google"})
        mark = demo.mark()
        applied(made, demo.pbx, tmp_path)
        assert demo.written(mark) == {("POST", "/Contacts"): 1}

    def test_a_pbx_that_takes_no_filter_is_searched_without(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"groups/New": {"Name": "New"}}), read(demo.pbx))
        demo.emulator.add_fault({"match": {"operation": "ListGroup", "times": 1}, "do": {"status": 400}})
        applied(made, demo.pbx, tmp_path)
        assert plan(files_of(demo, {"groups/New": {"Name": "New"}}), read(demo.pbx)).steps == ()


class TestStopping:
    def test_two_applies_of_one_pbx_do_not_run_at_once(self, demo: System, tmp_path: Path) -> None:
        made = plan(files_of(demo, {"users/100": {"FirstName": "Zed"}}), read(demo.pbx))
        other = plan(files_of(demo, {"users/101": {"FirstName": "Zed"}}), read(demo.pbx))
        refused = []

        def meanwhile(*_: object) -> None:
            with Apply(other, tmp_path / "other.job") as second, pytest.raises(ConfigurationError) as problem:
                second.on(demo.pbx)
            refused.append(problem.value.message)

        with Apply(made, tmp_path / "x.job") as apply:
            apply.on(demo.pbx, meanwhile)
        assert refused == [f"Another apply to {demo.url} is running."]

    def test_one_that_was_stopped_goes_on(self, demo: System, empty: System, tmp_path: Path) -> None:
        made = plan(read(demo.pbx).configuration, read(empty.pbx), secrets=GIVEN)
        with Apply(made, tmp_path / "x.job", GIVEN) as apply:
            apply.on(empty.pbx, lambda *_: apply.stop())
            assert 0 < apply.summary.done < len(made.steps)
        with Apply.open(tmp_path / "x.job", GIVEN) as apply:
            apply.on(empty.pbx)
            assert apply.summary.done == len(made.steps)
        assert plan(read(demo.pbx).configuration, read(empty.pbx)).steps == ()

    def test_in_an_event_loop(self, demo: System, empty: System, tmp_path: Path) -> None:
        made = plan(read(demo.pbx).configuration, read(empty.pbx), secrets=GIVEN)

        async def carry_out() -> None:
            async with AsyncPbx(empty.url, CLIENT, KEY) as pbx:
                with Apply(made, tmp_path / "x.job", GIVEN) as apply:
                    await apply.aon(pbx)
                    assert apply.summary.done == len(made.steps)

        asyncio.run(carry_out())
        assert plan(read(demo.pbx).configuration, read(empty.pbx)).steps == ()
