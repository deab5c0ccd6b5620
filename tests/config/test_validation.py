"""A folder checked without a PBX."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline import Pbx
from trunkline.config.folder.validation import validate
from trunkline.config.folder.writing import write
from trunkline.config.reading import read
from trunkline.errors import InvalidArgument


def folder(path: Path, **texts: str) -> Path:
    """Write files whose names have two underscores for a slash."""
    for name, text in texts.items():
        file = path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def faults(path: Path, version: str | None = None) -> list[tuple[str, bool]]:
    return [(str(fault), fault.is_error) for fault in validate(path, version)]


def test_an_export_is_valid(pbx: Pbx, tmp_path: Path) -> None:
    write(read(pbx).configuration, tmp_path)
    assert faults(tmp_path) == []


def test_what_is_wrong_is_an_error(tmp_path: Path) -> None:
    path = folder(tmp_path, queues__800="Number: 800\nNaem: x\n")
    assert faults(path) == [("queues/800.yaml:2: there is no field Naem. Did you mean Name?", True)]


def test_a_field_that_is_left_out_is_a_note(tmp_path: Path) -> None:
    path = folder(tmp_path, queues__800="Number: 800\nId: 3\n")
    assert faults(path) == [("queues/800.yaml:2: Id is kept by the PBX itself, and left out here", False)]


def test_a_field_and_a_value_that_a_version_lacks_are_notes(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        queues__800="Number: 800\nComfortPromptsEnabled: true\n",
        contacts__ada="FirstName: Ada\nContactType: 3CX\n",
    )
    assert faults(path, "20.0.10") == []
    assert faults(path, "20.0.9") == [
        ("queues/800.yaml:2: 20.0.9 has no ComfortPromptsEnabled, which was added in 20.0.10", False)
    ]
    assert (
        "contacts/ada.yaml:2: 20.0.8 has no 3CX for ContactType, which was added in 20.0.9",
        False,
    ) in faults(path, "20.0.8")


def test_without_a_version_it_is_that_of_the_manifest(tmp_path: Path) -> None:
    path = folder(tmp_path, queues__800="Number: 800\nComfortPromptsEnabled: true\n", trunkline="version: 20.0.9\n")
    assert len(faults(path)) == 1
    assert faults(path, "20.0.10") == []


def test_a_name_that_no_file_has_is_a_note_where_there_are_files_of_its_kind(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        queues__800="Number: 800\nGroups:\n  Sale: users\nAgents: ['101']\n"
        "ForwardNoAnswer:\n  To: Extension\n  Number: '102'\n",
    )
    alone = [text for text, _ in faults(path)]
    assert all("Sale" not in text for text in alone)
    folder(tmp_path, groups__Sales="Name: Sales\n", users__100="Number: 100\n")
    texts = dict(faults(path))
    assert "queues/800.yaml:3: no file of groups has 'Sale', which Groups.Sale names. Did you mean Sales?" in texts
    assert any(text.startswith("queues/800.yaml:4: no file ") and "'101'" in text for text in texts)
    assert any("'102'" in text for text in texts)
    assert not any(texts.values())


def test_an_entity_that_the_manifest_does_not_manage_is_a_note(tmp_path: Path) -> None:
    path = folder(
        tmp_path, users__100="Number: 100\n", users__200="Number: 200\n", trunkline="manage: {users: ['2*']}\n"
    )
    assert faults(path) == [
        ("users/100.yaml:1: the manifest manages other users, so that nothing removes this one from a PBX", False)
    ]


def test_a_text_that_is_not_a_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="'twenty' is not a version of 3CX"):
        validate(folder(tmp_path, queues__800="Number: 800\n"), "twenty")


def test_two_files_with_one_number_are_an_error(tmp_path: Path) -> None:
    path = folder(tmp_path, queues__800="Name: Sales\nNumber: 800\n", users__sales="Number: 800\n")
    assert faults(path) == [
        ("queues/800.yaml:2: users/800 (users/sales.yaml:1) has the number 800 too; one of them must go", True)
    ]


def test_a_role_that_a_department_does_not_have_is_a_note(tmp_path: Path) -> None:
    rights = "Rights:\n  - RoleName: managers\n  - RoleName: users\n"
    path = folder(
        tmp_path,
        groups__Sales=f"Name: Sales\n{rights}",
        groups__Support="Name: Support\n",  # nobody knows its roles
        users__100="Number: 100\nGroups: {Sales: users, Support: boss}\n",
        users__101="Number: 101\nGroups:\n  Sales: user\n",
    )
    assert faults(path) == [
        ("users/101.yaml:3: the department Sales has no role user; it has managers, users. Did you mean users?", False)
    ]
