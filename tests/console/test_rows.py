"""Rows of a PBX in the console: found, sorted, filtered, exported, edited and deleted, in a real browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import axe_violations
from consoles import NewPage
from saved_fleet import KEY, SavedFleet, saved_fleet
from trunkline import Pbx
from trunkline.redaction import MASK
from trunkline_emulator.app import DEFAULT_ROLES

HOSTILE = ["<img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "=cmd|' /C calc'!A0"]
BRANDTS = 1_050


def _company() -> dict[str, Any]:
    """The demonstration company, whose phone book has more than a thousand people of one name."""
    people = [{"FirstName": f"N{n:04}", "LastName": "Brandt", "PhoneNumber": f"5550{n:04}"} for n in range(BRANDTS)]
    return {"extends": "demo", "Contacts": people}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """One PBX that answers, and one that is dead."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 1, dead=1, seed=_company()) as fleet:
        fleet.tenant("pbx-01").emulator.add_client("somebody", KEY, roles=DEFAULT_ROLES)
        yield fleet


@pytest.fixture
def pbx(saved: SavedFleet) -> Iterator[Pbx]:
    """A client that somebody else uses at the same time, with the data of the first day."""
    tenant = saved.tenant("pbx-01")
    tenant.emulator.reset()
    tenant.emulator.clear_faults()
    with Pbx(tenant.url, "somebody", KEY, token_store=None) as client:
        yield client


def cells(page: Page, column: str) -> Locator:
    """The cells of a column, as far as the grid has drawn rows."""
    return page.locator(f'.ag-center-cols-container [col-id="{column}"]')


def find(page: Page, text: str) -> Locator:
    """The row in which a text stands."""
    return page.locator(".ag-center-cols-container .ag-row", has_text=text)


def opened_row(page: Page) -> Locator:
    """The dialog of a row once its form has taken the focus: what is typed before would go where the focus goes."""
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Find a field")).to_be_focused()
    return dialog


def test_a_list_is_found_by_what_it_is_for(signed_in: Page) -> None:
    signed_in.goto("/rows?pbx=pbx-01")
    expect(signed_in.get_by_role("link", name="Users", exact=True)).to_be_visible()
    signed_in.get_by_label("Find").fill("phone book")
    expect(signed_in.get_by_role("listitem").get_by_role("link")).to_have_text(["Contacts"])
    assert axe_violations(signed_in) == []
    signed_in.get_by_role("link", name="Contacts").click()
    expect(signed_in).to_have_url(re.compile("/rows/contacts[?]pbx=pbx-01$"))
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Contacts")


def test_a_thousand_rows_come_a_page_at_a_time_and_the_address_says_which(
    signed_in: Page, saved: SavedFleet, pbx: Pbx
) -> None:
    everybody = pbx.contacts.list(select=["FirstName"]).all()
    total = len(everybody)
    signed_in.goto("/rows/contacts?pbx=pbx-01&columns=FirstName,LastName")
    expect(signed_in.get_by_text(f"1–100 of {total:,}")).to_be_visible()
    expect(cells(signed_in, "FirstName").first).to_have_text(str(everybody[0]["FirstName"]))
    saved.tenant("pbx-01").emulator.clear_journal()
    signed_in.get_by_role("button", name="Next").click()
    expect(signed_in.get_by_text(f"101–200 of {total:,}")).to_be_visible()
    expect(cells(signed_in, "FirstName").first).to_have_text(str(everybody[100]["FirstName"]))
    queries = [unquote(entry.path) for entry in saved.tenant("pbx-01").emulator.journal]
    asked = [f"{query}&" for query in queries if "/Contacts" in query]  # the fleet is read, too
    assert [("$top=100&" in query, "$skip=100&" in query) for query in asked] == [(True, True)]

    signed_in.reload()
    expect(signed_in.get_by_text(f"101–200 of {total:,}")).to_be_visible()
    signed_in.goto("/rows/contacts?pbx=pbx-01&page=900")  # rows were deleted since the address was shared
    first = (total - 1) // 100 * 100 + 1
    expect(signed_in.get_by_text(f"{first:,}–{total:,} of {total:,}")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Next")).to_be_disabled()


def test_the_pbx_sorts_columns_are_chosen_and_secrets_stay_masked(signed_in: Page, pbx: Pbx) -> None:
    signed_in.goto("/rows/users?pbx=pbx-01&columns=Number,AuthPassword")
    expect(cells(signed_in, "AuthPassword").first).to_have_text(MASK)
    secrets = [str(user["AuthPassword"]) for user in pbx.users.list(top=5)]
    assert not any(secret in signed_in.content() for secret in secrets)

    header = signed_in.get_by_role("columnheader", name="Number")
    header.click()
    expect(signed_in).to_have_url(re.compile("sort=Number&"))
    header.click()
    expect(signed_in).to_have_url(re.compile("sort=Number%20desc&"))
    last = pbx.users.list(orderby="Number desc", top=1).all()[0]
    expect(cells(signed_in, "Number").first).to_have_text(str(last["Number"]))

    columns = signed_in.get_by_role("combobox", name="Columns")
    columns.click()
    columns.press_sequentially("FirstN")
    signed_in.get_by_role("option", name="FirstName").click()
    signed_in.keyboard.press("Escape")
    expect(signed_in).to_have_url(re.compile("columns=Number%2CAuthPassword%2CFirstName"))
    expect(cells(signed_in, "FirstName").first).to_have_text(str(last["FirstName"]))
    expect(signed_in.get_by_role("columnheader", name="Number")).to_have_attribute("aria-sort", "descending")

    cells(signed_in, "Number").first.click()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("dialog")).to_have_count(1)  # the grid before it is gone, and opens nothing


def test_a_text_and_a_filter_narrow_the_rows_and_wrong_ones_are_explained(signed_in: Page, pbx: Pbx) -> None:
    signed_in.goto("/rows/queues?pbx=pbx-01")
    expect(cells(signed_in, "Name").first).to_have_text("Sales")
    signed_in.get_by_label("Find in the columns").fill("SALES")
    expect(signed_in).to_have_url(re.compile("text=SALES"))
    expect(cells(signed_in, "Name").first).to_contain_text("Sales")
    matching = pbx.queues.list(filter="contains(tolower(Name),'sales')").count()
    expect(signed_in.get_by_role("status").filter(has_text=f"of {matching}")).to_be_visible()

    condition = signed_in.get_by_label("OData filter")
    condition.fill("Number eq '800'")
    condition.press("Enter")
    expect(signed_in.get_by_text("1–1 of 1")).to_be_visible()

    condition.fill("Number eq")
    condition.press("Enter")
    alert = signed_in.get_by_role("alert")
    expect(alert).to_contain_text("Syntax error")
    expect(signed_in.get_by_text("The filter was: Number eq", exact=True)).to_be_visible()

    condition.fill("")
    condition.press("Enter")
    expect(alert).to_have_count(0)
    signed_in.goto("/rows/queues?pbx=pbx-01&columns=Nmae")
    expect(signed_in.get_by_role("alert")).to_contain_text("Did you mean Name")


def test_a_csv_has_every_row_that_matches(signed_in: Page, pbx: Pbx) -> None:
    signed_in.goto("/rows/contacts?pbx=pbx-01&columns=FirstName,LastName&sort=FirstName%20desc&text=BRANDT")
    expect(cells(signed_in, "FirstName").first).to_be_visible()
    with signed_in.expect_download() as started:
        signed_in.get_by_role("link", name="Export CSV").click()
    head, *rows = csv.reader(io.StringIO(started.value.path().read_text("utf-8-sig")))
    assert head == ["FirstName", "LastName"]
    assert rows == [[f"N{n:04}", "Brandt"] for n in reversed(range(BRANDTS))]
    assert started.value.suggested_filename == "pbx-01-contacts.csv"

    users = signed_in.request.get("/rows/users/csv?pbx=pbx-01&columns=Number,AuthPassword").text()
    assert {row["AuthPassword"] for row in csv.DictReader(io.StringIO(users))} == {MASK}
    refused = signed_in.request.get("/rows/users/csv?pbx=pbx-01&filter=Nmae%20eq%20'x'")
    assert refused.status == 400
    assert "Nmae" in refused.text()
    signed_in.context.clear_cookies()  # who has no session gets the page to sign in
    assert "Number" not in signed_in.request.get("/rows/users/csv?pbx=pbx-01").text()


def test_names_that_look_like_markup_templates_or_formulas_are_text(signed_in: Page, pbx: Pbx) -> None:
    for n, name in enumerate(HOSTILE):
        pbx.contacts.create(body={"FirstName": name, "LastName": "Hostile", "PhoneNumber": f"555010{n}"})
    signed_in.on("dialog", lambda _: pytest.fail("A name ran as a script."))
    signed_in.goto("/rows/contacts?pbx=pbx-01&text=hostile&sort=PhoneNumber")
    expect(cells(signed_in, "FirstName")).to_have_text(HOSTILE)
    cells(signed_in, "FirstName").first.dblclick()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text(HOSTILE[0])
    expect(dialog.get_by_label("FirstName")).to_have_value(HOSTILE[0])
    assert signed_in.locator("img").count() == 0
    dialog.get_by_role("button", name="Cancel").click()
    text = signed_in.request.get(
        "/rows/contacts/csv?pbx=pbx-01&text=hostile&sort=PhoneNumber&columns=FirstName,LastName"
    ).text()
    assert text[0] == "\ufeff", "Excel reads it as UTF-8"
    assert [row[0] for row in csv.reader(io.StringIO(text))][1:] == [*HOSTILE[:2], f"'{HOSTILE[2]}"]


def test_a_change_is_shown_before_it_is_sent(signed_in: Page, pbx: Pbx, saved: SavedFleet) -> None:
    queue = pbx.queues.get_by_number("800")
    signed_in.goto("/rows/queues?pbx=pbx-01")
    cells(signed_in, "Name").first.click()
    signed_in.keyboard.press("Enter")
    dialog = opened_row(signed_in)
    expect(dialog.get_by_role("heading", level=2)).to_have_text("800 Sales on pbx-01")
    ring = dialog.get_by_label("RingTimeout", exact=True)
    expect(ring).to_have_value(str(queue["RingTimeout"]))
    assert axe_violations(signed_in) == []

    ring.fill("soon")
    dialog.get_by_role("button", name="Show changes").click()
    expect(dialog.get_by_role("alert").first).to_contain_text("RingTimeout")

    ring.fill("41")
    dialog.get_by_label("Agents", exact=True).fill("[]")
    dialog.get_by_role("button", name="Show changes").click()
    expect(dialog.get_by_role("row", name="RingTimeout")).to_have_text(f"RingTimeout{queue['RingTimeout']}41")
    expect(dialog.get_by_text("Agents is a list, which is replaced as a whole.")).to_contain_text("Gone afterwards:")
    assert axe_violations(signed_in) == []
    signed_in.keyboard.press("Escape")  # it would lose what was typed
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.get_by_label("Agents", exact=True)).to_have_value("[]")
    assert not [entry for entry in saved.tenant("pbx-01").emulator.journal if entry.method == "PATCH"]

    dialog.get_by_role("button", name="Show changes").click()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    expect(find(signed_in, "Sales").first.locator('[col-id="RingTimeout"]')).to_have_text("41")
    now = pbx.queues.get(queue["Id"], expand=["Agents"])
    assert (now["RingTimeout"], now["Agents"]) == (41, [])
    sent = [entry for entry in saved.tenant("pbx-01").emulator.journal if entry.method == "PATCH"]
    assert [entry.path for entry in sent] == [f"/xapi/v1/Queues({queue['Id']})"]


def test_a_queue_that_somebody_else_changed_is_refused_and_nothing_is_lost(signed_in: Page, pbx: Pbx) -> None:
    queue = pbx.queues.get_by_number("800")
    signed_in.goto("/rows/queues?pbx=pbx-01")
    cells(signed_in, "Name").first.dblclick()
    dialog = opened_row(signed_in)
    dialog.get_by_label("Name", exact=True).fill("Mine")
    pbx.queues.update(queue["Id"], body={"Name": "Theirs", "WrapUpTime": 7})
    dialog.get_by_role("button", name="Show changes").click()
    dialog.get_by_role("button", name="Send").click()

    expect(dialog.get_by_role("alert")).to_contain_text("Somebody else changed Name meanwhile. Nothing was sent.")
    expect(dialog.get_by_role("row", name="Sales")).to_have_text("NameSalesTheirsMine")
    assert pbx.queues.get(queue["Id"])["Name"] == "Theirs"
    assert axe_violations(signed_in) == []

    dialog.get_by_role("button", name="Edit again with mine").click()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Mine")
    expect(dialog.get_by_label("WrapUpTime", exact=True)).to_have_value("7")
    dialog.get_by_role("button", name="Show changes").click()
    expect(dialog.get_by_role("row", name="Theirs")).to_have_text("NameTheirsMine")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    now = pbx.queues.get(queue["Id"])
    assert (now["Name"], now["WrapUpTime"]) == ("Mine", 7)


def test_what_is_gone_or_was_changed_meanwhile_is_named_and_the_others_are_deleted(signed_in: Page, pbx: Pbx) -> None:
    ids = [
        pbx.contacts.create(body={"FirstName": name, "LastName": "Leaving", "PhoneNumber": f"555912{n}"})["Id"]
        for n, name in enumerate(("One", "Two", "Three"))
    ]
    signed_in.goto("/rows/contacts?pbx=pbx-01&text=leaving&sort=PhoneNumber")
    expect(cells(signed_in, "FirstName")).to_have_text(["One", "Two", "Three"])
    signed_in.get_by_role("checkbox", name="Column with a box to select all rows").check()
    button = signed_in.get_by_role("button", name="Delete 3 …")
    expect(button).to_be_enabled()
    pbx.contacts.delete(ids[1])
    pbx.contacts.update(ids[2], body={"CompanyName": "Somebody needs it"})
    button.click()
    question = signed_in.get_by_role("alertdialog")
    expect(question).to_contain_text("Delete 3 rows of contacts on pbx-01?")
    expect(question).to_contain_text("Three Leaving")
    note = "What somebody else changed since it was read is not deleted."
    expect(question.get_by_text(note)).to_be_visible()
    expect(question.get_by_role("listitem").filter(has_text=note)).to_have_count(0)  # it would read like a row
    assert axe_violations(signed_in) == []
    question.get_by_role("button", name="Yes").click()

    expect(signed_in.get_by_text("1 row was deleted.")).to_be_visible()
    failed = signed_in.get_by_role("region", name="2 rows were not deleted.")
    expect(failed.get_by_role("listitem").nth(0)).to_contain_text(re.compile("^Two Leaving: .*No contact"))
    expect(failed.get_by_role("listitem").nth(1)).to_contain_text(re.compile("^Three Leaving: .*CompanyName"))
    with signed_in.expect_download() as started:
        failed.get_by_role("button", name="Failed rows as CSV").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text("utf-8-sig"))))
    assert [row["FirstName"] for row in rows] == ["Two", "Three"]
    assert [row["FirstName"] for row in pbx.contacts.list(filter="LastName eq 'Leaving'")] == ["Three"]

    again = signed_in.get_by_role("button", name="Delete 1 …")  # the one that is left is selected, as it is now
    again.click()
    question.get_by_role("button", name="Yes").click()
    expect(failed).to_have_count(0)
    assert not pbx.contacts.list(filter="LastName eq 'Leaving'").all()


def test_before_one_is_deleted_the_question_names_who_uses_it(signed_in: Page, pbx: Pbx) -> None:
    signed_in.goto("/rows/queues?pbx=pbx-01&filter=Number%20eq%20'800'")
    signed_in.get_by_role("checkbox", name="Press Space to select or deselect this row").check()
    signed_in.get_by_role("button", name="Delete 1 …").click()
    question = signed_in.get_by_role("alertdialog")
    expect(question).to_contain_text("Delete queue 800 Sales on pbx-01?")
    expect(question).to_contain_text("It is used by")
    question.get_by_role("button", name="No").click()
    expect(question).to_have_count(0)
    assert pbx.queues.get_by_number("800")["Name"] == "Sales"


def test_two_tabs_show_different_rows_and_each_sees_what_the_other_sent(new_page: NewPage, pbx: Pbx) -> None:
    one, other = new_page(), new_page()
    one.goto("/rows/queues?pbx=pbx-01&filter=Number%20eq%20'800'")
    other.goto("/rows/queues?pbx=pbx-01&columns=Number,Name")
    expect(cells(one, "PollingStrategy")).to_have_count(1)
    expect(cells(other, "Name").first).to_be_visible()
    expect(cells(other, "PollingStrategy")).to_have_count(0)
    for page, name in ((one, "First"), (other, "Second")):
        cells(page, "Name").first.dblclick()
        dialog = opened_row(page)
        dialog.get_by_label("Name", exact=True).fill(name)
        dialog.get_by_role("button", name="Show changes").click()
        dialog.get_by_role("button", name="Send").click()
        expect(dialog).to_have_count(0)
        expect(cells(page, "Name").first).to_have_text(name)
    assert pbx.queues.get_by_number("800")["Name"] == "Second"


def test_a_row_that_is_closed_while_it_is_read_stays_closed(signed_in: Page, pbx: Pbx, saved: SavedFleet) -> None:
    signed_in.goto("/rows/queues?pbx=pbx-01")
    expect(cells(signed_in, "Name").first).to_be_visible()
    emulator = saved.tenant("pbx-01").emulator
    fault = emulator.add_fault({"match": {"path": "/Queues(*"}, "do": {"delay": 2}})
    cells(signed_in, "Name").first.click()
    signed_in.keyboard.press("Enter")
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    emulator.remove_fault(fault)
    signed_in.keyboard.press("Enter")
    expect(opened_row(signed_in).get_by_role("button", name="Show changes")).to_be_visible()
    signed_in.keyboard.press("Escape")  # nothing was typed
    expect(dialog).to_have_count(0)


def test_a_list_that_can_only_be_read_opens_as_a_table(signed_in: Page, pbx: Pbx) -> None:
    signed_in.goto("/rows/services?pbx=pbx-01")
    cells(signed_in, "Name").first.dblclick()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("rowheader", name="Status")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Delete")).to_have_count(0)
    signed_in.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_dead_pbx_says_so_and_the_page_stays(signed_in: Page, saved: SavedFleet) -> None:
    signed_in.goto(f"/rows/users?pbx={saved.dead[0]}")
    expect(signed_in.get_by_role("alert")).to_contain_text("can't be reached")
    expect(signed_in.get_by_label("OData filter")).to_be_visible()


def test_the_page_is_accessible_in_both_modes_and_fits_a_phone(new_page: NewPage, pbx: Pbx) -> None:
    page = new_page(viewport={"width": 360, "height": 700}, color_scheme="light")
    page.goto("/rows/users?pbx=pbx-01")
    expect(cells(page, "Number").first).to_be_visible()
    assert axe_violations(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body.body--dark")).to_be_visible()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    cells(page, "Number").first.dblclick()
    expect(page.get_by_role("dialog").get_by_label("FirstName")).to_be_visible()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_speaks_german(new_page: NewPage, pbx: Pbx) -> None:
    page = new_page(locale="de-DE")
    page.goto("/rows/contacts?pbx=pbx-01&columns=FirstName")
    total = f"{pbx.contacts.list().count():,}".replace(",", ".")
    expect(page.get_by_text(f"1–100 von {total}")).to_be_visible()
    page.get_by_label("In den Spalten suchen").fill("nothing-like-this")
    expect(page.get_by_role("status").filter(has_text="Keine Zeilen.")).to_be_visible()
