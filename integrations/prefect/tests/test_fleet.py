"""`trunkline fleet`: started, at work, its processes killed, ended; what can't work says so before anything starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

import psycopg
import pytest
from jsonschema import Draft202012Validator
from psycopg import sql

from postgres import need_postgres
from trunkline_prefect.cluster import Cluster
from trunkline_prefect.fleet import fleet as machines
from trunkline_prefect.supervisor import ServiceState

from .conftest import Serve, faxes

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "fleet-service.json"
PROCESSES = {"supervisor", "postgres", "server", "worker-1"}


class Done(NamedTuple):
    """What a command wrote, and its exit code."""

    code: int
    stdout: str
    stderr: str


class Command:
    """`trunkline fleet` on a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()

    def __call__(self, verb: str, *options: str, **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "trunkline", "fleet", verb, *options, "--folder", str(self.folder)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def up(self, *options: str, **environment: str) -> Done:
        return self("up", "--workers", "1", "--port", str(self.port), *options, **environment)

    def begin(self) -> subprocess.Popen[str]:
        """Run `up` in the background."""
        command = [sys.executable, "-m", "trunkline", "fleet", "up", "--folder", str(self.folder)]
        return subprocess.Popen([*command, "--port", str(self.port)], stderr=subprocess.PIPE, text=True)

    def services(self) -> dict[str, ServiceState]:
        """What `status` shows, without a process for each look."""
        return {service.service: service for service in machines.status(folder=self.folder)}

    def processes(self) -> dict[str, int]:
        return {name: service.pid for name, service in self.services().items() if service.pid is not None}

    def all_run(self) -> bool:
        return {name for name, service in self.services().items() if service.state == "running"} == PROCESSES


@pytest.fixture
def fleet() -> Iterator[Command]:
    need_postgres()
    folder = Path(tempfile.mkdtemp(prefix="trunkline-fleet-"))
    command = Command(folder)
    yield command
    command("down")
    shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(is_true: Callable[[], bool]) -> None:
    while not is_true():
        time.sleep(0.2)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asks for doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def exported(stdout: str) -> dict[str, str]:
    """What a shell has after it evaluated the output."""
    shell = subprocess.run(["/bin/sh", "-c", f"{stdout}\nenv"], capture_output=True, text=True, check=True)
    pairs = (line.partition("=") for line in shell.stdout.splitlines())
    return {name: value for name, _, value in pairs if name in ("TRUNKLINE_LEDGER", "PREFECT_API_URL")}


def test_what_is_killed_comes_back_and_what_is_ended_is_gone(fleet: Command, pbxes: Serve) -> None:
    tenants = pbxes(2, items=10)
    up = fleet.up(TRUNKLINE_CLIENT_SECRET="key-that-no-worker-needs")
    assert (up.code, fleet.all_run()) == (0, True), up.stderr
    for service in json.loads(fleet("status", "-o", "json").stdout):
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(service)
    environment = exported(up.stdout)
    with psycopg.connect(environment["TRUNKLINE_LEDGER"]) as ledger:
        ledger.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with urlopen(f"http://127.0.0.1:{fleet.port}") as page:
        assert b"<html" in page.read()

    password = Cluster(fleet.folder / "postgres").password
    readable = [path for path in fleet.folder.rglob("*") if path.is_file() and "data" not in path.parts]
    assert [path.name for path in readable if password in path.read_text(errors="replace")] == ["pgpass"]
    assert [
        path for path in readable if path.stat().st_mode & 0o077 and path.parent.name in (fleet.folder.name, "logs")
    ] == []
    worker = Path(f"/proc/{fleet.processes()['worker-1']}/environ").read_text()
    assert f"TRUNKLINE_LEDGER={environment['TRUNKLINE_LEDGER']}" in worker
    assert "key-that-no-worker-needs" not in worker

    again = fleet.up()
    assert (again.code, again.stdout) == (0, up.stdout)
    assert "runs already" in again.stderr
    other = fleet("up", "--workers", "3", "--port", str(fleet.port))
    assert (other.code, "1 workers" in other.stderr) == (3, True)

    before = fleet.processes()
    for name in ("postgres", "server", "worker-1"):
        os.kill(before[name], signal.SIGKILL)
    until(lambda: all(service.restarts for name, service in fleet.services().items() if name != "supervisor"))
    until(fleet.all_run)
    with psycopg.connect(environment["TRUNKLINE_LEDGER"]) as ledger:
        assert ledger.execute("SELECT n FROM kept").fetchone() == (7,)
    items = "".join(json.dumps({"Id": fax["Id"]}) + "\n" for fax in faxes(10))
    options = [
        "--set",
        "Id={{ $json.Id }}",
        "--profile",
        "pbx-*",
        "--yes",
        "--on",
        "prefect",
        "--lanes",
        "1",
        "-o",
        "json",
    ]
    job = subprocess.run(
        [sys.executable, "-m", "trunkline", "job", "run", "fax.delete", "--name", "clean", *options],
        env={**os.environ, **environment},
        input=items,
        capture_output=True,
        text=True,
        check=False,
    )
    assert job.returncode == 0, job.stderr
    for tenant in tenants:
        deleted = [entry.path for entry in tenant.emulator.journal if entry.method == "DELETE"]
        assert sorted(deleted) == [f"/xapi/v1/Fax({fax['Id']})" for fax in faxes(10)]

    running = list(fleet.processes().values())
    down = fleet("down", "--remove")
    assert (down.code, fleet.folder.exists()) == (0, False), down.stderr
    assert not any(map(is_alive, running))


def kill_supervisor(fleet: Command) -> None:
    os.kill(fleet.processes()["supervisor"], signal.SIGKILL)


def end_fleet(fleet: Command) -> None:
    assert fleet("down") == (0, "The fleet has ended.\n", "")


@pytest.mark.parametrize("end", [kill_supervisor, end_fleet])
def test_nothing_outlives_its_supervisor(fleet: Command, end: Callable[[Command], None]) -> None:
    up = fleet.begin()
    until(lambda: "server" in fleet.services())
    running = list(fleet.processes().values())
    end(fleet)
    assert up.communicate()[1].splitlines()[-2].startswith("Error: The fleet ended while it started.")
    assert up.returncode == 3
    until(lambda: not any(map(is_alive, running)))
    assert "`trunkline fleet up` starts it" in fleet("status").stderr
    status = fleet("status", "-o", "json")
    assert (status.code, {row["state"] for row in json.loads(status.stdout)}) == (1, {"down"})


def test_a_folder_without_a_fleet_has_none_to_show_or_end(fleet: Command) -> None:
    status = fleet("status")
    assert (status.code, status.stdout) == (1, "")
    assert "trunkline fleet up" in status.stderr
    assert fleet("down") == (0, "No fleet runs.\n", "")


def test_a_port_that_is_taken_is_named_before_anything_starts(fleet: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", fleet.port))
        taken.listen()
        up = fleet.up()
    assert (up.code, fleet.services()) == (3, {})
    assert f"Port {fleet.port} can't be used" in up.stderr
    assert "--port" in up.stderr


def test_a_machine_without_postgres_is_told_what_to_install(fleet: Command, tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\nfrom trunkline_prefect import cluster\nfrom trunkline.cli import main\n"
        f"cluster._DEBIAN = pathlib.Path({str(tmp_path)!r})\nsys.exit(main())"
    )
    up = subprocess.run(
        [sys.executable, "-c", program, "fleet", "up", "--folder", str(fleet.folder), "--port", str(fleet.port)],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert up.returncode == 3
    assert "apt install postgresql" in up.stderr
    assert "--postgres" in up.stderr


PASSWORD = "never:shown\\anywhere"


@pytest.fixture(scope="module")
def account(cluster: Cluster) -> Iterator[str]:
    """Where a user guest of Postgres signs in who may create nothing."""
    with psycopg.connect(cluster.url(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE ROLE guest LOGIN PASSWORD {}").format(PASSWORD))
    yield f"127.0.0.1:{cluster.port}"
    with psycopg.connect(cluster.url(), autocommit=True) as server:
        server.execute("DROP ROLE guest")


@pytest.mark.parametrize(
    ("address", "environment", "expected"),
    [
        ("postgresql://guest:{password}@{at}/postgres", {}, "may not create the database trunkline_prefect"),
        ("postgresql://guest@{at}/postgres", {"PGPASSWORD": PASSWORD}, "may not create the database trunkline_prefect"),
        ("postgresql://guest:wrong@{at}/postgres", {}, "password authentication failed"),
        ("postgresql://guest:{password}@{at}", {}, "names no database"),
        ("postgresql://guest:{password}@127.0.0.1:1/postgres", {}, "Connection refused"),
        ("nothing of the kind {password}", {}, "can't be read"),
    ],
)
def test_a_postgres_that_can_not_be_used_says_why_without_its_password(
    fleet: Command, account: str, address: str, environment: dict[str, str], expected: str
) -> None:
    up = fleet.up("--postgres", address.format(password=quote(PASSWORD, safe=""), at=account), **environment)
    assert (up.code, expected in up.stderr) == (3, True), up.stderr
    shown = up.stderr + "".join(path.read_text() for path in fleet.folder.rglob("*.json")) + fleet("status").stdout
    assert PASSWORD not in shown
    assert quote(PASSWORD, safe="") not in shown


def test_a_folder_that_is_a_file_is_named(fleet: Command) -> None:
    fleet.folder = fleet.folder / "file"
    fleet.folder.write_text("")
    up = fleet.up()
    assert (up.code, str(fleet.folder) in up.stderr) in ((2, True), (3, True))
