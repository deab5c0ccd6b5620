"""Folders that build on others, values in their files, and what a manifest says that a folder speaks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from trunkline.config.folder.faults import ConfigurationFaults
from trunkline.config.folder.loading import load
from trunkline.config.model import Id, Place, Scope, Secret

Write = Callable[[Mapping[str, str]], Path]
ACME = "extends: ../base\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files below a folder, and return its subfolder ``acme``."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "acme"

    return write


def entities(folder: Path, values: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    return {str(id): entity.fields for id, entity in load(folder, values).entities.items()}


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationFaults) as raised:
        load(folder)
    return [str(fault) for fault in raised.value.faults]


def test_an_upper_layer_changes_fields_of_a_lower_one_by_key_whatever_its_files_are_called(write: Write) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": ACME,
            "base/queues/sales.yaml": "Number: 800\nName: Sales\nRingTimeout: 20\nAgents: ['100', '101']\n"
            "BreakRoute:\n  IsPromptEnabled: true\n  Prompt: break.wav\n",
            "acme/queues/800.yaml": "Number: 800\nRingTimeout: 30\nAgents: ['102']\nBreakRoute:\n  Prompt: ours.wav\n",
        }
    )
    assert entities(folder) == {
        "queues/800": {
            "Number": "800",
            "Name": "Sales",
            "RingTimeout": 30,
            "Agents": ["102"],
            "BreakRoute": {"IsPromptEnabled": True, "Prompt": "ours.wav"},
        }
    }
    places = load(folder).entities[Id("queues", "800")].places
    assert places["Name"] == Place("../base/queues/sales.yaml", 2)
    assert places["RingTimeout"] == Place("queues/800.yaml", 2)


def test_remove_takes_out_an_entity_or_a_field_at_any_depth(write: Write) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": ACME,
            "base/queues/800.yaml": "Number: 800\nName: Sales\nBreakRoute:\n  Prompt: a.wav\n  IsPromptEnabled: true\n",
            "base/queues/801.yaml": "Number: 801\n",
            "base/queues/802.yaml": "Number: 802\n",
            "acme/queues/800.yaml": "Number: 800\nName: !remove\nBreakRoute:\n  Prompt: !remove\n",
            "acme/queues/801.yaml": "# not here\n!remove\n",
        }
    )
    assert entities(folder) == {
        "queues/800": {"Number": "800", "BreakRoute": {"IsPromptEnabled": True}},
        "queues/802": {"Number": "802"},
    }


def test_remove_needs_something_to_remove(write: Write) -> None:
    folder = write({"acme/queues/801.yaml": "!remove\n"})
    assert faults(folder) == [
        "queues/801.yaml:1: no folder below has a file queues/801.yaml, so there is nothing to remove"
    ]


def test_layers_come_in_order_each_once_and_the_last_one_wins(write: Write) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": "extends: [../north, ../shop]\n",
            "north/trunkline.yaml": ACME,
            "shop/trunkline.yaml": ACME,
            "base/queues/800.yaml": "Number: 800\nName: base\nRingTimeout: 1\nWrapUpTime: 1\nMasterTimeout: 1\n",
            "north/queues/800.yaml": "Number: 800\nName: north\nRingTimeout: 2\nWrapUpTime: 2\n",
            "shop/queues/800.yaml": "Number: 800\nName: shop\nRingTimeout: 3\n",
            "acme/queues/800.yaml": "Number: 800\nName: acme\n",
        }
    )
    assert entities(folder)["queues/800"] == {
        "Number": "800",
        "Name": "acme",
        "RingTimeout": 3,
        "WrapUpTime": 2,
        "MasterTimeout": 1,
    }


def test_a_folder_that_builds_on_itself_or_on_nothing_is_refused(write: Write) -> None:
    folder = write(
        {"acme/trunkline.yaml": "extends: [../base, ../nowhere]\n", "base/trunkline.yaml": "extends: ../acme\n"}
    )
    assert faults(folder) == [
        "../base/trunkline.yaml:1: ../acme extends this folder in turn; a folder can't build on itself",
        "trunkline.yaml:1: there is no folder ../nowhere, seen from this file",
    ]


def test_a_value_has_its_own_type_alone_and_is_text_within_text(write: Write) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": "values: values.yaml\n",
            "acme/values.yaml": "ring: 25\non: true\nagents: ['100']\ncustomer: {prefix: '02', name: Acme}\nnothing:\n"
            "mail: info@${customer.name}.example.com\n",
            "acme/queues/x.yaml": "Number: ${customer.prefix}00\nName: '${customer.name} at $${customer.name}'\n"
            "RingTimeout: ${ring}\nPriorityQueue: ${on}\nAgents: ${agents}\nIntroFile: ${nothing}\n"
            "VMEmailList: ${ mail }\nCallbackPrefix: ${ring}\nGroups:\n  ${customer.name}: managers\n",
            "acme/users/x.yaml": "Number: 100\nAuthPassword: !secret ${customer.name}/100\n",
        }
    )
    assert entities(folder) == {
        "queues/0200": {
            "Number": "0200",
            "Name": "Acme at ${customer.name}",
            "RingTimeout": 25,
            "PriorityQueue": True,
            "Agents": ["100"],
            "IntroFile": None,
            "VMEmailList": "info@Acme.example.com",
            "CallbackPrefix": "25",
            "Groups": {"Acme": "managers"},
        },
        "users/100": {"Number": "100", "AuthPassword": Secret("Acme/100")},
    }


def test_values_of_upper_layers_and_of_the_caller_count_for_more(write: Write) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": "extends: ../base\nvalues: [values.yaml, more.yaml]\n",
            "base/trunkline.yaml": "values: values.yaml\n",
            "base/values.yaml": "a: {one: base, two: base, three: base, four: base}\n",
            "acme/values.yaml": "a: {two: acme, three: acme, four: acme}\n",
            "acme/more.yaml": "a: {three: more, four: more}\n",
            "base/queues/800.yaml": "Number: 800\nName: ${a.one} ${a.two} ${a.three} ${a.four}\n",
        }
    )
    assert entities(folder, {"a": {"four": "given"}})["queues/800"]["Name"] == "base acme more given"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("${nam}", "there is no value nam. Did you mean name? A text with ${ in it is written $${."),
        ("${a}", "the value a is made of itself"),
        ("x ${list}", "${list} is a list, which can't stand within a text"),
        ("x ${inner.deep}", "there is no value inner.deep."),
    ],
)
def test_a_value_that_is_not_there_is_a_fault_where_it_is_used(write: Write, value: str, fault: str) -> None:
    folder = write(
        {
            "acme/trunkline.yaml": "values: values.yaml\n",
            "acme/values.yaml": "name: x\na: ${b}\nb: ${a}\nlist: [1]\ninner: 3\n",
            "acme/queues/800.yaml": f"Number: 800\nName: {value}\n",
        }
    )
    found = faults(folder)
    assert len(found) == 1
    assert found[0].startswith("queues/800.yaml:2: " if value != "${a}" else "values.yaml:3: ")
    assert fault in found[0]


def test_a_folder_manages_the_kinds_that_it_has_files_of_unless_its_manifest_says_otherwise(write: Write) -> None:
    folder = write(
        {
            "acme/queues/800.yaml": "Number: 800\n",
            "acme/users/100.yaml": "Number: 100\n",
            "acme/trunkline.yaml": "manage:\n  users: ['1*']\n  contacts: ['*']\n  queues: []\nprotect: [users/100]\n"
            "ignore: ['users/*/Mobile']\ncomplete: true\nversion: 20.0.10\n",
        }
    )
    configuration = load(folder)
    assert configuration.scope == Scope(
        {"queues": (), "users": ("1*",), "contacts": ("*",)}, ("users/*/Mobile",), ("users/100",), True
    )
    assert configuration.version == "20.0.10"
    assert configuration.name == str(folder)


def test_the_scope_of_layers_is_that_of_all_together(write: Write) -> None:
    folder = write(
        {
            "base/queues/800.yaml": "Number: 800\n",
            "base/trunkline.yaml": "manage: {users: ['1*']}\nprotect: [users/100]\ncomplete: true\nversion: 20.0.9\n",
            "acme/trunkline.yaml": "extends: ../base\nmanage: {users: ['2*']}\nprotect: [users/200]\n",
        }
    )
    configuration = load(folder)
    assert configuration.scope == Scope(
        {"queues": ("*",), "users": ("1*", "2*")}, (), ("users/100", "users/200"), False
    )
    assert configuration.version == "20.0.9"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a", "fields are expected here, such as `complete: true`, not a list"),
        ("extends: {a: b}", "extends must have texts, not an object"),
        ("manage: [user]", "there is no kind user. Did you mean users?"),
        ("manage: {user: []}", "there is no kind user. Did you mean users?"),
        ("ignore: [Mobile]", "Mobile does not say what to ignore; write it like users/*/Mobile"),
        ("ignore: ['users/*/Mobil']", "users have no field Mobil. Did you mean Mobile"),
        ("protect: [users]", "users does not say what to protect; write it like users/100"),
        ("complete: 3", "complete must be true or false"),
        ("version: twenty", "version must be one of 3CX, such as 20.0.10, not 'twenty'"),
        ("values: ../outside.yaml", "../outside.yaml can't be read"),
        ("values: nowhere.yaml", "nowhere.yaml can't be read"),
        ("extends: 'C:\\base'", "'C:\\\\base' can't be a folder"),
    ],
)
def test_what_a_manifest_has_wrong_is_named_with_its_line(write: Write, text: str, fault: str) -> None:
    found = faults(write({"acme/trunkline.yaml": f"{text}\n", "outside.yaml": "a: 1\n"}))
    assert len(found) == 1
    assert found[0].startswith(f"trunkline.yaml:1: {fault}")


def test_an_empty_manifest_says_nothing(write: Write) -> None:
    assert load(write({"acme/trunkline.yaml": "# nothing yet\n"})).scope == Scope({})


def test_links_that_lead_out_of_a_folder_are_refused(write: Write, tmp_path: Path) -> None:
    folder = write({"acme/queues/800.yaml": "Number: 800\n", "elsewhere.yaml": "Number: 801\nName: private\n"})
    (folder / "queues" / "801.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (folder / "queues" / "802.yaml").symlink_to(folder / "queues" / "nowhere.yaml")
    found = faults(folder)
    assert len(found) == 2
    assert found[0].startswith("queues/801.yaml:1: the file can't be read: ")
    assert "outside of the folder" in found[0]
    assert "goes into a folder that each names in its trunkline.yaml, under `extends`." in found[0]
    assert "files_from" not in found[0]
    assert found[1].startswith("queues/802.yaml:1: the file can't be read: ")


def test_a_link_within_a_folder_is_a_file(write: Write) -> None:
    folder = write({"acme/queues/800.yaml": "Number: 800\n", "acme/shared/text.txt": "Number: 801\n"})
    (folder / "queues" / "801.yaml").symlink_to(folder / "shared" / "text.txt")
    assert list(entities(folder)) == ["queues/800", "queues/801"]


def test_what_is_not_an_entity_is_not_read(write: Write) -> None:
    folder = write(
        {
            "acme/queues/800.yaml": "Number: 800\n",
            "acme/queues/README.md": "about",
            "acme/queues/.800.yaml.swp": "x",
            "acme/.github/workflows/drift.yaml": "on: push\n",
            "acme/docs/notes.md": "x",
            "acme/.gitlab-ci.yml": "x: 1\n",
        }
    )
    assert list(entities(folder)) == ["queues/800"]


def test_files_where_nobody_would_read_them_are_refused(write: Write) -> None:
    folder = write({"acme/queues/berlin/800.yaml": "Number: 800\n", "acme/queues.yaml": "Number: 801\n"})
    assert faults(folder) == [
        "queues.yaml:1: a file of an entity belongs into a folder of its kind, such as queues/800.yaml",
        "queues/berlin:1: folders within a folder of a kind are not read; move its files up",
    ]


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(write: Write) -> None:
    folder = write({"acme/queues/800.yaml": ""})
    (folder / "queues" / "800.yaml").write_bytes(b"Number: 800\nName: Z\xfcrich\n")
    assert faults(folder) == [
        "queues/800.yaml:2: the file can't be read: it is not UTF-8 from line 2 on; save it as UTF-8"
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_read(write: Write) -> None:
    folder = write({"acme/queues/800.yaml": ""})
    (folder / "queues" / "800.yaml").write_bytes("\ufeffNumber: 800\r\nName: Zürich\r\n".encode())
    assert entities(folder) == {"queues/800": {"Number": "800", "Name": "Zürich"}}


def test_a_file_that_is_too_large_too_long_or_too_deep_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(
        {
            "acme/queues/deep.yaml": "Number: 800\nName: " + "[" * 200 + "]" * 200,
            "acme/queues/large.yaml": "Number: 801\nName: " + "x" * 200_000,
            "acme/queues/long.yaml": "Number: 802\nName:\n" + "  x\n" * 30_000,
        }
    )
    monkeypatch.setattr("trunkline.config.folder.files.LARGEST", 150_000)
    monkeypatch.setattr("trunkline.config.folder.document.LONGEST", 100_000)
    found = faults(folder)
    assert [fault.partition(": ")[0] for fault in found] == [
        "queues/deep.yaml:2",
        "queues/large.yaml:1",
        "queues/long.yaml:24998",
    ]
    assert found[0].endswith("this is nested too deeply: 100 levels are read")
    assert found[1].endswith("it is larger than 150,000 bytes")
    assert found[2].endswith("here it passes 100,000 characters, and more are not read")


def test_a_folder_with_too_many_files_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write({f"acme/queues/{n}.yaml": f"Number: {n}\n" for n in range(3)})
    monkeypatch.setattr("trunkline.config.folder.files.MOST", 2)
    assert faults(folder) == ["queues/2.yaml:1: a folder has at most 2 files, and those after this one are not read"]


def test_a_file_that_may_not_be_read_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write({"acme/queues/800.yaml": "Number: 800\n"})

    def refused(root: Path, path: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trunkline.config.folder.loading.read_text", refused)  # root may read everything
    assert faults(folder) == ["queues/800.yaml:1: the file can't be read: Permission denied"]
