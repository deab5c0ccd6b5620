"""A configuration written into a folder: readable, the same each time, and nobody's comments are lost."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline import Pbx
from trunkline.config.difference import differences
from trunkline.config.folder.faults import ConfigurationFaults
from trunkline.config.folder.loading import load
from trunkline.config.folder.writing import Written, write
from trunkline.config.model import Configuration, Entity, Id, Scope, Secret
from trunkline.config.reading import read
from trunkline.errors import ConfigurationError, InvalidArgument

ALL = ("*",)


def configuration(*entities: tuple[str, str, dict[str, Any]], **more: Any) -> Configuration:
    """A configuration as a PBX has it, which manages its kinds."""
    found = {Id(kind, key): Entity(Id(kind, key), fields) for kind, key, fields in entities}
    manage = {kind: ALL for kind, _, _ in entities} | more.pop("manage", {})
    return Configuration("pbx", found, Scope(manage, is_complete=True), **more)


def queue(number: str, **fields: Any) -> tuple[str, str, dict[str, Any]]:
    return "queues", number, {"Number": number, **fields}


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but its schemas."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".schema" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def fields(folder: Path) -> dict[Id, dict[str, Any]]:
    return {id: entity.fields for id, entity in load(folder).entities.items()}


def test_a_pbx_is_written_as_files_that_are_read_as_the_pbx(pbx: Pbx, tmp_path: Path) -> None:
    there = read(pbx).configuration
    written = write(there, tmp_path)
    assert len(written.added) == len(there.entities) > 100
    assert written[1:] == ((), (), ())
    back = load(tmp_path)
    assert {id: entity.fields for id, entity in back.entities.items()} == {
        id: entity.fields for id, entity in there.entities.items()
    }
    assert back.scope.is_complete
    assert back.version == there.version
    assert {kind for kind in there.scope.manage if kind not in back.scope.manage} == set()


def test_the_same_pbx_is_written_as_the_same_bytes(pbx: Pbx, tmp_path: Path) -> None:
    there = read(pbx).configuration
    write(there, tmp_path / "one")
    backwards = Configuration(there.name, dict(reversed(there.entities.items())), there.scope, there.version)
    write(backwards, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = write(there, tmp_path / "one")
    assert len(again.same) == len(there.entities)
    assert again[:3] == ((), (), ())
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_file_is_as_a_person_would_write_it(tmp_path: Path) -> None:
    write(
        configuration(
            queue(
                "0800",
                Agents=["101", {"Number": "102", "SkillGroup": "2"}],
                Groups={"Sales": "managers"},
                Name="Sales",
                PriorityQueue=False,
                RingTimeout=20,
                VMEmailList="a@example.com\nb@example.com\n",
                ComfortPrompts=[],
            ),
            version="20.0.10",
            manage={"contacts": ALL},
        ),
        tmp_path,
    )
    assert (tmp_path / "queues" / "0800.yaml").read_text() == (
        "# yaml-language-server: $schema=../.schema/queues.json\n"
        'Number: "0800"\n'
        "Name: Sales\n"
        "PriorityQueue: false\n"
        "RingTimeout: 20\n"
        "VMEmailList: |\n"
        "  a@example.com\n"
        "  b@example.com\n"
        "Agents:\n"
        '  - "101"\n'
        '  - Number: "102"\n'
        '    SkillGroup: "2"\n'
        "ComfortPrompts: []\n"
        "Groups:\n"
        "  Sales: managers\n"
    )
    assert (
        (tmp_path / "trunkline.yaml")
        .read_text()
        .endswith('manage:\n  - queues\n  - contacts\ncomplete: true\nversion: "20.0.10"\n')
    )
    assert sorted(path.name for path in (tmp_path / ".schema").iterdir()) == ["queues.json", "trunkline.json"]
    assert stat.S_IMODE((tmp_path / "queues" / "0800.yaml").stat().st_mode) == 0o644


def test_terse_files_have_no_empty_fields_and_stay_as_they_are(tmp_path: Path) -> None:
    there = configuration(
        queue(
            "800",
            Name="",
            PriorityQueue=False,
            WrapUpTime=0,
            Agents=[],
            BreakRoute={"Prompt": "", "IsPromptEnabled": True},
        )
    )
    write(there, tmp_path, terse=True)
    assert fields(tmp_path)[Id("queues", "800")] == {
        "Number": "800",
        "WrapUpTime": 0,
        "BreakRoute": {"IsPromptEnabled": True},
    }
    assert write(there, tmp_path, terse=True) == Written((), (), (), ("queues/800.yaml",))
    assert not load(tmp_path).scope.is_complete


def test_what_changed_is_written_and_comments_stay(tmp_path: Path) -> None:
    write(configuration(queue("800", Name="Sales", RingTimeout=20), queue("801", Name="Help")), tmp_path)
    (tmp_path / "queues" / "800.yaml").rename(tmp_path / "queues" / "sales.yml")
    file = tmp_path / "queues" / "sales.yml"
    file.write_text("# Ask Ada\nName: Sales # on the phones\nNumber: 800\nRingTimeout: 20\n")
    file.chmod(0o664)
    written = write(configuration(queue("800", Name="Support", RingTimeout=20, WrapUpTime=5)), tmp_path)
    assert written == Written((), ("queues/sales.yml",), ("queues/801.yaml",), ())
    assert file.read_text() == "# Ask Ada\nName: Support # on the phones\nNumber: 800\nRingTimeout: 20\nWrapUpTime: 5\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    assert sorted(files(tmp_path)) == ["queues/sales.yml", "trunkline.yaml"]


def test_values_of_a_folder_stay_where_they_still_hold(tmp_path: Path) -> None:
    (tmp_path / "queues").mkdir()
    (tmp_path / "trunkline.yaml").write_text("# ours\nvalues: values.yaml\n")
    (tmp_path / "values.yaml").write_text("ring: 20\nname: Sales\n")
    file = tmp_path / "queues" / "800.yaml"
    file.write_text("Number: 800\nName: ${name}\nRingTimeout: ${ring}\n")
    assert write(configuration(queue("800", Name="Sales", RingTimeout=20)), tmp_path).same == ("queues/800.yaml",)
    write(configuration(queue("800", Name="Support ${x}", RingTimeout=20)), tmp_path)
    assert file.read_text() == 'Number: 800\nName: "Support $${x}"\nRingTimeout: ${ring}\n'
    assert (tmp_path / "trunkline.yaml").read_text() == (
        "# ours\nvalues: values.yaml\nmanage:\n  - queues\ncomplete: true\n"
    )


def test_only_what_both_sides_speak_for_is_removed(tmp_path: Path) -> None:
    write(
        configuration(
            queue("800"), queue("801"), ("users", "100", {"Number": "100"}), ("users", "200", {"Number": "200"})
        ),
        tmp_path,
    )
    manifest = tmp_path / "trunkline.yaml"
    text = manifest.read_text().replace("  - queues\n  - users\n", "  users: ['2*'] # the others are made by hand\n")
    manifest.write_text(text)
    written = write(configuration(queue("800"), manage={"users": ALL}), tmp_path)
    assert written.removed == ("users/200.yaml", "queues/801.yaml")
    assert "# the others are made by hand" in manifest.read_text()
    assert write(configuration(manage={"users": ALL}), tmp_path).removed == ()  # queues were not read
    away = InvalidArgument("The PBX gave no queues.")
    unread = configuration(manage={"queues": ALL}, unread={"queues": away})
    assert write(unread, tmp_path).removed == ()
    assert write(configuration(manage={"queues": ALL}), tmp_path).removed == ("queues/800.yaml",)
    assert not (tmp_path / "queues").exists()
    assert load(tmp_path).scope.manage["queues"] == ALL  # that there are none is still what the folder says


def test_a_kind_whose_last_file_is_deleted_is_still_compared(tmp_path: Path) -> None:
    there = configuration(queue("800"), ("hours", "company", {}))
    there.unread["hours"] = InvalidArgument("The PBX gave no hours.")
    write(there, tmp_path)
    (tmp_path / "queues" / "800.yaml").unlink()
    folder = load(tmp_path)
    assert set(folder.scope.manage) == {"queues", "hours"}
    assert [(each.change, str(each.id)) for each in differences(folder, there)] == [("added", "queues/800")]
    (tmp_path / "hours" / "company.yaml").unlink()
    assert set(load(tmp_path).scope.manage) == {"queues"}, "of what was not read the folder doesn't speak"


def test_a_manifest_that_names_no_kinds_gets_those_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "trunkline.yaml").write_text("manage: {contacts: []} # made in the console\n")
    write(configuration(queue("800"), ("contacts", "Ada", {"FirstName": "Ada"})), tmp_path)
    assert "made in the console" in (tmp_path / "trunkline.yaml").read_text()
    assert load(tmp_path).scope.manage == {"queues": ALL, "contacts": ()}


def test_of_several_with_one_name_each_keeps_its_own_file(tmp_path: Path) -> None:
    rules = [
        ("inbound_rules", key, {"RuleName": "Main", "Data": data}) for key, data in (("Main", "1"), ("Main#2", "2"))
    ]
    write(configuration(*rules), tmp_path)
    second = tmp_path / "inbound_rules" / "Main#2.yaml"
    second.write_text(f"# Ask Ada\n{second.read_text()}")
    written = write(configuration(("inbound_rules", "Main", {"RuleName": "Main", "Data": "2"})), tmp_path)
    assert written == Written((), (), ("inbound_rules/Main.yaml",), ("inbound_rules/Main#2.yaml",))
    assert fields(tmp_path) == {Id("inbound_rules", "Main"): {"RuleName": "Main", "Data": "2"}}


def test_a_link_that_is_removed_leaves_what_it_leads_to(tmp_path: Path) -> None:
    write(configuration(queue("800"), queue("801")), tmp_path)
    shared = tmp_path / "shared.txt"
    shared.write_text("Number: 802\n")
    (tmp_path / "queues" / "802.yaml").symlink_to(shared)
    assert write(configuration(queue("800"), queue("801")), tmp_path).removed == ("queues/802.yaml",)
    assert shared.read_text() == "Number: 802\n"
    assert len(fields(tmp_path)) == 2


def test_two_of_a_name_that_should_be_unique_can_be_written_and_read(tmp_path: Path) -> None:
    groups = [
        ("groups", key, {"Name": "Sales", "Language": language})
        for key, language in (("Sales", "EN"), ("Sales#2", "DE"))
    ]
    write(configuration(*groups), tmp_path)
    assert fields(tmp_path) == {Id(kind, key): each for kind, key, each in groups}


def test_fields_that_a_folder_ignores_stay_as_they_are(tmp_path: Path) -> None:
    write(configuration(queue("800", Name="Sales", RingTimeout=20)), tmp_path)
    manifest = tmp_path / "trunkline.yaml"
    manifest.write_text(manifest.read_text() + "ignore: ['queues/*/Name']\n")
    write(configuration(queue("800", Name="Other", RingTimeout=30), queue("801", Name="New")), tmp_path)
    assert fields(tmp_path) == {
        Id("queues", "800"): {"Number": "800", "Name": "Sales", "RingTimeout": 30},
        Id("queues", "801"): {"Number": "801"},
    }


def test_a_field_that_is_gone_leaves_the_file_and_null_stays(tmp_path: Path) -> None:
    write(configuration(queue("800", Name="Sales", IntroFile="a.wav")), tmp_path)
    file = tmp_path / "queues" / "800.yaml"
    file.write_text(file.read_text() + "GreetingFile: null # none on purpose\n")
    write(configuration(queue("800", Name="Sales", IntroFile=None)), tmp_path)
    assert file.read_text().endswith('Number: "800"\nName: Sales\nGreetingFile: null # none on purpose\n')


def test_secrets_are_written_by_their_names_only(tmp_path: Path) -> None:
    secret = Secret("users/100/AuthPassword")
    write(configuration(("users", "100", {"Number": "100", "AuthPassword": secret})), tmp_path)
    assert "AuthPassword: !secret users/100/AuthPassword\n" in (tmp_path / "users" / "100.yaml").read_text()
    assert fields(tmp_path)[Id("users", "100")]["AuthPassword"] == secret


def test_a_folder_that_builds_on_others_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "trunkline.yaml").write_text("extends: ../base\n")
    with pytest.raises(InvalidArgument, match="builds on other folders"):
        write(configuration(queue("800")), tmp_path / "acme")
    assert sorted(files(tmp_path)) == ["acme/trunkline.yaml"]


def test_a_folder_with_faults_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "queues").mkdir()
    (tmp_path / "queues" / "800.yaml").write_text("Number: 800\nNaem: x\n")
    with pytest.raises(ConfigurationFaults, match=r"queues/800\.yaml:2: there is no field Naem"):
        write(configuration(queue("800")), tmp_path)


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "queues").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidArgument, match="outside of the folder") as refused:
        write(configuration(queue("800")), tmp_path / "acme")
    assert "under `extends`" in str(refused.value.hint)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("x")
    with pytest.raises(InvalidArgument, match="is not a folder"):
        write(configuration(queue("800")), tmp_path / "acme")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "queues").write_text("x")
    with pytest.raises(ConfigurationError, match=r"queues/800\.yaml can't be written"):
        write(configuration(queue("800")), tmp_path / "other")


def test_files_have_names_that_every_system_takes(tmp_path: Path) -> None:
    names = [
        "con",
        "a/b",
        "a\\b",
        "..",
        ".hidden",
        "Sales",
        "sales",
        "SALES",
        "x" * 300,
        "x" * 299 + "y",
        "é",
        "e\u0301",
        "?",
        "end.",
    ]
    groups = [("groups", name, {"Name": name}) for name in names]
    write(configuration(*groups), tmp_path)
    paths = [path.stem for path in (tmp_path / "groups").iterdir()]
    assert len({path.casefold() for path in paths}) == len(names)
    assert all(len(path.encode()) <= 130 and not path.startswith(".") for path in paths)
    assert {"SALES", "Sales~2", "sales~3", "_con", "a_b"} <= set(paths)
    assert {id.key for id in load(tmp_path).entities} == set(names)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["0100", "+44 20", "yes", "null", "~", "1:30", "#", "${", "$${x}", "a\nb\n", "a: b", " ", "-"]
)
numbers = st.from_regex(r"[0-9]{2,5}", fullmatch=True)
queues = st.fixed_dictionaries(
    {},
    optional={
        "Name": texts,
        "RingTimeout": st.integers(-(2**31), 2**31 - 1),
        "PriorityQueue": st.booleans(),
        "PollingStrategy": st.sampled_from(["Hunt", "RingAll"]),
        "Agents": st.lists(numbers | st.fixed_dictionaries({"Number": numbers, "SkillGroup": texts}), max_size=3),
        "ComfortPrompts": st.lists(texts, max_size=3),
        "Groups": st.dictionaries(texts, texts, max_size=3),
        "BreakRoute": st.fixed_dictionaries({}, optional={"Prompt": texts, "IsPromptEnabled": st.booleans()}),
        "ForwardNoAnswer": st.fixed_dictionaries({"To": st.just("Extension"), "Number": numbers, "External": texts}),
    },
)
sets = st.dictionaries(numbers, queues, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(before=sets, after=sets)
def test_whatever_was_there_the_folder_has_what_was_written(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for wanted in (before, after):
        there = configuration(*(queue(number, **each) for number, each in wanted.items()), manage={"queues": ALL})
        write(there, folder)
        assert fields(folder) == {id: entity.fields for id, entity in there.entities.items()}
        assert write(there, folder)[:3] == ((), (), ())
