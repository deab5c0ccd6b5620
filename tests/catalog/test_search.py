"""Finding actions by words."""

from __future__ import annotations

import pytest

from trunkline import catalog
from trunkline.catalog.search import PHRASES, SYNONYMS, partly, search


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("delete contact", "contacts.delete"),
        ("Delete Contact", "contacts.delete"),
        ("DeleteFax", "fax.delete"),
        ("fax.delete", "fax.delete"),
        ("Delete Fax", "fax.delete"),
        ("upload", "custom_prompts.upload"),
        ("list users", "users.list"),
        ("delete blocklist", "blocklist.delete"),
        ("get user", "users.get"),
        ("Delete a Contact", "contacts.delete"),
        ("add user", "users.create"),
        ("create extension", "users.create"),
        ("remove the weblink", "website_links.delete"),
        ("list departments", "groups.list"),
        ("create ivr", "receptionists.create"),
        ("block an ip address", "blocklist.create"),
        ("smtp settings", "mail_settings.get"),
        ("delte contct", "contacts.delete"),
        ("recieptionist", "receptionists.get"),
        ("make a call", "users.make_call"),
        ("hang up", "active_calls.drop_call"),
        ("unblock", "blocklist.delete"),
        ("block number", "black_list_numbers.get"),
        ("reset password", "users.regenerate_passwords"),
        ("reboot pbx", "services.restart_operating_system"),
        ("SIP trunks", "trunks.get"),
        ("digital receptionist", "receptionists.get"),
        ("phone provisioning", "users.reprovision_phone"),
        ("register trunk", "trunks.refresh_registration"),
        ("firmware update", "users.install_firmware"),
        ("departments", "groups.get"),
        ("queue agents", "queues.list_agents"),
    ],
)
def test_the_action_that_was_meant_comes_first(query: str, first: str) -> None:
    assert search(catalog.load("20.0.10"), query)[0].id == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Backups Backup", "backups.backup"),
        ("Conference Settings: Get MCU Rows", "conference_settings.get_mcu_rows"),
        ("list prompts prompt sets", "prompt_sets.list_prompts"),
        ("Updates Get Updates", "updates.get_updates"),
        ("Archive Recordings", "remote_archiving_settings.archive_recordings"),  # not Recordings: Archive
        ("Test Email", "mail_settings.test_email"),  # that of NotificationSettings was dropped
    ],
)
def test_a_display_name_in_full_comes_first_with_its_resource_or_without(query: str, first: str) -> None:
    assert search(catalog.load(), query)[0].id == first


def test_every_word_must_be_found() -> None:
    found = search(catalog.load(), "fax delete")
    assert {"fax.delete", "fax.bulk_fax_delete"} <= {a.id for a in found}
    assert search(catalog.load(), "fax delete zebra") == []


def test_what_has_most_of_the_words_is_found_where_nothing_has_all() -> None:
    assert search(catalog.load(), "add zebra to queue agents") == []
    assert partly(catalog.load(), "add zebra to queue agents")[0].id == "queues.list_agents"
    assert partly(catalog.load(), "zebra") == []
    assert search(catalog.load(), "the") == []


@pytest.mark.parametrize("said", [*SYNONYMS, *PHRASES])
def test_each_word_of_the_trade_finds_something(said: str) -> None:
    assert search(catalog.load(), said)


def test_the_order_of_the_words_does_not_matter() -> None:
    assert {a.id for a in search(catalog.load(), "contacts number")} == {
        a.id for a in search(catalog.load(), "number contacts")
    }


def test_a_narrowed_catalog_is_searched_for_what_it_has() -> None:
    assert [a.operation_id for a in search(catalog.load("20.0.8"), "ExportContacts")][:1] == ["ExportContacts"]
    assert "ExportContacts" not in [a.operation_id for a in search(catalog.load("20.0.9"), "ExportContacts")]


def test_the_same_query_gives_the_same_order() -> None:
    assert search(catalog.load(), "get by number") == search(catalog.load(), "get by number")
