"""The data file by itself: everything it names exists, and its names are fit for Python and the shell."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline import Pbx, catalog
from trunkline.catalog import Action, TypeSpec, parse_type
from trunkline.catalog.model import ActionBefore

CATALOG = catalog.load()
PRIMITIVES = {
    "Any", "Binary", "Boolean", "Byte", "Date", "DateTimeOffset", "Decimal", "Double", "Duration", "Guid", "Int32",
    "Int64", "Single", "String", "TimeOfDay",
}  # fmt: skip


def every_spec() -> Iterator[tuple[str, str]]:
    """Every type spec of the data file with the place where it stands."""
    for name, entity_set in CATALOG.sets.items():
        for key, spec in entity_set.key.items():
            yield f"key {key} of set {name}", spec
        if entity_set.type:
            yield f"type of set {name}", entity_set.type
    for name, declared in CATALOG.types.items():
        for field in declared.fields:
            for form in declared.forms(field):
                yield f"{name}.{field}", form.type
        if declared.base:
            yield f"base of {name}", declared.base
    for action in CATALOG.actions:
        editions: list[Action | ActionBefore] = [action, *action.before]
        for edition in editions:
            for param, spec in (edition.params or {}).items():
                yield f"{param} of {action.id}", spec
            if isinstance(edition.body, str):
                yield f"body of {action.id}", edition.body
            for field, spec in (edition.body if isinstance(edition.body, dict) else {}).items():
                yield f"{field} of the body of {action.id}", spec
            if " " in (edition.answer or ""):
                yield f"answer of {action.id}", (edition.answer or "").partition(" ")[2]


SPECS = list(every_spec())


def test_ids_are_unique() -> None:
    ids = [a.id for a in CATALOG.actions]
    assert len(ids) == len(set(ids))


def test_at_any_version_one_resource_has_one_action_of_a_verb() -> None:
    for version in sorted({e.version for e in CATALOG.editions}):
        narrowed = catalog.load(version)
        last = max(i for i, e in enumerate(narrowed.editions) if e.version == version)
        live = [
            (a.resource, a.verb) for a in narrowed.actions if a.since <= last and (a.until is None or a.until >= last)
        ]
        assert len(live) == len(set(live)), version


def test_every_type_spec_reads_and_prints_back() -> None:
    assert len(SPECS) > 3000
    assert [(where, spec) for where, spec in SPECS if str(parse_type(spec)) != spec] == []


def test_every_type_named_anywhere_is_a_primitive_or_in_the_catalog() -> None:
    known = PRIMITIVES | CATALOG.types.keys() | CATALOG.enums.keys()
    assert [(where, spec) for where, spec in SPECS if parse_type(spec).name not in known] == []


@pytest.mark.parametrize(
    ("spec", "parsed"),
    [
        ("Int32", TypeSpec("Int32")),
        ("String(12)?", TypeSpec("String", nullable=True, max_length=12)),
        ("[Pbx.UserGroup]", TypeSpec("Pbx.UserGroup", collection=True)),
        ("[String(12)]?", TypeSpec("String", collection=True, nullable=True, max_length=12)),
        ("Pbx.Peer? nav", TypeSpec("Pbx.Peer", nullable=True, navigation=True)),
        ("[Pbx.UserGroup] nav", TypeSpec("Pbx.UserGroup", collection=True, navigation=True)),
    ],
)
def test_a_type_spec_says_five_things(spec: str, parsed: TypeSpec) -> None:
    assert parse_type(spec) == parsed


@pytest.mark.parametrize("text", ["", "?", "[Int32", "Int32]", "String()", "String(x)", "Int32 ?", "Pbx.Peer nav nav"])
def test_what_is_no_type_spec_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a type spec"):
        parse_type(text)


@given(
    st.builds(
        TypeSpec,
        st.from_regex(r"(Pbx\.)?[A-Z][A-Za-z0-9]{0,20}", fullmatch=True).filter(str.isascii),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(0, 10**6),
        st.booleans(),
    )
)
def test_any_type_spec_survives_printing(spec: TypeSpec) -> None:
    assert parse_type(str(spec)) == spec


def test_every_place_in_a_path_is_a_parameter_and_every_parameter_has_its_place() -> None:
    assert [a.id for a in CATALOG.actions if list(a.params) != re.findall(r"\{(\w+)\}", a.path)] == []


def test_keys_are_fields_of_their_type_and_never_null() -> None:
    keyed = [name for name in CATALOG.types if CATALOG.key(name)]
    assert len(keyed) > 60
    for name in keyed:
        fields = CATALOG.fields(name)
        for key in CATALOG.key(name):
            assert key in fields, f"{name} has no field {key}"
            assert not fields[key].collection, f"{name}.{key}"


def test_the_key_of_a_set_is_the_key_of_its_type() -> None:
    sets = {n: s for n, s in CATALOG.sets.items() if s.key and s.type}
    assert {n: CATALOG.key(s.type or "") for n, s in sets.items()} == {n: tuple(s.key) for n, s in sets.items()}


def test_sixteen_sets_have_keys_that_are_no_numbers() -> None:
    keyed = {name: {parse_type(k).name for k in s.key.values()} for name, s in CATALOG.sets.items() if s.key}
    assert {name for name, kinds in keyed.items() if kinds != {"Int32"}} == {
        "Backups", "BlackListNumbers", "CrmTemplates", "CustomPrompts", "EmailTemplate", "Firmwares", "Fxs",
        "FxsTemplates", "OAuthClients", "PhoneLogos", "PhoneTemplates", "Playlists", "Sbcs", "TenantProperties",
        "TrunkTemplates", "WebsiteLinks",
    }  # fmt: skip


def test_every_resource_of_a_set_has_actions() -> None:
    assert {s.resource for s in CATALOG.sets.values()} - CATALOG.resources.keys() == set()


def test_resources_and_verbs_are_names_that_python_takes() -> None:
    for resource, verbs in CATALOG.resources.items():
        for name in (resource, *verbs):
            assert name.isidentifier(), name
            assert name == name.lower(), name
            assert not keyword.iskeyword(name), name


def test_no_resource_hides_behind_an_attribute_of_the_client() -> None:
    assert CATALOG.resources.keys() & set(dir(Pbx)) == set()


def test_no_verb_begins_with_an_underscore() -> None:
    assert [a.id for a in CATALOG.actions if a.verb.startswith("_") or a.resource.startswith("_")] == []


def test_lifetimes_lie_within_the_editions() -> None:
    count = len(CATALOG.editions)
    things: list[Any] = [*CATALOG.actions, *CATALOG.types.values(), *CATALOG.enums.values()]
    for thing in things:
        assert 0 <= thing.since < count
        assert thing.until is None or thing.since <= thing.until < count - 1, "the newest edition is written as null"


def test_summaries_are_one_line_that_begins_with_a_capital_and_ends_with_its_only_full_stop() -> None:
    odd = [
        a.summary
        for a in CATALOG.actions
        if "\n" in a.summary or not a.summary[0].isupper() or a.summary.count(".") != 1 or a.summary[-1] != "."
    ]
    assert odd == []


def test_only_the_names_made_by_rule_read_as_sentences_so_no_text_of_3cx_s_is_in_the_data() -> None:
    def texts(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield name
                yield from () if name in ("noun", "generated") else texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)
        elif isinstance(value, str):
            yield value

    found = list(texts(json.loads(catalog.DATA_FILE.read_text(encoding="utf-8"))))
    assert len(found) > 10_000
    assert [text for text in found if len(text.split()) > 4] == []


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("fax.delete", ("Id",)),
        ("fax.get_by_number", ("Number",)),
        ("website_links.update", ("Link",)),
        ("device_infos.provision", ("Id",)),
        ("contacts.get_contacts_by_number", ()),
        ("get_update_details.get_update_details", ()),
        ("fax.list", ()),
    ],
)
def test_keys_are_told_from_arguments_of_functions(action: str, keys: tuple[str, ...]) -> None:
    assert CATALOG.action(action).keys == keys


@pytest.mark.parametrize(
    ("action", "destructive"),
    [
        ("fax.delete", True),
        ("fax.bulk_fax_delete", True),
        ("activity_log.purge_logs", True),
        ("contacts.delete_contacts_by_id", True),
        ("backups.restore", True),
        ("backups.set_restore_settings", False),
        ("queues.reset_queue_statistics", True),
        ("services.restart_all", False),
        ("fax.get", False),
        ("fax.update", False),
        ("users.make_call", False),
    ],
)
def test_an_action_that_removes_something_says_so(action: str, destructive: bool) -> None:
    assert CATALOG.action(action).destructive is destructive


@pytest.mark.parametrize(
    ("action", "asks"),
    [
        ("fax.delete", True),
        ("active_calls.drop_call", True),
        ("services.restart_operating_system", True),
        ("services.stop", True),
        ("services.start", False),
        ("updates.install_updates", True),
        ("users.reprovision_all_phones", True),
        ("users.regenerate_passwords", True),
        ("firewall.stop_check", False),
        ("users.make_call", False),
        ("contacts.create", False),
        ("services.list", False),
    ],
)
def test_what_removes_or_cuts_off_asks_first(action: str, asks: bool) -> None:
    assert CATALOG.action(action).asks is asks
