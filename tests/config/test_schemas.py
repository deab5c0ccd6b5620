"""The schemas for editors: every file that is written keeps to its schema, and what `load` refuses does not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from trunkline import Pbx, catalog
from trunkline.config.folder.schemas import manifest_schema, schema_name, schemas
from trunkline.config.folder.writing import write, write_schemas
from trunkline.config.kinds import SETTINGS, kinds, settings_kinds
from trunkline.config.reading import read


class Loader(yaml.SafeLoader):
    """YAML as an editor reads it, which takes our tags for texts."""


for tag in ("!secret", "!remove"):
    Loader.add_constructor(tag, lambda loader, node: node.value)


@lru_cache(maxsize=1)
def known() -> Mapping[str, dict[str, Any]]:
    return schemas(catalog.load())


def problems(name: str, text: str) -> list[str]:
    """What an editor underlines."""
    validator = jsonschema.Draft7Validator(known()[name])
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader=Loader))]


def test_each_kind_and_each_setting_has_a_schema_that_is_one() -> None:
    everything = catalog.load()
    names = {*kinds(everything), *(f"{SETTINGS}/{name}" for name in settings_kinds(everything)), "trunkline"}
    assert known().keys() == names - {SETTINGS}
    for schema in known().values():
        jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("terse", [False, True])
def test_every_file_of_an_export_keeps_to_the_schema_that_it_names(pbx: Pbx, tmp_path: Path, terse: bool) -> None:
    there = read(pbx).configuration
    write(there, tmp_path, terse=terse)
    checked = 0
    for id in there.entities:
        file = next(path for path in (tmp_path / id.kind).iterdir() if id.kind != SETTINGS or path.stem == id.key)
        text = file.read_text()
        schema = f"../.schema/{schema_name(id)}.json"
        assert text.startswith(f"# yaml-language-server: $schema={schema}\n")
        assert (file.parent / schema).is_file()
    for file in tmp_path.rglob("*.yaml"):
        kind = file.parent.name if file.parent != tmp_path else "trunkline"
        assert problems(f"{SETTINGS}/{file.stem}" if kind == SETTINGS else kind, file.read_text()) == []
        checked += 1
    assert checked == len(there.entities) + 1


@pytest.mark.parametrize(
    "text",
    [
        "Number: 800",
        "Number: '800'\nName: 12\nRingTimeout: 30\nPollingStrategy: Hunt",
        "Number: ${prefix}00\nRingTimeout: ${ring}\nPriorityQueue: ${on}\nPollingStrategy: ${way}\nAgents: ${agents}",
        "Number: 800\nAgents: ['100', {Number: '101', SkillGroup: '2'}, 102]",
        "Number: 800\nGroups: {Sales: managers}\nName: null\nPriorityQueue: null\nAgents: null",
        "Number: 800\nName: !remove\nRingTimeout: !remove\nAgents: !remove\nGroups: !remove",
        "!remove",
    ],
)
def test_what_a_file_may_have_keeps_to_the_schema(text: str) -> None:
    assert problems("queues", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Name: Sales",
        "Number: 800\nNaem: x",
        "Number: 800\nId: 3",
        "Number: 800\nPollingStrategy: Hunnt",
        "Number: 800\nRingTimeout: soon",
        "Number: 800\nRingTimeout: 99999999999",
        "Number: 800\nPriorityQueue: 'yes'",
        "Number: 800\nAgents: '100'",
        "Number: 800\nAgents: [{SkillGroup: '2'}]",
        "Number: 800\nAgents: [{Number: '100', Naem: x}]",
        "Number: 800\nGroups: Sales",
        "Number: 800\nBreakRoute: {Promt: x}",
        "- Number",
    ],
)
def test_what_is_refused_does_not_keep_to_the_schema(text: str) -> None:
    assert problems("queues", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("users", "Number: 100\nAuthPassword: !secret users/100/AuthPassword\nTranscriptionMode: Inherit"),
        ("phones", "MacAddress: 00AABBCCDDEE\nUser: 100"),
        ("contacts", "CompanyName: Acme"),
        ("inbound_rules", "Data: '*'"),
        ("trunks", "Gateway: {Name: London SIP}"),
        ("settings/mail_settings", "{}"),
        ("trunkline", "extends: ../base\nmanage: [users]\ncomplete: true"),
        ("trunkline", "extends: [../base]\nmanage: {users: ['1*'], contacts: []}\nignore: ['users/*/Mobile']"),
    ],
)
def test_other_kinds_of_files_keep_to_theirs(name: str, text: str) -> None:
    assert problems(name, text) == []


@pytest.mark.parametrize("text", ["managed: []", "manage: [user]", "manage: {user: []}", "complete: 1", "version: 20"])
def test_a_manifest_that_is_refused_does_not_keep_to_its_schema(text: str) -> None:
    assert problems("trunkline", text)


def test_fields_have_their_descriptions_and_enums_their_values() -> None:
    fields = known()["queues"]["properties"]
    assert all("description" in fields[name] for name in ("Number", "Name", "RingTimeout", "PollingStrategy", "Agents"))
    assert "Hunt" in fields["PollingStrategy"]["anyOf"][0]["enum"]


def test_schemas_of_an_older_version_have_what_it_has() -> None:
    older, newer = schemas(catalog.load("20.0.9")), schemas(catalog.load("20.0.10"))
    assert "ComfortPrompts" not in older["queues"]["properties"]
    assert "ComfortPrompts" in newer["queues"]["properties"]


def test_schemas_are_written_once(tmp_path: Path) -> None:
    some = {"queues": known()["queues"], "trunkline": manifest_schema(catalog.load())}
    write_schemas(tmp_path, some)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / ".schema").iterdir()}
    assert {path.name for path in before} == {"queues.json", "trunkline.json"}
    write_schemas(tmp_path, some)
    assert {path: path.stat().st_mtime_ns for path in before} == before
