"""A real browser for tests: Debian's Chromium, one process for each process of the suite."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_REQUIRED = os.environ.get("TRUNKLINE_BROWSER_TESTS") == "required"  # read before conftest.py takes it away
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def need_browser() -> str:
    """Return the path of Chromium. Skip the test where there is none, unless TRUNKLINE_BROWSER_TESTS=required."""
    path = shutil.which("chromium")
    if path is None:
        report = pytest.fail if _REQUIRED else pytest.skip
        report("There is no Chromium on this machine (Debian: apt install chromium).")
    return path


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium without a window."""
    path = need_browser()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed.")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=path,
            headless=True,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],  # root has no sandbox of its own
        )
        try:
            yield browser
        finally:
            browser.close()


def axe_violations(page: Page) -> list[str]:
    """Check a page by Deque's rules of WCAG 2.2 AA and its best practices; a line for each violation.

    What fades in has the contrast that it is meant to have only afterwards.
    """
    page.wait_for_function("!document.querySelector('[class*=-enter-active], [class*=-leave-active]')")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    result: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} ({node.get('failureSummary', '')[:300]})"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
