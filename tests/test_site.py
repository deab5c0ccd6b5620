"""`make docs`: a site of all pages, with a search, that fetches nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from once import Once
from trunkline import catalog

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(
    r"""<(?:script|img|iframe)[^>]*\ssrc="?(https?:[^"\s>]+)|<link[^>]*rel="?stylesheet"?[^>]*(https?:)"""
)


def build(folder: Path) -> None:
    """Build the site where a link that leads nowhere ends the build."""
    config = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    (folder / "zensical.toml").write_text(config, encoding="utf-8")
    shutil.copytree(ROOT / "docs", folder / "docs")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(once: Once) -> Path:
    """The folder of the site."""
    return once("site", build) / "site"


def test_each_resource_and_each_guide_has_a_page(site: Path) -> None:
    pages = {path.name for path in (site / "reference" / "resources").iterdir()}
    assert pages == {name.replace("_", "-") for name in catalog.load().resources}
    assert {path.name for path in (site / "guides").iterdir()} == {
        path.stem for path in (ROOT / "docs" / "guides").glob("*.md")
    }


def test_the_search_finds_an_action_on_its_page(site: Path) -> None:
    found = json.loads((site / "search.json").read_text(encoding="utf-8"))
    sections = {(each["location"], each["title"]) for each in found["items"]}
    assert ("reference/resources/fax/#delete", "delete") in sections


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 150
    fetched = {(page.parent.name, *FETCHED.findall(page.read_text(encoding="utf-8"))) for page in pages}
    assert {each for each in fetched if len(each) > 1} == set()
