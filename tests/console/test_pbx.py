"""The page of a PBX: live calls, queues, trunks and extensions; one that is dead, and one that is slow."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import axe_violations
from consoles import NewPage
from saved_fleet import SavedFleet, saved_fleet
from trunkline import Pbx

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """Two PBXs, of which the second is slow, and one that doesn't answer."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 2, dead=1, latency=1.0) as fleet:
        yield fleet


@pytest.fixture
def acme(saved: SavedFleet) -> Iterator[Pbx]:
    """The first PBX, fresh, through a client that is not the console's."""
    emulator = saved.tenants[0].emulator
    emulator.reset()
    emulator.clear_faults()
    emulator.add_client("tests", "tests-key-0123456789", roles=("system_owners",))
    with Pbx(saved.tenants[0].url, "tests", "tests-key-0123456789", token_store=False) as client:
        yield client
    emulator.clear_faults()


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def answer(page: Page, question: str | re.Pattern[str], word: str) -> None:
    """Answer the dialog that asks a question."""
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("heading", name=question)).to_be_visible()
    dialog.get_by_role("button", name=word, exact=True).click()
    expect(dialog).to_have_count(0)


# ── live calls ──────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_found_and_ended_in_all_tabs(signed_in: Page, new_page: NewPage, acme: Pbx) -> None:
    other = new_page()
    for page in (signed_in, other):
        page.goto("/pbx/pbx-01/live")
        expect(page.get_by_role("row")).to_have_count(5)  # and the row of the names
    signed_in.get_by_label("Number or name").fill("0123")
    expect(signed_in.get_by_role("row")).to_have_count(2)
    expect(signed_in.get_by_text("1 of 4 calls")).to_be_visible()
    call = row(signed_in, "101 Lindqvist, Tomás")
    shown = call.get_by_role("cell").nth(3).inner_text()
    expect(call.get_by_role("cell").nth(3)).not_to_have_text(shown)  # it ticks
    question = "End the call from 10000 London SIP (+442079460123) to 101 Lindqvist, Tomás on pbx-01?"
    end = call.get_by_role("button", name="End the call from 10000 London SIP (+442079460123)")

    end.click()
    expect(signed_in.get_by_role("alertdialog").get_by_role("button", name="No")).to_be_focused()
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("alertdialog")).to_have_count(0)
    assert len(list(acme.active_calls.list())) == 4

    end.click()
    answer(signed_in, question, "Yes")
    expect(signed_in.get_by_text("The call was ended.")).to_be_visible()
    expect(signed_in.get_by_text("No call matches the filter.")).to_be_visible()
    expect(row(other, "101 Lindqvist, Tomás")).to_have_count(0)
    expect(other.get_by_role("row")).to_have_count(4)
    assert [call["Callee"] for call in acme.active_calls.list() if "Lindqvist" in str(call["Callee"])] == []


def test_a_call_that_ended_while_somebody_was_asked(signed_in: Page, acme: Pbx, saved: SavedFleet) -> None:
    signed_in.goto("/pbx/pbx-01/live")
    row(signed_in, "137 Mwangi, Stefan").get_by_role("button").click()
    number = next(call["Id"] for call in acme.active_calls.list() if "Mwangi" in str(call["Callee"]))
    acme.active_calls.drop_call(number)
    expect(row(signed_in, "137 Mwangi, Stefan")).to_have_count(0)
    answer(signed_in, re.compile("Mwangi"), "Yes")
    expect(signed_in.get_by_text("The call had ended already.")).to_be_visible()


def test_an_outage_is_shown_and_ends_by_itself(signed_in: Page, acme: Pbx, saved: SavedFleet) -> None:
    signed_in.goto("/pbx/pbx-01/live")
    expect(signed_in.get_by_role("row")).to_have_count(5)
    saved.tenants[0].emulator.add_fault("503@/ActiveCalls*")
    expect(signed_in.get_by_text("The calls below are as they were before")).to_be_visible()
    expect(signed_in.get_by_role("row")).to_have_count(5)
    saved.tenants[0].emulator.clear_faults()
    expect(signed_in.get_by_role("alert")).to_have_count(0)


# ── queues ──────────────────────────────────────────────────────────────────────────────────────


def test_queues_that_are_refused_are_asked_for_again_by_hand(signed_in: Page, acme: Pbx, saved: SavedFleet) -> None:
    saved.tenants[0].emulator.add_fault("403@/Queues*")
    signed_in.goto("/pbx/pbx-01/queues")
    expect(signed_in.get_by_role("alert")).to_be_visible()
    saved.tenants[0].emulator.clear_faults()
    signed_in.get_by_role("button", name="Try again").click()
    expect(signed_in.get_by_role("heading", name="801 Support")).to_be_visible()
    expect(signed_in.get_by_role("alert")).to_have_count(0)


def test_an_agent_is_logged_out_and_in(signed_in: Page, acme: Pbx) -> None:
    signed_in.goto("/pbx/pbx-01/queues")
    support = signed_in.get_by_role("group").filter(has=signed_in.get_by_role("heading", name="801 Support"))
    expect(support).to_contain_text("1 call waits · 8 of 8 agents logged in · today 0 answered, 0 abandoned")
    signed_in.get_by_role("button", name="Log 110 O'Dwyer, Siobhán out").click()
    expect(signed_in.get_by_text("It counts for all queues of this agent: 801 Support.")).to_be_visible()
    answer(signed_in, "Log 110 O'Dwyer, Siobhán out of queues on pbx-01?", "Yes")
    expect(row(signed_in, "O'Dwyer")).to_contain_text("Logged out")
    expect(support).to_contain_text("7 of 8 agents logged in")
    before = {user["Number"]: user["QueueStatus"] for user in acme.users.list(select="Number,QueueStatus")}
    assert before["110"] == "LoggedOut"
    assert before["111"] == "LoggedIn"
    signed_in.get_by_role("button", name="Log 110 O'Dwyer, Siobhán in").click()
    answer(signed_in, "Log 110 O'Dwyer, Siobhán in to queues on pbx-01?", "Yes")
    expect(row(signed_in, "O'Dwyer")).to_contain_text("Logged in")


def test_an_agent_whom_somebody_else_changed_stays_as_they_are(signed_in: Page, acme: Pbx) -> None:
    user = acme.users.list(filter="Number eq '111'").first()
    assert user is not None
    signed_in.goto("/pbx/pbx-01/queues")
    signed_in.get_by_role("button", name="Log 111 Brandt, Rafael out").click()
    expect(signed_in.get_by_role("alertdialog")).to_be_visible()
    acme.users.update(user["Id"], {"QueueStatus": "LoggedOut"})
    answer(signed_in, re.compile("Log 111"), "Yes")
    expect(signed_in.get_by_role("alert")).to_contain_text("changed since it was read. Nothing was done.")


# ── trunks and extensions ───────────────────────────────────────────────────────────────────────


def test_trunks_show_their_calls_and_lead_on(signed_in: Page, acme: Pbx) -> None:
    trunk = acme.trunks.list().first()
    assert trunk is not None
    signed_in.goto("/pbx/pbx-01/trunks")
    cells = row(signed_in, "London SIP").get_by_role("cell")
    expect(cells).to_have_text(["10000", "London SIP", "Registered", "2 of 10", "+442079460100", "", re.compile("Row")])
    link = signed_in.get_by_role("link", name="Row of 10000")
    expect(link).to_have_attribute("href", "/rows/trunks?pbx=pbx-01&filter=Number+eq+%2710000%27")
    again = signed_in.get_by_role("link", name="Register 10000 again")
    expect(again).to_have_attribute("href", f"/actions/trunks.refresh_registration?pbx=pbx-01&Id={trunk['Id']}")
    signed_in.get_by_label("Number or name").fill("london")
    expect(row(signed_in, "New York SIP")).to_have_count(0)
    expect(row(signed_in, "London SIP")).to_be_visible()
    signed_in.get_by_label("Number or name").fill("nobody")
    expect(signed_in.get_by_text("No trunk fits.")).to_be_visible()


def test_extensions_are_filtered_and_names_are_text(signed_in: Page, acme: Pbx) -> None:
    user = acme.users.list(filter="Number eq '105'").first()
    assert user is not None
    acme.users.update(user["Id"], {"FirstName": HOSTILE, "LastName": "=cmd"})
    unregistered = acme.users.list(filter="IsRegistered eq false").count()
    signed_in.goto("/pbx/pbx-01/extensions")
    expect(row(signed_in, "105").get_by_role("cell").nth(1)).to_have_text(f"{HOSTILE} =cmd")
    signed_in.get_by_role("checkbox", name="Not registered only").click()
    expect(signed_in.get_by_role("row")).to_have_count(unregistered + 1)
    signed_in.get_by_label("Number or name").fill("=cmd")
    expect(signed_in.get_by_role("row")).to_have_count(2)
    signed_in.get_by_label("Number or name").fill("nobody")
    expect(signed_in.get_by_text("No extension fits.")).to_be_visible()


# ── a PBX that is dead, slow or unknown ─────────────────────────────────────────────────────────


def test_a_dead_pbx_says_why(signed_in: Page, saved: SavedFleet) -> None:
    for tab in ("live", "trunks", "charts"):  # each waits for its PBX in another way; the other two as trunks do
        signed_in.goto(f"/pbx/{saved.dead[0]}/{tab}")
        expect(signed_in.get_by_text("The state of this PBX can't be read.")).to_be_visible()
        expect(signed_in.get_by_role("alert")).to_contain_text("can't be reached")
        expect(signed_in.get_by_role("link", name="Queues", exact=True)).to_be_visible()


def test_a_slow_pbx_shows_its_page_before_it_answers(signed_in: Page, saved: SavedFleet) -> None:
    sent = signed_in.goto(f"/pbx/{saved.slow}/queues")
    assert sent is not None
    assert "Loading" in sent.text()
    assert "801 Support" not in sent.text()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text(f"{saved.slow}: Queues")
    expect(signed_in.get_by_role("heading", name="801 Support")).to_be_visible()
    expect(signed_in.get_by_text("20.0.10")).to_be_visible()


def test_an_unknown_pbx_or_tab(signed_in: Page) -> None:
    for path, problem in (("/pbx/nobody", "There is no PBX"), ("/pbx/pbx-01/nothing", "has no tab")):
        signed_in.goto(path)
        expect(signed_in.get_by_role("alert")).to_contain_text(problem)


# ── how it looks ────────────────────────────────────────────────────────────────────────────────


def test_every_tab_is_accessible_in_both_modes_fits_a_telephone_and_is_german(new_page: NewPage, acme: Pbx) -> None:
    page = new_page(locale="de-DE")
    tabs = {  # what is looked for, since axe takes its time for each row; then the rows of all tables, and the charts
        "live": ("Laufende Anrufe", "", 5, 0),
        "queues": ("Warteschlangen", "802", 5, 0),
        "trunks": ("Trunks", "new york", 2, 0),
        "extensions": ("Nebenstellen", "139", 2, 0),
        "charts": ("Diagramme", "", 0, 4),
    }
    for tab, (title, wanted, rows, charts) in tabs.items():
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(f"/pbx/pbx-01/{tab}")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"pbx-01: {title}")
        expect(page.get_by_text("20.0.10")).to_be_visible()
        if wanted:
            page.get_by_role("searchbox").fill(wanted)
        expect(page.get_by_role("row")).to_have_count(rows)
        expect(page.locator(".tl-chart svg")).to_have_count(charts)
        assert axe_violations(page) == [], tab
        page.set_viewport_size({"width": 360, "height": 700})
        page.emulate_media(color_scheme="dark")
        expect(page.locator("body.body--dark")).to_be_attached()
        page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
        assert axe_violations(page) == [], tab
    page.goto("/pbx/pbx-01")
    row(page, "101 Lindqvist, Tomás").get_by_role("button").click()
    answer(page, re.compile("^Anruf von 10000 London SIP .* beenden"), "Nein")
