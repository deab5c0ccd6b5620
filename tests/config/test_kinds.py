"""Which sets of a PBX are files, which are not and why, and what the hand-written tables name."""

from __future__ import annotations

import pytest

from trunkline.catalog import Catalog, load
from trunkline.client.unchanged import VOLATILE
from trunkline.config.forms import forms
from trunkline.config.kinds import kind_of, kinds, not_managed, settings_kinds, writable_sets
from trunkline.config.model import Id
from trunkline.config.tables import tables
from trunkline.errors import InvalidArgument, UnknownName

VERSIONS = sorted({edition.version for edition in load().editions})


@pytest.fixture
def catalog() -> Catalog:
    return load("20.0.10")


def test_each_set_that_can_be_written_is_managed_or_listed_with_a_reason(catalog: Catalog) -> None:
    managed = {kind.set for kind in (*kinds(catalog).values(), *settings_kinds(catalog).values())}

    assert set(writable_sets(catalog)) == (managed - {""}) | not_managed(catalog).keys()
    assert managed.isdisjoint(not_managed(catalog))
    assert all(len(reason) > 15 for reason in not_managed(catalog).values())


def test_each_creatable_set_that_is_managed_can_be_created_changed_removed_and_read(catalog: Catalog) -> None:
    for kind in kinds(catalog).values():
        if kind.set and not kind.single and kind.name != "email_template":
            assert all((kind.creator, kind.updater, kind.deleter, kind.reader, kind.getter, kind.api_key)), kind.name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_its_kinds(version: str) -> None:
    catalog = load(version)

    for kind in (*kinds(catalog).values(), *settings_kinds(catalog).values()):
        if kind.name != "settings" or kind.single:
            assert kind.fields, kind
            assert all(name.partition(".")[0] in kind.fields for name in kind.key), kind
            assert kind.part or kind.reader in {action.id for action in catalog.actions}, kind


def test_each_entry_of_the_tables_names_something_of_the_catalog() -> None:
    facts, catalog = tables(), load()
    every_field = {name for type_name in catalog.types for name in catalog.fields(type_name)}

    for path in (*facts.computed, *facts.not_expanded, *facts.only_true, *facts.padded):
        type_name, _, field = path.rpartition(".")
        assert field in (every_field if type_name == "*" else catalog.fields(type_name)), path
    for path in facts.not_expanded:
        type_name, _, field = path.rpartition(".")
        assert catalog.fields(type_name)[field].navigation, path
    for theirs, entry in facts.not_ours.items():
        spec = catalog.fields(catalog.sets[theirs].type or "")[entry.field]
        assert spec.name == "Boolean" or set(entry.values) <= set(catalog.enum_values(spec.name)), theirs
    for path in (*facts.volatile, *facts.sets, *facts.references):
        type_name, _, field = path.rpartition(".")
        assert field in (catalog.fields(type_name) if type_name else every_field), path
    for type_name, names in facts.people.items():
        assert {"Number", *names} <= catalog.fields(type_name).keys(), type_name
    for type_name, field in facts.elements.items():
        assert field in catalog.fields(type_name), type_name
    for set_name in (
        *facts.not_configuration,
        *facts.not_managed,
        *facts.not_ours,
        *(entry.set for entry in facts.named.values()),
    ):
        assert set_name in catalog.sets, set_name
    for reference in facts.references.values():
        assert reference.kind in kinds(catalog).keys() | facts.named.keys(), reference


def test_what_the_client_does_not_compare_is_no_configuration() -> None:
    assert tables().volatile.keys() > VOLATILE


def test_each_entry_has_a_reason() -> None:
    facts = tables()

    for table in (facts.not_managed, facts.computed, facts.volatile, facts.sets, facts.only_true, facts.whole):
        assert all(table.values())
    for entries in (facts.kinds, facts.named, facts.padded, facts.not_ours):
        assert all(entry.reason for entry in entries.values())


def test_the_key_stands_first_and_lists_stand_last(catalog: Catalog) -> None:
    names = list(kinds(catalog)["queues"].fields)

    assert names[0] == "Number"
    assert names.index("WrapUpTime") < names.index("Agents")
    assert list(kinds(catalog)["phones"].fields)[:2] == ["MacAddress", "User"]
    assert next(iter(forms(catalog, "Pbx.ForwardingProfile"))) == "Name"


@pytest.mark.parametrize(
    ("kind", "fields", "key"),
    [
        ("users", {"Number": "100"}, "100"),
        ("groups", {"Name": "Sales"}, "Sales"),
        ("groups", {"Name": "Head office", "IsDefault": True}, "DEFAULT"),
        ("trunks", {"Gateway": {"Name": "London SIP"}}, "London SIP"),
        ("trunks", {"ExternalNumber": "+442079460100"}, "+442079460100"),
        ("contacts", {"FirstName": "Ada", "CompanyName": "Example"}, "Ada Example"),
        ("contacts", {"FirstName": " ", "PhoneNumber": "+442079460123"}, "+442079460123"),
        ("inbound_rules", {"RuleName": "", "Data": "+442079460100"}, "+442079460100"),
        ("hours", {}, "company"),
    ],
)
def test_a_key_comes_from_the_fields(catalog: Catalog, kind: str, fields: dict[str, object], key: str) -> None:
    assert kinds(catalog)[kind].key_of(fields) == key


def test_an_entity_without_a_key_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidArgument, match="One of the inbound rules has no RuleName, Data, Condition"):
        kinds(catalog)["inbound_rules"].key_of({})


def test_each_singleton_has_a_kind_of_its_own(catalog: Catalog) -> None:
    kind = kind_of(catalog, Id("settings", "mail_settings"))

    assert (kind.name, kind.set, kind.updater, kind.creator) == (
        "settings",
        "MailSettings",
        "mail_settings.update",
        "",
    )
    assert kind.key_of({}) == "mail_settings"


@pytest.mark.parametrize(
    ("id", "near"), [(Id("queue", "800"), "queues"), (Id("settings", "mail_setting"), "mail_settings")]
)
def test_an_unknown_kind_is_refused_with_the_nearest(catalog: Catalog, id: Id, near: str) -> None:
    with pytest.raises(UnknownName, match=near):
        kind_of(catalog, id)


def test_one_of_a_kind_is_not_called_by_its_plural(catalog: Catalog) -> None:
    nouns = {name: kind.noun(1) for name, kind in kinds(catalog).items()}
    assert nouns["queues"] == "queue"
    assert nouns["tenant_properties"] == "tenant property"
    assert [name for name, noun in nouns.items() if noun.endswith("s")] == ["hours", "fxs", "settings"]
    assert kinds(catalog)["inbound_rules"].noun(0) == "inbound rules"
