"""Signing in a person: the texts of PKCE, and the whole way from a request over a browser to a token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasty import Asked, Bytes, Nasty, http
from trunkline.errors import ConfigurationError, SignInError
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport import pkce
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.browser import BrowserSignIn
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.loopback import Attempt
from trunkline.transport.options import ConnectOptions, connect, connect_async
from trunkline.transport.pkce import Proof
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token_store import TokenStore
from trunkline_emulator import Emulator, running

CLIENT, KEY = "desk", "desk-key-0123456789"
GET = HttpRequest("GET", "/Fax?$top=1")

# ── the texts ────────────────────────────────────────────────────────────────────────────────────


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    proof = Proof("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "s")
    assert proof.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_proof_is_new_each_time_long_enough_and_never_shown() -> None:
    proofs = [pkce.new_proof() for _ in range(20)]
    assert len({proof.verifier for proof in proofs}) == len({proof.state for proof in proofs}) == 20
    assert all(43 <= len(proof.verifier) <= 128 for proof in proofs)
    assert proofs[0].verifier not in f"{proofs[0]!r}{proofs[0]}"


def test_the_browser_is_sent_to_the_pbx_with_all_that_it_asks_for() -> None:
    proof = Proof("v" * 43, "state")
    url = pkce.authorize_url(
        "https://pbx.example.com", "a b", "http://127.0.0.1:1/callback", ("openid", "email"), proof
    )
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("pbx.example.com", "/connect/authorize")
    assert dict(parse_qsl(parts.query)) == {
        "response_type": "code",
        "client_id": "a b",
        "redirect_uri": "http://127.0.0.1:1/callback",
        "scope": "openid email",
        "state": "state",
        "code_challenge": proof.challenge,
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "another request"),
        ("code=c", "another request"),
        ("code=c&state=other", "another request"),
        ("error=access_denied&state=other", "another request"),
        ("code=c&state=%C3%BC", "another request"),
        ("error=access_denied&state=s", "access_denied"),
        ("error=access_denied&error_description=Not+you&state=s", "Not you"),
        ("state=s", "without a code"),
        ("code=&state=s", "without a code"),
    ],
)
def test_what_the_browser_brings_is_not_believed(query: str, says: str) -> None:
    with pytest.raises(SignInError, match=says) as raised:
        pkce.code_of(query, Proof("v", "s"), "acme")
    assert raised.value.hint


def test_a_code_with_our_state_is_taken() -> None:
    assert pkce.code_of("state=s&code=c%2Bd", Proof("v", "s"), "acme") == "c+d"


# ── the whole way ────────────────────────────────────────────────────────────────────────────────


class Browser:
    """Follows an address as a browser does; ``change`` may spoil the address on the way back."""

    def __init__(self, change: Callable[[str], str] = lambda back: back, visits: int = 1) -> None:
        self.opened: list[str] = []
        self.page = ""
        self._change = change
        self._visits = visits

    def __call__(self, url: str) -> None:
        self.opened.append(url)
        with urllib.request.build_opener(_Stay).open(url) as answer:
            back = self._change(answer.headers["Location"])
        for _ in range(self._visits):
            with urllib.request.urlopen(back) as answer:
                self.page = answer.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def replacing(**values: str) -> Callable[[str], str]:
    def change(back: str) -> str:
        parts = urlsplit(back)
        return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **values})).geturl()

    return change


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(client_id=CLIENT, api_key=KEY)


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as address:
        yield address


def asked(emulator: Emulator) -> list[tuple[str, int]]:
    return [(entry.path.partition("?")[0], entry.status) for entry in emulator.journal]


def ask(session: Session) -> HttpResponse:
    return Driver(connect(ConnectOptions())).run(exchange(session, GET, Retries(attempts=1)))


def test_a_person_signs_in_once_and_the_refresh_token_does_it_from_then_on(url: str, emulator: Emulator) -> None:
    browser = Browser(visits=2)
    session = Session(url, CLIENT, BrowserSignIn(open_browser=browser))
    assert ask(session).status == 200
    assert "close this page" in browser.page
    for _ in range(2):  # each ends the one before: refresh tokens rotate
        session.token = None if session.token is None else session.token._replace(expires=0)
        assert ask(session).status == 200
    token = ("/connect/token", 200)
    api = ("/xapi/v1/Fax", 200)
    assert asked(emulator) == [("/connect/authorize", 302), token, api, token, api, token, api]
    assert len(browser.opened) == 1


def test_without_offline_access_a_person_is_asked_again(url: str) -> None:
    browser = Browser()
    session = Session(url, CLIENT, BrowserSignIn(("openid",), browser))
    ask(session)
    ask(Session(url, CLIENT, KEY))  # ends the token
    assert ask(session).status == 200
    assert len(browser.opened) == 2


def test_a_refresh_token_that_died_leads_to_the_browser(url: str, tmp_path: Path) -> None:
    browser = Browser()
    credentials, store = BrowserSignIn(open_browser=browser), TokenStore(tmp_path)
    ask(Session(url, CLIENT, credentials, store=store))
    (kept,) = tmp_path.glob("*.json")
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "refresh": "dead", "access": "dead"}))
    assert ask(Session(url, CLIENT, credentials, store=store)).status == 200
    assert len(browser.opened) == 2


def test_another_process_goes_on_with_the_refresh_token_of_the_store(url: str, tmp_path: Path) -> None:
    browser = Browser()
    credentials, store = BrowserSignIn(open_browser=browser), TokenStore(tmp_path)
    ask(Session(url, CLIENT, credentials, store=store))
    ask(Session(url, CLIENT, KEY))  # ends the token
    assert ask(Session(url, CLIENT, credentials, store=store)).status == 200
    assert len(browser.opened) == 1


def test_an_event_loop_goes_on_while_a_person_signs_in(url: str) -> None:
    async def run() -> tuple[int, int]:
        ticks, done = 0, asyncio.Event()
        opened, back = threading.Event(), threading.Event()

        def slow(address: str) -> None:
            opened.set()
            threading.Thread(target=lambda: (back.wait(10), Browser()(address)), daemon=True).start()

        async def tick() -> None:
            nonlocal ticks
            while not done.is_set():
                ticks += 1
                if ticks > 10 and opened.is_set():
                    back.set()
                await asyncio.sleep(0)

        driver = AsyncDriver(connect_async(ConnectOptions()))
        ticking = asyncio.create_task(tick())
        answer = await driver.run(exchange(Session(url, CLIENT, BrowserSignIn(open_browser=slow)), GET, Retries()))
        done.set()
        await ticking
        await driver.adapter.close()
        return answer.status, ticks

    status, ticks = asyncio.run(run())
    assert status == 200
    assert ticks > 10


def test_a_cancelled_sign_in_closes_its_listener(url: str) -> None:
    async def run() -> str:
        opened: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        browser = BrowserSignIn(open_browser=lambda address: loop.call_soon_threadsafe(opened.put_nowait, address))
        driver = AsyncDriver(connect_async(ConnectOptions()))
        task = asyncio.create_task(driver.run(exchange(Session(url, CLIENT, browser), GET, Retries())))
        address = await opened.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await driver.adapter.close()
        return parse_qs(urlsplit(address).query)["redirect_uri"][0]

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(asyncio.run(run()))


@pytest.mark.parametrize(
    ("browser", "says"),
    [
        (Browser(replacing(code="")), "without a code"),
        (Browser(replacing(code="forged")), "did not take the code"),
        (Browser(replacing(error="access_denied")), "access_denied"),
        (lambda url: None, r"Nobody signed in within 0\.2 s"),
    ],
    ids=["no code", "a made-up code", "denied", "nobody came"],
)
def test_a_sign_in_that_fails_opens_no_second_browser(url: str, browser: Any, says: str, emulator: Emulator) -> None:
    opened: list[str] = []

    def open_(address: str) -> None:
        opened.append(address)
        browser(address)

    timeout = 0.2 if not isinstance(browser, Browser) else 10
    session = Session(url, CLIENT, BrowserSignIn(open_browser=open_, timeout=timeout))
    for _ in range(2):
        with pytest.raises(SignInError, match=says) as raised:
            ask(session)
        assert raised.value.exit_code == 4
    assert len(opened) == 1
    assert not any(path.startswith("/xapi") for path, _ in asked(emulator))


def callback_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["redirect_uri"][0]


def raw(data: bytes) -> Callable[[str], object]:
    """What sends some bytes to the listener and reads what it says, if anything."""

    def send(back: str) -> object:
        with socket.create_connection(("127.0.0.1", urlsplit(back).port or 0), 10) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                return connection.recv(65536)
        return None

    return send


def get(suffix: str) -> Callable[[str], object]:
    def fetch(back: str) -> object:
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(back + suffix) as answer:
            return answer.read()
        return None

    return fetch


STRAYS: dict[str, Callable[[str], object]] = {
    "no query": get(""),
    "another state": get("?code=c&state=forged"),
    "a refusal of another state": get("?error=access_denied&state=forged"),
    "a state of another language": get("?code=c&state=%C3%BC"),
    "a state that is not text": get("?code=c&state=%ff%fe"),
    "a code without a state": get("?code=c"),
    "a thousand fields": get("?" + "&".join(f"state={n}" for n in range(1000))),
    "favicon": lambda back: get("/favicon.ico")(back.removesuffix("/callback")),
    "a path below": get("/more?code=c"),
    "HEAD": raw(b"HEAD /callback?code=c HTTP/1.1\r\n\r\n"),
    "POST": raw(b"POST /callback HTTP/1.1\r\nContent-Length: 5\r\n\r\nstate"),
    "garbage": raw(b"\x16\x03\x01\x00\xff\xfe\r\n\r\n"),
    "an address that is none": raw(b"GET //[/callback HTTP/1.1\r\n\r\n"),
    "a version that is none": raw(b"GET /callback HTTP/9999999.9\r\n\r\n"),
    "nothing": raw(b""),
    "half a line": raw(b"GET /callb"),
    "a line without an end": raw(b"GET /callback?" + b"x" * 1_000_000),
    "a header without an end": raw(b"GET /callback HTTP/1.1\r\nX: " + b"x" * 1_000_000),
    "headers without an end": raw(b"GET /callback HTTP/1.1\r\n" + b"X: 1\r\n" * 200_000),
}


@pytest.mark.parametrize("stray", STRAYS)
def test_a_sign_in_survives_a_stray_callback(url: str, stray: str, capfd: pytest.CaptureFixture[str]) -> None:
    browser = Browser()

    def open_(address: str) -> None:
        STRAYS[stray](callback_of(address))
        STRAYS[stray](callback_of(address))
        browser(address)

    assert ask(Session(url, CLIENT, BrowserSignIn(open_browser=open_))).status == 200
    assert len(browser.opened) == 1
    assert "Trunkline has what it needs" in browser.page
    assert capfd.readouterr() == ("", "")


def test_a_sign_in_survives_all_strays_at_once_and_connections_that_stay_open(url: str) -> None:
    browser = Browser()
    connections: list[socket.socket] = []

    def open_(address: str) -> None:
        port = urlsplit(callback_of(address)).port or 0
        connections.extend(socket.create_connection(("127.0.0.1", port), 10) for _ in range(8))
        for connection in connections:
            connection.sendall(b"GET /callback HTTP/1.1\r\nX: ")
        for stray in STRAYS.values():
            stray(callback_of(address))
        browser(address)

    try:
        assert ask(Session(url, CLIENT, BrowserSignIn(open_browser=open_))).status == 200
    finally:
        for connection in connections:
            connection.close()


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_whatever_bytes_come_to_the_listener_it_goes_on_waiting(data: bytes) -> None:
    attempt = Attempt("https://pbx.example.com", CLIENT, "acme", BrowserSignIn(open_browser=lambda url: None))
    attempt.begin()
    try:
        back = attempt.redirect_uri
        raw(data)(back)
        raw(b"GET /callback?" + data + b" HTTP/1.1\r\n\r\n")(back)
        assert attempt.came_back is None
        assert get("")(back)
    finally:
        attempt.close()


def test_the_first_answer_to_our_request_counts_and_a_reload_changes_nothing(url: str) -> None:
    pages: list[str] = []

    def open_(address: str) -> None:
        browser = Browser(visits=3)
        browser(address)
        pages.append(browser.page)

    assert ask(Session(url, CLIENT, BrowserSignIn(open_browser=open_))).status == 200
    assert "Trunkline has what it needs" in pages[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (replacing(), "Trunkline has what it needs"),
        (replacing(error="access_denied"), "You were not signed in"),
        (replacing(code=""), "You were not signed in"),
        (replacing(state="forged"), "belongs to another sign-in"),
        (replacing(state="forged", error="<script>alert(1)</script>"), "belongs to another sign-in"),
    ],
)
def test_a_page_tells_the_person_what_became_of_it(url: str, change: Callable[[str], str], says: str) -> None:
    browser = Browser(change)
    with contextlib.suppress(SignInError):
        ask(Session(url, CLIENT, BrowserSignIn(open_browser=browser, timeout=0.2)))
    assert says in browser.page
    assert "script" not in browser.page


def test_strays_are_counted_where_nobody_signs_in(url: str) -> None:
    stray = BrowserSignIn(open_browser=lambda address: STRAYS["another state"](callback_of(address)), timeout=0.2)
    with pytest.raises(SignInError, match="other requests than ours that were ignored: 1"):
        ask(Session(url, CLIENT, stray))


@pytest.mark.parametrize("error", [OSError("no display"), ValueError("x"), webbrowser.Error("no runnable browser")])
def test_a_browser_that_can_t_be_opened_is_an_error_of_ours(
    url: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> bool:
        raise error

    monkeypatch.setattr(webbrowser, "open", fail)
    for browser in (BrowserSignIn(), BrowserSignIn(open_browser=fail)):
        with pytest.raises(ConfigurationError, match="browser could not be opened") as raised:
            ask(Session(url, CLIENT, browser))
        assert raised.value.hint


@pytest.mark.parametrize("port", [-1, 65_536, 10**9, "80", None])
def test_a_port_that_is_none_is_named(url: str, port: Any) -> None:
    with pytest.raises(ConfigurationError, match="can't be used for signing in"):
        ask(Session(url, CLIENT, BrowserSignIn(port=port, open_browser=pytest.fail)))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e14, "60", None])
def test_a_timeout_that_is_none_is_named(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="BrowserSignIn can't wait"):
        Session("https://pbx.example.com", CLIENT, BrowserSignIn(timeout=timeout))


def test_where_no_browser_opens_the_other_ways_are_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(ConfigurationError, match="No browser could be opened"):
        ask(Session(url, CLIENT, BrowserSignIn()))


def test_a_port_in_use_is_named(url: str) -> None:
    port = urlsplit(url).port or 0
    with pytest.raises(ConfigurationError, match=f"Port {port} of this machine"):
        ask(Session(url, CLIENT, BrowserSignIn(port=port)))


def test_only_the_way_back_is_answered(url: str) -> None:
    seen: list[int] = []

    def browser(address: str) -> None:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        assert urlsplit(back).hostname == "127.0.0.1"
        try:
            urllib.request.urlopen(back.replace("/callback", "/favicon.ico"))
        except urllib.error.HTTPError as error:
            seen.append(error.code)
            error.close()
        Browser()(address)

    assert ask(Session(url, CLIENT, BrowserSignIn(open_browser=browser))).status == 200
    assert seen == [404]


def test_the_verifier_goes_to_the_pbx_and_nowhere_else() -> None:
    def pbx(request: Asked) -> Bytes:
        if request.target.startswith("/connect/authorize"):
            query = parse_qs(urlsplit(request.target).query)
            seen.update({name: value for name, (value,) in query.items()})
            return http(302, Location=f"{seen['redirect_uri']}?code=c&state={seen['state']}")
        return http(200, '{"access_token":"t"}') if request.target == "/connect/token" else http(200, "{}")

    seen: dict[str, str] = {}
    with Nasty(pbx, sign_in=False) as server:
        ask(Session(server.url, CLIENT, BrowserSignIn(open_browser=Browser())))
    form = dict(parse_qsl(server.asked[1].body.decode()))
    assert set(form) == {"grant_type", "client_id", "code", "redirect_uri", "code_verifier"}
    assert Proof(form["code_verifier"], "").challenge == seen["code_challenge"]
    assert form["code_verifier"] not in server.asked[0].target
