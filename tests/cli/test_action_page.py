"""The reference page of an action."""

from __future__ import annotations

import re

import pytest

from trunkline import catalog
from trunkline.cli.action_page import action_page

CATALOG = catalog.load()
SECTIONS = ["Overview", "Properties", "Output", "Dependencies", "Troubleshooting"]
DELETES = {
    "fax.delete": "Id",
    "device_infos.delete": "Id",
    "contacts.delete": "Id",
    "blocklist.delete": "Id",
    "website_links.delete": "Link",
}


def page(action: str) -> str:
    return action_page(CATALOG, CATALOG.action(action))


def section(text: str, name: str) -> str:
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("action", [a.id for a in CATALOG.actions][::7] + list(DELETES))
def test_a_page_has_its_sections_in_order_and_none_is_empty(action: str) -> None:
    text = page(action)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert all(section(text, name).strip() for name in SECTIONS)


def test_a_page_can_be_made_for_every_action_and_names_its_route() -> None:
    for action in CATALOG.actions:
        assert f"{action.method} /xapi/v1{action.path}" in action_page(CATALOG, action)


def test_the_page_of_an_older_form_shows_no_command_that_there_is_not() -> None:
    assert "trunkline users get-by-number NUMBER" in page("users.get_by_number")
    assert "trunkline users" not in page("users.get_by_number@20.0.7")
    assert "trunkline run users.get_by_number@20.0.7 --set" in page("users.get_by_number@20.0.7")


@pytest.mark.parametrize(("action", "key"), DELETES.items())
def test_the_page_of_a_delete_explains_key_etag_and_failures(action: str, key: str) -> None:
    text = page(action)
    assert f"| {key} |" in section(text, "Properties")
    assert "| If Match |" in section(text, "Properties")
    assert "ETag" in section(text, "Properties")
    assert f"`{CATALOG.action(action).operation_id}`" in text
    trouble = section(text, "Troubleshooting")
    assert [code for code in ("401", "404", "412") if code not in trouble] == []
    assert '"success": true' in section(text, "Output")
    assert f'"{key}"' in section(text, "Output")


def test_only_actions_with_an_etag_speak_of_412() -> None:
    spoken = {a.id for a in CATALOG.actions if "412" in action_page(CATALOG, a)}
    assert spoken == {a.id for a in CATALOG.actions if a.if_match}


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("report_call_log_data.get_call_log_data", "System Owner"),
        ("recordings.list", "System Owner"),
        ("fax.list", "System Admin"),
    ],
)
def test_a_page_names_the_role_that_the_client_needs(action: str, role: str) -> None:
    assert role in section(page(action), "Dependencies")


def test_a_page_says_when_an_action_was_last_there() -> None:
    assert "last in 20.0.8" in page("contacts.export_contacts")
    assert "added in 20.0.10" in page("defs.report_log_event")


def test_the_values_of_an_enum_are_listed() -> None:
    text = page("contacts.delete_contacts_by_type")
    values = CATALOG.enum_values("Pbx.ContactSource")
    assert all(value in section(text, "Properties") for value in values[:12])
