"""Actions in the console, in a browser: found, filled in, run, explained; nothing is sent that was not asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import axe_violations
from consoles import NewPage
from saved_fleet import SavedFleet, saved_fleet
from trunkline_emulator import Entry

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """Two PBXs of a demo company, and one that is dead."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 2, dead=1, seed="demo") as fleet:
        yield fleet


def sent(saved: SavedFleet, method: str) -> list[Entry]:
    return [entry for entry in saved.tenant("pbx-01").emulator.journal if entry.method == method and entry.operation]


def open_action(page: Page, action: str, pbx: str = "pbx-01", query: str = "") -> None:
    page.goto(f"/actions/{action}?pbx={pbx}{query}")
    expect(page.get_by_role("button", name=re.compile("Run"))).to_be_visible()


def run(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Run")).click()


def spelled(page: Page, name: str) -> Locator:
    return page.locator(f"[data-spelled={name}]")


def choose(page: Page, label: str, value: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=value, exact=True).click()
    page.keyboard.press("Escape")


def test_words_of_the_trade_lead_to_a_list_that_is_shown_as_a_table(signed_in: Page) -> None:
    signed_in.goto("/actions")
    expect(signed_in.get_by_text(re.compile("^601 actions in "))).to_be_visible()
    signed_in.get_by_label("Search actions").fill("list extensions")
    link = signed_in.get_by_role("link", name="List User", exact=True)
    expect(link).to_be_visible()
    expect(signed_in).to_have_url(re.compile(r"q=list\+extensions"))
    link.click()
    choose(signed_in, "PBX", "pbx-01")
    signed_in.get_by_label("Filter").fill("Number eq '100'")
    expect(spelled(signed_in, "request")).to_contain_text("$filter=Number%20eq%20'100'")
    run(signed_in)
    expect(signed_in.get_by_role("cell", name="100", exact=True)).to_be_visible()
    expect(signed_in.get_by_text("1 row", exact=True)).to_be_visible()
    signed_in.get_by_role("button", name="JSON").click()
    expect(signed_in.get_by_text('"Number": "100"')).to_be_visible()


def test_a_long_list_comes_a_hundred_rows_at_a_time(signed_in: Page, saved: SavedFleet) -> None:
    open_action(signed_in, "contacts.list", "pbx-02")
    emulator = saved.tenant("pbx-02").emulator
    for number in range(150):
        emulator.ask(
            "POST", "/Contacts", json={"FirstName": f"Row {number:03}", "PhoneNumber": f"+44207946{number:04}"}
        )
    signed_in.get_by_label("Filter").fill("startswith(FirstName,'Row')")
    run(signed_in)
    expect(signed_in.get_by_text("The first 100 rows; there may be more.")).to_be_visible()
    signed_in.get_by_role("button", name="More rows").click()
    expect(signed_in.get_by_text("150 rows", exact=True)).to_be_visible()
    expect(signed_in.get_by_role("button", name="More rows")).to_be_hidden()


def test_a_fax_is_deleted_after_a_question_and_then_it_is_not_found(signed_in: Page, saved: SavedFleet) -> None:
    before = len(sent(saved, "DELETE"))
    open_action(signed_in, "fax.delete", query="&Id=125")
    run(signed_in)
    question = signed_in.get_by_role("alertdialog")
    expect(question.get_by_role("heading", name=re.compile(r"^Delete the fax .+ on pbx-01\?$"))).to_be_visible()
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_text("Nothing was sent.")).to_be_visible()
    assert len(sent(saved, "DELETE")) == before
    run(signed_in)
    question.get_by_role("button", name="Yes").click()
    expect(signed_in.get_by_text("Done. The PBX answers without a body.")).to_be_visible()
    assert [entry.path for entry in sent(saved, "DELETE")[before:]] == ["/xapi/v1/Fax(125)"]
    run(signed_in)
    question.get_by_role("button", name="Yes").click()
    alert = signed_in.get_by_role("region", name="Answer").get_by_role("alert")
    expect(alert).to_contain_text("No fax with Id 125 on pbx-01")
    help_link = alert.get_by_role("link", name="Open action fax.list")
    expect(help_link).to_have_attribute("href", "/actions/fax.list?pbx=pbx-01")
    expect(signed_in.get_by_text("Nothing was changed.")).to_be_visible()


def test_a_contact_is_created_and_what_was_not_set_is_not_sent(signed_in: Page, saved: SavedFleet) -> None:
    open_action(signed_in, "contacts.create")
    signed_in.get_by_label("First name", exact=True).fill(HOSTILE)
    signed_in.get_by_label("Phone number", exact=True).fill("+442079460123")
    request = spelled(signed_in, "request")
    signed_in.get_by_label("Company name", exact=True).fill("x")  # what is typed is sent after a pause
    expect(request).to_contain_text('"CompanyName": "x"')
    signed_in.get_by_label("Company name", exact=True).fill("")
    expect(request).to_contain_text('"CompanyName": ""')
    signed_in.get_by_label("Last name", exact=True).fill("unwanted")
    expect(request).to_contain_text('"LastName": "unwanted"')
    signed_in.get_by_role("checkbox", name="Send Last name").click()
    expect(request).not_to_contain_text("LastName")
    signed_in.get_by_role("checkbox", name="Set Email to null").click()
    expect(request).to_contain_text('"Email": null')
    body = json.loads((request.text_content() or "").split("\n\n", 1)[1])
    assert body == {"FirstName": HOSTILE, "PhoneNumber": "+442079460123", "CompanyName": "", "Email": None}
    run(signed_in)
    signed_in.get_by_role("alertdialog").get_by_role("button", name="Yes").click()
    expect(signed_in.get_by_role("cell", name=HOSTILE)).to_be_visible()  # shown as text
    assert sent(saved, "POST")[-1].path == "/xapi/v1/Contacts"


def test_an_enum_and_flags_are_chosen_from_their_values(signed_in: Page) -> None:
    open_action(signed_in, "queues.update", query="&Id=1")
    choose(signed_in, "Polling strategy", "LongestWaiting")
    find = signed_in.get_by_label(re.compile(r"Find \d+ more fields"))
    find.fill("transcription")
    signed_in.get_by_role("combobox", name="Transcription mode", exact=True).click()
    signed_in.get_by_role("option", name="Voicemail", exact=True).click()
    signed_in.get_by_role("option", name="Recordings", exact=True).click()
    signed_in.keyboard.press("Escape")
    request = spelled(signed_in, "request")
    expect(request).to_contain_text('"PollingStrategy": "LongestWaiting"')
    expect(request).to_contain_text(re.compile('"TranscriptionMode": "(Voicemail,Recordings|Recordings,Voicemail)"'))


def test_wrong_input_is_refused_before_anything_is_sent_and_the_field_is_named(
    signed_in: Page, saved: SavedFleet
) -> None:
    open_action(signed_in, "users.update")
    before = len(sent(saved, "PATCH"))
    expect(signed_in.get_by_text("users.update needs Id.")).to_be_visible()
    run(signed_in)
    expect(signed_in.locator(".q-field--error")).to_contain_text("needs Id")
    signed_in.get_by_label("Id (required)").fill("11")
    signed_in.get_by_label("Groups", exact=True).fill("{")
    expect(signed_in.locator(".q-field--error", has_text="is not JSON")).to_be_visible()
    run(signed_in)
    answer = signed_in.get_by_role("region", name="Answer")
    expect(answer.get_by_role("alert")).to_contain_text("Groups (Groups) is not JSON")
    expect(answer.get_by_text("Nothing was changed.")).to_be_visible()
    assert len(sent(saved, "PATCH")) == before


def test_a_refusal_of_the_pbx_is_explained(signed_in: Page, saved: SavedFleet) -> None:
    emulator = saved.tenant("pbx-01").emulator
    fault = emulator.add_fault("403@GetUser")
    open_action(signed_in, "users.get", query="&Id=11")
    run(signed_in)
    alert = signed_in.get_by_role("region", name="Answer").get_by_role("alert")
    expect(alert).to_contain_text("did not allow users.get")
    expect(alert).to_contain_text("role System Admin")
    emulator.remove_fault(fault)


def test_a_file_is_downloaded(signed_in: Page, tmp_path: Path) -> None:
    open_action(signed_in, "recordings.download_recording", query="&recId=1")
    with signed_in.expect_download() as download:
        run(signed_in)
    download.value.save_as(tmp_path / "recording")
    assert (tmp_path / "recording").read_bytes().startswith(b"RIFF")
    expect(signed_in.get_by_role("button", name="Download again")).to_be_visible()


def test_a_file_is_uploaded(signed_in: Page, saved: SavedFleet, tmp_path: Path) -> None:
    for name in ("wrong.wav", "hello.wav"):
        (tmp_path / name).write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    open_action(signed_in, "custom_prompts.upload")
    for name in ("wrong.wav", "hello.wav"):
        signed_in.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(signed_in.get_by_text(f"File: {name}, ")).to_be_visible()
    expect(spelled(signed_in, "request")).to_contain_text("file: hello.wav")
    run(signed_in)
    signed_in.get_by_role("alertdialog").get_by_role("button", name="Yes").click()
    expect(signed_in.get_by_role("heading", name="Answer")).to_be_visible()
    assert sent(saved, "POST")[-1].path.lower().endswith("/customprompts")


def test_no_secret_is_in_the_page(signed_in: Page) -> None:
    frames: list[str] = []
    signed_in.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    open_action(signed_in, "fax.get", query="&Id=121")
    run(signed_in)
    expect(signed_in.get_by_text("fax888").or_(signed_in.get_by_role("cell", name="888", exact=True))).to_be_visible()
    signed_in.get_by_role("button", name="JSON").click()
    expect(signed_in.get_by_text('"Number": "888"')).to_be_visible()
    assert not any("not-a-real-password" in frame for frame in frames)
    assert "not-a-real-password" not in signed_in.content()


def test_only_if_unchanged_keeps_what_somebody_else_changed(signed_in: Page, saved: SavedFleet) -> None:
    open_action(signed_in, "contacts.update", query="&Id=2")
    signed_in.get_by_label("Last name", exact=True).fill("Ours")
    signed_in.get_by_role("button", name="Read it now").click()
    expect(signed_in.get_by_text('"Id": 2')).to_be_visible()
    saved.tenant("pbx-01").emulator.ask("PATCH", "/Contacts(2)", json={"LastName": "Theirs"})
    run(signed_in)
    signed_in.get_by_role("alertdialog").get_by_role("button", name="Yes").click()
    alert = signed_in.get_by_role("region", name="Answer").get_by_role("alert")
    expect(alert).to_contain_text("changed since it was read: LastName")
    expect(signed_in.get_by_text("Nothing was changed.")).to_be_visible()


def test_a_dead_pbx_is_reported_and_the_form_is_there(signed_in: Page, saved: SavedFleet) -> None:
    open_action(signed_in, "users.list", saved.dead[0])
    run(signed_in)
    alert = signed_in.get_by_role("region", name="Answer").get_by_role("alert").first
    expect(alert).to_contain_text("connect", ignore_case=True)


def test_a_call_is_copied_in_every_spelling(new_page: NewPage) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    open_action(page, "users.list", query="&top=5")
    starts = {
        "Request": "GET http",
        "As command": "trunkline users list --top 5 --profile pbx-01",
        "As Python": "from trunkline import Target",
        "As n8n node": "{",
        "As curl": "curl",
    }
    for tab, start in starts.items():
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("button", name="Copy").click()
        page.wait_for_function(
            "start => navigator.clipboard.readText().then(text => text.startsWith(start))", arg=start
        )


def test_the_keyboard_is_enough(signed_in: Page) -> None:
    signed_in.goto("/actions?pbx=pbx-01")
    expect(signed_in.get_by_label("Search actions")).to_be_visible()
    signed_in.keyboard.press("/")
    expect(signed_in.get_by_label("Search actions")).to_be_focused()
    signed_in.keyboard.type("fax.get")
    expect(signed_in.get_by_role("link", name="Get Fax", exact=True)).to_be_visible()
    signed_in.keyboard.press("Enter")
    field = signed_in.get_by_label("Id (required)")
    expect(field).to_be_visible()
    for _ in range(40):
        if field.evaluate("element => element === document.activeElement"):
            break
        signed_in.keyboard.press("Tab")
    signed_in.keyboard.type("121")
    expect(spelled(signed_in, "request")).to_contain_text("/Fax(121)")
    button = signed_in.get_by_role("button", name="Run")
    for _ in range(40):
        if button.evaluate("element => element === document.activeElement"):
            break
        signed_in.keyboard.press("Tab")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("cell", name="888", exact=True)).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_use_both_pages_on_any_screen(new_page: NewPage, scheme: str, width: int) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto("/actions")
    expect(page.get_by_text(re.compile("^601 actions in "))).to_be_visible()
    expect_in_order(page, width)
    page.goto("/actions?q=delete")
    expect(page.get_by_role("link", name="Delete Fax", exact=True)).to_be_visible()
    expect_in_order(page, width)
    open_action(page, "users.update", query="&Id=11")
    page.get_by_label("First name", exact=True).fill("Ada")
    expect(spelled(page, "request")).to_contain_text("Ada")
    expect_in_order(page, width)
    open_action(page, "users.list")
    run(page)
    expect(page.get_by_role("cell", name="100", exact=True)).to_be_visible()
    expect_in_order(page, width)


def expect_in_order(page: Page, width: int) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window."""
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_german(new_page: NewPage) -> None:
    page = new_page(locale="de-DE")
    page.goto("/actions?q=delete fax")
    expect(page.get_by_label("Aktionen suchen")).to_have_value("delete fax")
    expect(page.get_by_text("3 Aktionen")).to_be_visible()
    page.goto("/actions/fax.delete?pbx=pbx-01&Id=126")
    page.get_by_role("button", name="Ausführen …").click()
    expect(page.get_by_role("alertdialog").get_by_role("button", name="Nein")).to_be_visible()
