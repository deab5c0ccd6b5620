"""What files want against what a PBX holds becomes steps in waves, or is refused with every reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from config.plans import State, files, held, notes, planned, steps
from trunkline.catalog import load
from trunkline.config.applying.secrets import SecretSource
from trunkline.config.model import Id, Secret
from trunkline.config.planning.plan import Refused, plan
from trunkline.config.planning.removing import kinds_to_read
from trunkline.errors import Forbidden, InvalidArgument, TrunklineError, UnknownName, VersionMismatch

SALES: dict[str, Any] = {"groups/Sales": {}}
ADA: dict[str, Any] = {"users/100": {"FirstName": "Ada", "Groups": {"Sales": "users"}}}
QUEUE: dict[str, Any] = {"queues/800": {"Name": "Sales", "Agents": ["100"]}}


@pytest.mark.parametrize(
    ("wanted", "present", "expected"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param(ADA | SALES, ADA | SALES, [], id="the same"),
        pytest.param(
            QUEUE | ADA | SALES,
            {},
            ["0 add groups/Sales", "1 add users/100", "2 add queues/800"],
            id="what is named comes first",
        ),
        pytest.param(QUEUE, ADA | SALES, ["0 add queues/800"], id="what the PBX has is there"),
        pytest.param(
            {"users/100": {"FirstName": "Ada", "LastName": "Byron"}},
            ADA | SALES,
            ["0 change users/100"],
            id="a field that changes",
        ),
        pytest.param({"users/100": {}}, ADA | SALES, [], id="what a file lacks is left alone"),
        pytest.param({"users/100": {"FirstName": None}}, ADA | SALES, ["0 change users/100"], id="null clears"),
        pytest.param({"users/100": {"LastName": None}}, ADA | SALES, [], id="null clears nothing"),
        pytest.param(
            {"queues/800": {"Agents": ["100", "101"]}, "users/101": {}},
            QUEUE | ADA | SALES,
            ["0 add users/101", "1 change queues/800"],
            id="a change waits for what it names",
        ),
        pytest.param(
            {"groups/Sales": {"OfficeRoute": {"Route": {"To": "Extension", "Number": "100"}}}} | ADA,
            {},
            ["0 add groups/Sales", "1 add users/100", "2 finish groups/Sales"],
            id="a circle is broken where it begins",
        ),
        pytest.param(
            {
                "users/100": {"ForwardingExceptions": [{"Destination": {"To": "Extension", "Number": "101"}}]},
                "users/101": {"ForwardingExceptions": [{"Destination": {"To": "Extension", "Number": "100"}}]},
                "users/102": {"ForwardingExceptions": [{"Destination": {"To": "Extension", "Number": "100"}}]},
            },
            {},
            ["0 add users/100", "1 add users/101", "1 add users/102", "2 finish users/100"],
            id="what only waits for a circle leaves nothing out",
        ),
        pytest.param(
            {"users/100": {"ForwardingExceptions": [{"Destination": {"To": "Extension", "Number": "100"}}]}},
            {},
            ["0 add users/100"],
            id="one may name itself",
        ),
        pytest.param(
            {"hours/company": {"SystemLanguage": "EN"}},
            {"hours/company": {"SystemLanguage": "DE"}},
            ["0 change hours/company"],
            id="a singleton is changed",
        ),
    ],
)
def test_steps(wanted: State, present: State, expected: list[str]) -> None:
    assert steps(planned(wanted, present)) == expected


def test_steps_have_places_and_say_what_they_wait_for() -> None:
    plan = planned(QUEUE | ADA | SALES, {})
    assert [step.n for step in plan.steps] == [0, 1, 2]
    assert [step.needs for step in plan.steps] == [(), (Id("groups", "Sales"),), (Id("users", "100"),)]
    assert plan.waves == [range(1), range(1, 2), range(2, 3)]


def test_a_change_has_only_what_differs_and_what_was_there() -> None:
    wanted = {"users/100": {"FirstName": "Ada", "LastName": "Byron", "Mobile": None}}
    (step,) = planned(wanted, {"users/100": {"FirstName": "Ada", "Mobile": "+442079460001"}}).steps
    assert (step.fields, step.old) == ({"LastName": "Byron", "Mobile": None}, {"Mobile": "+442079460001"})


def test_what_a_file_lacks_within_an_object_is_as_the_pbx_has_it() -> None:
    present = {"groups/Sales": {"Hours": {"Type": "OfficeHours", "IgnoreHolidays": True}}}
    (step,) = planned({"groups/Sales": {"Hours": {"Type": "SpecificHours"}}}, present).steps
    assert step.fields["Hours"] == {"Type": "SpecificHours", "IgnoreHolidays": True}


def test_the_fields_of_a_circle_that_an_add_leaves_out_come_with_the_finish() -> None:
    route = {"Route": {"To": "Extension", "Number": "100"}}
    add, _, finish = planned({"groups/Sales": {"OfficeRoute": route, "Language": "EN"}} | ADA, {}).steps
    assert add.fields == {"Name": "Sales", "Language": "EN"}
    assert finish.fields == {"OfficeRoute": route}
    assert finish.needs == (Id("groups", "Sales"), Id("users", "100"))


class TestRemoval:
    PRESENT: ClassVar[State] = SALES | ADA | QUEUE | {"users/101": {}}

    def test_nothing_is_removed_unless_asked(self) -> None:
        plan = planned({"users/100": {}, "queues/800": {}}, self.PRESENT)
        assert steps(plan) == []
        assert plan.removable == 1
        assert notes(plan, "removable") == [
            "The PBX has 1 entity that the files lack: users/101. It stays, since nobody asked for removals."
        ]

    def test_it_comes_last_and_in_reverse(self) -> None:
        manage = {"users": ("*",), "queues": ("*",)}
        plan = planned({"contacts/X": {"FirstName": "X"}}, self.PRESENT, manage, remove=True)
        assert steps(plan) == ["0 add contacts/X", "1 remove queues/800", "2 remove users/100", "2 remove users/101"]
        assert plan.steps[2].needs == (Id("queues", "800"),)
        assert plan.removed == (Id("users", "100"), Id("users", "101"), Id("queues", "800"))

    def test_only_what_the_files_speak_for_is_removed(self) -> None:
        plan = planned({"users/100": {}}, self.PRESENT, {"users": ("2*",)}, remove=True)
        assert steps(plan) == []

    def test_what_is_protected_stays(self) -> None:
        desired = files({"users/100": {}}, protect=("users/101",))
        plan_ = plan(desired, held(self.PRESENT), remove=True)
        assert steps(plan_) == []
        assert notes(plan_, "protected") == ["1 protected entity that the files lack: users/101. Nothing removes them."]

    def test_the_default_department_stays(self) -> None:
        present: State = {"groups/DEFAULT": {"IsDefault": True}, "groups/Sales": {}}
        assert steps(planned({"groups/X": {}}, present, remove=True)) == ["0 add groups/X", "1 remove groups/Sales"]

    def test_what_has_the_number_of_an_addition_goes_first(self) -> None:
        manage = {"queues": ("*",), "ring_groups": ("*",)}
        plan = planned({"ring_groups/800": {}}, {"queues/800": {}, "queues/801": {}}, manage, remove=True)
        assert steps(plan) == ["0 remove queues/800", "1 add ring_groups/800", "2 remove queues/801"]
        assert plan.steps[1].needs == (Id("queues", "800"),)

    def test_what_the_files_name_is_not_removed(self) -> None:
        with pytest.raises(
            Refused, match=r"queues/800\.yaml:1: queues/800: Agents\[0\] names users/100, which would be"
        ):
            planned(QUEUE, QUEUE | ADA | SALES, {"users": ("*",)}, remove=True)

    def test_what_only_the_pbx_has_keeps_what_it_names(self) -> None:
        with pytest.raises(Refused) as refused:
            planned({}, QUEUE | ADA | SALES, {"users": ("*",)}, remove=True)
        assert refused.value.reasons == ("queues/800: Agents[0] names users/100, which would be removed.",)
        assert "offboarding" in refused.value.hint.text

    def test_so_does_a_field_that_a_file_leaves_out(self) -> None:
        present = ADA | SALES | {"queues/800": {"OutOfOfficeRoute": {"Route": {"To": "Extension", "Number": "100"}}}}
        wanted: State = {"queues/800": {"OutOfOfficeRoute": {"IsPromptEnabled": True}}}
        with pytest.raises(Refused, match=r"OutOfOfficeRoute\.Route\.Number names users/100"):
            planned(wanted, present, {"users": ("*",)}, remove=True)

    def test_what_the_plan_takes_it_out_of_names_it_no_more(self) -> None:
        wanted: State = {"queues/800": {"Agents": []}}
        plan = planned(wanted, QUEUE | ADA | SALES, {"users": ("*",)}, remove=True)
        assert steps(plan) == ["0 change queues/800", "1 remove users/100"]

    def test_a_number_that_may_be_anybodys_is_a_note(self) -> None:
        calls = [{"CallerId": "100", "Destination": {"To": "VoiceMail", "Number": "101"}}]
        present: State = {"users/100": {}, "users/101": {"ForwardingExceptions": calls}}
        plan = planned({"users/101": {}}, present, remove=True)
        assert steps(plan) == ["0 remove users/100"]
        assert notes(plan, "names_removed") == [
            "users/100 is removed, and still named by users/101/ForwardingExceptions[0].CallerId."
        ]

    def test_phones_go_with_their_user_and_are_named(self) -> None:
        present: State = ADA | SALES | {"phones/000B82AABB01": {"User": "100"}}
        plan = planned({}, present, {"users": ("*",)}, remove=True)
        assert steps(plan) == ["0 remove users/100"]
        assert notes(plan, "names_removed") == ["users/100 is removed, and with it phones/000B82AABB01."]
        with pytest.raises(Refused, match=r"phones/000B82AABB01\.yaml:1: phones/000B82AABB01: User names users/100"):
            planned({"phones/000B82AABB01": {"User": "100"}}, present, {"users": ("*",)}, remove=True)

    @pytest.mark.parametrize(
        ("kind", "error", "is_refused"),
        [
            ("queues", Forbidden("No right.", status=403), True),
            ("settings/hotel_services", Forbidden("No right.", status=403), True),
            ("settings/anti_hacking_settings", Forbidden("No right.", status=403), False),
            ("contacts", Forbidden("No right.", status=403), False),
            ("queues", VersionMismatch("20.0.5 has none."), False),
        ],
    )
    def test_where_nobody_knows_what_names_it_it_stays(
        self, kind: str, error: TrunklineError, is_refused: bool
    ) -> None:
        reading = held(ADA | SALES)
        reading.configuration.unread[kind] = error
        desired = files({}, manage={"users": ("*",)})
        if not is_refused:
            assert steps(plan(desired, reading, remove=True)) == ["0 remove users/100"]
            return
        with pytest.raises(Refused, match=rf"did not give its {kind.replace('_', ' ')}, which may name users/100: No"):
            plan(desired, reading, remove=True)

    @pytest.mark.parametrize(
        ("field", "is_refused"),
        [
            ("queues/*/Agents", True),
            ("groups/*/OfficeRoute.Route", True),
            ("settings/call_parking_settings/MusicOnHold", False),
            ("call_flow_apps/*/ScriptCode", False),
            ("queues/*/Name", False),
        ],
    )
    def test_nor_where_the_pbx_did_not_give_a_field(self, field: str, is_refused: bool) -> None:
        reading = held(ADA | SALES)
        reading.configuration.ungiven = (field,)
        desired = files({}, manage={"users": ("*",)})
        if not is_refused:
            assert steps(plan(desired, reading, remove=True)) == ["0 remove users/100"]
            return
        with pytest.raises(Refused, match=r"did not give .* of its \w+, which may name users/100"):
            plan(desired, reading, remove=True)

    def test_what_can_name_it_is_read(self) -> None:
        desired = files({"users/100": {}}, manage={"users": ("*",), "contacts": ("*",)})
        kinds = kinds_to_read(load(), desired, remove=True)
        assert {"users", "phones", "queues", "groups", "receptionists", "inbound_rules", "settings"} <= set(kinds)
        assert kinds_to_read(load(), desired) == ["contacts", "users"]
        assert kinds_to_read(load(), desired, ["contacts"], remove=True) == ["contacts"]


class TestPhones:
    MAC = "000B82AABB01"
    PRESENT: ClassVar[State] = {
        "users/100": {},
        "users/101": {},
        f"phones/{MAC}": {"User": "100", "Name": "Desk"},
        "phones/000B82AABB02": {"User": "100", "Name": "Hall"},
    }

    def test_a_change_is_one_of_the_users_whole_list(self) -> None:
        (step,) = planned({f"phones/{self.MAC}": {"User": "100", "Name": "Office"}}, self.PRESENT).steps
        assert (step.change, step.id) == ("change", Id("users", "100"))
        assert step.fields == {
            "Phones": [{"MacAddress": self.MAC, "Name": "Office"}, {"MacAddress": "000B82AABB02", "Name": "Hall"}]
        }
        assert step.old["Phones"][0] == {"MacAddress": self.MAC, "Name": "Desk"}

    def test_a_phone_that_moves_is_given_up_first(self) -> None:
        plan = planned({f"phones/{self.MAC}": {"User": "101"}}, self.PRESENT)
        assert steps(plan) == ["0 change users/100", "1 change users/101"]
        assert [[phone["MacAddress"][-1] for phone in step.fields["Phones"]] for step in plan.steps] == [["2"], ["1"]]

    def test_phones_of_a_new_user_come_with_the_user(self) -> None:
        (step,) = planned({"users/102": {}, "phones/000B82AABB03": {"User": "102"}}, self.PRESENT).steps
        assert step.fields == {"Number": "102", "Phones": [{"MacAddress": "000B82AABB03"}]}

    def test_a_phone_is_removed_by_its_users_list(self) -> None:
        wanted: State = {"phones/000B82AABB02": {"User": "100"}}
        plan = planned(wanted, self.PRESENT, remove=True)
        assert steps(plan) == ["0 change users/100"]
        assert plan.removed == (Id("phones", self.MAC),)
        assert steps(planned(wanted, self.PRESENT)) == []

    def test_a_phone_of_nobody_is_refused(self) -> None:
        with pytest.raises(Refused, match="is for users/999, which is neither in the files nor on the PBX"):
            planned({f"phones/{self.MAC}": {"User": "999"}}, self.PRESENT)

    def test_two_that_swap_phones_do_not_wait_for_each_other(self) -> None:
        present = {**self.PRESENT, "phones/000B82AABB02": {"User": "101"}}
        wanted = {f"phones/{self.MAC}": {"User": "101"}, "phones/000B82AABB02": {"User": "100"}}
        assert steps(planned(wanted, present)) == ["0 change users/100", "0 change users/101"]


class TestRefusal:
    def test_all_reasons_are_given_at_once(self) -> None:
        with pytest.raises(Refused) as refused:
            planned({"queues/800": {"Agents": ["100", "101"]}, "users/102": {"Groups": {"Nobody": "users"}}}, {})
        missing = "is neither in the files nor on the PBX."
        assert refused.value.reasons == (
            f"users/102.yaml:1: users/102: Groups.Nobody names groups/Nobody, which {missing}",
            f"queues/800.yaml:1: queues/800: Agents[0] names the number 100, which {missing}",
            f"queues/800.yaml:1: queues/800: Agents[1] names the number 101, which {missing}",
        )

    def test_what_the_pbx_names_already_may_be_named_again(self) -> None:
        present: State = {"queues/800": {"Agents": ["999"]}, "users/100": {}}
        assert steps(planned({"queues/800": {"Agents": ["999", "100"]}}, present)) == ["0 change queues/800"]

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"PollingStrategy": "Loudest"}, "PollingStrategy"),
            ({"RingTimeout": "soon"}, "RingTimeout"),
            ({"Nonsense": 1}, "Nonsense"),
            ({"Agents": [{"Number": {"a": 1}}]}, "Agents"),
        ],
    )
    def test_wrong_types_and_values(self, fields: dict[str, Any], message: str) -> None:
        with pytest.raises(Refused, match=message):
            planned({"queues/800": fields}, {})

    def test_a_number_that_something_else_has(self) -> None:
        with pytest.raises(Refused, match="ring_groups/800 can't be added: queues/800 on the PBX has that number"):
            planned({"ring_groups/800": {}}, {"queues/800": {}})

    def test_two_files_with_one_number(self) -> None:
        with pytest.raises(
            Refused, match=r"queues/800\.yaml:1: users/800 \(users/800\.yaml:1\) has the number 800 too"
        ):
            planned({"users/800": {}, "queues/800": {}}, {})

    def test_a_masked_value(self) -> None:
        with pytest.raises(Refused, match="AuthPassword"):
            planned({"users/100": {"AuthPassword": "••••••"}}, {})

    def test_a_kind_that_does_not_exist(self) -> None:
        with pytest.raises(UnknownName, match="queue"):
            planned(QUEUE, {}, kinds=["queue"])


class TestSecrets:
    FIELDS: ClassVar[State] = {"users/100": {"AuthPassword": Secret("users/100/AuthPassword")}}
    GIVEN = SecretSource(None, {"TRUNKLINE_SECRET_USERS_100_AUTHPASSWORD": "Zebra-77"})

    def test_one_that_is_not_given_is_noted_for_what_is_added(self) -> None:
        plan = planned(self.FIELDS, {})
        assert notes(plan, "secret") == ["1 secret is not given, and left out: users/100/AuthPassword."]
        assert plan.secrets == ["users/100/AuthPassword"]
        assert notes(planned(self.FIELDS, {}, secrets=self.GIVEN), "secret") == []

    def test_one_that_the_pbx_lacks_and_nobody_gives_is_noted_each_time(self) -> None:
        made = planned(self.FIELDS, {"users/100": {}})
        assert steps(made) == []
        text = "1 secret that the PBX lacks is not given, and left out: users/100/AuthPassword."
        assert notes(made, "secret") == [text]
        assert notes(planned(self.FIELDS, {"users/100": {}}, secrets=self.GIVEN), "secret") == []
        assert notes(planned(self.FIELDS, self.FIELDS), "secret") == []
        ignoring = files(self.FIELDS, ignore=("users/100/Auth*",))
        assert notes(plan(ignoring, held({"users/100": {}})), "secret") == []

    def test_a_name_in_the_file_that_nothing_has_is_said(self, tmp_path: Path) -> None:
        file = tmp_path / "secrets.yaml"
        file.touch(0o600)
        file.write_text("users/100/AuthPasword: Zebra-77\nusers/100/AuthPassword: Zebra-78\n")
        source = SecretSource(file, {"TRUNKLINE_SECRET_USERS_999_AUTHPASSWORD": "x"})
        expected = [
            "The file of secrets has users/100/AuthPasword, which nothing in the plan is called. "
            "Did you mean users/100/AuthPassword?"
        ]
        assert notes(planned(self.FIELDS, {}, secrets=source), "secret") == expected
        assert notes(planned(self.FIELDS, self.FIELDS, secrets=source), "secret") == expected

    def test_a_plan_keeps_which_were_given_when_it_was_made(self) -> None:
        assert planned(self.FIELDS, {}, secrets=self.GIVEN).given == ("users/100/AuthPassword",)
        assert planned(self.FIELDS, {}).given == ()

    def test_one_that_the_pbx_has_is_left_alone_whatever_it_is_called(self) -> None:
        present: State = {"users/100": {"AuthPassword": Secret("users/101/AuthPassword")}}
        assert steps(planned(self.FIELDS, present, secrets=self.GIVEN)) == []

    @pytest.mark.parametrize("present", [{}, {"users/100": {}}])
    def test_one_that_stands_in_a_field_itself_is_refused(self, present: State) -> None:
        with pytest.raises(Refused, match="AuthPassword holds a secret itself") as refused:
            planned({"users/100": {"AuthPassword": "Zebra-77"}}, present)
        assert "Zebra-77" not in str(refused.value)

    def test_a_department_may_be_called_like_a_secret(self) -> None:
        fields: State = {"users/100": {"Groups": {"Password": "users"}}, "groups/Password": {}}
        assert steps(planned(fields, {})) == ["0 add groups/Password", "1 add users/100"]

    def test_it_is_sent_again_when_that_is_asked_for(self) -> None:
        plan = planned(self.FIELDS, self.FIELDS, secrets=self.GIVEN, resend_secrets=True)
        assert steps(plan) == ["0 change users/100"]
        assert steps(planned(self.FIELDS, self.FIELDS, resend_secrets=True)) == []

    def test_one_that_the_pbx_lacks_is_a_change_where_it_is_given(self) -> None:
        assert steps(planned(self.FIELDS, {"users/100": {}})) == []
        assert steps(planned(self.FIELDS, {"users/100": {}}, secrets=self.GIVEN)) == ["0 change users/100"]


def test_ignored_fields_are_left_to_others() -> None:
    present = {"users/100": {"Mobile": "1", "FirstName": "Ada"}}
    desired = files({"users/100": {"Mobile": "2", "FirstName": "Eve"}}, ignore=("users/*/Mobile",))
    (step,) = plan(desired, held(present)).steps
    assert step.fields == {"FirstName": "Eve"}


def test_an_address_of_mail_that_another_user_keeps_is_refused() -> None:
    ada: State = {"users/100": {"EmailAddress": "ada@example.com"}}
    with pytest.raises(Refused) as refused:
        planned({"users/200": {"EmailAddress": "ada@example.com"}}, ada, manage={})
    assert refused.value.reasons == (
        "users/200.yaml:1: users/200: EmailAddress ada@example.com is that of users/100, and 3CX takes it once.",
    )
    with pytest.raises(Refused, match=r"users/300: EmailAddress ada@example\.com is that of users/200"):
        planned({f"users/{number}": {"EmailAddress": "ada@example.com"} for number in (200, 300)}, {})


@pytest.mark.parametrize(
    "wanted",
    [
        {"users/100": {"EmailAddress": "ada@example.com", "FirstName": "Ada"}},
        {"users/100": {"EmailAddress": "byron@example.com"}, "users/200": {"EmailAddress": "ada@example.com"}},
        {"users/100": {"EmailAddress": None}, "users/200": {"EmailAddress": "ada@example.com"}},
        {"users/200": {"EmailAddress": ""}},
    ],
)
def test_an_address_of_mail_that_is_free_by_then_is_taken(wanted: State) -> None:
    assert planned(wanted, {"users/100": {"EmailAddress": "ada@example.com"}}).steps


def test_a_department_under_another_name_is_said() -> None:
    present: State = {"groups/Sales": {}}
    text = (
        "groups/Vertrieb is added, and the files lack groups/Sales. A new name is a new department. To keep the "
        "department, and what is in it, change its Name first with groups.update, "
        "of the department with Id 1 to Vertrieb."
    )
    for remove in (False, True):
        assert notes(planned({"groups/Vertrieb": {}}, present, remove=remove), "renamed") == [text]
    assert notes(planned({"groups/Vertrieb": {}, "groups/Sales": {}}, present), "renamed") == []
    (several,) = notes(planned({"groups/A": {}, "groups/B": {}}, present), "renamed")
    assert several.startswith("groups/A, groups/B are added, and the files lack groups/Sales.")
    assert several.endswith("change its Name first with groups.update.")


def test_only_some_kinds() -> None:
    plan = planned(QUEUE | ADA | SALES, SALES | ADA | {"groups/Old": {}}, kinds=["queues"], remove=True)
    assert steps(plan) == ["0 add queues/800"]


def test_fields_that_only_the_pbx_has_are_said_where_files_are_complete() -> None:
    present = {"users/100": {"Mobile": "1"}}
    assert notes(plan(files({"users/100": {}}, is_complete=True), held(present)), "left_alone") == [
        "1 field that only the PBX has stays as it is: users/100/Mobile."
    ]
    assert notes(plan(files({"users/100": {}}), held(present)), "left_alone") == []


ROLES: dict[str, Any] = {
    "groups/DEFAULT": {"IsDefault": True, "Rights": [{"RoleName": "managers"}, {"RoleName": "users"}]}
}


@pytest.mark.parametrize("present", [{}, {"users/100": {}}, {"users/100": {"Groups": {"DEFAULT": "users"}}}])
def test_a_role_that_a_department_does_not_have_is_said(present: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {"users/100": {"Groups": {"DEFAULT": "boss"}}}
    expected = ["groups/DEFAULT has no role boss, which users/100 would have there; it has managers, users."]
    assert notes(planned(wanted, ROLES | present), "role") == expected
    assert notes(planned(wanted | ROLES, {"groups/DEFAULT": {}} | present), "role") == expected
    assert notes(planned({"users/100": {"Groups": {"DEFAULT": "managers"}}}, ROLES | present), "role") == []
    assert notes(planned(wanted, {"groups/DEFAULT": {}} | present), "role") == []  # its roles are not known


def test_a_sound_file_that_the_pbx_lacks_is_said() -> None:
    wanted = {"queues/800": {"IntroFile": "hello.wav"}}
    assert notes(planned(wanted, {}), "sound_file") == [
        "The PBX does not have the sound file hello.wav: queues/800/IntroFile."
    ]
    assert notes(plan(files(wanted), held({}, files=frozenset({"hello.wav"}))), "sound_file") == []


def test_what_this_version_lacks_is_said_and_left_out() -> None:
    present: State = {"trunks/London": {"Gateway": {"Name": "London"}}}
    plan_ = plan(files({"trunks/London": {"DisableCallTransfer": True}}), held(present, version="20.0.8"))
    assert steps(plan_) == []
    assert notes(plan_, "version") == [
        "3CX 20.0.8 has not published the field DisableCallTransfer of trunks, so it is left out: trunks/London."
    ]
    newest = plan(files({"trunks/London": {"DisableCallTransfer": True}}), held(present))
    assert notes(newest, "version") == []


def test_a_plan_has_fingerprints_of_what_it_touches_and_refers_to() -> None:
    plan = planned(
        {"queues/800": {"Agents": ["100"]}, "users/101": {"FirstName": "Eve"}}, {"users/100": {}, "users/101": {}}
    )
    assert plan.fingerprints[Id("queues", "800")] == ""
    assert plan.fingerprints[Id("users", "100")] == "there"
    assert len(plan.fingerprints[Id("users", "101")]) == 32


class TestSeveralOfOneName:
    PRESENT: ClassVar[State] = {
        "contacts/Ada": {"FirstName": "Ada", "Email": "one@example.com"},
        "contacts/Ada#2": {"FirstName": "Ada", "Email": "two@example.com"},
        "contacts/Ada#3": {"FirstName": "Ada", "Email": "three@example.com"},
    }

    def test_they_are_told_apart_by_what_they_hold(self) -> None:
        wanted = {
            "contacts/Ada": {"FirstName": "Ada", "Email": "three@example.com"},
            "contacts/Ada#2": {"FirstName": "Ada", "Email": "one@example.com"},
            "contacts/Ada#3": {"FirstName": "Ada", "Email": "two@example.com"},
        }
        assert steps(planned(wanted, self.PRESENT)) == []

    def test_one_that_changed_takes_the_place_that_is_left(self) -> None:
        wanted = {
            "contacts/Ada": {"FirstName": "Ada", "Email": "three@example.com"},
            "contacts/Ada#2": {"FirstName": "Ada", "Email": "four@example.com"},
            "contacts/Ada#3": {"FirstName": "Ada", "Email": "one@example.com"},
        }
        (step,) = planned(wanted, self.PRESENT).steps
        assert (step.id, step.fields, step.old) == (
            Id("contacts", "Ada#2"),
            {"Email": "four@example.com"},
            {"Email": "two@example.com"},
        )

    def test_one_more_is_added_and_one_less_removed(self) -> None:
        more = {**self.PRESENT, "contacts/Ada#4": {"FirstName": "Ada"}}
        assert steps(planned(more, self.PRESENT)) == ["0 add contacts/Ada#4"]
        less = {"contacts/Ada": {"FirstName": "Ada", "Email": "two@example.com"}}
        assert steps(planned(less, self.PRESENT, remove=True)) == ["0 remove contacts/Ada", "0 remove contacts/Ada#3"]


def test_what_has_one_name_is_added_in_its_order_since_it_counts_by_ids() -> None:
    ada = {"FirstName": "Ada", "LastName": "Byron"}
    wanted = {f"contacts/Ada Byron{end}": ada for end in ("", "#2", "#3")}
    steps = planned(wanted, {}).steps
    assert [(step.id.key, step.wave) for step in steps] == [("Ada Byron", 0), ("Ada Byron#2", 1), ("Ada Byron#3", 2)]
    assert [step.id.key for step in planned(wanted, {"contacts/Ada Byron": ada}).steps] == [
        "Ada Byron#2",
        "Ada Byron#3",
    ]


def test_what_the_pbx_did_not_give_is_named_by_its_files() -> None:
    reading = held({"queues/800": {}})
    away = InvalidArgument("The PBX answered 403.")
    reading.configuration.unread |= {"settings/mail_settings": away, "groups": away}
    wanted: State = {"settings/mail_settings": {}, "groups/Sales": {}, "groups/Support": {}}
    made = plan(files(wanted), reading)
    assert steps(made) == []
    assert notes(made, "unread") == [
        "The PBX did not give groups, so 2 files are not compared: The PBX answered 403.",
        "The PBX did not give settings/mail_settings, so 1 file is not compared: The PBX answered 403.",
    ]
