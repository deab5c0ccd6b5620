"""A console as a process of its own, over emulated PBXs, and a browser that is signed in to it.

A module that wants other PBXs defines a fixture ``saved`` of its own, with the scope of the module.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from browser import launched
from consoles import Console, NewPage, running_console
from saved_fleet import SavedFleet, saved_fleet

PATIENCE = 180_000  # milliseconds; other tests run on the same processors
expect.set_options(timeout=PATIENCE)
_ENDED = pytest.StashKey[pytest.TestReport]()


@pytest.fixture(scope="module")  # not for longer: while Playwright runs, no other test of the process can use asyncio
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """Two PBXs that answer and one that doesn't, and a home folder where they are saved."""
    with saved_fleet(tmp_path_factory.mktemp("home"), 2, dead=1) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def console(chromium: Browser, saved: SavedFleet) -> Iterator[Console]:
    """A console over those PBXs, as a process."""
    with running_console(saved.environment) as running:
        yield running


@pytest.fixture(scope="module")
def cookies(chromium: Browser, console: Console) -> Any:
    """The cookies of a browser that signed in with the link."""
    context = chromium.new_context(locale="en-US", timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(console.link())
    page.wait_for_url(f"{console.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def new_page(chromium: Browser, console: Console, cookies: Any, request: pytest.FixtureRequest) -> Iterator[NewPage]:
    """Make a page that is signed in: ``new_page(locale="de-DE", color_scheme="dark", viewport={…})``.

    All pages of a test share one session. No script of a page may fail, and nothing may come from another host.
    """
    with _pages(chromium, console, cookies, request.node) as make:
        yield make


@pytest.fixture(scope="module")
def tab(chromium: Browser, console: Console, cookies: Any) -> Iterator[Page]:
    """As `signed_in`, but one for all tests of a module: what the browser has loaded once, it keeps."""
    with _pages(chromium, console, cookies) as make:
        page = make()
        page.set_default_timeout(PATIENCE)
        yield page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep how a test ended, for `_pages`."""
    report = yield
    if report.when == "call":
        item.stash[_ENDED] = report
    return report


def _print(page: Page, console: Console, heard: list[str]) -> None:
    """Print what a page shows, what the browser said of it, and the last that its console said.

    A failure by chance is hard to see again.
    """
    try:
        said = [line.rstrip("\n") for line in (*heard[-20:], *console.output[-20:]) if "/sign-in/" not in line]
        print(page.url, page.locator("body").inner_text(timeout=1_000), *said, sep="\n")
    except Error as problem:
        print(f"{page.url} can't be read: {problem}")


@contextmanager
def _pages(chromium: Browser, console: Console, cookies: Any, test: pytest.Item | None = None) -> Iterator[NewPage]:
    contexts: list[BrowserContext] = []
    problems: list[str] = []
    heard: list[str] = []

    def make(**options: Any) -> Page:
        settings = {"locale": "en-US", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 800}}
        context = chromium.new_context(base_url=console.url, storage_state=cookies, **{**settings, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("console", lambda message: problems.extend(_forbidden(message.text)))
        page.on("request", lambda request: problems.extend(_elsewhere(request.url, console.url)))
        page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        page.on("requestfailed", lambda request: heard.append(f"{request.method} {request.url}: {request.failure}"))
        return page

    yield make
    ended = test.stash.get(_ENDED, None) if test is not None else None
    for context in contexts:
        for page in context.pages if ended is not None and ended.failed else ():
            _print(page, console, heard)
        context.close()
    assert not problems


def _forbidden(message: str) -> list[str]:
    return [message] if "Content Security Policy" in message else []


def _elsewhere(url: str, own: str) -> list[str]:
    is_here = url.startswith((f"{own}/", f"ws{own.removeprefix('http')}/", "data:", "blob:"))
    return [] if is_here else [f"request to {url}"]


@pytest.fixture
def signed_in(new_page: NewPage) -> Page:
    """A page in English, light, 1280 pixels wide, that is signed in: ``signed_in.goto("/jobs")``."""
    return new_page()
