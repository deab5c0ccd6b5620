"""A configuration with other numbers and names: every place that held the old one has the new one, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline import InvalidArgument
from trunkline.catalog import load
from trunkline.config.cloning.mapping import RenameMap, Renaming
from trunkline.config.cloning.remapping import remapped
from trunkline.config.kinds import kind_of
from trunkline.config.model import Configuration, Entity, Id, Scope, Secret

CATALOG = load()


def company(*entities: tuple[str, str, dict[str, Any]]) -> Configuration:
    """A configuration of entities: kind, key and fields."""
    known = {Id(kind, key): Entity(Id(kind, key), fields) for kind, key, fields in entities}
    return Configuration("acme", known, Scope({}))


def renumbered(configuration: Configuration, *rows: tuple[str, ...]) -> Configuration:
    """It with the rows of a map: old, new, and the kind where there is one."""
    renamings = [Renaming(n, (*row, "")[2], row[0], row[1]) for n, row in enumerate(rows, 2)]
    return remapped(CATALOG, configuration, RenameMap(renamings, "numbers.csv"))


def fields(configuration: Configuration, kind: str, key: str) -> dict[str, Any]:
    return configuration.entities[Id(kind, key)].fields


USER = ("users", "101", {"Number": "101", "FirstName": "Ada"})


def test_a_user_moves_to_its_new_number_and_all_that_names_it_follows() -> None:
    moved = renumbered(
        company(
            USER,
            ("users", "102", {"Number": "102", "ForwardingExceptions": [{"CallerId": "101"}]}),
            (
                "queues",
                "800",
                {
                    "Number": "800",
                    "Agents": ["101", {"Number": "102", "SkillGroup": "2"}],
                    "Managers": ["101"],
                    "ForwardNoAnswer": {"To": "VoiceMail", "Number": "101"},
                },
            ),
            ("receptionists", "820", {"Number": "820", "Forwards": [{"Input": "1", "ForwardDN": "101"}]}),
            ("phones", "00:15:65:00:00:01", {"MacAddress": "00:15:65:00:00:01", "User": "101"}),
        ),
        ("101", "201"),
        ("8xx", "88xx"),
    )
    assert list(moved.entities) == [
        Id("users", "201"),
        Id("users", "102"),
        Id("queues", "8800"),
        Id("receptionists", "8820"),
        Id("phones", "00:15:65:00:00:01"),
    ]
    assert fields(moved, "users", "201") == {"Number": "201", "FirstName": "Ada"}
    assert fields(moved, "queues", "8800") == {
        "Number": "8800",
        "Agents": ["201", {"Number": "102", "SkillGroup": "2"}],
        "Managers": ["201"],
        "ForwardNoAnswer": {"To": "VoiceMail", "Number": "201"},
    }
    assert fields(moved, "receptionists", "8820")["Forwards"] == [{"Input": "1", "ForwardDN": "201"}]
    assert fields(moved, "phones", "00:15:65:00:00:01")["User"] == "201"
    assert fields(moved, "users", "102")["ForwardingExceptions"] == [{"CallerId": "201"}]


def test_a_department_and_a_trunk_take_their_new_names_wherever_they_are_named() -> None:
    moved = renumbered(
        company(
            ("groups", "Sales", {"Name": "Sales"}),
            ("trunks", "London SIP", {"Gateway": {"Name": "London SIP", "Host": "sip.example.com"}}),
            ("users", "101", {"Number": "101", "PrimaryGroupId": "Sales", "Groups": {"Sales": "managers"}}),
            ("outbound_rules", "Out", {"Name": "Out", "GroupIds": ["Sales"], "Routes": [{"TrunkId": "London SIP"}]}),
            ("holidays", "Sales", {"Name": "Sales", "Group": "Sales"}),
        ),
        ("Sales", "Vertrieb", "groups"),
        ("London SIP", "Berlin SIP", "trunks"),
    )
    assert fields(moved, "groups", "Vertrieb") == {"Name": "Vertrieb"}
    assert fields(moved, "trunks", "Berlin SIP") == {"Gateway": {"Name": "Berlin SIP", "Host": "sip.example.com"}}
    assert fields(moved, "users", "101")["PrimaryGroupId"] == "Vertrieb"
    assert fields(moved, "users", "101")["Groups"] == {"Vertrieb": "managers"}
    assert fields(moved, "outbound_rules", "Out")["GroupIds"] == ["Vertrieb"]
    assert fields(moved, "outbound_rules", "Out")["Routes"] == [{"TrunkId": "Berlin SIP"}]
    assert fields(moved, "holidays", "Sales") == {"Name": "Sales", "Group": "Vertrieb"}


def test_the_default_department_keeps_its_key_under_another_name() -> None:
    moved = renumbered(
        company(
            ("groups", "DEFAULT", {"Name": "DEFAULT", "IsDefault": True}),
            ("users", "101", {"Number": "101", "Groups": {"DEFAULT": "users"}}),
        ),
        ("DEFAULT", "Everybody", "groups"),
    )
    assert fields(moved, "groups", "DEFAULT") == {"Name": "Everybody", "IsDefault": True}
    assert fields(moved, "users", "101")["Groups"] == {"DEFAULT": "users"}


def test_telephone_numbers_change_by_their_own_row_and_are_no_extensions() -> None:
    moved = renumbered(
        company(
            ("users", "101", {"Number": "101", "OutboundCallerID": "+442079460101", "Mobile": "1012"}),
            ("inbound_rules", "Main", {"RuleName": "Main", "Data": "+442079460101"}),
            ("queues", "800", {"Number": "800", "ForwardNoAnswer": {"To": "External", "External": "1015550100"}}),
        ),
        ("+442079460101", "+493023125800"),
        ("1*", "2*"),
    )
    assert fields(moved, "users", "201") == {"Number": "201", "OutboundCallerID": "+493023125800", "Mobile": "1012"}
    assert fields(moved, "inbound_rules", "Main")["Data"] == "+493023125800"
    assert fields(moved, "queues", "800")["ForwardNoAnswer"]["External"] == "1015550100"


def test_a_text_with_numbers_has_those_of_the_company_replaced_and_no_others() -> None:
    keys = '<PhoneDevice><BLFS><blf>101</blf><blf>1010</blf><blf type="1x">109</blf></BLFS></PhoneDevice>'
    moved = renumbered(company(("users", "101", {"Number": "101", "Blfs": keys})), ("1xx", "2xx"))
    assert fields(moved, "users", "201")["Blfs"] == keys.replace(">101<", ">201<")


def test_a_range_moves_with_its_ends_and_is_noted_where_other_extensions_are_then_in_it() -> None:
    rule = ("outbound_rules", "Out", {"Name": "Out", "DNRanges": [{"From": "101", "To": "103"}]})
    users = [("users", number, {"Number": number}) for number in ("101", "102", "103")]
    together = renumbered(company(rule, *users), ("1xx", "2xx"))
    assert fields(together, "outbound_rules", "Out")["DNRanges"] == [{"From": "201", "To": "203"}]
    assert together.warnings == []
    apart = renumbered(company(rule, *users), ("102", "302"))
    assert fields(apart, "outbound_rules", "Out")["DNRanges"] == [{"From": "101", "To": "103"}]
    assert apart.warnings == [
        "outbound_rules/Out has the extensions 101-103, which becomes 101-103; not the same extensions are in it."
    ]


def test_a_secret_is_called_after_the_new_number() -> None:
    secret = Secret("users/101/AuthPassword")
    moved = renumbered(company(("users", "101", {"Number": "101", "AuthPassword": secret})), ("101", "201"))
    assert fields(moved, "users", "201")["AuthPassword"] == Secret("users/201/AuthPassword")


def test_two_that_would_become_one_are_refused_by_name() -> None:
    with pytest.raises(InvalidArgument) as refused:
        renumbered(company(USER, ("users", "201", {"Number": "201"})), ("101", "201"))
    assert "users/101 and users/201 would both be users/201." in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("users", "users go by their numbers; leave the kind of those rows empty."),
        ("contacts", "contacts have no single name that could change."),
        ("group", "there is no kind 'group' that goes by a name;"),
    ],
)
def test_a_kind_without_names_can_not_be_renamed(kind: str, refusal: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        renumbered(company(USER), ("a", "b", kind))
    assert refusal in str(refused.value)


def test_entities_of_one_name_stay_as_many() -> None:
    rules = [("inbound_rules", key, {"RuleName": "Main", "Data": "101"}) for key in ("Main", "Main#2")]
    moved = renumbered(company(*rules), ("101", "201"))
    assert list(moved.entities) == [Id("inbound_rules", "Main"), Id("inbound_rules", "Main#2")]


def test_rows_about_nothing_are_warned_of_and_the_source_stays_as_it_is() -> None:
    source = company(USER)
    moved = renumbered(source, ("101", "201"), ("999", "998"))
    assert moved.warnings == ["numbers.csv, line 3: the source has no 999."]
    assert source.warnings == []
    assert list(source.entities) == [Id("users", "101")]


def test_every_key_is_what_its_fields_say() -> None:
    moved = renumbered(company(USER, ("queues", "800", {"Number": "800"})), ("1xx", "21xx"), ("800", "900"))
    assert all(kind_of(CATALOG, id).key_of(entity.fields) == id.key for id, entity in moved.entities.items())
