"""Configuration in the console, in a browser: drift side by side, a plan, a question, and the outcome of each step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console_pages import PATIENCE, check_page, choose, client, in_german, tick
from consoles import Console
from saved_fleet import SavedFleet
from trunkline.config.facade import Config

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def folder(saved: SavedFleet) -> Path:
    """A folder with one for each PBX, as pbx-01 and pbx-02 were when they were new."""
    root = Path(saved.environment["HOME"]) / "customers"
    for name in ("pbx-01", "pbx-02"):
        with client(saved, name) as pbx:
            Config.read(pbx).write(root / name)
    shutil.copytree(root / "pbx-01", root / saved.dead[0])
    return root


def fill_in(page: Page, folder: Path | str, *names: str) -> None:
    page.goto("/config")
    page.get_by_label("Folder", exact=True).fill(str(folder))
    choose(page, "PBXs", *names)


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare").click()


def change_two(saved: SavedFleet) -> None:
    """Change a queue and a user of pbx-01, as somebody in 3CX's own console would."""
    with client(saved, "pbx-01") as pbx:
        queue, user = next(iter(pbx.call("queues.list", top=1))), next(iter(pbx.call("users.list", top=1)))
        pbx.call("queues.update", Id=queue["Id"], Name="Renamed by somebody")
        pbx.call("users.update", Id=user["Id"], FirstName="Renamed", AuthPassword="correct-horse-battery")


def test_drift_is_shown_planned_applied_and_gone(tab: Page, saved: SavedFleet, folder: Path) -> None:
    change_two(saved)
    fill_in(tab, folder, "pbx-01", "pbx-02", saved.dead[0])
    tick(tab, "Each PBX has a folder")
    compare(tab)
    expect(tab.get_by_text("1 PBX differs.")).to_be_visible()
    rows = tab.get_by_role("region", name="Differences of pbx-01").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="queues")).to_contain_text("Renamed by somebody")
    expect(rows.filter(has_text="users")).to_contain_text("FirstName")
    assert "correct-horse" not in tab.content()
    expect(tab.get_by_text("No difference.")).to_have_count(1)
    expect(tab.get_by_role("alert")).to_have_count(1)  # the dead one
    check_page(tab)
    tab.get_by_role("button", name="Make the plan").click()
    tab.wait_for_url("**/config/plan/*")
    steps = tab.get_by_role("region", name="Steps on pbx-01").get_by_role("row")
    expect(steps).to_have_count(3)
    check_page(tab)
    tab.get_by_role("button", name="Apply").click()
    question = tab.get_by_role("alertdialog")
    expect(question).to_contain_text("Apply 2 steps to pbx-01?")
    expect(question).to_contain_text("0 to add, 2 to change, 0 to remove.")
    tab.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    with client(saved, "pbx-01") as pbx:
        assert "Renamed by somebody" in [row["Name"] for row in pbx.call("queues.list")]
    tab.get_by_role("button", name="Apply").click()
    tab.get_by_role("button", name="Yes").click()
    expect(tab.get_by_text("2 done", exact=True)).to_be_visible()
    fill_in(tab, folder / "pbx-01", "pbx-01")
    compare(tab)
    expect(tab.get_by_text("No difference.")).to_be_visible()


def test_too_many_removals_are_refused(tab: Page, folder: Path) -> None:
    fewer = shutil.copytree(folder / "pbx-02", folder / "fewer")
    for file in sorted((fewer / "users").iterdir())[1:]:
        file.unlink()
    fill_in(tab, fewer, "pbx-02")
    choose(tab, "Only these kinds", "users")
    tick(tab, "Also remove what the PBX has")
    tab.get_by_role("button", name="Make the plan").click()
    expect(tab.get_by_role("alert").first).to_be_visible()
    expect(tab.get_by_role("button", name="Apply")).not_to_be_visible()


def test_folders_elsewhere_are_not_read(tab: Page) -> None:
    fill_in(tab, "", "pbx-01")
    for path in ("/etc", "~/../../etc", "../.."):
        tab.get_by_label("Folder", exact=True).fill(path)
        compare(tab)
        expect(tab.get_by_role("alert")).to_contain_text(f"{path} is not below")


def test_mistakes_in_files_come_with_their_places_and_the_folder_is_remembered(tab: Page, folder: Path) -> None:
    wrong = shutil.copytree(folder / "pbx-01", folder / "wrong")
    file = min((wrong / "queues").iterdir())
    file.write_text(file.read_text() + "NoSuchField: 1\n")
    fill_in(tab, wrong, "pbx-01")
    compare(tab)
    expect(tab.get_by_role("alert")).to_contain_text("NoSuchField")
    expect(tab.get_by_role("alert")).to_contain_text(file.name)
    tab.goto("/config")
    expect(tab.get_by_label("Folder", exact=True)).to_have_value(str(wrong))


def test_configuration_in_german(tab: Page, console: Console) -> None:
    with in_german(tab.context, console.url):
        tab.goto("/config")
        expect(tab.get_by_role("heading", level=1)).to_have_text("Konfiguration")
        expect(tab.get_by_role("button", name="Vergleichen")).to_be_visible()
