"""Handing a job over to Prefect, and what is said where that can't be done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending, Running

from trunkline.errors import ConfigurationError, TrunklineError
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline_prefect.api import EngineFailed
from trunkline_prefect.engine import engine
from trunkline_prefect.heartbeats import beat

from .prefect_runs import lanes_of, message_of, read, run_of

if TYPE_CHECKING:
    from .conftest import Serve, Server, Worker

ID = {"Id": "{{ $json.Id }}"}


def made(ledger_url: str, job: str, targets: dict[str, str], items: int = 3) -> None:
    with PostgresLedger(ledger_url) as ledger:
        rows = ({"Id": 100 + n} for n in range(items))
        SharedJob.create(ledger, job, "fax.delete", ID, rows, targets, confirm=lambda question: True)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Serve the same answer to everything, as a server of another version or a gateway would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (200, b'"3.42.0"', ConfigurationError, "is version 3.42.0"),
        (200, b'"4.0.0"', ConfigurationError, "is version 4.0.0"),
        (401, b"{}", ConfigurationError, "refuses this client (HTTP 401)"),
        (403, b"{}", ConfigurationError, "refuses this client (HTTP 403)"),
        (404, b"<html>secret page</html>", EngineFailed, "with HTTP 404"),
        (500, b"{}", EngineFailed, "with HTTP 500"),
        (200, b"<html>a web page</html>", ConfigurationError, "is not a Prefect server"),
    ],
)
def test_a_server_that_is_none(
    ledger_url: str, job: str, status: int, body: bytes, kind: type[TrunklineError], says: str
) -> None:
    made(ledger_url, job, {"pbx-1": "http://127.0.0.1:1"})
    with answering(status, body) as address, temporary_settings({PREFECT_API_URL: address}):
        with pytest.raises(kind, match=says.replace("(", r"\(").replace(")", r"\)")) as caught:
            engine.hand_over(job)
    assert caught.value.hint
    assert "secret page" not in str(caught.value)


def test_no_server_is_named(ledger_url: str, job: str) -> None:
    made(ledger_url, job, {"pbx-1": "http://127.0.0.1:1"})
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        with pytest.raises(ConfigurationError, match=r"No Prefect server is named\. Start it: trunkline fleet up"):
            engine.hand_over(job)


def test_the_server_is_away_and_its_password_stays_unseen(ledger_url: str, job: str) -> None:
    made(ledger_url, job, {"pbx-1": "http://127.0.0.1:1"})
    with temporary_settings({PREFECT_API_URL: "http://me:hidden@127.0.0.1:1/api"}):
        with pytest.raises(ConfigurationError, match=r"at http://127\.0\.0\.1:1/api can't be reached") as caught:
            engine.hand_over(job)
    assert "hidden" not in str(caught.value)


def test_there_is_no_such_job(deployed: Server, ledger_url: str) -> None:
    with pytest.raises(ConfigurationError, match="There is no job 'nothing'"):
        engine.hand_over("nothing")


def test_handed_over_once_and_carried_out(worker: Worker, ledger_url: str, pbxes: Serve, job: str) -> None:
    """A job that is handed over twice has one run; the address names it."""
    (tenant,) = pbxes(1, items=3)
    made(ledger_url, job, {"pbx-1": tenant.url})
    page = engine.hand_over(job, lanes=1)
    assert engine.hand_over(job, lanes=1) == page
    run = run_of(UUID(page.rpartition("/")[2]))
    assert (run.name, run.state_name, message_of(run)) == (job, "Completed", "3 done.")
    assert len(lanes_of(job)) == 1


def test_what_has_not_begun_is_cancelled(deployed: Server, ledger_url: str, job: str) -> None:
    """Nobody has to take it first. This needs no worker, and one that is there finds a job that is cancelled."""
    made(ledger_url, job, {"pbx-1": "http://127.0.0.1:1"})
    run = UUID(engine.hand_over(job).rpartition("/")[2])
    with PostgresLedger(ledger_url) as ledger:
        SharedJob.open(ledger, job).cancel()
    engine.cancel(job)
    assert run_of(run).state_name == "Cancelled"
    assert read(run).name == job


def test_a_run_that_is_dead_is_replaced(
    worker: Worker, ledger_url: str, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect calls it Running for ever. Only a sign of life in the ledger says that it is."""
    worker.stop()
    made(ledger_url, job, {"pbx-1": "http://127.0.0.1:1"})
    page = engine.hand_over(job)
    first = UUID(page.rpartition("/")[2])
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(first, Pending())
        client.set_flow_run_state(first, Running())
    monkeypatch.setattr("trunkline_prefect.engine.HEARD_OF_WITHIN", 0.0)
    with PostgresLedger(ledger_url) as ledger:
        beat(ledger, job, str(first), 1)
        ledger.database.execute("UPDATE watcher SET heartbeat = clock_timestamp() + interval '1 minute'")
        assert engine.hand_over(job) == page
        ledger.database.execute("UPDATE watcher SET heartbeat = clock_timestamp() - interval '1 minute'")
        second = UUID(engine.hand_over(job).rpartition("/")[2])
        assert second != first
        assert [(read(run).name, read(run).state_name) for run in (first, second)] == [
            (job, "Replaced"),
            (job, "Scheduled"),
        ]
        SharedJob.open(ledger, job).cancel()
    engine.cancel(job)
