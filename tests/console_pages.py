"""What tests of the console's pages do again and again: choosing, ticking, and checking a page in both looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, expect

from browser import axe_violations
from saved_fleet import SavedFleet
from trunkline import Pbx

PATIENCE = 180_000
"""Milliseconds: other tests run on the same processors."""


def client(saved: SavedFleet, name: str) -> Pbx:
    """A client of a PBX, for what a test does beside the console."""
    tenant = saved.tenant(name)
    return Pbx(tenant.url, tenant.client_id, tenant.api_key)


def tick(page: Page, name: str) -> None:
    box = page.get_by_role("checkbox", name=name)
    box.click()
    expect(box).to_be_checked()


def choose(page: Page, label: str, *values: str) -> None:
    """Choose in a select; where one may type, each value is typed first, as some of the lists are long."""
    field = page.get_by_role("combobox", name=label, exact=True)
    for value in values:
        field.click()
        if field.is_editable():
            field.fill(value)
        page.get_by_role("option", name=value, exact=True).click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)


def upload(page: Page, file: Path) -> None:
    """Choose a file as a person does: by the button, which opens the dialog of the browser."""
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose a file").click()
    choosing.value.set_files(file)


def check_page(page: Page) -> None:
    """No rule of accessibility is broken, and nothing is wider than the window: wide and light, narrow and dark."""
    looks: tuple[tuple[int, Literal["dark", "light"]], ...] = ((360, "dark"), (1280, "light"))
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body")).to_have_class(re.compile(rf"\bbody--{scheme}\b"))
        assert "\n".join(axe_violations(page)) == ""
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@contextmanager
def in_german(context: BrowserContext, url: str) -> Iterator[None]:
    """Let the browser want German for a block."""
    context.add_cookies([{"name": "language", "value": "de", "url": url}])
    try:
        yield
    finally:
        context.clear_cookies(name="language")
