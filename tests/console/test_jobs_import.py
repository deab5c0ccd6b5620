"""Imports in the console, in a browser: a plan, a question, the outcome of each row, and what failed as a CSV."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from console_pages import PATIENCE, check_page, choose, client, in_german, tick, upload
from consoles import Console
from saved_fleet import SavedFleet

expect.set_options(timeout=PATIENCE)
HEADER = "Number,FirstName,LastName,EmailAddress,AuthPassword\n"


def numbers(saved: SavedFleet, name: str) -> set[str]:
    with client(saved, name) as pbx:
        return {str(row["Number"]) for row in pbx.call("users.list", select="Number")}


def users(file: Path, first: int, count: int, email: str = "user{}@example.com") -> Path:
    """Write a CSV of users who are new."""
    rows = (f"{n},Ada,Byron {n},{email.format(n)},correct-horse-{n}\n" for n in range(first, first + count))
    file.write_text(HEADER + "".join(rows))
    return file


def give(page: Page, file: Path, pbx: str) -> None:
    choose(page, "PBX", pbx)
    upload(page, file)
    expect(page.get_by_text(f"File: {file.name}")).to_be_visible()


def make_plan(page: Page, file: Path, pbx: str) -> None:
    page.goto("/jobs/import")
    give(page, file, pbx)
    page.get_by_role("button", name="Make the plan").click()


def carry_out(page: Page) -> None:
    page.get_by_role("button", name="Carry it out").click()
    page.get_by_role("button", name="Yes").click()


def test_twenty_users_are_imported_once(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    file = users(tmp_path / "users.csv", 700, 20)
    before = numbers(saved, "pbx-01")
    make_plan(tab, file, "pbx-01")
    expect(tab.get_by_text("20 to add, 0 to change, 0 to remove")).to_be_visible()
    rows = tab.get_by_role("region", name="Rows").get_by_role("row")
    expect(rows).to_have_count(21)
    expect(rows.nth(1)).to_contain_text("Number 700")
    assert "correct-horse" not in tab.content()
    check_page(tab)
    tab.get_by_role("button", name="Carry it out").click()
    question = tab.get_by_role("alertdialog")
    expect(question).to_contain_text("Import users into pbx-01?")
    expect(question).to_contain_text(saved.tenant("pbx-01").url)
    tab.get_by_role("button", name="No").click()
    expect(question).not_to_be_visible()
    assert numbers(saved, "pbx-01") == before
    carry_out(tab)
    expect(tab.get_by_text("20 of 20")).to_be_visible()
    expect(tab.get_by_text("20 done", exact=True)).to_be_visible()
    assert numbers(saved, "pbx-01") - before == {str(n) for n in range(700, 720)}
    tab.reload()  # the plan and its outcomes are the process's, not the tab's
    expect(tab.get_by_text("20 done", exact=True)).to_be_visible()
    make_plan(tab, file, "pbx-01")
    expect(tab.get_by_text("Nothing to do: 20 users as in the file.")).to_be_visible()


def test_changes_show_what_is_now_and_then_as_text(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    file, name = tmp_path / "users.csv", "<b>Augusta</b> {{ 7 * 7 }}"
    with client(saved, "pbx-02") as pbx:
        row = next(iter(pbx.call("users.list", top=1)))
    file.write_text(f"Number,FirstName\n{row['Number']},{name}\n")
    make_plan(tab, file, "pbx-02")
    step = tab.get_by_role("region", name="Rows").get_by_role("row").nth(1)
    expect(step).to_contain_text(str(row["FirstName"]))
    expect(step).to_contain_text(name)
    carry_out(tab)
    expect(tab.get_by_text("1 done", exact=True)).to_be_visible()
    with client(saved, "pbx-02") as pbx:
        assert pbx.call("users.get", Id=row["Id"])["FirstName"] == name


def test_rows_that_failed_are_a_csv_without_secrets_that_says_why(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    make_plan(tab, users(tmp_path / "same.csv", 730, 2, "same@example.com"), "pbx-01")
    carry_out(tab)
    expect(tab.get_by_text("1 done, 1 failed", exact=True)).to_be_visible()
    with tab.expect_download() as saving:
        tab.get_by_role("button", name="Failed ones as CSV").click()
    saved_file = tmp_path / "failed.csv"
    saving.value.save_as(saved_file)
    header, line = saved_file.read_text().splitlines()
    assert header.endswith(",# why")
    assert re.match(r"73[01],Ada,", line)
    assert "same@example.com" in line
    assert "correct-horse" not in line
    make_plan(tab, saved_file, "pbx-01")  # a mask is not a password
    expect(tab.get_by_text("What is masked in the file stays as it is: AuthPassword.")).to_be_visible()


def test_too_many_removals_are_refused_before_anything_is_sent(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("FirstName,PhoneNumber\nAda,+442079460100\n")
    with client(saved, "pbx-02") as pbx:
        for n in range(4):
            pbx.call("contacts.create", FirstName="Old", PhoneNumber=f"+44207946020{n}")
    tab.goto("/jobs/import")
    choose(tab, "What", "Contacts")
    give(tab, file, "pbx-02")
    tick(tab, "Remove what the PBX has")
    check_page(tab)
    tab.get_by_role("button", name="Make the plan").click()
    expect(tab.get_by_role("alert")).to_contain_text("would be removed; at most 50% may be")
    expect(tab.get_by_role("button", name="Carry it out")).not_to_be_visible()


def test_mistakes_of_a_file_and_a_dead_pbx_are_named(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("Number,FirstName\n100,Ada\n100,Grace\n")
    make_plan(tab, file, "pbx-01")
    expect(tab.get_by_role("alert")).to_contain_text("line 3: Number 100 stands in line 2 already")
    give(tab, users(tmp_path / "users.csv", 790, 1), saved.dead[0])
    tab.get_by_role("button", name="Make the plan").click()
    expect(tab.get_by_role("alert")).to_contain_text("127.0.0.1")


def test_an_import_that_ended_with_the_console_leads_to_a_new_plan(tab: Page) -> None:
    tab.goto("/jobs/import/of-the-console-before")
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text("that was done in part")
    expect(alert).to_contain_text("Make a new one: it shows what is left.")


def test_an_import_in_german(tab: Page, console: Console) -> None:
    with in_german(tab.context, console.url):
        tab.goto("/jobs/import")
        expect(tab.get_by_role("heading", level=1)).to_have_text("Datei importieren")
        expect(tab.get_by_role("button", name="Plan erstellen")).to_be_visible()
