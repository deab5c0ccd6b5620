"""The frame that all pages share: navigation, look, language, questions and errors."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from browser import axe_violations
from consoles import Console, NewPage
from saved_fleet import SavedFleet
from trunkline.console.errors import shown, spelled
from trunkline.console.errors_log import OneLine
from trunkline.errors import Hint, TrunklineError, UsageError


def test_the_first_tab_skips_to_the_content_and_the_navigation_marks_where_one_is(signed_in: Page) -> None:
    signed_in.goto("/")
    signed_in.wait_for_load_state("networkidle")
    signed_in.keyboard.press("Tab")
    skip = signed_in.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    signed_in.keyboard.press("Enter")
    assert signed_in.evaluate("document.activeElement.id") == "content"
    links = signed_in.get_by_role("navigation", name="Main").get_by_role("link")
    assert links.all_inner_texts() == ["Fleet", "Actions", "Rows", "Jobs", "Config"]
    expect(links.first).to_have_attribute("aria-current", "page")
    expect(signed_in).to_have_title("Fleet – Trunkline")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Fleet")


def test_the_look_follows_the_system_until_one_is_chosen(new_page: NewPage) -> None:
    page = new_page(color_scheme="dark")
    page.goto("/")
    expect(page.locator("body.body--dark")).to_be_attached()
    page.get_by_label("Look").click()
    page.get_by_role("option", name="Light").click()
    expect(page.locator("body.body--light")).to_be_attached()
    page.reload()
    expect(page.locator("body.body--light")).to_be_attached()


def test_the_language_is_that_of_the_browser_until_one_is_chosen(new_page: NewPage) -> None:
    page = new_page(locale="de-DE")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anlagen")
    page.get_by_label("Sprache").click()
    page.get_by_role("option", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fleet")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en-US")


def test_times_are_in_the_zone_of_the_browser_from_the_first_page_on(new_page: NewPage) -> None:
    page = new_page(timezone_id="Asia/Tokyo")  # the session began in Berlin
    page.goto("/")
    page.wait_for_function("window.did_handshake")
    kept = {each["name"]: each["value"] for each in page.context.cookies()}
    assert kept["zone"] == "Asia%2FTokyo"
    reading = page.get_by_text("Last reading: ")
    expect(reading).to_be_visible()
    hour = datetime.now(ZoneInfo("Asia/Tokyo")).hour
    assert re.search(rf", 0?({hour}|{(hour - 1) % 24}):", reading.inner_text())


def test_an_address_that_leads_nowhere_says_so(signed_in: Page) -> None:
    answer = signed_in.goto("/nothing/here")
    assert answer is not None
    assert answer.status == 404
    expect(signed_in.get_by_text("The console has no page at this address.")).to_be_visible()
    assert axe_violations(signed_in) == []


def test_an_unknown_pbx_is_an_error_in_the_frame(signed_in: Page, console: Console) -> None:
    signed_in.goto("/pbx/nobody")
    expect(signed_in.get_by_role("alert")).to_contain_text("There is no PBX 'nobody' here.")
    assert axe_violations(signed_in) == []
    assert not [line for line in console.output if "Traceback" in line]


def contact(saved: SavedFleet) -> int:
    """Create a contact on pbx-01, and return its Id."""
    text = {"FirstName": "Ada", "PhoneNumber": "+442079460123"}
    return int(saved.tenant("pbx-01").emulator.ask("POST", "/Contacts", json=text).json()["Id"])


def deleted(saved: SavedFleet) -> list[str]:
    return [each.path for each in saved.tenant("pbx-01").emulator.journal if each.method == "DELETE"]


def focused(page: Page) -> str:
    """The text of the button that has the focus in the question; "" where the focus is elsewhere."""
    return str(
        page.evaluate("document.activeElement.closest('[role=alertdialog]') ? document.activeElement.innerText : ''")
    )


def test_a_question_keeps_the_focus_starts_at_no_where_something_is_lost_and_esc_is_no(
    signed_in: Page, saved: SavedFleet
) -> None:
    signed_in.goto("/")  # which learns the version of the PBX: the form is drawn anew where that happens later
    line = signed_in.get_by_role("row").filter(has=signed_in.get_by_role("link", name="pbx-01"))
    expect(line).not_to_contain_text("Reading")
    signed_in.goto(f"/actions/contacts.delete?pbx=pbx-01&Id={contact(saved)}")
    run = signed_in.get_by_role("button", name="Run …")
    question = signed_in.get_by_role("alertdialog")
    run.press("Enter")
    expect(question.get_by_role("button", name="No")).to_be_focused()
    expect(question.get_by_role("heading", level=2)).to_contain_text("on pbx-01?")
    assert axe_violations(signed_in) == []
    seen = []
    for key in ("Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        signed_in.keyboard.press(key)
        seen.append(focused(signed_in))
    assert set(seen) - {""} == {"Yes", "No"}
    assert "Run …" not in seen
    signed_in.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(run).to_be_focused()
    expect(signed_in.get_by_text("Nothing was sent.")).to_be_visible()
    assert deleted(saved) == []


def test_a_question_of_little_consequence_starts_at_yes(signed_in: Page) -> None:
    signed_in.goto("/actions/contacts.create?pbx=pbx-01&FirstName=Ada")
    signed_in.get_by_role("button", name="Run …").click()
    question = signed_in.get_by_role("alertdialog")
    expect(question.get_by_role("button", name="Yes")).to_be_focused()
    signed_in.mouse.click(5, 5)  # beside it
    expect(question).to_have_count(0)
    expect(signed_in.get_by_text("Nothing was sent.")).to_be_visible()


def test_a_hint_names_an_action_to_open_or_a_command_to_type() -> None:
    assert spelled(Hint("Make one.", "backups.backup")) == ("Make one.", "backups.backup")
    assert spelled(Hint("Save one first.", "login")) == ("Save one first. On the command line: trunkline login.", "")
    assert spelled(Hint("Wait.")) == ("Wait.", "")
    assert shown(UsageError("It can't be.", hint="Change it.")) == ("It can't be.", "Change it.", "")


def test_a_defect_shows_where_it_was_raised_and_never_its_text() -> None:
    problem = KeyError("a secret")
    assert "KeyError" in shown(problem).message
    assert "a secret" not in str(shown(problem))
    record = logging.LogRecord("nicegui", logging.ERROR, "x", 1, problem, (), (KeyError, problem, None))
    assert OneLine().filter(record)
    assert "KeyError" in record.getMessage()
    assert "a secret" not in record.getMessage()
    assert record.exc_info is None
    ours = logging.LogRecord("nicegui", logging.ERROR, "x", 1, TrunklineError("shown on the page"), (), None)
    assert not OneLine().filter(ours)


def test_a_double_click_asks_once(signed_in: Page, saved: SavedFleet) -> None:
    signed_in.goto(f"/actions/fax.delete?pbx={saved.names[0]}")
    signed_in.get_by_label("Id").fill("124")
    signed_in.get_by_role("button", name="Run …").dblclick()
    expect(signed_in.get_by_role("alertdialog")).to_have_count(1)
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("alertdialog")).to_have_count(0)
