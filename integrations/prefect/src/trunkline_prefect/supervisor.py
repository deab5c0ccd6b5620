"""One process that starts Postgres, Prefect's server and workers, starts again what ends, and ends all with itself.

``python -m trunkline_prefect.supervisor FOLDER`` runs it, as `fleet.py` does. The folder has the plan (what to run),
the state (what runs, written here and read by everybody) and the logs.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from trunkline.errors import ConfigurationError
from trunkline.local.atomic import replace_file
from trunkline.local.lock import LockTaken, acquire_lock

from .api import POOL
from .child import Child
from .cluster import Cluster

LEDGER, PREFECT = "trunkline", "trunkline_prefect"
"""Databases. Prefect's own has a name that no other Prefect of the same Postgres has: their versions may differ."""
HOST = "127.0.0.1"
_PREFECT = (sys.executable, "-P", "-m", "prefect")
_START_LIMIT = 300.0
_STABLE = 60.0  # seconds after which a process that ends was not a failed start
_LONGEST_PAUSE = 60.0
_LONGEST_LINE = 120
_IS_ROUTINE = re.compile(r"\| (DEBUG|INFO) |\] (LOG|DETAIL|HINT): |^INFO: ").search  # Prefect, Postgres, uvicorn
# A worker needs nothing of these; they lead to another PBX or Prefect than the fleet's.
_NOT_INHERITED = ("PREFECT_", "PGPASSWORD", "TRUNKLINE_LEDGER", "TRUNKLINE_URL", "TRUNKLINE_CLIENT_")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run. ``postgres`` is a connection string without a password, None for a Postgres in the folder."""

    port: int
    workers: int
    postgres: str | None = None

    @property
    def address(self) -> str:
        """Prefect's page."""
        return f"http://{HOST}:{self.port}"


class ServiceState(msgspec.Struct, kw_only=True):
    """One process of the fleet. ``since`` is when it was last started; ``error`` why it was not, or why it ended."""

    service: str
    state: Literal["starting", "running", "restarting", "down"]
    pid: int | None
    restarts: int
    since: str | None
    error: str | None
    log: str


class State(msgspec.Struct, kw_only=True):
    """What the fleet does. ``doing`` says what it waits for while it starts."""

    state: Literal["starting", "running", "stopping", "down", "failed"]
    plan: Plan
    doing: str = ""
    error: str = ""
    hint: str = ""
    pid: int = 0
    ledger: str = ""
    services: list[ServiceState] = []


_STATES, _PLANS = msgspec.json.Decoder(State), msgspec.json.Decoder(Plan)


class Files:
    """The files of a fleet's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan, self.state = folder / "plan.json", folder / "state.json"
        self.lock, self.children = folder / "supervisor.lock", folder / "children.lock"
        self.logs, self.postgres, self.pgpass = folder / "logs", folder / "postgres", folder / "pgpass"

    def read_state(self) -> State | None:
        """Return what the last supervisor wrote, None if there has been none. Raises: ConfigurationError."""
        try:
            return _STATES.decode(self.state.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigurationError(f"{self.state} can't be read: {error}.") from None

    def write(self, path: Path, content: Plan | State) -> None:
        """Replace a file of the folder. Raises: OSError."""
        with replace_file(path) as file:
            file.write(msgspec.json.encode(content))

    def is_running(self) -> bool:
        """Whether a supervisor lives. It is the lock that says so: a number of a process may be another's by now."""
        try:
            acquire_lock(self.lock).release()
        except LockTaken:
            return True
        return False

    @contextmanager
    def held(self, patience: float) -> Iterator[int]:
        """Open the lock that all guards hold, once the processes of the run before have ended.

        Raises:
            ConfigurationError: They have not within ``patience`` seconds.
        """
        import fcntl  # Windows has none, and no fleet

        descriptor = os.open(self.children, os.O_RDWR | os.O_CREAT, 0o600)
        limit = time.monotonic() + patience
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > limit:
                        raise ConfigurationError(
                            f"Processes of an earlier run in {self.folder} have not ended.",
                            hint="Wait a minute, then try again.",
                        ) from None
                    time.sleep(0.1)
            yield descriptor
        finally:
            os.close(descriptor)


class Service:
    """A process that is kept running: started again when it ends, after a pause that doubles with each failure.

    ``answers`` tells whether it does its work; it gets the time at which it was last started.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        start: Callable[[], None],
        pid: Callable[[], int | None],
        answers: Callable[[datetime], bool],
    ) -> None:
        self.name, self.log = name, log
        self._start, self._pid, self._answers = start, pid, answers
        self._restarts = self._failures = 0
        self._started, self._not_before = 0.0, 0.0
        self._since = datetime.now(UTC)
        self._is_ready = False
        self._error: str | None = None

    def start(self) -> None:
        """Start it. Raises: ConfigurationError."""
        self._is_ready, self._since = False, datetime.now(UTC)
        self._start()
        self._started = time.monotonic()

    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._pid() is not None

    def is_ready(self) -> bool:
        """Whether it has answered since it was started."""
        self._is_ready = self._is_ready or (self.is_running() and self._answers(self._since))
        return self._is_ready

    def look(self) -> None:
        """Start it again if it has ended and its pause is over."""
        now = time.monotonic()
        if self.is_running():
            self.is_ready()
            return
        if not self._not_before:
            self._failures = 1 if now - self._started > _STABLE else self._failures + 1
            self._not_before = now + min(2.0 ** (self._failures - 1), _LONGEST_PAUSE)
            self._error = f"It ended at {datetime.now(UTC):%H:%M:%S}Z: {last_line(self.log)}"
        if now < self._not_before:
            return
        self._not_before = 0.0
        self._restarts += 1
        try:
            self.start()
        except ConfigurationError as error:
            self._started, self._error = now, error.message

    def state(self) -> ServiceState:
        """Describe it."""
        pid = self._pid()
        return ServiceState(
            service=self.name,
            state="restarting" if pid is None else "running" if self._is_ready else "starting",
            pid=pid,
            restarts=self._restarts,
            since=f"{self._since:%Y-%m-%dT%H:%M:%SZ}",
            error=self._error,
            log=str(self.log),
        )


class Supervisor:
    """Carries out the plan of a folder until SIGTERM or SIGINT."""

    def __init__(self, folder: Path) -> None:
        self.files = Files(folder)
        self._plan = _PLANS.decode(self.files.plan.read_bytes())
        self._cluster = Cluster(self.files.postgres, settings={"max_connections": "200"})
        self._state = State(state="starting", plan=self._plan, pid=os.getpid())
        self._services: list[Service] = []
        self._children: dict[str, Child] = {}
        self._stopping = threading.Event()
        self._held = -1

    def run(self) -> int:
        """Run the fleet; the exit code is 1 if it could not be started."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        try:
            with self.files.held(40.0) as self._held:
                try:
                    self._start()
                    self._watch()
                finally:
                    self._end()
        except ConfigurationError as error:
            self._write(state="failed", doing="", error=error.message, hint=str(error.hint))
        except _Stopped:
            self._write(state="down", doing="")
        except Exception as error:
            self._write(state="failed", doing="", error=f"{type(error).__name__}: {error}")
            raise
        else:
            self._write(state="down", doing="")
            return 0
        return 1

    def _start(self) -> None:
        connection, ledger = self._start_database()
        environment = self._environment(ledger)
        self._write(doing="Prefect's server", ledger=ledger)
        server = [*_PREFECT, "server", "start", "--host", HOST, "--port", str(self._plan.port)]
        settings = _server_settings(self._plan, connection, self.files.folder)
        self._wait(self._keep("server", server, environment | settings, lambda _: self._get("/health") == b"true"))
        self._write(doing="the deployments")
        self._deploy(environment)
        self._write(doing=f"{self._plan.workers} workers")
        workers = []
        for number in range(1, self._plan.workers + 1):
            name = f"{socket.gethostname()}-{number}"
            command = [*_PREFECT, "worker", "start", "--pool", POOL, "--type", "process", "--name", name]
            workers.append(self._keep(f"worker-{number}", command, environment, partial(self._is_heard, name)))
        for worker in workers:
            self._wait(worker)
        self._write(state="running", doing="")

    def _start_database(self) -> tuple[str, str]:
        """Make the databases ready, and return the address for making some, and that of the ledger."""
        named = self._plan.postgres
        if named is not None:
            self._write(doing="Prefect's database")
            _create_database(named, PREFECT)
            return named, named
        self._write(doing="Postgres")
        cluster = self._cluster
        start = partial(cluster.start, held=self._held)
        self._wait(self._add(Service("postgres", cluster.log, start, lambda: cluster.pid, lambda _: True)))
        for name in (LEDGER, PREFECT):
            _create_database(cluster.url(), name)
        return cluster.url(), cluster.url(LEDGER)

    def _watch(self) -> None:
        while not self._stopping.wait(0.5):
            for service in self._services:
                service.look()
            self._write()

    def _end(self) -> None:
        """End the workers at once, then the server, then Postgres: each needs the one after it to end well."""
        self._write(state="stopping", doing="")
        self._services = []
        workers = [child for name, child in self._children.items() if name != "server"]
        threads = [threading.Thread(target=child.end, kwargs={"patience": 30.0}) for child in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if server := self._children.get("server"):
            server.end()
        if self._plan.postgres is None:
            self._cluster.stop()

    def _keep(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], answers: Callable[[datetime], bool]
    ) -> Service:
        log = self.files.logs / f"{name}.log"

        def start() -> None:
            if ended := self._children.get(name):
                # Its flow runs, if it is a worker, have lost who watches over them; other lanes go on with their work.
                threading.Thread(target=ended.end, daemon=True).start()
            self._children[name] = Child(command, log, environment=environment, held=self._held)

        def pid() -> int | None:
            child = self._children[name]
            return child.pid if child.exit_code is None else None

        return self._add(Service(name, log, start, pid, answers))

    def _add(self, service: Service) -> Service:
        service.start()
        self._services.append(service)
        self._write()
        return service

    def _deploy(self, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-P", "-m", "trunkline_prefect.deployments", POOL, "--here"]
        log = self.files.logs / "deployments.log"
        child = Child(command, log, environment=environment, held=self._held)
        try:
            while child.exit_code is None:
                if self._stopping.wait(0.2):
                    raise _Stopped
        finally:
            child.end()
        if child.exit_code:
            raise ConfigurationError(f"The flows could not be deployed: {last_line(log)}", hint=f"Its log is {log}.")

    def _wait(self, service: Service) -> None:
        """Wait until a service answers, for as long as its process lives."""
        limit = time.monotonic() + _START_LIMIT
        while not service.is_ready():
            if self._stopping.wait(0.2):
                raise _Stopped
            if not service.is_running() or time.monotonic() > limit:
                why = "did not answer in time" if service.is_running() else "ended before it answered"
                raise ConfigurationError(
                    f"The {service.name} {why}: {last_line(service.log)}", hint=f"Its log is {service.log}."
                )
        self._write()

    def _environment(self, ledger: str) -> dict[str, str]:
        """Return the environment of workers: this one's, so that they find profiles and proxies as a command does."""
        dropped = _NOT_INHERITED if self._plan.postgres else (*_NOT_INHERITED, "PG")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        direct = ",".join(filter(None, [inherited.get("NO_PROXY") or inherited.get("no_proxy"), HOST, "localhost"]))
        return {
            **inherited,
            "NO_PROXY": direct,
            "no_proxy": direct,
            "DO_NOT_TRACK": "1",
            "TRUNKLINE_LEDGER": ledger,
            "PREFECT_HOME": str(self.files.folder / "prefect"),
            "PREFECT_API_URL": f"{self._plan.address}/api",
            "PREFECT_WORKER_QUERY_SECONDS": "2",  # who tries it looks at it meanwhile
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_CLI_COLORS": "false",
            "PREFECT_LOGGING_COLORS": "false",
        }

    def _is_heard(self, worker: str, began: datetime) -> bool:
        """Whether the server has heard of a worker since then."""
        try:
            answer = json.loads(self._post(f"/work_pools/{POOL}/workers/filter"))
            heard = [each["last_heartbeat_time"] for each in answer if each["name"] == worker]
            return any(at and datetime.fromisoformat(at) >= began for at in heard)
        except (OSError, ValueError, TypeError, KeyError):
            return False  # it doesn't answer, or with an error

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path, {})

    def _post(self, path: str) -> bytes:
        client = secrets.token_hex(8)
        token = json.loads(self._get(f"/csrf-token?client={client}"))["token"]
        return self._ask("POST", path, {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token})

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        """Ask the server, not through a proxy; b"" while it doesn't answer."""
        connection = http.client.HTTPConnection(HOST, self._plan.port, timeout=5)
        try:
            body = b"{}" if method == "POST" else None
            connection.request(method, f"/api{path}", body, {"Content-Type": "application/json", **headers})
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return b""
        finally:
            connection.close()

    def _write(self, **changes: object) -> None:
        """Write the state if it is another one."""
        state = msgspec.structs.replace(
            self._state, **changes, services=[service.state() for service in self._services]
        )
        if state != self._state or not self.files.state.exists():
            self._state = state
            with suppress(OSError):  # a full disk must not end what runs
                self.files.write(self.files.state, state)


class _Stopped(Exception):
    """The fleet was to end while it started."""


def last_line(log: Path) -> str:
    """Return the last line of a log that may say why a process ended, cut to one that a terminal has room for."""
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace")[-10_000:].splitlines()
        if spoken := [line.strip(" │╭╮╰╯─\t") for line in lines if line.strip(" │╭╮╰╯─\t")]:
            return "its log does not say why." if _IS_ROUTINE(spoken[-1]) else _cut(spoken[-1])
    return "it wrote nothing."


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _server_settings(plan: Plan, connection: str, folder: Path) -> dict[str, str]:
    """Return the settings of the server: its database, and nobody's page but its own may ask it."""
    from psycopg.conninfo import conninfo_to_dict

    of_libpq = {
        "host": "PGHOST",
        "hostaddr": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "passfile": "PGPASSFILE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
    }
    parts = conninfo_to_dict(connection)
    return {
        **{of_libpq[name]: str(value) for name, value in parts.items() if name in of_libpq},
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg:///{quote(PREFECT)}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(folder / "prefect" / "page"),
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": f"{plan.address},http://localhost:{plan.port}",
    }


def _create_database(connection: str, name: str) -> None:
    """Create a database where it is missing. Raises: ConfigurationError."""
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(connection, autocommit=True, connect_timeout=5) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"This user of Postgres may not create the database {name}, which Prefect's server needs.",
            hint=f"Have it created: CREATE DATABASE {name} OWNER …",
        ) from None
    except psycopg.errors.DuplicateDatabase:
        pass  # somebody was faster
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"Postgres can't be used: {reason}") from None


def main() -> None:
    """Run the supervisor of the folder that is named as the only argument."""
    os.umask(0o077)
    files = Files(Path(sys.argv[1]))
    try:
        lock = acquire_lock(files.lock, timeout=5)  # who only looks whether it is taken has it for a moment
    except LockTaken:
        sys.exit(f"A fleet runs in {files.folder} already.")
    try:
        sys.exit(Supervisor(files.folder).run())
    finally:
        lock.release()


if __name__ == "__main__":
    main()
