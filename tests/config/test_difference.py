"""What `differences` calls a difference, from both sides of it: folders have places and a scope, PBXs have neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.config.difference import Difference, FieldChange, differences
from trunkline.config.model import Configuration, Entity, Fields, Id, Place, Scope, Secret
from trunkline.errors import Forbidden

ALICE, BOB, SALES, SUPPORT = Id("users", "101"), Id("users", "102"), Id("groups", "Sales"), Id("queues", "800")
Entities = dict[Id, Fields]


def pbx(entities: Entities, **facts: object) -> Configuration:
    made = {id: Entity(id, fields) for id, fields in entities.items()}
    scope = Scope(dict.fromkeys(("users", "groups", "queues"), ("*",)), is_complete=True)
    configuration = Configuration("https://pbx.example.com", made, scope)
    for name, value in facts.items():
        setattr(configuration, name, value)
    return configuration


def folder(entities: Entities, **scope: object) -> Configuration:
    made = {id: Entity(id, fields, {"": Place(f"{id}.yaml", 2)}) for id, fields in entities.items()}
    manage = {id.kind: ("*",) for id in entities}
    return Configuration("acme", made, Scope(**{"manage": manage, **scope}))  # type: ignore[arg-type]


def changed(old: Configuration, new: Configuration) -> list[tuple[str, object, object]]:
    (difference,) = differences(old, new)
    assert difference.change == "changed"
    return [tuple(change) for change in difference.fields]


def names(old: Configuration, new: Configuration) -> list[tuple[str, str]]:
    return [(difference.change, str(difference.id)) for difference in differences(old, new)]


def test_an_entity_is_added_removed_or_changed() -> None:
    old = pbx({ALICE: {"FirstName": "Alice"}, BOB: {"FirstName": "Bob", "Mobile": None}})
    new = pbx({ALICE: {"FirstName": "Alicia"}, SALES: {"Language": "EN"}})
    assert differences(old, new) == [
        Difference(SALES, "added", (FieldChange("Language", None, "EN"),)),
        Difference(ALICE, "changed", (FieldChange("FirstName", "Alice", "Alicia"),)),
        Difference(BOB, "removed", (FieldChange("FirstName", "Bob", None),)),
    ]


def test_only_the_kinds_that_are_asked_for_are_compared() -> None:
    old, new = pbx({ALICE: {}, SALES: {}}), pbx({})
    assert [each.id for each in differences(old, new, {"groups"})] == [SALES]


def test_a_kind_that_a_pbx_did_not_give_is_not_compared() -> None:
    old = folder({ALICE: {}, SALES: {}})
    new = pbx({}, unread={"users": Forbidden("No right to read users.", status=403)})
    assert names(old, new) == [("removed", "groups/Sales")]


@pytest.mark.parametrize(
    ("manage", "missed"),
    [({}, []), ({"users": ("*",)}, [ALICE, BOB]), ({"users": ("1*2",)}, [BOB]), ({"users": ()}, [])],
)
def test_what_only_a_pbx_has_counts_within_what_the_folder_manages(
    manage: dict[str, tuple[str, ...]], missed: list[Id]
) -> None:
    ours, theirs = folder({}, manage=manage), pbx({ALICE: {}, BOB: {}})
    assert [each.id for each in differences(ours, theirs)] == missed
    assert [each.id for each in differences(theirs, ours)] == missed


def test_what_a_folder_has_counts_whatever_it_manages() -> None:
    assert names(folder({ALICE: {}}, manage={}), pbx({})) == [("removed", "users/101")]
    assert names(folder({ALICE: {}}), folder({SALES: {}})) == [("added", "groups/Sales"), ("removed", "users/101")]


def test_a_field_that_a_file_lacks_is_left_to_the_pbx_unless_the_folder_is_complete() -> None:
    theirs = pbx({ALICE: {"Mobile": "+442079460101", "Hours": {"Type": "Custom", "Ignore": True}}})
    terse: Entities = {ALICE: {"Hours": {"Type": "Custom"}}}
    assert names(folder(terse), theirs) == []
    assert changed(folder(terse, is_complete=True), theirs) == [
        ("Hours.Ignore", None, True),
        ("Mobile", None, "+442079460101"),
    ]


def test_a_field_that_a_pbx_did_not_give_is_not_compared() -> None:
    ours = folder({SUPPORT: {"Agents": ["101"], "Name": "A"}}, is_complete=True)
    theirs = pbx({SUPPORT: {"Name": "B"}}, ungiven=("queues/*/Agents",))
    assert changed(ours, theirs) == [("Name", "A", "B")]


def test_null_clears_a_field_so_that_a_value_on_the_pbx_is_a_difference() -> None:
    ours = folder({ALICE: {"Mobile": None}})
    assert changed(ours, pbx({ALICE: {"Mobile": "+442079460101"}})) == [("Mobile", None, "+442079460101")]
    assert names(ours, pbx({ALICE: {}})) == []


def test_a_field_that_a_file_has_and_the_pbx_lacks_is_a_difference() -> None:
    assert changed(folder({ALICE: {"Mobile": "1"}}), pbx({ALICE: {}})) == [("Mobile", "1", None)]


def test_a_line_that_is_gone_from_a_file_is_a_difference_between_two_folders() -> None:
    assert changed(folder({ALICE: {"Mobile": "1", "A": 1}}), folder({ALICE: {"A": 1}})) == [("Mobile", "1", None)]


def test_values_that_a_pbx_spells_otherwise_are_the_same() -> None:
    ours = folder({ALICE: {"Start": "09:00", "Limit": 3, "Wait": "PT60S"}})
    assert names(ours, pbx({ALICE: {"Start": "09:00:00", "Limit": "3", "Wait": "PT1M"}})) == []


def test_the_order_of_a_list_counts_where_it_means_something() -> None:
    old = pbx({SUPPORT: {"Agents": ["101", "102"], "GroupIds": ["Sales", "Support"]}})
    new = pbx({SUPPORT: {"Agents": ["102", "101"], "GroupIds": ["Support", "Sales"]}})
    assert changed(old, new) == [("Agents", ["101", "102"], ["102", "101"])]


def test_what_either_side_ignores_is_left_out_at_any_depth() -> None:
    ours = folder(
        {ALICE: {"Mobile": "1", "Profiles": [{"Name": "Away", "Timeout": 1, "Deep": {"A": 1}}]}},
        ignore=("users/*/Mobile", "users/1*/Profiles.Timeout", "*/Profiles.Deep"),
    )
    theirs = pbx({ALICE: {"Mobile": "2", "Profiles": [{"Name": "Away", "Timeout": 2, "Deep": {"A": 2}}]}})
    assert names(ours, theirs) == names(theirs, ours) == []


def test_the_path_of_a_change_names_the_element_of_a_list() -> None:
    old = pbx(
        {SUPPORT: {"Forwards": [{"Input": "1", "Destination": {"To": "Queue", "Number": "800"}}, {"Input": "2"}]}}
    )
    new = pbx(
        {SUPPORT: {"Forwards": [{"Input": "1", "Destination": {"To": "Queue", "Number": "801"}}, {"Input": "3"}]}}
    )
    assert changed(old, new) == [
        ("Forwards[1].Destination.Number", "800", "801"),
        ("Forwards[2]", {"Input": "2"}, None),
        ("Forwards[3]", None, {"Input": "3"}),
    ]


def test_another_order_of_named_elements_is_one_change_with_their_names() -> None:
    first, second = {"Input": "1", "ForwardDN": "800"}, {"Input": "2"}
    old, new = pbx({SUPPORT: {"Forwards": [first, second]}}), pbx({SUPPORT: {"Forwards": [second, first]}})
    assert changed(old, new) == [("Forwards", ["1", "2"], ["2", "1"])]


def test_a_list_without_names_is_one_change() -> None:
    old, new = pbx({SUPPORT: {"Agents": ["101", "102"]}}), pbx({SUPPORT: {"Agents": ["102"]}})
    assert changed(old, new) == [("Agents", ["101", "102"], ["102"])]


def test_in_named_elements_too_a_field_that_a_file_lacks_is_left_to_the_pbx() -> None:
    ours = folder({ALICE: {"ForwardingProfiles": [{"Name": "Away", "NoAnswerTimeout": 20}]}})
    away = {"Name": "Away", "NoAnswerTimeout": 20, "BusyAllCalls": True}
    assert names(ours, pbx({ALICE: {"ForwardingProfiles": [away]}})) == []
    assert changed(
        ours, pbx({ALICE: {"ForwardingProfiles": [{**away, "NoAnswerTimeout": 30}, {"Name": "Lunch"}]}})
    ) == [
        ("ForwardingProfiles[Away].NoAnswerTimeout", 20, 30),
        ("ForwardingProfiles[Lunch]", None, {"Name": "Lunch"}),
    ]


def test_settings_that_a_pbx_did_not_give_are_not_compared() -> None:
    mail, fax = Id("settings", "mail_settings"), Id("settings", "fax_server_settings")
    theirs = pbx({}, unread={"settings/mail_settings": Forbidden("No right to read them.", status=403)})
    assert names(folder({mail: {}, fax: {}}), theirs) == [("removed", "settings/fax_server_settings")]


def test_the_name_of_a_secret_counts_between_folders_only() -> None:
    ours = folder({ALICE: {"AuthPassword": Secret("shared/sip")}})
    renamed = folder({ALICE: {"AuthPassword": Secret("users/101/AuthPassword")}})
    theirs = pbx({ALICE: {"AuthPassword": Secret("users/101/AuthPassword")}})
    assert names(ours, theirs) == []
    assert names(ours, renamed) == [("changed", "users/101")]
    assert changed(ours, pbx({ALICE: {}})) == [("AuthPassword", Secret("shared/sip"), None)]


def test_of_several_with_one_name_only_the_one_that_is_gone_differs() -> None:
    first, second, third = (Id("contacts", f"Ada Byron{number}") for number in ("", "#2", "#3"))
    numbers = [{"FirstName": "Ada", "LastName": "Byron", "Business": number} for number in ("+1", "+2", "+3")]
    ours: Entities = dict(zip((first, second, third), numbers, strict=True))
    theirs: Entities = dict(zip((first, second), numbers[1:], strict=True))
    for old, new, change in ((folder(ours), pbx(theirs), "removed"), (pbx(theirs), folder(ours), "added")):
        (difference,) = differences(old, new)
        assert difference.change == change
        assert "+1" in [field.old or field.new for field in difference.fields]


def test_the_name_of_one_of_several_is_that_of_its_file_in_an_export() -> None:
    first, second = Id("contacts", "Ada Byron"), Id("contacts", "Ada Byron#2")
    gone, left = ({"FirstName": "Ada", "LastName": "Byron", "Business": number} for number in ("+1", "+2"))
    ours, theirs = folder({first: gone, second: left}, is_complete=True), pbx({first: left})
    assert names(ours, theirs) == [("removed", "contacts/Ada Byron")]
    assert names(theirs, ours) == [("added", "contacts/Ada Byron")]


_plain = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
_values = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ABC"), inner, max_size=3)
)
_entities = st.dictionaries(
    st.sampled_from((ALICE, BOB, SALES)), st.dictionaries(st.sampled_from("XYZ"), _values, max_size=3), max_size=3
)


@given(_entities)
def test_nothing_differs_from_itself(entities: Entities) -> None:
    for one in (pbx(entities), folder(entities)):
        for other in (pbx(entities), folder(entities), folder(entities, is_complete=True)):
            assert differences(one, other) == []


@given(_entities, _entities)
def test_the_other_way_round_it_is_the_same_with_old_and_new_exchanged(one: Entities, other: Entities) -> None:
    there, back = differences(pbx(one), pbx(other)), differences(pbx(other), pbx(one))
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    assert [(each.id, opposite[each.change]) for each in there] == [(each.id, each.change) for each in back]
    for each, mirrored in zip(there, back, strict=True):
        assert {change.field for change in each.fields} == {change.field for change in mirrored.fields}


def test_settings_that_files_do_not_name_differ_from_an_export_only() -> None:
    mail, quota = Id("settings", "mail_settings"), Id("settings", "voicemail_settings")
    held = pbx({mail: {"MailServer": "smtp.example.com"}, quota: {"Quota": 5}})
    assert names(folder({quota: {"Quota": 5}}), held) == []
    assert names(folder({quota: {"Quota": 5}}, is_complete=True), held) == [("added", "settings/mail_settings")]
