"""A folder is a configuration: what its files say, what the catalog makes of it, and what is refused with its line."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from trunkline.config.folder.faults import ConfigurationFaults
from trunkline.config.folder.loading import load
from trunkline.config.model import Id, Place, Secret
from trunkline.errors import InvalidArgument

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a folder, and return it."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def fields(folder: Path, kind: str, key: str) -> dict[str, Any]:
    return load(folder).entities[Id(kind, key)].fields


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationFaults) as raised:
        load(folder)
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Mobile: +44 7700 900123", "+44 7700 900123"),
        ("Mobile: 0100", "0100"),
        ("Mobile: 1_000", "1_000"),
        ("FirstName: yes", "yes"),
        ("FirstName: true", "true"),
        ("FirstName: 'null'", "null"),
        ("FirstName: 1:30", "1:30"),
        ("FirstName: ''", ""),
        ("FirstName: 2026-09-12", "2026-09-12"),
        ("Mobile: null", None),
        ("Mobile: ~", None),
        ("Mobile:", None),
        ("RecordCalls: true", True),
        ("RecordCalls: False", False),
        ("PinProtectTimeout: 60", 60),
        ("PinProtectTimeout: '60'", 60),
        ("PrimaryGroupId: Sales", "Sales"),
        ("PrimaryGroupId: 7", "7"),
        ("AuthPassword: !secret users/100/AuthPassword", Secret("users/100/AuthPassword")),
        ("Groups: {Sales: managers}", {"Sales": "managers"}),
        ("Hours: {Type: SpecificHours, Periods: [{Start: 9:00, Stop: '17:30:00'}]}", "17:30"),
    ],
)
def test_the_catalog_says_what_a_scalar_is(write: Write, written: str, value: Any) -> None:
    name = written.partition(":")[0]
    loaded = fields(write({"users/100.yaml": f"Number: 100\n{written}\n"}), "users", "100")
    assert loaded["Number"] == "100"
    if name == "Hours":
        assert loaded[name]["Periods"] == [{"Start": "09:00", "Stop": "17:30"}]
    else:
        assert loaded[name] == value
        assert type(loaded[name]) is type(value)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("Langauge: EN", "there is no field Langauge. Did you mean Language"),
        ("RecordCalls: yes", "RecordCalls must be true or false, not 'yes', which YAML takes for a text"),
        ("RecordCalls: maybe", "RecordCalls must be true or false, not 'maybe'"),
        ("PinProtectTimeout: soon", "PinProtectTimeout must be an integer (Int32), not 'soon'"),
        ("PinProtectTimeout: 99999999999", "PinProtectTimeout must be between -2147483648 and 2147483647 (Int32)"),
        ("VMEmailOptions: Notifcation", "VMEmailOptions can't be 'Notifcation'. Did you mean Notification?"),
        ("AuthPassword: hunter2", "AuthPassword is a secret, and stands in no file"),
        ("AuthPassword: !secret", "!secret needs what the secret is called, such as !secret users/100/AuthPassword"),
        ("Groups: Sales", "Groups must have a role for each department, such as `Sales: users`"),
        ("Groups: !secret x", "Groups can't be !secret"),
        ("Hours: always", "Hours must be an object, its fields in lines below it, not a text"),
        ("Hours: {Typo: 1}", "there is no field Typo. Did you mean Type?"),
        ("Mobile: [1]", "Mobile must be text, not a list"),
        ("ForwardingProfiles: Available", "ForwardingProfiles must be a list, each element after `- `, not a text"),
        (
            "OfficeHoursProps: [!remove ]",
            "an element of OfficeHoursProps can't be !remove; a layer gives the whole list",
        ),
        ("Mobile: *anchor", "an alias has no place here; write it out"),
        ("Number: 101", "Number is given twice"),
        ("Mobile: !!str 3", "the tag tag:yaml.org,2002:str has no place here"),
        ("Mobile: [", "this is not YAML"),
        ("\tMobile: 1", "this is not YAML: a tab is in front of this line; indent with spaces"),
        ("Mobile: ${mobile}", "there is no value mobile."),
        ("Mobile: ${mobile", "${ has no } after it"),
    ],
)
def test_what_a_file_has_wrong_is_named_with_its_line(write: Write, written: str, fault: str) -> None:
    found = faults(write({"users/100.yaml": f"# a user\nNumber: 100\n{written}\n"}))
    assert len(found) == 1
    line = 4 if fault == "this is not YAML" else 3
    assert found[0].startswith(f"users/100.yaml:{line}: {fault}")
    assert "hunter2" not in found[0]


def test_a_field_that_the_pbx_keeps_itself_is_left_out_with_a_warning(write: Write) -> None:
    configuration = load(write({"users/100.yaml": "Number: 100\nId: 3\nIsRegistered: true\n"}))
    assert configuration.entities[Id("users", "100")].fields == {"Number": "100"}
    assert configuration.warnings == [
        "users/100.yaml:2: Id is kept by the PBX itself, and left out here",
        "users/100.yaml:3: IsRegistered is kept by the PBX itself, and left out here",
    ]


def test_the_message_says_which_folder(write: Write) -> None:
    folder = write({"users/100.yaml": "Number: 100\nRecordCalls: 7\n"})
    with pytest.raises(ConfigurationFaults) as raised:
        load(folder)
    fault = "users/100.yaml:2: RecordCalls must be true or false, not '7'"
    assert raised.value.message == f"1 fault in {folder}:\n{fault}"


def test_all_that_is_wrong_is_reported_at_once(write: Write) -> None:
    found = faults(
        write(
            {
                "users/100.yaml": "Number: 100\nRecordCalls: 7\nPromptsSet: EN\n",
                "users/nobody.yaml": "FirstName: Ada\n",
                "users/text.yaml": "Ada\n",
                "queus/800.yaml": "Number: 800\n",
                "settings/mail_setings.yaml": "{}\n",
                "trunkline.yaml": "complete: maybe\nmanaged: {}\n",
            }
        )
    )
    assert found == [
        "queus/800.yaml:1: there is no kind queus. Did you mean queues?",
        "settings/mail_setings.yaml:1: There are no settings 'mail_setings'. "
        "Did you mean mail_settings or ai_settings or voicemail_settings?",
        "trunkline.yaml:1: complete must be true or false",
        "trunkline.yaml:2: a manifest has no managed. Did you mean manage? "
        "It has extends, values, manage, ignore, protect, complete, version.",
        "users/100.yaml:2: RecordCalls must be true or false, not '7'",
        "users/100.yaml:3: there is no field PromptsSet. Did you mean PromptSet?",
        "users/nobody.yaml:1: One of the users has no Number, which is what it is called by.",
        "users/text.yaml:1: fields are expected here, such as `Name: value`, not a text",
    ]


def test_of_hundreds_of_faults_the_first_hundred_are_reported(write: Write) -> None:
    text = "Number: 100\n" + "".join(f"Unknown{n:03}: 1\n" for n in range(120))
    with pytest.raises(ConfigurationFaults, match="and 20 more") as raised:
        load(write({"users/100.yaml": text}))
    assert len(raised.value.faults) == 100


def test_fields_and_entities_have_places(write: Write) -> None:
    folder = write({"users/ada.yaml": "# Ada\nNumber: 100\nGroups:\n  Sales: users\n"})
    entity = load(folder).entities[Id("users", "100")]
    assert entity.places[""] == Place("users/ada.yaml", 2)
    assert entity.places["Groups"].file == "users/ada.yaml"


def test_a_name_that_is_not_unique_is_numbered_in_the_order_of_its_files(write: Write) -> None:
    rule = "RuleName: Main\nData: '{}'\n"
    files = {f"inbound_rules/Main{suffix}.yaml": rule.format(suffix) for suffix in ("", "#2", "#10")}
    configuration = load(write(files))
    assert {str(id): entity.fields["Data"] for id, entity in configuration.entities.items()} == {
        "inbound_rules/Main": "",
        "inbound_rules/Main#2": "#2",
        "inbound_rules/Main#3": "#10",
    }


def test_a_name_that_must_be_unique_is_refused_a_second_time(write: Write) -> None:
    folder = write({"queues/800.yaml": "Number: 800\n", "queues/main.yaml": "Number: 0800\n"})
    assert len(load(folder).entities) == 2
    write({"queues/main.yaml": "Number: '800'\n"})
    assert faults(folder) == ["queues/main.yaml:1: 800 is also in queues/800.yaml; one of them must go"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="There is no folder"):
        load(tmp_path / "nowhere")


def test_an_object_of_an_open_type_has_fields_that_nobody_has_documented(write: Write) -> None:
    text = (
        "Gateway: {Name: London SIP}\nMessaging:\n  Provider: acme\n  Retries: 3\n  ApiKey: !secret trunks/x/ApiKey\n"
    )
    folder = write({"trunks/london.yaml": text})
    loaded = fields(folder, "trunks", "London SIP")["Messaging"]
    assert loaded["Retries"] == 3
    assert loaded["ApiKey"] == Secret("trunks/x/ApiKey")
    write({"trunks/london.yaml": text.replace("!secret trunks/x/ApiKey", "hunter2")})
    assert [fault.partition(";")[0] for fault in faults(folder)] == [
        "trunks/london.yaml:5: ApiKey is a secret, and stands in no file"
    ]


def test_a_value_beside_the_name_of_a_secret_is_one(write: Write) -> None:
    folder = write({"parameters/x.yaml": "Name: CRM_API_KEY\nValue: hunter2\n"})
    assert [fault.partition(";")[0] for fault in faults(folder)] == [
        "parameters/x.yaml:2: Value is a secret, and stands in no file"
    ]
    write({"parameters/x.yaml": "Name: CRM_API_KEY\nValue: !secret parameters/CRM_API_KEY/Value\n"})
    assert fields(folder, "parameters", "CRM_API_KEY")["Value"] == Secret("parameters/CRM_API_KEY/Value")
    write({"parameters/x.yaml": "Name: LANGUAGE\nValue: EN\n"})
    assert fields(folder, "parameters", "LANGUAGE")["Value"] == "EN"


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_collection_of_garbage_is_afterwards_as_it_was(write: Write, is_enabled: bool) -> None:
    good, wrong = write({"users/100.yaml": "Number: 100\n"}), Path("nowhere")
    try:
        (gc.enable if is_enabled else gc.disable)()
        load(good)
        assert gc.isenabled() == is_enabled
        with pytest.raises(InvalidArgument):
            load(wrong)
        assert gc.isenabled() == is_enabled
    finally:
        gc.enable()
