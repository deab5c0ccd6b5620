"""Who gets into the console, and what an answer lets a browser do."""

from __future__ import annotations

import http.client
import re
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection

from browser import axe_violations
from certificates import Authority
from consoles import Console, running_console
from saved_fleet import SavedFleet
from terminal import TRUNKLINE, Terminal
from trunkline.console.access_links import LIFETIME, OneTimeLinks
from trunkline.console.access_page import local_path
from trunkline.console.access_password import Password, save_password
from trunkline.console.access_sessions import IDLE, Sessions
from trunkline.errors import InvalidArgument

PASSWORD = "correct horse battery"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def cookie(self) -> str:
        """The cookie that the answer sets, as it is sent back."""
        return self.headers["set-cookie"].partition(";")[0]


def ask(
    url: str, path: str, method: str = "GET", *, context: ssl.SSLContext | None = None, form: str = "", **headers: str
) -> Answer:
    """Send a request with no client's own ideas; ``_`` in the name of a header stands for ``-``."""
    place = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(place.hostname or "", place.port, timeout=60, context=context)
        if context
        else http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    )
    try:
        connection.request(method, path, form or None, {name.replace("_", "-"): text for name, text in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
    finally:
        connection.close()


def cookie_of(page: Page) -> str:
    return next(f"{each['name']}={each['value']}" for each in page.context.cookies() if "trunkline" in each["name"])


def socket(console: Console, cookie: str = "", origin: str | None = None) -> ClientConnection:
    """Open the WebSocket that pages of the console open."""
    url = f"ws{console.url.removeprefix('http')}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    headers = {"Cookie": cookie} if cookie else {}
    return connect(url, additional_headers=headers, origin=origin, open_timeout=60)  # type: ignore[arg-type]


# --- The one-time link


def test_a_link_signs_in_once_and_the_terminal_shows_another_on_request(
    console: Console, chromium: Browser, cookies: object
) -> None:
    page = chromium.new_page(base_url=console.url, locale="en-US")
    page.goto("/jobs?state=failed")
    assert urlsplit(page.url).path == "/sign-in"
    page.get_by_role("button", name="Show a new link in the terminal").click()
    link = console.link()
    expect(page.get_by_role("status")).to_have_text("The terminal shows a new link.")
    assert axe_violations(page) == []
    page.goto(link)
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()
    again = ask(console.url, urlsplit(link).path)
    assert (again.status, "set-cookie" in again.headers) == (403, False)
    assert "This link was used already, or is too old." in again.text
    page.context.close()


@pytest.mark.parametrize("token", ["wrong", "%00", "a" * 5000, "..%2f.."])
def test_no_other_link_signs_in(console: Console, token: str) -> None:
    assert "set-cookie" not in ask(console.url, f"/sign-in/{token}").headers


def test_a_link_works_once_within_five_minutes_and_not_after_another_was_made() -> None:
    now = [1000.0]
    links = OneTimeLinks(lambda: now[0])
    assert not links.take("")
    first = links.make()
    assert first is not None
    assert links.make() is None  # within ten seconds
    now[0] += 10
    second = links.make()
    assert second is not None
    assert [links.take(first), links.take(second), links.take(second)] == [False, True, False]
    now[0] += 10
    third = links.make()
    now[0] += LIFETIME + 1
    assert third is not None
    assert not links.take(third)


def test_a_language_is_that_of_the_browser_on_the_sign_in_page_too(console: Console) -> None:
    assert '<html lang="de">' in ask(console.url, "/sign-in", accept_language="de-CH, en;q=0.5").text


# --- Sessions


def test_every_path_needs_a_session_but_signing_in_and_the_style(console: Console) -> None:
    listed = subprocess.run([sys.executable, "-c", _PATHS], capture_output=True, text=True, check=True)
    paths = {re.sub(r"\{[^}]*\}", "x", path) for path in listed.stdout.split()}
    assert {"/", "/_nicegui_ws"} <= paths
    for path in sorted(paths):
        assert ask(console.url, path).status == 401, path
        assert ask(console.url, path, "POST").status == 401, path
        page = ask(console.url, path, accept="text/html")
        assert (page.status, page.headers["location"].partition("?")[0]) == (303, "/sign-in"), path
    assert ask(console.url, "/sign-in").status == 200
    assert ask(console.url, "/assets/console.css").status == 200
    assert ask(console.url, "/assets/../fleet.py").status == 404


_PATHS = """
import nicegui
from trunkline.console.app import import_pages
import_pages()
others = "/nothing", "/session", "/favicon.ico", "/_nicegui_ws/socket.io/"
print(*(route.path for route in nicegui.app.routes), *others, sep="\\n")
"""


def test_a_made_up_cookie_is_no_session(console: Console) -> None:
    port = urlsplit(console.url).port
    for value in ("", "x", "a" * 4000, '"; path=/'):
        assert ask(console.url, "/", cookie=f"trunkline-{port}={value}").status == 401


def test_the_cookie_is_for_this_site_only_and_no_script_reads_it(console: Console, signed_in: Page) -> None:
    signed_in.goto("/")
    (cookie,) = [each for each in signed_in.context.cookies() if "trunkline" in each["name"]]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert "trunkline" not in str(signed_in.evaluate("document.cookie"))
    assert len(cookie["value"]) >= 43  # 256 bits


def test_a_websocket_needs_a_session_and_a_page_of_the_console(console: Console, signed_in: Page) -> None:
    signed_in.goto("/")
    cookie = cookie_of(signed_in)
    with socket(console, cookie, console.url) as opened:
        assert str(opened.recv(60)).startswith("0{")  # engine.io: open
    for made in ({}, {"cookie": "trunkline=x"}, {"cookie": cookie, "origin": "https://evil.example.com"}):
        with pytest.raises(InvalidStatus) as refused, socket(console, **made):
            pass
        assert refused.value.response.status_code == 403


def test_another_site_that_leads_its_name_here_gets_nothing(console: Console, signed_in: Page) -> None:
    signed_in.goto("/")
    cookie = cookie_of(signed_in)
    assert ask(console.url, "/", cookie=cookie, host="rebound.example.com").status == 421
    assert ask(console.url, "/", "POST", cookie=cookie, origin="https://evil.example.com").status == 403
    assert ask(console.url, "/sign-in", "POST", origin="null").status == 403


def test_sign_out_ends_all_tabs_and_their_connections(console: Console, chromium: Browser, cookies: object) -> None:
    context = chromium.new_context(base_url=console.url, locale="en-US")
    one, other = context.new_page(), context.new_page()
    one.goto("/")
    one.get_by_role("button", name="Show a new link in the terminal").click()
    one.goto(console.link())
    expect(one.get_by_role("heading", name="Fleet")).to_be_visible()
    other.goto("/")
    cookie = cookie_of(one)
    with socket(console, cookie, console.url) as opened:
        opened.recv(60)
        one.get_by_role("button", name="Sign out").click()
        for page in (one, other):
            expect(page.get_by_role("alert")).to_have_text("The session has ended. Sign in again.")
        with pytest.raises(ConnectionClosed):
            _read_to_the_end(opened)
    assert ask(console.url, "/", cookie=cookie).status == 401
    context.close()


def _read_to_the_end(opened: Connection) -> None:
    while True:
        opened.recv(60)


def test_a_page_whose_session_ended_leads_to_the_sign_in_page(saved: SavedFleet, chromium: Browser) -> None:
    page = chromium.new_page(locale="en-US", color_scheme="dark")
    with running_console(saved.environment) as first:
        page.goto(first.link())
        expect(page.get_by_role("heading", name="Fleet")).to_be_visible()
        port = str(urlsplit(first.url).port)
    with running_console(saved.environment, "--port", port):  # it knows no session of the first
        expect(page.get_by_role("alert")).to_have_text("The session has ended. Sign in again.")
        expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.context.close()


def test_a_session_ends_when_nobody_used_it_for_eight_hours() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    secret, other = sessions.begin(), sessions.begin()
    session = sessions.find(secret)
    assert session is not None
    now[0] = IDLE - 1
    sessions.use(session)
    now[0] = IDLE + 1
    sessions.end_idle()
    assert sessions.find(secret) is session
    assert sessions.find(other) is None
    now[0] += IDLE
    assert sessions.find(secret) is None
    assert session.ended.is_set()


# --- Answers


def test_an_answer_lets_the_browser_load_and_run_only_what_is_the_consoles_own(
    console: Console, signed_in: Page
) -> None:
    signed_in.goto("/")
    for path in ("/", "/sign-in", "/nothing", "/assets/console.css"):
        answer = ask(console.url, path, cookie=cookie_of(signed_in))
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert re.search(r"script-src 'self' 'nonce-[\w-]+' 'unsafe-eval';", policy)
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers.get("cache-control") == (None if "assets" in path else "no-store")
    first, second = (ask(console.url, "/", cookie=cookie_of(signed_in)).headers for _ in range(2))
    assert first["content-security-policy"] != second["content-security-policy"]


def test_markup_that_got_into_a_page_runs_nothing(console: Console, chromium: Browser, cookies: Any) -> None:
    page = chromium.new_page(base_url=console.url, storage_state=cookies)
    page.goto("/")
    page.evaluate(
        """() => { const box = document.createElement("div"); document.body.append(box);
                   box.innerHTML = '<img src="/x" onerror="window.ran = 1"><a href="javascript:window.ran = 2">x</a>';
                   const script = document.createElement("script"); script.textContent = "window.ran = 3";
                   box.append(script); box.querySelector("a").click(); }"""
    )
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.ran") is None
    page.context.close()


def test_what_a_proxy_claims_of_its_path_is_not_written_into_pages(console: Console, signed_in: Page) -> None:
    signed_in.goto("/")
    answer = ask(console.url, "/", cookie=cookie_of(signed_in), x_forwarded_prefix="/evil")
    assert "evil" not in answer.text


# --- Other machines: a password, and TLS


def refused(environment: Mapping[str, str], *options: str) -> tuple[int, str]:
    """Run a console that must not start; its exit code and what it says."""
    command = [TRUNKLINE, "console", "--no-open", "--port", "0", *options]
    ended = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=120, check=False)
    assert "http://" not in ended.stdout
    return ended.returncode, ended.stderr


def test_other_machines_need_tls_or_a_proxy_and_a_password(saved: SavedFleet, tmp_path: Path) -> None:
    environment = {**saved.environment, "TRUNKLINE_PROFILES": str(copied(saved, tmp_path))}
    code, message = refused(environment, "--host", "0.0.0.0")
    assert code == 3
    assert "--behind-proxy" in message
    assert "--tls-cert" in message
    code, message = refused(environment, "--behind-proxy")
    assert code == 3
    assert "--set-password" in message


def copied(saved: SavedFleet, folder: Path) -> Path:
    """Copy the saved connections to a folder without a password."""
    file = folder / "profiles.toml"
    file.touch(0o600)
    file.write_text(Path(saved.environment["TRUNKLINE_PROFILES"]).read_text())
    return file


def test_a_password_is_asked_for_twice_and_kept_as_a_hash(saved: SavedFleet, tmp_path: Path) -> None:
    environment = {**saved.environment, "TRUNKLINE_PROFILES": str(tmp_path / "profiles.toml"), "TERM": "xterm"}
    terminal = Terminal([TRUNKLINE, "console", "--set-password"], environment)
    terminal.until("Password (12 characters or more):")
    terminal.type(f"{PASSWORD}\n")
    terminal.until("Repeat for confirmation:")
    terminal.type(f"{PASSWORD}\n")
    assert terminal.end() == 0
    file = tmp_path / "console-password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text() + terminal.seen
    Password.read(file)


@pytest.mark.parametrize("password", ["", "short", "ö" * 40])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument):
        save_password(password, tmp_path / "console-password")


class Secured(NamedTuple):
    console: Console
    context: ssl.SSLContext

    def sign_in(self, password: str, then: str = "/") -> Answer:
        form = urlencode({"password": password, "then": then})
        return ask(self.console.url, "/sign-in", "POST", context=self.context, form=form)


@pytest.fixture(scope="module")
def secured(saved: SavedFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A console that other machines reach, with TLS."""
    folder = tmp_path_factory.mktemp("secured")
    environment = {**saved.environment, "TRUNKLINE_PROFILES": str(copied(saved, folder))}
    save_password(PASSWORD, folder / "console-password")
    authority = Authority(folder)
    authority.server("127.0.0.1")
    options = ["--host", "0.0.0.0", "--tls-cert", str(folder / "127.0.0.1.pem")]
    with running_console(environment, *options) as console:
        console.url = console.url.replace("0.0.0.0", "127.0.0.1")
        yield Secured(console, ssl.create_default_context(cafile=str(authority.ca_file)))


def test_the_password_signs_in_and_leads_to_the_page_that_was_wanted(secured: Secured) -> None:
    wanted = ask(secured.console.url, "/jobs?a=1", context=secured.context, accept="text/html")
    assert wanted.headers["location"] == "/sign-in?then=/jobs%3Fa%3D1"
    page = ask(secured.console.url, wanted.headers["location"], context=secured.context)
    assert 'name="then" value="/jobs?a=1"' in page.text
    answer = secured.sign_in(PASSWORD, "/jobs?a=1")
    assert (answer.status, 'content="0;url=/jobs?a=1"' in answer.text) == (200, True)
    assert answer.cookie.startswith("__Host-trunkline-")
    assert "; Secure" in answer.headers["set-cookie"]
    assert ask(secured.console.url, "/", context=secured.context, cookie=answer.cookie).status == 200
    assert not [line for line in secured.console.output if "Sign in within" in line]


def test_wrong_passwords_wait_longer_and_longer_and_no_link_leads_in(secured: Secured) -> None:
    answers = [secured.sign_in("wrong password") for _ in range(4)]
    assert [answer.status for answer in answers] == [403, 403, 403, 429]
    assert "Too many wrong passwords" in answers[-1].text
    assert secured.sign_in(PASSWORD).status == 429  # the right one waits too: else guessing would cost nothing
    assert ask(secured.console.url, "/new-link", "POST", context=secured.context).status == 403


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/jobs?a=1", "/jobs?a=1"),
        ("//evil.example.com", "/"),
        ("https://evil.example.com", "/"),
        ("/\\evil.example.com", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/" + "x" * 5000, "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_no_other_site(path: str, wanted: str) -> None:
    assert local_path(path) == wanted


def test_a_form_that_is_too_large_is_not_read(secured: Secured) -> None:
    assert secured.sign_in("x" * 100_000).status in (403, 429)
