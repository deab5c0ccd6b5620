"""The first page: all PBXs at a glance, those that need attention first."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browser import axe_violations
from consoles import NewPage
from healthy import backup, later, seed, trunk
from saved_fleet import SavedFleet, saved_fleet

MARKUP = "<img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """A PBX with three concerns, one with none, a slow one and a dead one."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 3, dead=1, latency=0.5) as fleet:
        licence = {"LicenseKey": "X", "ExpirationDate": later(12), "MaintenanceExpiresAt": later(400)}
        fleet.tenants[0].emulator.load_seed(
            seed(
                LicenseStatus=licence,
                Backups=[backup(20)],
                Trunks=[{**trunk("10000", False), "Gateway": {"Name": MARKUP, "Type": "Provider"}}],
            )
        )
        fleet.tenants[1].emulator.load_seed(seed())
        yield fleet


def row(page: Page, name: str) -> str:
    """Return the text of a PBX's row, once it was read."""
    line = page.get_by_role("row").filter(has=page.get_by_role("link", name=name))
    expect(line).not_to_contain_text(re.compile("Reading|Wird gelesen"))
    return line.inner_text()


def names(page: Page) -> list[str]:
    return page.get_by_role("rowheader").all_inner_texts()


def test_what_needs_attention_comes_first_each_with_what_is_wrong(signed_in: Page, saved: SavedFleet) -> None:
    slow = saved.tenant(saved.slow).emulator
    slow.vary({"latency": 1.5})
    signed_in.goto("/")
    expect(signed_in.get_by_text(re.compile(r"Not read yet: \d"))).to_be_visible()
    slow.vary({"latency": 0.5})
    healthy = row(signed_in, "pbx-02")
    assert "OK" in healthy
    assert "400 days" in healthy
    assert "1 / 1" in healthy
    concerned = row(signed_in, "pbx-01")
    for part in ("3 concerns", "12 days", "The licence ends in 12 days", "The last backup is 20 days old", MARKUP):
        assert part in concerned
    dead = row(signed_in, "pbx-04")
    assert "Unreachable" in dead
    assert "can't be reached" in dead
    assert "Check that the 3CX is up" in dead
    row(signed_in, saved.slow)
    expect(signed_in.get_by_text(re.compile("^Last reading: [^·]+$"))).to_be_visible()
    assert names(signed_in)[:2] == ["pbx-04", "pbx-01"]
    assert names(signed_in)[-1] == "pbx-02"


def test_a_slow_pbx_holds_up_no_other(new_page: NewPage, saved: SavedFleet) -> None:
    slow = saved.tenant(saved.slow).emulator
    slow.vary({"latency": 600.0})
    try:
        page = new_page()
        page.goto("/")
        row(page, "pbx-02")
    finally:
        slow.vary({"latency": 0.5})


def test_a_row_leads_to_its_pbx(signed_in: Page) -> None:
    signed_in.goto("/")
    expect(signed_in.get_by_role("link", name="pbx-01")).to_have_attribute("href", "/pbx/pbx-01")


def test_slash_leads_to_the_filter_which_finds_names_states_and_concerns(signed_in: Page) -> None:
    signed_in.goto("/")
    row(signed_in, "pbx-01")
    signed_in.keyboard.press("/")
    signed_in.keyboard.type("licence ends")
    expect(signed_in.get_by_role("status")).to_have_text("1 of 4")
    assert names(signed_in) == ["pbx-01"]
    signed_in.get_by_role("searchbox").fill("nothing of the kind")
    expect(signed_in.get_by_text("No PBX fits the filter.")).to_be_visible()


def test_a_column_sorts_both_ways_and_says_so(signed_in: Page) -> None:
    signed_in.goto("/")
    for name in ("pbx-01", "pbx-02", "pbx-03"):
        row(signed_in, name)
    header = signed_in.get_by_role("columnheader", name="Backup")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert names(signed_in)[0] == "pbx-02"
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert names(signed_in)[-1] == "pbx-02"


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_keeps_to_the_rules_of_accessibility(new_page: NewPage, locale: str, scheme: str) -> None:
    page = new_page(locale=locale, color_scheme=scheme, viewport={"width": 1280, "height": 800})
    page.goto("/")
    row(page, "pbx-01")
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 360, "height": 700})
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_page_speaks_german(new_page: NewPage) -> None:
    page = new_page(locale="de-DE")
    page.goto("/")
    assert "400 Tage" in row(page, "pbx-02")
    for part in ("Die Lizenz läuft in 12 Tagen ab", "Das letzte Backup ist 20 Tage alt", "Nicht registriert"):
        assert part in row(page, "pbx-01")
    assert "Nicht erreichbar" in row(page, "pbx-04")
    expect(page.get_by_role("columnheader", name="Nebenstellen")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"


def test_two_tabs_show_one_reading(new_page: NewPage, saved: SavedFleet) -> None:
    one = new_page()
    one.goto("/")
    row(one, "pbx-02")
    before = len(saved.tenants[1].emulator.journal)
    other = new_page()
    other.goto("/")
    row(other, "pbx-02")
    # Nothing was asked, unless the next reading was due: then it was asked once, six parts.
    assert len(saved.tenants[1].emulator.journal) - before in (0, 6)
