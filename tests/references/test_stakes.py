"""The question before one action names what it is about, as the PBX has it."""

from __future__ import annotations

import asyncio
import string
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx, SignInError
from trunkline.catalog import load
from trunkline.references import aquestion_before, asks_before, question_before
from trunkline.references.phrases import COUNTS, PHRASES
from trunkline.work.guards import Question

MAC = "805EC0000001"
SEEDS = {"fax.delete", "device_infos.delete", "contacts.delete", "blocklist.delete", "website_links.delete"}
SECRETS = (
    "ConfigurationLink", "DeskphonePassword", "RpsKey", "SendWelcomeEmail", "SipAuth", "VoicemailPIN",
    "WebclientPassword",
)  # fmt: skip


def regenerating(*chosen: str) -> dict[str, bool]:
    return {name: name in chosen for name in SECRETS}


TABLE: list[tuple[str, dict[str, Any], str]] = [
    ("users.reboot_phone", {"body": {"mac": MAC}}, f"Reboot phone {MAC} of 101 Lindqvist, Tomás on acme?"),
    ("users.reprovision_phone", {"body": {"mac": "none"}}, "Reprovision phone none on acme?"),
    ("users.regenerate", {"Id": 15, "body": {"opts": regenerating("SipAuth", "VoicemailPIN")}},
     "Replace SipAuth, VoicemailPIN of user 104 Leila Haddad on acme?"),
    ("users.batch_delete", {"body": {"ids": [15, 12]}},
     "Delete 2 users (104 Leila Haddad; 101 Tomás Lindqvist) on acme?"),
    ("users.batch_delete", {"body": {"ids": list(range(12, 24))}}, "Delete 12 users on acme?"),
    ("users.delete", {"Id": 15}, "Delete the user 104 Leila Haddad on acme?"),
    ("contacts.batch_contacts_delete", {"body": {"ids": [1]}}, "Delete 1 contact ("),
    ("recordings.purge_local", {}, "Delete all {local_recordings} recordings stored on acme?"),
    ("contacts.all_contacts_bulk_delete", {}, "Delete all {contacts} contacts on acme?"),
    ("event_logs.purge_event_log", {}, "Erase all {events} system events on acme?"),
    ("backups.restore", {"FileName": "a.zip", "body": {"footprint": 1, "password": "x"}},
     "Restore the backup a.zip on acme?"),
    ("queues.reset_queue_statistics", {"Id": 61}, "Set the statistics of queue 800 Sales back to zero on acme?"),
    ("active_calls.drop_call", {"Id": 1}, "Hang up the call from "),
    ("security_tokens.revoke_token", {"Id": 1}, "Sign out Example Browser of 100 on acme?"),
    ("services.restart_operating_system", {}, "Reboot the machine on acme?"),
    ("services.stop", {"body": {"options": {"ServiceNames": ["A", "B"]}}}, "Stop A, B on acme?"),
    ("purge_settings.purge_calls", {"body": {"period": {"All": True}}},
     "Delete the call history, all of it, on acme?"),
    ("holidays.delete", {"Id": 1}, "Delete the holiday New Year on acme?"),
    ("inbound_rules.delete", {"Id": 1}, "Delete the inbound rule Sales line +442079460100 on acme?"),
    ("call_flow_apps.delete", {"Id": 141}, "Delete the call flow app 830 Callback on acme?"),
    ("backups.delete", {"FileName": "a.zip"}, "Delete the backup a.zip on acme?"),
    ("service_principals.delete", {"Id": 151}, "Delete the service principal trunkline on acme?"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "arguments", "sentence"), TABLE)
def test_the_question_names_it(pbx: Pbx, action: str, arguments: dict[str, Any], sentence: str) -> None:
    counted = {
        name: f"{len(pbx.call(count.action, filter=count.filter).all()):,}"
        for name, count in COUNTS.items()
        if f"{{{name}}}" in sentence
    }
    question = question_before(pbx, load().action(action), arguments)
    assert question.sentence("acme").startswith(sentence.format_map(counted))
    assert not [fact for fact in question.facts if "could not be read" in fact]


def test_reading_takes_at_most_one_request_for_a_name(pbx: Pbx, system: System) -> None:
    pbx.holidays.get(1)
    for action, arguments, _ in TABLE:
        before = len(system.sent("GET"))
        question_before(pbx, load().action(action), arguments)
        assert len(system.sent("GET")) - before <= 1, action
    assert not system.sent("DELETE")
    assert [path for path in system.sent("POST") if "/connect/" not in path] == []


@pytest.mark.parametrize(
    ("action", "arguments", "sentence"),
    [
        ("users.reboot_phone", {"body": {"mac": MAC}}, f"Reboot phone {MAC} on acme?"),
        ("holidays.delete", {"Id": 1}, "Delete the holiday 1 on acme?"),
        ("recordings.purge_local", {}, "Delete all recordings stored on acme?"),
    ],
)
@pytest.mark.parametrize("fault", ["403", "500"])
def test_what_can_not_be_read_is_named_by_its_key(
    pbx: Pbx, system: System, fault: str, action: str, arguments: dict[str, Any], sentence: str
) -> None:
    pbx.holidays.get(1)
    system.emulator.add_fault(f"{fault}@*")
    question = question_before(pbx, load().action(action), arguments)
    assert question.sentence("acme") == sentence
    assert question.facts[-1].startswith("What it is about could not be read: ")


def test_a_refused_sign_in_ends_it(system: System) -> None:
    with Pbx(system.url, CLIENT, "wrong-key") as pbx, pytest.raises(SignInError):
        question_before(pbx, pbx.action("holidays.delete"), {"Id": 1})


def test_in_an_event_loop_a_deletion_says_who_refers_to_it(system: System) -> None:
    async def asked(action: str, **arguments: Any) -> Question:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await aquestion_before(pbx, pbx.action(action), arguments)

    assert "queue 800 Sales" in asyncio.run(asked("users.delete", Id=15)).facts[0]
    assert asyncio.run(asked("holidays.delete", Id=1)).name == "New Year"


def test_the_consequence_comes_with_the_question(pbx: Pbx) -> None:
    calls = len(pbx.active_calls.list().all())
    assert question_before(pbx, pbx.action("services.restart_operating_system"), {}).facts == (
        f"Calls drop. {calls} calls are in progress.",
    )
    assert question_before(pbx, pbx.action("users.reboot_phone"), {"body": {"mac": MAC}}).facts == (
        "A call on it drops.",
    )


def test_every_action_that_removes_or_cuts_off_has_its_phrase() -> None:
    asking = [action for action in load().actions if action.asks]
    assert {action.id for action in asking if not asks_before(action)} == SEEDS
    assert {action.id for action in asking if action.kind != "delete"} == set(PHRASES)
    known = {"it", "them", "phone", "models", "period", "secrets", "services", *COUNTS}
    for name, phrase in PHRASES.items():
        action = load().action(name)
        fields = {part for _, part, _, _ in string.Formatter().parse(phrase.text + phrase.fact) if part}
        own = set(action.body) if isinstance(action.body, dict) else set()
        assert fields <= known | own, name
        assert "it" not in fields or action.keys, name
        assert "them" not in fields or own, name


def test_no_secret_of_a_body_is_in_a_question(pbx: Pbx) -> None:
    question = question_before(
        pbx, pbx.action("backups.restore"), {"FileName": "a.zip", "body": {"footprint": 1, "password": "hush-hush"}}
    )
    assert "hush-hush" not in repr(question)
