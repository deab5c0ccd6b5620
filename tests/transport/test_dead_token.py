"""A dead token that is answered with 403, as seen on one live system: replaced once for all processes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nasty import Asked, Bytes, Nasty, http
from sharing import CLIENT, KEY, WORKER, Process, ask, at_once, session
from trunkline.transport import exchange as conversation
from trunkline.transport.browser import BrowserSignIn
from trunkline.transport.session import Session
from trunkline.transport.token import Token
from trunkline.transport.token_store import TokenStore


class Forbidding:
    """A PBX that answers 403 to a dead token, and to all that its client may not do."""

    def __init__(self, *, lacks_right: bool = False) -> None:
        self.live = ""
        self.lacks_right = lacks_right
        self.sign_ins = 0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Bytes:
        with self._lock:
            if asked.target == "/connect/token":
                self.sign_ins += 1
                self.live = f"t{self.sign_ins}"
                return http(200, json.dumps({"access_token": self.live, "expires_in": 3600}))
            alive = asked.headers["authorization"] == f"Bearer {self.live}"
            return http(200, "{}") if alive and not self.lacks_right else http(403, "")


@pytest.fixture
def forbidding() -> Iterator[tuple[Forbidding, str]]:
    pbx = Forbidding()
    with Nasty(pbx, sign_in=False) as server:
        yield pbx, server.url


def test_a_dead_token_from_the_store_is_replaced_for_all(forbidding: tuple[Forbidding, str], folder: Path) -> None:
    pbx, url = forbidding
    ask(session(url, folder))
    pbx.live = "of another machine"
    assert [ask(session(url, folder)).status for _ in range(5)] == [200] * 5
    assert pbx.sign_ins == 2
    pbx.live = "of another machine"
    assert ask(session(url, folder)).status == 200
    assert pbx.sign_ins == 3


def test_twenty_processes_with_one_dead_token_get_one_new_one(forbidding: tuple[Forbidding, str], folder: Path) -> None:
    pbx, url = forbidding
    ask(session(url, folder))
    processes = [Process(WORKER, url, CLIENT, KEY, str(folder)) for _ in range(20)]
    try:
        assert [process.hear() for process in processes] == ["ready"] * 20
        pbx.live = "of another machine"
        assert at_once(processes) == ["200"] * 20
        assert pbx.sign_ins == 2
    finally:
        for process in processes:
            process.close()


def test_a_lack_of_rights_is_found_with_one_sign_in_whoever_asks(
    forbidding: tuple[Forbidding, str], folder: Path
) -> None:
    pbx, url = forbidding
    ask(session(url, folder))
    pbx.lacks_right = True
    shared = [session(url, folder) for _ in range(5)]
    assert [ask(each).status for each in shared * 3] == [403] * 15
    assert pbx.sign_ins == 2
    pbx.lacks_right = False
    assert [ask(each).status for each in shared] == [200] * 5, "their token is alive"
    assert pbx.sign_ins == 2


def test_a_lack_of_rights_of_many_processes_makes_no_storm(forbidding: tuple[Forbidding, str], folder: Path) -> None:
    pbx, url = forbidding
    ask(session(url, folder))
    pbx.lacks_right = True
    processes = [Process(WORKER, url, CLIENT, KEY, str(folder)) for _ in range(8)]
    try:
        assert [process.hear() for process in processes] == ["ready"] * 8
        assert at_once(processes) + at_once(processes) == ["403"] * 16
        assert pbx.sign_ins == 2
    finally:
        for process in processes:
            process.close()


def test_what_is_known_of_rights_is_forgotten_after_a_while(forbidding: tuple[Forbidding, str], folder: Path) -> None:
    pbx, url = forbidding
    ask(session(url, folder))
    pbx.lacks_right = True
    ask(session(url, folder))
    later = Session(
        url, CLIENT, KEY, clock=lambda: time.time() + conversation.DENIAL_LASTS + 1, store=TokenStore(folder)
    )
    assert ask(later).status == 403
    assert pbx.sign_ins == 3


def test_a_client_without_a_store_believes_a_403(forbidding: tuple[Forbidding, str]) -> None:
    pbx, url = forbidding
    alone = Session(url, CLIENT, KEY)
    ask(alone)
    pbx.lacks_right = True
    assert [ask(alone).status for _ in range(3)] == [403] * 3
    assert pbx.sign_ins == 1


def test_a_person_is_not_asked_to_sign_in_again_because_of_a_403(
    forbidding: tuple[Forbidding, str], folder: Path
) -> None:
    pbx, url = forbidding
    person = Session(url, CLIENT, BrowserSignIn(open_browser=pytest.fail), store=TokenStore(folder))
    secret = " ".join(("browser", *BrowserSignIn().scopes))
    person.kept.write(person.kept.read().granting(secret, Token("dead", time.time() + 1000), "", None))
    assert ask(person).status == 403
    assert pbx.sign_ins == 0
