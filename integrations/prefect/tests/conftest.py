"""One real Prefect server for these tests, on a port and in a folder of its own; and a worker where a test has one."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("prefect", reason="Prefect is not installed: pip install 'trunkline[prefect]'.")

from trunkline_emulator import fleet
from trunkline_emulator.tenants import Tenant
from trunkline_prefect.child import Child

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

PATIENCE = 240.0
"""Seconds after which a test gives up: never a measure of how fast something is."""
KEY = "prefect-key-0123456789"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(is_so: Callable[[], Any], what: str) -> Any:
    """Return what a function gives once that is true."""
    end = time.monotonic() + PATIENCE
    while not (answer := is_so()):
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)
    return answer


class Server:
    """A Prefect server as a process."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            **os.environ,
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_LOGGING_TO_API_MAX_LOG_SIZE": "100000",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
        }
        self.process: Child | None = None

    def start(self) -> None:
        command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        command = [sys.executable, "-m", *command]
        self.process = Child(command, self.folder / "server.log", environment=self.environment)
        until(self._answers, "the Prefect server answers")

    def stop(self, signal_number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.end(signal_number, patience=10)
            self.process = None

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.exit_code is None, (self.folder / "server.log").read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, _token_folders: Path, cluster: Cluster, _databases: None
) -> Iterator[Server]:
    """A running server on Postgres; in this process it is the one that Prefect's client talks to."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    database = f"postgresql+asyncpg://trunkline:{cluster.password}@127.0.0.1:{cluster.port}/prefect"
    running = Server(tmp_path_factory.mktemp("prefect"), database)
    running.start()
    try:
        with temporary_settings(
            {
                PREFECT_API_URL: running.environment["PREFECT_API_URL"],
                PREFECT_HOME: Path(running.environment["PREFECT_HOME"]),
            }
        ):
            yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def deployed(server: Server) -> Server:
    """The server, with our flows deployed."""
    deploy_paused()
    return server


def deploy_paused() -> list[str]:
    """Deploy our flows without the reaper's schedule: a test that wants the reaper calls it itself."""
    from prefect.client.orchestration import get_client

    from trunkline_prefect.api import deployment_of
    from trunkline_prefect.deployments import deploy

    names = deploy(is_here=True)
    with get_client(sync_client=True) as client:
        client.pause_deployment(client.read_deployment_by_name(deployment_of("reaper")).id)
    return names


@pytest.fixture(scope="session")
def _databases(cluster: Cluster) -> None:
    """One database for Prefect, and one for the ledger: a worker's environment names it, and jobs have their names."""
    import psycopg

    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE prefect")
        connection.execute("CREATE DATABASE shared_ledger")


@pytest.fixture
def ledger_url(cluster: Cluster, _databases: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the ledger, which this process's environment names too."""
    url = cluster.url("shared_ledger")
    monkeypatch.setenv("TRUNKLINE_LEDGER", url)
    return url


@pytest.fixture
def job() -> str:
    """A name that no other job has."""
    return f"job-{secrets.token_hex(4)}"


def faxes(count: int) -> list[dict[str, Any]]:
    return [{"Id": 100 + n, "Number": f"F{n:05}"} for n in range(count)]


Serve = Callable[..., list[Tenant]]


@pytest.fixture
def pbxes(_token_folders: Path) -> Iterator[Serve]:
    """Serve emulated PBXs that have saved profiles; ``serve(count, faxes=…, **options)`` gives them."""
    profiles = Path(os.environ["TRUNKLINE_PROFILES"])
    with ExitStack() as stack:

        def serve(count: int, items: int = 0, **options: Any) -> list[Tenant]:
            found = stack.enter_context(fleet(count, api_key=KEY, seed={"Fax": faxes(items)}, **options))
            lines = []
            for number, tenant in enumerate(found, 1):
                lines += [f"[pbx-{number}]", f'url = "{tenant.url}"', f'client_id = "{tenant.client_id}"']
                lines += [f'client_secret = "{tenant.api_key}"', ""]
            profiles.unlink(missing_ok=True)
            with os.fdopen(os.open(profiles, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write("\n".join(lines))
            return found

        yield serve
    profiles.unlink(missing_ok=True)


class Worker:
    """A process worker of the pool, and the processes of the flow runs that it starts."""

    def __init__(self, server: Server, ledger_url: str) -> None:
        self._server = server
        self._environment = {**os.environ, **server.environment, "TRUNKLINE_LEDGER": ledger_url}
        self._process: Child | None = None

    def start(self) -> None:
        if self._process is None:
            command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "trunkline", "--type", "process"]
            self._process = Child(command, self._server.folder / "worker.log", environment=self._environment)

    def stop(self) -> None:
        if self._process is not None:
            self._process.end(patience=10)
            self._process = None

    def kill(self) -> None:
        """Kill it with all flow runs, as a power cut does: nobody reports their end."""
        assert self._process is not None
        for process in [self._process.pid, *_descendants(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.end(signal.SIGKILL, patience=10)
        self._process = None


def _descendants(process: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(status.parent.name))
    return [*found, *(below for child in found for below in _descendants(child))]


@pytest.fixture(scope="session")
def _worker(deployed: Server, cluster: Cluster) -> Iterator[Worker]:
    running = Worker(deployed, cluster.url("shared_ledger"))
    yield running
    running.stop()


@pytest.fixture
def worker(_worker: Worker, ledger_url: str) -> Worker:
    """A worker that runs, the same for all tests."""
    _worker.start()
    return _worker
