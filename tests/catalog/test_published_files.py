"""The catalog against 3CX's published files, read here in a second, independent way.

The files are not part of the project; without them these tests are skipped. They are read with YAML's base loader,
which takes every scalar for text, so that no value can turn into something else on the way.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.catalog import Action, Catalog, names
from trunkline.catalog.compile import HERE

yaml = pytest.importorskip("yaml")

SHARED = Path(__file__).parents[2].parent / "shared"
SPECS = Path(os.environ.get("TRUNKLINE_SPECS") or SHARED / "spec")
DISPLAY_NAMES = SHARED / "n8n" / "actions.tsv"
FILES = sorted(SPECS.glob("*.yaml"))
pytestmark = pytest.mark.skipif(not FILES, reason="3CX's published files are not here; set TRUNKLINE_SPECS")

Operation = dict[str, Any]
Key = tuple[str, str, str]  # operationId, method, path

OLDEST, NEWEST = 0, len(FILES) - 1
# What patches.toml says the files have wrong: parameters that are never null, and answers that are files.
NEVER_NULL = {"callTimeFilterFrom", "callTimeFilterTo"}


class Published:
    """One published file, as a reader of OpenAPI understands it."""

    def __init__(self, path: Path) -> None:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        self.document = yaml.load(path.read_bytes(), loader)
        self.date, self.version = path.stem.split("_", 1)
        self.operations: dict[Key, Operation] = {
            (operation["operationId"], method.upper(), route): operation
            for route, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method in ("get", "post", "patch", "put", "delete")
        }

    def parameters(self, key: Key) -> list[Operation]:
        return [self.followed(p) for p in self.operations[key].get("parameters", [])]

    def followed(self, node: Operation) -> Operation:
        while "$ref" in node:
            *_, group, name = node["$ref"].split("/")
            node = self.document["components"][group][name]
        return node

    def body_fields(self, key: Key) -> set[str] | None:
        """Names of the fields of an operation's body; None where it takes none."""
        if "requestBody" not in self.operations[key]:
            return None
        schema = self.followed(self.operations[key]["requestBody"])["content"]["application/json"]["schema"]
        if "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            return set(self.properties(name))
        return set(schema.get("properties", {}))

    def schema(self, name: str) -> Operation:
        found: Operation = self.document["components"]["schemas"][name]
        return found

    def own_properties(self, name: str) -> Operation:
        schema = self.schema(name)
        parts = [p for p in schema.get("allOf", []) if "$ref" not in p] or [schema]
        return {field: form for part in parts for field, form in part.get("properties", {}).items()}

    def base(self, name: str) -> str | None:
        refs = [p["$ref"].split("/")[-1] for p in self.schema(name).get("allOf", []) if "$ref" in p]
        return refs[0] if refs else None

    def properties(self, name: str) -> Operation:
        base = self.base(name)
        return {**(self.properties(base) if base else {}), **self.own_properties(name)}


@pytest.fixture(scope="module")
def recompiling(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The compiler at work in a process of its own, while the tests below read the same files."""
    output = tmp_path_factory.mktemp("compiled") / "catalog.json"
    command = [sys.executable, "-m", "trunkline.catalog.compile", *map(str, FILES), "-o", str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process, output
        process.kill()


@pytest.fixture(scope="module")
def published(recompiling: Any) -> list[Published]:
    gc.disable()  # millions of new objects, none of them garbage: a third of the time without looking for it
    try:
        return [Published(path) for path in FILES]
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def by_key() -> dict[Key, list[Action]]:
    found = defaultdict(list)
    for action in catalog.load().actions:
        found[action.operation_id, action.method, action.path].append(action)
    return found


def last_of_each_version(published: list[Published]) -> list[tuple[Published, Catalog]]:
    return [(file, catalog.load(version)) for version, file in {p.version: p for p in published}.items()]


def test_the_editions_are_the_files_in_the_order_of_their_dates(published: list[Published]) -> None:
    assert [(e.date, e.version) for e in catalog.load().editions] == [(p.date, p.version) for p in published]


def test_every_published_operation_is_in_the_catalog_for_exactly_the_files_that_have_it(
    published: list[Published], by_key: dict[Key, list[Action]]
) -> None:
    wrong = []
    for edition, file in enumerate(published):
        for key in file.operations:
            holders = [a for a in by_key.get(key, []) if a.since <= edition and (a.until is None or edition <= a.until)]
            if len(holders) != 1:
                wrong.append((file.version, key))
    assert wrong == []


def test_nothing_is_listed_for_an_edition_whose_file_lacks_it(
    published: list[Published], by_key: dict[Key, list[Action]]
) -> None:
    invented = [
        (published[edge].version, key)
        for key, actions in by_key.items()
        for action in actions
        if action.published
        for edge in (action.since, NEWEST if action.until is None else action.until)
        if key not in published[edge].operations
    ]
    assert invented == []


def test_only_actions_that_the_patch_file_adds_are_in_no_published_file(by_key: dict[Key, list[Action]]) -> None:
    assert [a.operation_id for actions in by_key.values() for a in actions if not a.published] == ["UploadCustomPrompt"]


def test_601_actions_are_live(published: list[Published]) -> None:
    live = {a.operation_id + a.path for a in catalog.load().actions if a.published and a.until is None}
    assert len(live) == 601
    assert len(published[NEWEST].operations) == 601
    assert len(published[OLDEST].operations) == 526


def test_parameters_stand_in_the_order_of_the_path_and_are_null_only_where_the_file_says_so(
    published: list[Published],
) -> None:
    wrong = []
    for file, narrowed in last_of_each_version(published):
        for action in narrowed.actions:
            key = (action.operation_id, action.method, action.path)
            if not action.published or key not in file.operations:
                continue
            declared = {p["name"]: p["schema"] for p in file.parameters(key) if p["in"] == "path"}
            expected = [
                (name, declared[name].get("nullable") == "true" and name not in NEVER_NULL)
                for name in re.findall(r"\{(\w+)\}", action.path)
            ]
            if [(p.name, p.type.nullable) for p in action.parameters] != expected:
                wrong.append((file.version, action.id))
    assert wrong == []


def test_if_match_is_taken_by_exactly_the_operations_that_declare_the_header(
    published: list[Published], by_key: dict[Key, list[Action]]
) -> None:
    declaring = {
        key: any(p["in"] == "header" and p["name"] == "If-Match" for p in file.parameters(key))
        for file in published
        for key in file.operations
    }
    assert {key: action.if_match for key in declaring for action in by_key[key]} == declaring
    newest = [key for key in published[NEWEST].operations if declaring[key]]
    assert len(newest) == 34
    assert {method for _, method, _ in newest} == {"DELETE"}


def test_query_options_are_those_of_the_version_s_own_file(published: list[Published]) -> None:
    wrong = []
    for file, narrowed in last_of_each_version(published):
        for action in narrowed.actions:
            key = (action.operation_id, action.method, action.path)
            if not action.published or key not in file.operations:
                continue
            declared = [p["name"].lstrip("$") for p in file.parameters(key) if p["in"] == "query"]
            if list(action.query) != declared:
                wrong.append((file.version, action.id, action.query, declared))
    assert wrong == []


def test_a_body_has_the_fields_that_the_version_s_own_file_gives_it(published: list[Published]) -> None:
    wrong = []
    for file, narrowed in last_of_each_version(published):
        for action in narrowed.actions:
            key = (action.operation_id, action.method, action.path)
            if not action.published or key not in file.operations:
                continue
            declared = file.body_fields(key)
            same_version = [f.body_fields(key) for f in published if f.version == file.version and key in f.operations]
            found = None if action.body is None else set(narrowed.spec_fields(action.body))
            if declared is None or found is None:
                if declared is not found:
                    wrong.append((file.version, action.id, found, declared))
            elif not declared <= found <= {name for fields in same_version for name in fields or ()}:
                wrong.append((file.version, action.id, found, declared))
    assert wrong == []


def test_the_newest_file_says_which_bodies_are_required(published: list[Published]) -> None:
    newest = published[NEWEST]
    required = {
        key
        for key, operation in newest.operations.items()
        if newest.followed(operation.get("requestBody", {})).get("required") == "true"
    }
    live = {(a.operation_id, a.method, a.path): a for a in catalog.load("20.0.10").actions if a.published}
    assert {key for key, action in live.items() if action.body_required} == required


def test_a_narrowed_catalog_has_no_more_and_no_less_than_the_files_of_its_version(published: list[Published]) -> None:
    for version in {p.version for p in published}:
        own = [p for p in published if p.version == version]
        expected = {key for file in own for key in file.operations}
        found = {(a.operation_id, a.method, a.path) for a in catalog.load(version).actions if a.published}
        assert found == expected, version


def test_enum_values_are_the_file_s_to_the_letter_and_in_its_order(published: list[Published]) -> None:
    newest, narrowed = published[NEWEST], catalog.load("20.0.10")
    declared = {
        name: [v for v in schema["enum"] if v not in ("null", "")]
        for name, schema in newest.document["components"]["schemas"].items()
        if name.startswith("Pbx.") and "enum" in schema
    }
    assert {name: list(narrowed.enum_values(name)) for name in declared} == declared
    assert "No" in declared["Pbx.AuthenticationType"]


def test_enums_that_may_be_combined_are_those_that_the_file_flags(published: list[Published]) -> None:
    schemas = published[NEWEST].document["components"]["schemas"]
    flagged = {name for name, schema in schemas.items() if name.startswith("Pbx.") and "x-ms-enum-flags" in schema}
    assert {name for name, enum in catalog.load().enums.items() if enum.flags and enum.until is None} == flagged


TYPES = [
    "ActiveCall",
    "ActivityLogEvent",
    "Backups",
    "BlackListNumber",
    "BlocklistAddr",
    "CallFlowApp",
    "CallHistoryView",
    "CallLogData",
    "Contact",
    "CrmTemplate",
    "CustomPrompt",
    "DN",
    "Defs",
    "DeviceInfo",
    "EmailTemplate",
    "Fax",
    "Firmware",
    "ForwardingProfile",
    "Fxs",
    "Group",
    "Holiday",
    "InboundRule",
    "OutboundRule",
    "Parking",
    "Peer",
    "Phone",
    "Playlist",
    "Prompt",
    "Queue",
    "Receptionist",
    "Recording",
    "Rights",
    "RingGroup",
    "Route",
    "Sbc",
    "Schedule",
    "Trunk",
    "User",
    "UserGroup",
    "Weblink",
]


def nullable(field: Operation) -> bool:
    """OpenAPI says it in one of two ways: on the schema, or as one of ``anyOf``."""
    return field.get("nullable") == "true" or any(part.get("nullable") == "true" for part in field.get("anyOf", []))


@pytest.mark.parametrize("type_name", TYPES)
def test_a_type_has_the_fields_of_the_newest_file(published: list[Published], type_name: str) -> None:
    name = f"Pbx.{type_name}"
    declared = published[NEWEST].properties(name)
    fields = catalog.load("20.0.10").fields(name)
    assert declared
    assert {f: (s.collection, s.navigation, s.max_length) for f, s in fields.items()} == {
        f: (
            form.get("type") == "array",
            form.get("x-ms-navigationProperty") == "true",
            int(form["maxLength"]) if "maxLength" in form else None,
        )
        for f, form in declared.items()
    }


@pytest.mark.parametrize("type_name", TYPES)
def test_a_field_may_be_null_exactly_where_the_newest_file_says_so(published: list[Published], type_name: str) -> None:
    name = f"Pbx.{type_name}"
    declared = published[NEWEST].properties(name)
    fields = catalog.load("20.0.10").fields(name)
    assert {f: s.nullable for f, s in fields.items()} == {f: nullable(form) for f, form in declared.items()}


@pytest.mark.parametrize("version", ["20.0.5", "20.0.7", "20.0.8", "20.0.9"])
def test_an_older_version_s_users_have_the_fields_of_their_file(published: list[Published], version: str) -> None:
    file = {p.version: p for p in published}[version]
    first = next(p for p in published if p.version == version)
    assert set(catalog.load(version).fields("Pbx.User")) == {
        *file.properties("Pbx.User"),
        *first.properties("Pbx.User"),
    }


def test_display_names_are_spelled_as_the_workflow_node_spells_them(by_key: dict[Key, list[Action]]) -> None:
    if not DISPLAY_NAMES.exists():
        pytest.skip("the table of display names is not here")
    by_route = defaultdict(set)
    for (operation_id, method, path), (action, *_) in by_key.items():
        by_route[method, path].add((names.display_words(action.tag), names.display_words(operation_id)))
    rows = [line.split("\t") for line in DISPLAY_NAMES.read_text(encoding="utf-8").splitlines()[1:]]
    known = [row for row in rows if (row[2], row[3]) in by_route]
    assert len(known) > 500
    assert [row[:4] for row in known if (row[0], row[1]) not in by_route[row[2], row[3]]] == []


def test_compiling_the_published_files_again_gives_the_same_bytes(recompiling: Any) -> None:
    process, output = recompiling
    said, complaint = process.communicate()
    assert (process.returncode, complaint) == (0, "")
    assert "601 actions of 20.0.10" in said
    assert output.read_bytes() == (HERE / "catalog.json").read_bytes()
