"""How names are made from 3CX's: short ids, display names, nouns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog.names import display_words, phrase, plural, snake


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fax", "fax"),
        ("WebsiteLinks", "website_links"),
        ("DeviceInfos", "device_infos"),
        ("ReportCallLogData", "report_call_log_data"),
        ("IPAddrMask", "ip_addr_mask"),
        ("DNProperties", "dn_properties"),
        ("AISettings", "ai_settings"),
        ("GetM365Users", "get_m365_users"),
        ("OAuthClients", "oauth_clients"),
        ("E164Settings", "e164_settings"),
        ("Microsoft365Integration", "microsoft365_integration"),
        ("periodFrom", "period_from"),
        ("call_id", "call_id"),
        ("Id", "id"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DeleteFax", "Delete Fax"),
        ("ListBlocklistAddr", "List Blocklist Addr"),
        ("GetM365Users", "Get M 365 Users"),
        ("ActivityLog", "Activity Log"),
        ("AISettings", "AI Settings"),
        ("BulkIpsDelete", "Bulk Ips Delete"),
        ("Test", "Test"),
    ],
)
def test_display_names_fall_apart_at_capitals_and_digits(name: str, expected: str) -> None:
    assert display_words(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DeviceInfo", "device info"),
        ("BlocklistAddr", "blocklist address"),
        ("AISettings", "AI settings"),
        ("Fax", "fax"),
        ("Sbc", "SBC"),
        ("CrmTemplate", "CRM template"),
        ("OAuthClient", "OAuth client"),
        ("BulkIpsDelete", "bulk IPs delete"),
    ],
)
def test_phrases_read_as_english(name: str, expected: str) -> None:
    assert phrase(name) == expected


@pytest.mark.parametrize(
    ("singular", "expected"),
    [
        ("fax", "faxes"),
        ("contact", "contacts"),
        ("country", "countries"),
        ("holiday", "holidays"),
        ("device info", "device infos"),
        ("blocklist address", "blocklist addresses"),
        ("AI settings", "AI settings"),
        ("SBC", "SBCs"),
        ("switch", "switches"),
    ],
)
def test_plurals(singular: str, expected: str) -> None:
    assert plural(singular) == expected


@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True).filter(str.isascii), min_size=1, max_size=5))
def test_words_put_together_with_capitals_come_apart_again(words: list[str]) -> None:
    name = "".join(words)
    assert display_words(name).split() == words


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,30}", fullmatch=True).filter(str.isascii))
def test_a_snake_case_name_is_lower_case_and_keeps_every_letter(name: str) -> None:
    assert snake(name).replace("_", "") == name.lower()
