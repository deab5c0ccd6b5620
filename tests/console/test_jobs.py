"""Jobs in the console, in a browser: preview and question, failures and retry, pause, and a console that is killed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from console_pages import PATIENCE, check_page, choose, client, in_german, tick, upload
from consoles import Console, running_console
from saved_fleet import SavedFleet
from trunkline.jobs import Job, JobFolder

expect.set_options(timeout=PATIENCE)
ACTION = "contacts.delete"
SLOW = {"match": {"method": "DELETE", "after": 5}, "do": {"delay": 3, "when": "after"}}
"""The first deletions are quick, each of the others is answered late: a job that is sure to be in the middle."""


def contacts(saved: SavedFleet, name: str, count: int) -> list[int]:
    """Make contacts, and return their Ids."""
    with client(saved, name) as pbx:
        numbers = [f"+4420794{n:05}" for n in range(count)]
        return [pbx.call("contacts.create", FirstName="Test", PhoneNumber=number)["Id"] for number in numbers]


def deleted(saved: SavedFleet, name: str, ids: list[int]) -> list[int]:
    """Which of these contacts were deleted, once for each deletion that took effect."""
    done = [e.path for e in saved.tenant(name).emulator.journal if e.method == "DELETE" and e.effect]
    return [id for path in done for id in ids if path == f"/xapi/v1/Contacts({id})"]


def csv(folder: Path, ids: list[int]) -> Path:
    file = folder / "contacts.csv"
    file.write_text("Id,Note\n" + "".join(f"{id},old\n" for id in ids))
    return file


def fill_in(page: Page, file: Path, *names: str, job: str, action: str = ACTION) -> None:
    page.goto("/jobs/new")
    choose(page, "Action", action)
    choose(page, "PBXs", *names)
    upload(page, file)
    expect(page.get_by_text("Fields: ")).to_be_visible()
    page.get_by_label("Name of the job").fill(job)


def start(page: Page, job: str) -> None:
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Start the job").click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"**/jobs/{job}")


def start_slowly(page: Page, job: str) -> None:
    """Start a job of 40 items, one after the other, and wait until the quick ones are done."""
    page.get_by_label("Items of one PBX at once").fill("1")
    start(page, job)
    expect(page.get_by_text(re.compile(r"^([5-9]|[1-3]\d) of 40$"))).to_be_visible()


def test_a_job_is_previewed_asked_about_and_done_and_a_dead_pbx_stops_only_its_own_part(
    tab: Page, saved: SavedFleet, tmp_path: Path
) -> None:
    ids, dead = contacts(saved, "pbx-01", 12), saved.dead[0]
    fill_in(tab, csv(tmp_path, ids), "pbx-01", dead, job="spring")
    expect(tab.get_by_label("Id", exact=True)).to_have_value("{{ $json.Id }}")
    tab.get_by_role("button", name="Preview").click()
    rows = tab.get_by_role("region", name="The first requests").get_by_role("row")
    expect(rows).to_have_count(11)
    expect(rows.nth(1)).to_contain_text(f"DELETE/Contacts({ids[0]})")
    check_page(tab)
    tab.get_by_role("button", name="Start the job").click()
    question = tab.get_by_role("alertdialog")
    expect(question).to_contain_text("contacts.delete for 12 items on 2 PBXs?")
    expect(question).to_contain_text(f"PBXs: pbx-01, {dead}")
    expect(question).to_contain_text("24 removals in all, for good.")
    tab.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    assert not deleted(saved, "pbx-01", ids)
    tab.get_by_role("button", name="Start the job").click()
    tab.get_by_role("button", name="Yes").click()
    tab.wait_for_url("**/jobs/spring")
    expect(tab.get_by_text("12 of 24")).to_be_visible()
    assert sorted(deleted(saved, "pbx-01", ids)) == ids
    tab.get_by_role("button", name="Pause").click()
    expect(tab.get_by_text("contacts.delete: paused")).to_be_visible()
    tab.get_by_role("button", name="Remove the job").click()
    tab.get_by_role("button", name="Yes").click()
    tab.wait_for_url("**/jobs")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Jobs")
    expect(tab.get_by_role("link", name="spring", exact=True)).not_to_be_visible()


def test_failed_items_are_a_csv_with_reasons_that_can_be_uploaded_again(
    tab: Page, saved: SavedFleet, tmp_path: Path
) -> None:
    ids = contacts(saved, "pbx-01", 50)
    with client(saved, "pbx-01") as pbx:
        for id in ids[10:15]:
            pbx.call(ACTION, Id=id)
    fill_in(tab, csv(tmp_path, ids), "pbx-01", job="summer")
    start(tab, "summer")
    expect(tab.get_by_text("contacts.delete: finished")).to_be_visible()
    choose(tab, "State", "failed")
    rows = tab.get_by_role("region", name="Items", exact=True).get_by_role("row")
    expect(rows).to_have_count(6)
    expect(rows.nth(1)).to_contain_text(f"No contact with Id {ids[10]}")
    check_page(tab)
    with tab.expect_download() as saving:
        tab.get_by_role("button", name="Failed ones as CSV").click()
    file = tmp_path / "failed.csv"
    saving.value.save_as(file)
    assert saving.value.suggested_filename == "summer-failed.csv"
    lines = file.read_text("utf-8-sig").splitlines()
    assert lines[0] == "Id,Note,# why"
    assert [line.split(",")[0] for line in lines[1:]] == [str(id) for id in ids[10:15]]
    assert all("No contact with Id" in line for line in lines[1:])
    fill_in(tab, file, "pbx-01", job="summer-again")
    expect(tab.get_by_text("Fields: Id, Note")).to_be_visible()
    tick(tab, "A delete of something missing counts as done")
    start(tab, "summer-again")
    expect(tab.get_by_text("5 of 5")).to_be_visible()
    expect(tab.get_by_text("contacts.delete: finished")).to_be_visible()
    expect(tab.get_by_role("button", name="Retry what failed")).not_to_be_visible()


def test_guards_refuse_a_preview_and_nothing_is_sent(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    journal = saved.tenant("pbx-01").emulator.journal
    before = len([entry for entry in journal if entry.method == "DELETE"])
    file = tmp_path / "users.csv"
    file.write_text("Id,Number,FirstName,LastName,EmailAddress\n4,100,Ada,Byron,ada@example.com\n")
    fill_in(tab, file, "pbx-01", job="mixed-up", action="fax.delete")
    tab.get_by_role("button", name="Preview").click()
    expect(tab.get_by_role("alert")).to_contain_text("Item 0 is a row of users, not of fax")
    expect(tab.get_by_role("button", name="Start the job")).not_to_be_visible()
    assert len([entry for entry in journal if entry.method == "DELETE"]) == before


def test_a_job_pauses_and_goes_on_and_does_nothing_twice(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    ids = contacts(saved, "pbx-02", 40)
    slow = saved.tenant("pbx-02").emulator.add_fault(SLOW)
    fill_in(tab, csv(tmp_path, ids), "pbx-02", job="slow")
    start_slowly(tab, "slow")
    other = tab.context.new_page()  # another tab sees the same job, and can be closed
    other.set_default_timeout(PATIENCE)
    other.goto("/jobs")
    expect(other.get_by_role("row").filter(has_text="slow")).to_contain_text("running")
    other.goto("/jobs/slow")
    other.get_by_role("button", name="Pause").click()
    expect(other.get_by_text("contacts.delete: paused")).to_be_visible()
    done = len(deleted(saved, "pbx-02", ids))
    assert 5 <= done < 40
    expect(other.get_by_text(f"{done} of 40")).to_be_visible()
    other.close()
    saved.tenant("pbx-02").emulator.remove_fault(slow)
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("contacts.delete: finished")).to_be_visible()
    assert sorted(deleted(saved, "pbx-02", ids)) == ids


def test_a_console_that_ends_or_is_killed_loses_nothing_and_another_does_nothing_twice(
    tab: Page, chromium: Browser, saved: SavedFleet, tmp_path: Path
) -> None:
    ids = contacts(saved, "pbx-02", 40)
    emulator = saved.tenant("pbx-02").emulator
    emulator.add_fault(SLOW)
    folder = JobFolder(Path(saved.environment["XDG_STATE_HOME"]) / "trunkline" / "jobs")

    with running_console(saved.environment, "--profile", "pbx-02") as first:  # it ends as SIGTERM asks

        def fill(page: Page) -> None:
            fill_in(page, csv(tmp_path, ids), job="handed-on")
            start_slowly(page, "handed-on")

        in_browser(chromium, first, fill)
    with Job.open(folder.existing("handed-on")) as job:
        summary = job.summary()
    done = len(deleted(saved, "pbx-02", ids))
    assert 5 <= done < 40
    assert (summary.status, summary.counts["done"], summary.counts["sent"]) == ("paused", done, 0)

    second = Console(saved.environment, "--profile", "pbx-02")
    try:

        def go_on(page: Page) -> None:
            page.goto("/jobs/handed-on")
            page.get_by_role("button", name="Go on").click()
            expect(page.get_by_text(re.compile(rf"^(?!{done} )\d+ of 40$"))).to_be_visible()

        in_browser(chromium, second, go_on)
    finally:
        second.process.kill()
        second.stop()
    emulator.clear_faults()
    assert done < len(deleted(saved, "pbx-02", ids)) < 40

    tab.goto("/jobs/handed-on")
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("contacts.delete: finished")).to_be_visible()
    expect(tab.get_by_text("40 of 40")).to_be_visible()
    expect(tab.get_by_role("button", name="Failed ones as CSV")).not_to_be_visible()
    assert sorted(deleted(saved, "pbx-02", ids)) == ids


def in_browser(chromium: Browser, console: Console, use: Callable[[Page], None]) -> None:
    """Use a console in a browser that signs in, and is closed then."""
    context = chromium.new_context(base_url=console.url, locale="en-US")
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.goto(console.link())
        page.wait_for_url(f"{console.url}/")  # the page of the link leads on by itself
        use(page)
    finally:
        context.close()


def test_a_job_of_the_command_line_shows_here(tab: Page, saved: SavedFleet, tmp_path: Path) -> None:
    ids = contacts(saved, "pbx-01", 2)
    command = [sys.executable, "-m", "trunkline", "job", "run", ACTION, "--name", "nightly", "--profile", "pbx-01"]
    command += ["--set", "Id={{ $json.Id }}", "--input", str(csv(tmp_path, ids)), "--yes"]
    subprocess.run(command, env=dict(saved.environment), check=True, capture_output=True)
    tab.goto("/jobs")
    row = tab.get_by_role("row").filter(has_text="nightly")
    expect(row).to_contain_text("finished")
    check_page(tab)
    row.get_by_role("link", name="nightly").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Job nightly")
    expect(tab.get_by_text("2 of 2")).to_be_visible()


def test_a_job_that_is_not_there_says_so(tab: Page) -> None:
    tab.goto("/jobs/nowhere")
    expect(tab.get_by_role("alert")).to_contain_text("There is no job 'nowhere'.")


def test_jobs_in_german(tab: Page, console: Console) -> None:
    with in_german(tab.context, console.url):
        tab.goto("/jobs/new")
        expect(tab.get_by_role("heading", level=1)).to_have_text("Job starten")
        expect(tab.get_by_role("button", name="Vorschau")).to_be_visible()
