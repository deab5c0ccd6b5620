"""The fields of files and the rows of a PBX: what stands in each for what stands in the other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config_rows import CATALOG, KINDS, knowing, named, row
from trunkline.catalog.secret import MASK, masked_by_name
from trunkline.config.forms import forms
from trunkline.config.kinds import Kind, kind_of, kinds, settings_kinds
from trunkline.config.model import Id, Secret
from trunkline.config.spelling import (
    Names,
    Reference,
    Unresolved,
    changed_fields,
    compared,
    merged,
    references,
    secrets,
    sent,
    spelled,
)
from trunkline.errors import InvalidArgument
from trunkline.odata.equality import unchanged

SEEDS = st.integers(0, 2**32)
EVERY = [*KINDS, *settings_kinds(CATALOG).values()]


def kind(name: str) -> Kind:
    return kinds(CATALOG)[name]


def written(name: str, row: dict[str, Any], key: str = "one") -> dict[str, Any]:
    """The row of a kind as a file has it."""
    return spelled(CATALOG, kind(name), row, named(), key)


def body(name: str, fields: dict[str, Any], row: dict[str, Any] | None = None, **given: str) -> dict[str, Any]:
    """What would be sent for fields of a file; ``given`` are the secrets by the last part of their path."""
    return sent(CATALOG, kind(name), fields, named(), row, lambda path: given.get(path.rpartition("/")[2]))


ROUTE = {"TrunkId": 101, "TrunkName": "London SIP", "Prepend": "", "StripDigits": 0}
UNUSED = {"TrunkId": -1, "Prepend": "", "StripDigits": 0}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("users", {"Id": 11, "Number": "100", "Mobile": None}, {"Number": "100"}),
    ("users", {"PrimaryGroupId": 2}, {"PrimaryGroupId": "Sales"}),
    ("users", {"PrimaryGroupId": 1}, {"PrimaryGroupId": "DEFAULT"}),
    ("users", {"PrimaryGroupId": 99}, {"PrimaryGroupId": "99"}),
    ("users", {"PromptSet": "1e6ed594"}, {"PromptSet": "English"}),
    ("users", {"AuthPassword": "hidden", "VMPIN": ""}, {"AuthPassword": Secret("users/one/AuthPassword")}),
    ("users", {"IsRegistered": True, "Tags": ["MS"], "DisplayName": "Ada"}, {}),
    (
        "users",
        {"Groups": [{"GroupId": 2, "Id": 2, "Name": "x", "Rights": {"RoleName": "managers"}}, {"GroupId": 1}]},
        {"Groups": {"DEFAULT": "", "Sales": "managers"}},
    ),
    (
        "users",
        {"ForwardingProfiles": [{"Id": 110, "Name": "Away", "NoAnswerTimeout": 20}]},
        {"ForwardingProfiles": [{"Name": "Away", "NoAnswerTimeout": 20}]},
    ),
    (
        "queues",
        {"Agents": [{"Id": 1, "Number": "101", "Name": "A"}, {"Number": "102", "SkillGroup": "2", "Tags": []}]},
        {"Agents": ["101", {"Number": "102", "SkillGroup": "2"}]},
    ),
    (
        "queues",
        {"ForwardNoAnswer": {"To": "Extension", "Number": "101", "Name": "A", "Tags": [], "Type": "Extension"}},
        {"ForwardNoAnswer": {"Number": "101", "To": "Extension"}},
    ),
    ("ring_groups", {"Members": [{"Id": 47, "Number": "136", "Name": "Rosa"}]}, {"Members": ["136"]}),
    ("inbound_rules", {"TrunkDN": {"Id": 101, "Number": "10000", "Type": "ExternalLine"}}, {"TrunkDN": "London SIP"}),
    ("outbound_rules", {"GroupIds": [2, 1], "GroupNames": ["Sales"]}, {"GroupIds": ["DEFAULT", "Sales"]}),
    ("outbound_rules", {"Routes": [UNUSED] * 5}, {"Routes": []}),
    (
        "outbound_rules",
        {"Routes": [ROUTE, UNUSED, ROUTE, UNUSED, UNUSED]},
        {
            "Routes": [
                {"Prepend": "", "StripDigits": 0, "TrunkId": "London SIP"},
                {"Prepend": "", "StripDigits": 0},
                {"Prepend": "", "StripDigits": 0, "TrunkId": "London SIP"},
            ]
        },
    ),
    (
        "trunks",
        {"Number": "10000", "AuthPassword": {"Concealed": True}, "Gateway": {"Id": 1, "Name": "London SIP"}},
        {"AuthPassword": Secret("trunks/one/AuthPassword"), "Gateway": {"Name": "London SIP"}},
    ),
    ("trunks", {"AuthPassword": {"Value": ""}}, {}),
    (
        "trunks",
        {"Messaging": {"Provider": "p", "SMS_PREFIX": "44", "MESSAGING_SECRET_KEY": "hidden"}},
        {
            "Messaging": {
                "Provider": "p",
                "MESSAGING_SECRET_KEY": Secret("trunks/one/Messaging.MESSAGING_SECRET_KEY"),
                "SMS_PREFIX": "44",
            }
        },
    ),
    (
        "trunks",
        {"Gateway": {"VariableChoices": [{"Key": "Password", "Value": "hidden"}, {"Key": "Line", "Value": "1"}]}},
        {
            "Gateway": {
                "VariableChoices": [
                    {"Key": "Password", "Value": Secret("trunks/one/Gateway.VariableChoices[Password].Value")},
                    {"Key": "Line", "Value": "1"},
                ]
            }
        },
    ),
    (
        "fxs",
        {"Variables": [{"Value": "may be one"}, {"Name": "Line", "Value": "1"}]},
        {"Variables": [{"Value": Secret("fxs/one/Variables[0].Value")}, {"Name": "Line", "Value": "1"}]},
    ),
    (
        "parameters",
        {"Id": 4, "Name": "X_PASSWORD", "Value": "hidden"},
        {"Name": "X_PASSWORD", "Value": Secret("parameters/one/Value")},
    ),
    ("sbcs", {"Group": "Everybody", "PhoneUserId": 101}, {"Group": "DEFAULT", "PhoneUserId": "101"}),
    ("holidays", {"Group": "GRP0001"}, {"Group": "Sales"}),
    ("sbcs", {"Group": "Gone", "PhoneUserId": 0}, {"Group": "Gone"}),
    (
        "holidays",
        {"TimeOfEndDate": "PT23H59M", "TimeOfStartDate": "PT0S"},
        {"TimeOfEndDate": "23:59", "TimeOfStartDate": "00:00"},
    ),
    (
        "hours",
        {"Hours": {"Periods": [{"Start": "09:00:00.0000000", "Stop": "17:30:15.0000000"}]}},
        {"Hours": {"Periods": [{"Start": "09:00", "Stop": "17:30:15"}]}},
    ),
    ("groups", {"Name": "Head office", "IsDefault": True}, {"Name": "Head office", "IsDefault": True}),
    ("groups", {"Name": "Sales", "IsDefault": False}, {"Name": "Sales"}),
    ("phones", {"Id": 9, "MacAddress": "00155d", "User": "100"}, {"MacAddress": "00155d", "User": "100"}),
]


@pytest.mark.parametrize(("name", "row", "fields"), CASES)
def test_a_row_as_a_file_has_it(name: str, row: dict[str, Any], fields: dict[str, Any]) -> None:
    assert written(name, row) == fields
    assert list(written(name, row)) == [field for field in kind(name).fields if field in fields]


def test_an_unnamed_entity_has_no_file_form() -> None:
    with pytest.raises(InvalidArgument, match="called by"):
        spelled(CATALOG, kind("users"), {"Id": 1}, named())


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.single or each.name)
def test_what_a_pbx_has_is_not_changed_by_its_own_file(each: Kind, seed: int) -> None:
    there = row(each, seed)
    fields = spelled(CATALOG, each, there, named())

    for name, value in sent(CATALOG, each, fields, named(), there).items():
        assert unchanged(there.get(name), value)
    assert changed_fields(CATALOG, each, fields, fields) == {}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, other=SEEDS)
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.single or each.name)
def test_what_is_sent_makes_the_row_what_the_file_says(each: Kind, seed: int, other: int) -> None:
    there = row(each, seed)
    old, new = (spelled(CATALOG, each, one, named(), "k") for one in (there, row(each, other)))

    after = {**there, **sent(CATALOG, each, new, knowing(each, new), there, lambda path: "given")}

    now, expected = spelled(CATALOG, each, after, named(), "k"), merged(CATALOG, each, old, new)
    for name in {*now, *expected}:
        assert compared(now.get(name), expected.get(name), name), name
    assert changed_fields(CATALOG, each, now, new) == {}


def marked(value: Any, without_secrets: Any) -> Any:
    """A row in which each secret is a text that stands nowhere else."""
    if isinstance(value, dict):
        return {name: marked(each, without_secrets[name]) for name, each in value.items()}
    if isinstance(value, list):
        return [marked(each, other) for each, other in zip(value, without_secrets, strict=True)]
    return "S3CRET" if without_secrets == MASK else value


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.single or each.name)
def test_no_file_has_what_the_catalog_takes_for_a_secret(each: Kind, seed: int) -> None:
    there = row(each, seed)

    fields = spelled(CATALOG, each, marked(there, masked_by_name(there)), named(), "k")

    assert "S3CRET" not in repr(fields)


class TestSending:
    def test_a_new_entity_has_what_the_api_wants(self) -> None:
        fields = {
            "Number": "800",
            "Groups": {"Sales": "managers"},
            "Agents": ["101", {"Number": "102", "SkillGroup": "2"}],
            "ResetQueueStatisticsSchedule": {"Time": "23:05"},
        }

        assert body("queues", fields) == {
            "Number": "800",
            "Groups": [{"GroupId": 2, "Rights": {"RoleName": "managers"}}],
            "Agents": [{"Number": "101"}, {"Number": "102", "SkillGroup": "2"}],
            "ResetQueueStatisticsSchedule": {"Time": "23:05:00"},
        }

    def test_an_outbound_rule_has_five_routes(self) -> None:
        unused = {"TrunkId": -1}

        assert body("outbound_rules", {"Routes": [{"TrunkId": "London SIP"}]}) == {
            "Routes": [{"TrunkId": 101}, unused, unused, unused, unused]
        }
        assert body("outbound_rules", {"Routes": []}, {"Routes": [ROUTE, UNUSED, UNUSED, UNUSED, UNUSED]}) == {
            "Routes": [UNUSED, UNUSED, UNUSED, UNUSED, unused]
        }

    def test_the_time_of_a_holiday_is_a_duration(self) -> None:
        assert body("holidays", {"TimeOfStartDate": "00:00", "TimeOfEndDate": "23:59"}) == {
            "TimeOfStartDate": "PT0S",
            "TimeOfEndDate": "PT23H59M",
        }

    def test_null_clears(self) -> None:
        row = {"Mobile": "1", "Groups": [{"GroupId": 2}], "Hours": {"Type": "OfficeHours"}}

        assert body("users", {"Mobile": None, "Groups": None, "Hours": None}, row) == {
            "Mobile": None,
            "Groups": [],
            "Hours": None,
        }

    def test_what_a_file_leaves_out_within_an_object_stays(self) -> None:
        row = {"Hours": {"Type": "OfficeHours", "IgnoreHolidays": True, "Unlisted": 1}}

        assert body("users", {"Hours": {"Type": "Always"}}, row) == {
            "Hours": {"Type": "Always", "IgnoreHolidays": True, "Unlisted": 1}
        }

    def test_a_destination_is_one_value(self) -> None:
        row = {"ForwardNoAnswer": {"To": "Extension", "Number": "101", "External": "", "Name": "A", "Tags": ["MS"]}}

        assert body("queues", {"ForwardNoAnswer": {"To": "External", "External": "+44"}}, row) == {
            "ForwardNoAnswer": {"To": "External", "Number": "", "External": "+44"}
        }

    def test_elements_that_a_field_names_keep_their_ids_and_what_the_file_leaves_out(self) -> None:
        row = {
            "Forwards": [
                {"Id": 811, "Input": "1", "ForwardDN": "800", "ForwardType": "Queue", "PeerType": "Queue"},
                {"Id": 812, "Input": "2", "ForwardDN": "801", "ForwardType": "Queue"},
            ]
        }

        assert body("receptionists", {"Forwards": [{"Input": "3"}, {"Input": "1", "ForwardDN": "802"}]}, row) == {
            "Forwards": [
                {"Input": "3"},
                {"Id": 811, "Input": "1", "ForwardDN": "802", "ForwardType": "Queue", "PeerType": "Queue"},
            ]
        }

    def test_other_elements_are_matched_by_what_they_are_then_by_their_place(self) -> None:
        row = {"ForwardingExceptions": [{"Id": 1, "CallerId": "1", "Data": "x"}, {"Id": 2, "CallerId": "2"}]}

        assert body("users", {"ForwardingExceptions": [{"CallerId": "2"}, {"CallerId": "3"}]}, row) == {
            "ForwardingExceptions": [{"Id": 2, "CallerId": "2"}, {"Id": 1, "CallerId": "3"}]
        }

    def test_a_member_that_stays_is_sent_as_the_pbx_has_it(self) -> None:
        row = {"Agents": [{"Id": 12, "Number": "101", "Name": "A", "SkillGroup": "1"}]}

        assert body("queues", {"Agents": ["102", "101"]}, row) == {"Agents": [{"Number": "102"}, row["Agents"][0]]}

    def test_phones_are_sent_with_those_that_no_file_can_name(self) -> None:
        row = {"Phones": [{"Id": 1, "MacAddress": "aa", "Interface": "eth"}, {"Id": 2, "Name": "soft"}]}
        phones = [{"MacAddress": "bb", "User": "100"}, {"MacAddress": "aa", "User": "100", "Name": "Desk"}]

        assert body("users", {"Phones": phones}, row) == {
            "Phones": [{"MacAddress": "bb"}, {"Id": 1, "MacAddress": "aa", "Name": "Desk"}, {"Id": 2, "Name": "soft"}]
        }

    def test_a_reference_to_nothing_is_refused_with_its_place(self) -> None:
        for fields, path in (
            ({"PrimaryGroupId": "Support"}, "PrimaryGroupId"),
            ({"Groups": {"Support": "users"}}, "Groups.Support"),
            ({"PromptSet": "French"}, "PromptSet"),
        ):
            with pytest.raises(Unresolved) as refused:
                body("users", fields)
            assert refused.value.reference.field == path
        with pytest.raises(Unresolved, match="TrunkDN refers to trunks/Paris SIP, which the PBX does not have"):
            body("inbound_rules", {"TrunkDN": "Paris SIP"})

    def test_a_field_that_no_file_can_set_is_refused(self) -> None:
        with pytest.raises(InvalidArgument, match="Agents is not a field"):
            body("users", {"Agents": []})


class TestSecrets:
    SECRET = Secret("users/100/AuthPassword")

    def test_a_secret_that_is_given_is_sent_in_the_shape_of_its_field(self) -> None:
        assert body("users", {"AuthPassword": self.SECRET}, AuthPassword="new") == {"AuthPassword": "new"}
        assert body(
            "trunks", {"AuthPassword": self.SECRET}, {"AuthPassword": {"Concealed": True}}, AuthPassword="new"
        ) == {"AuthPassword": {"Value": "new"}}

    def test_one_that_is_not_given_is_left_as_it_is_and_out_of_an_addition(self) -> None:
        row = {"AuthPassword": {"Concealed": True}}

        assert body("trunks", {"AuthPassword": self.SECRET}, row) == row
        assert body("trunks", {"AuthPassword": self.SECRET, "Direction": "Both"}) == {"Direction": "Both"}

    def test_a_secret_within_a_list_is_left_beside_what_changes(self) -> None:
        row = {"Gateway": {"VariableChoices": [{"Key": "Password", "Value": "old"}, {"Key": "Line", "Value": "1"}]}}
        fields = written("trunks", row)
        fields["Gateway"]["VariableChoices"][1]["Value"] = "2"

        assert body("trunks", fields, row) == {
            "Gateway": {"VariableChoices": [{"Key": "Password", "Value": "old"}, {"Key": "Line", "Value": "2"}]}
        }

    def test_their_paths_are_found_at_any_depth(self) -> None:
        assert list(secrets({"a": [{"b": Secret("x/y/b")}], "c": Secret("x/y/c"), "d": 1})) == ["x/y/b", "x/y/c"]


class TestReferences:
    def test_all_that_an_entity_refers_to(self) -> None:
        fields = {
            "Number": "800",
            "GreetingFile": "hello.wav",
            "PromptSet": "English",
            "Agents": ["101", {"Number": "102", "SkillGroup": "2"}],
            "ForwardNoAnswer": {"To": "VoiceMail", "Number": "103"},
            "Groups": {"Sales": "users"},
            "OfficeRoute": {"Prompt": "", "Route": {"To": "External", "Number": "", "External": "+442079460100"}},
        }

        assert list(references(CATALOG, kind("queues"), fields)) == [
            Reference("GreetingFile", "custom_prompts", "hello.wav", True),
            Reference("PromptSet", "prompt_sets", "English"),
            Reference("Agents[0]", "", "101"),
            Reference("Agents[1]", "", "102"),
            Reference("ForwardNoAnswer.Number", "", "103"),
            Reference("Groups.Sales", "groups", "Sales"),
        ]

    def test_a_number_is_meant_only_where_the_field_beside_it_says_so(self) -> None:
        forwards = [{"ForwardType": "Queue", "ForwardDN": "800"}, {"ForwardType": "CustomInput", "ForwardDN": "any"}]

        found = references(CATALOG, kind("receptionists"), {"Forwards": forwards})

        assert [(each.key, each.is_loose) for each in found] == [("800", False), ("any", True)]

    def test_an_entity_does_not_refer_to_itself(self) -> None:
        single = kind_of(CATALOG, Id("settings", "conference_settings"))

        assert list(references(CATALOG, single, {"Extension": "700"})) == []
        assert list(references(CATALOG, kind("users"), {"Number": "100"})) == []


class TestComparing:
    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            (None, None, ""),
            ({"a": None}, {}, ""),
            (None, "", ""),
            ({"a": ""}, {}, ""),
            ("09:00", "09:00:00", ""),
            ("23:59", "PT23H59M", ""),
            (1, "1", ""),
            (["Sales", "DEFAULT"], ["DEFAULT", "Sales"], "GroupIds"),
            ({"Sales": "users", "DEFAULT": "users"}, {"DEFAULT": "users", "Sales": "users"}, "Groups"),
            (Secret("a/b/c"), Secret("d/e/f"), ""),
        ],
    )
    def test_values_that_are_one(self, old: Any, new: Any, field: str) -> None:
        assert compared(old, new, field)
        assert compared(new, old, field)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("a", "b"),
            (True, 1),
            (["136", "137"], ["137", "136"]),
            ([], None),
            ("", False),
            ("", 0),
            ("", "a"),
            ({"a": ""}, {"a": "b"}),
            (Secret("a/b/c"), None),
            (Secret("a/b/c"), ""),
            (Secret("a/b/c"), "a/b/c"),
            ({"a": 1}, [1]),
        ],
    )
    def test_values_that_are_not(self, old: Any, new: Any) -> None:
        assert not compared(old, new, "Members")
        assert not compared(new, old, "Members")

    def test_a_field_that_a_file_leaves_out_is_not_a_change(self) -> None:
        old = {
            "Number": "820",
            "Timeout": 10,
            "Forwards": [{"Input": "1", "ForwardDN": "800", "PeerType": "Queue"}],
            "Groups": {"Sales": "users"},
        }

        assert (
            changed_fields(CATALOG, kind("receptionists"), old, {"Forwards": [{"Input": "1", "ForwardDN": "800"}]})
            == {}
        )
        assert changed_fields(CATALOG, kind("receptionists"), old, {"Timeout": 11, "Groups": {"Sales": "users"}}) == {
            "Timeout": 11
        }

    def test_an_empty_field_that_a_terse_file_leaves_out_of_an_element_is_not_a_change(self) -> None:
        row = {
            "ForwardingExceptions": [
                {"Id": 1, "CallerId": "1", "Data": "", "Enabled": False, "Hours": {"Type": "Always"}}
            ]
        }
        terse = {"ForwardingExceptions": [{"CallerId": "1", "Hours": {"Type": "Always"}}]}

        assert changed_fields(CATALOG, kind("users"), written("users", row), terse) == {}
        assert body("users", terse, row) == row


class TestNames:
    def test_they_survive_a_file(self) -> None:
        again = Names.from_record(named().as_record())

        assert again.as_record() == named().as_record()
        assert again.key("groups", 2) == "Sales"
        assert again.api(Id("groups", "Sales#2"), "Id") == 3
        assert Id("", "800") in again
        assert again.owner("800") == Id("queues", "800")

    def test_what_is_removed_is_known_no_more(self) -> None:
        names = named()

        names.remove(Id("queues", "800"))

        assert Id("", "800") not in names
        assert Id("queues", "800") not in names
        assert names.api(Id("queues", "800"), "Id") is None
        assert names.key("queues", 61) is None

    def test_a_row_of_an_addition_adds_to_what_is_known(self) -> None:
        names = named()

        names.add(Id("users", "100"), {"MacAddress": "aa"})

        assert names.api(Id("users", "100"), "Id") == 100


def test_every_form_is_one_that_files_can_hold() -> None:
    for each in EVERY:
        for name, form in each.forms.items():
            assert form.way != "object" or form.spec.name in CATALOG.types, (each, name)
            assert form.way != "object" or forms(CATALOG, form.spec.name), (each, name)
