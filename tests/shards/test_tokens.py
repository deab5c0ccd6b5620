"""One token for all machines, in a row: asked for once, replaced once, refused once, never lost to a dead machine.

What tests/transport/test_token_store.py asks of a folder of files.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from sharing import CLIENT, GET, KEY, Hanging, Process, alone, at_once, many_tasks, sign_ins
from trunkline.errors import SignInError
from trunkline.result import HttpResponse
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.tokens import TokenRow, TokenRows
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token import Token
from trunkline.transport.token_store import Kept
from trunkline.work.ledger import LedgerFailed
from trunkline_emulator import Emulator, running

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

MACHINES = 5
PLACE = "https://pbx.example.com"

WORKER = """
import sys
from trunkline.errors import TrunklineError
from trunkline.request import HttpRequest
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.tokens import TokenRows
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session

url, client, key, database = sys.argv[1:]
with PostgresLedger(database) as ledger:
    session = Session(url, client, key, store=TokenRows(ledger))
    driver = Driver(connect(ConnectOptions()))
    print("ready", flush=True)
    for line in sys.stdin:  # one request a line
        try:
            answer = driver.run(exchange(session, HttpRequest("GET", "/Fax?$top=1"), Retries()))
            print(answer.status, flush=True)
        except TrunklineError as error:
            print(type(error).__name__, error, flush=True)
"""
HOLDER = """
import sys
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.tokens import TokenRows
with PostgresLedger(sys.argv[1]) as ledger:
    mine = TokenRows(ledger).file(sys.argv[2], sys.argv[3])
    assert mine.lock()
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(client_id=CLIENT, api_key=KEY, latency=0.02)


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as address:
        yield address


@pytest.fixture
def ledger(database_url: str) -> Iterator[PostgresLedger]:
    with PostgresLedger(database_url) as ledger:
        yield ledger


@pytest.fixture
def rows(ledger: PostgresLedger) -> TokenRows:
    return TokenRows(ledger)


@pytest.fixture
def start(url: str, database_url: str) -> Iterator[Callable[..., list[Process]]]:
    """Starts machines that share a client id; all are ready when they are given."""
    started: list[Process] = []

    def start(count: int, key: str = KEY) -> list[Process]:
        new = [Process(WORKER, url, CLIENT, key, database_url) for _ in range(count)]
        started.extend(new)
        assert [process.hear() for process in new] == ["ready"] * count
        return new

    yield start
    for process in started:
        process.close()


def session(url: str, rows: TokenRows, key: str = KEY) -> Session:
    return Session(url, CLIENT, key, store=rows)


def ask(shared: Session) -> HttpResponse:
    driver = Driver(connect(ConnectOptions()))
    try:
        response: HttpResponse = driver.run(exchange(shared, GET, Retries(attempts=1)))
    finally:
        driver.adapter.close()
    return response


def takes_lock(kept: Kept) -> bool:
    """Whether the lock becomes free: it is given back in a thread."""
    end = time.monotonic() + 20
    while not kept.lock():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# ── several machines ─────────────────────────────────────────────────────────────────────────────


def test_machines_that_start_at_once_ask_for_one_token_and_replace_it_once(
    start: Any, emulator: Emulator, url: str
) -> None:
    machines = start(MACHINES)
    assert at_once(machines) == ["200"] * MACHINES
    assert sign_ins(emulator) == [200]
    assert alone(url).status == 200
    assert at_once(machines) == ["200"] * MACHINES
    assert sign_ins(emulator) == [200] * 3  # theirs, the other's, theirs again
    assert at_once(start(1)) == ["200"]
    assert sign_ins(emulator) == [200] * 3, "a machine that comes later finds the token"


def test_a_refused_key_is_remembered_for_all_machines(start: Any, emulator: Emulator) -> None:
    machines = start(MACHINES, key="wrong-key-0123456789")
    answers = at_once(machines) + at_once(machines)
    assert all(answer.startswith("SignInError") for answer in answers)
    assert not any("wrong-key" in answer for answer in answers)
    assert sign_ins(emulator) == [400]


def test_a_machine_that_dies_while_it_signs_in_locks_nobody_out_for_ever(
    start: Any, emulator: Emulator, url: str, ledger: PostgresLedger, rows: TokenRows, database_url: str
) -> None:
    holder = Process(HOLDER, database_url, url, CLIENT)
    assert holder.hear() == "held"
    assert not rows.file(url, CLIENT).lock()
    (waiting,) = start(1)
    waiting.tell()
    holder.kill()
    assert not rows.file(url, CLIENT).lock()
    ((seconds,),) = ledger.database.execute("SELECT extract(epoch FROM locked_until - clock_timestamp()) FROM token")
    assert 0 < seconds <= 90
    ledger.database.execute("UPDATE token SET locked_until = clock_timestamp()")  # as if they had passed
    assert waiting.hear() == "200"
    assert sign_ins(emulator) == [200]


# ── one machine ──────────────────────────────────────────────────────────────────────────────────


def test_a_changed_key_is_tried_at_once_and_the_refusal_says_where_it_stands(
    url: str, rows: TokenRows, emulator: Emulator
) -> None:
    with pytest.raises(SignInError):
        ask(session(url, rows, "wrong-key-0123456789"))
    with pytest.raises(SignInError, match="Another process tried the same key") as raised:
        ask(session(url, rows, "wrong-key-0123456789"))
    assert f"until the row of 'shared' at {url} in the table token of 127.0.0.1" in raised.value.hint.text
    assert ask(session(url, rows)).status == 200
    assert sign_ins(emulator) == [400, 200]


def test_a_wrong_key_does_not_pass_because_somebody_s_token_lives(
    url: str, rows: TokenRows, emulator: Emulator
) -> None:
    ask(session(url, rows))
    with pytest.raises(SignInError):
        ask(session(url, rows, "wrong-key-0123456789"))
    assert ask(session(url, rows)).status == 200
    assert sign_ins(emulator) == [200, 400]


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00" * 100,
        b'{"server":',
        b"[]",
        b'{"access": 5}',
        b"\xff\xfe",
        json.dumps({"server": "https://other.example.com", "access": "theirs", "expires": 9e18}).encode(),
    ],
)
def test_a_row_that_makes_no_sense_is_replaced(
    url: str, rows: TokenRows, ledger: PostgresLedger, emulator: Emulator, garbage: bytes
) -> None:
    ledger.database.execute("INSERT INTO token (server, client_id, saved) VALUES (%s, %s, %s)", (url, CLIENT, garbage))
    assert ask(session(url, rows)).status == 200
    assert ask(session(url, rows)).status == 200
    assert sign_ins(emulator) == [200]


def test_neither_key_nor_token_is_shown_and_the_key_is_not_kept(
    url: str, rows: TokenRows, ledger: PostgresLedger
) -> None:
    shared = session(url, rows)
    ask(shared)
    ((saved,),) = ledger.database.execute("SELECT saved FROM token")
    assert KEY.encode() not in saved
    assert shared.token is not None
    for shown in (repr(rows), repr(shared.kept), shared.kept.place, repr(shared.kept.read())):
        assert shared.token.access not in shown


def test_servers_and_clients_have_rows_of_their_own(rows: TokenRows) -> None:
    pairs = [("https://a.example.com", "x"), ("https://b.example.com", "x"), ("https://a.example.com", "y")]
    assert all(rows.file(*pair).lock() for pair in pairs)
    assert not any(rows.file(*pair).lock() for pair in pairs)


def test_a_machine_that_lost_the_lock_writes_nothing(rows: TokenRows, ledger: PostgresLedger) -> None:
    slow, quick = rows.file(PLACE, CLIENT), rows.file(PLACE, CLIENT)
    later = time.time() + 1000
    assert slow.lock()
    ledger.database.execute("UPDATE token SET locked_until = clock_timestamp()")
    slow.write(slow.read().granting(KEY, Token("slow", later), "", None))
    assert quick.lock()
    quick.write(quick.read().granting(KEY, Token("quick", later), "", None))
    slow.write(slow.read().granting(KEY, Token("slow", later), "", None))
    slow.unlock()
    assert rows.file(PLACE, CLIENT).read().token(KEY) == Token("quick", later)


def test_many_tasks_of_two_clients_sign_in_once(url: str, rows: TokenRows, emulator: Emulator) -> None:
    sessions = [session(url, rows) for _ in range(2)]
    assert asyncio.run(many_tasks(sessions)) == [200] * 40
    assert sign_ins(emulator) == [200]


def test_a_task_that_is_cancelled_while_it_signs_in_gives_the_lock_back(rows: TokenRows) -> None:
    async def run() -> TokenRow:
        adapter = Hanging()
        task = asyncio.create_task(AsyncDriver(adapter).run(exchange(session(PLACE, rows), GET, Retries())))
        await adapter.asked.wait()
        other = rows.file(PLACE, CLIENT)
        assert not other.lock()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return other

    assert takes_lock(asyncio.run(run()))


def test_without_the_database_nobody_signs_in(
    cluster: Cluster, url: str, rows: TokenRows, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(session(url, rows))
    execute = rows._database.execute
    monkeypatch.setattr(rows._database, "execute", lambda *given: execute(*given, patience=0.1))
    cluster.stop(immediate=True)
    with pytest.raises(LedgerFailed):
        ask(session(url, rows))
    cluster.start()
    assert ask(session(url, rows)).status == 200
    assert sign_ins(emulator) == [200]
