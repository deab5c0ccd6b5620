"""Postgres, Prefect's server and workers on one machine, for a try: started, looked at and ended by folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from trunkline.errors import ConfigurationError
from trunkline.local.folders import own_folder

from .cluster import has_postgres, write_secret
from .supervisor import HOST, Files, Plan, ServiceState, State

_SYSTEM_FOLDER = Path("/var/lib/trunkline/fleet")  # Postgres, which root runs as another user, can't enter root's home
_END_LIMIT = 90.0


class RunningFleet(NamedTuple):
    """Where a fleet answers. ``environment`` is what a shell needs to use it; no value is a secret."""

    address: str
    environment: Mapping[str, str]
    folder: Path
    was_running: bool


class Fleet:
    """What ``trunkline fleet`` does. A fleet is a folder; without one it is the user's own."""

    def up(
        self,
        *,
        folder: Path | None = None,
        postgres: str | None = None,
        workers: int = 2,
        port: int = 4200,
        on_progress: Callable[[str], None] = lambda doing: None,
    ) -> RunningFleet:
        """Start a fleet and wait until all of it answers; one that runs is left as it is.

        ``postgres`` is the address of the database that gets the ledger; None starts a Postgres in the folder.
        ``on_progress`` gets what is being waited for.

        Raises:
            ConfigurationError: It can't be started, or it runs with another plan.
        """
        files = Files(_chosen(folder))
        plan = Plan(port=port, workers=workers, postgres=None)
        _make_folder(files)
        if files.is_running():
            return self._join(files, plan, named=postgres is not None, on_progress=on_progress)
        if postgres is not None:
            plan = Plan(port=port, workers=workers, postgres=_without_password(postgres, files))
        elif not has_postgres():
            raise ConfigurationError(
                "There is no Postgres server on this machine.",
                hint="Install it (Debian: apt install postgresql), or name one that runs elsewhere: --postgres URL",
            )
        _check_port(port)
        files.state.unlink(missing_ok=True)
        files.write(files.plan, plan)
        descriptor = os.open(files.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            supervisor = subprocess.Popen(  # noqa: S603 (this interpreter and this package)
                [sys.executable, "-P", "-m", "trunkline_prefect.supervisor", str(files.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        return _wait(files, supervisor, on_progress)

    def _join(self, files: Files, plan: Plan, *, named: bool, on_progress: Callable[[str], None]) -> RunningFleet:
        state = files.read_state()
        if state is not None and (plan.port, plan.workers, named) != _compared(state.plan):
            has = f"{state.plan.workers} workers at {state.plan.address}"
            raise ConfigurationError(
                f"A fleet runs in {files.folder} already, with {has}.",
                hint="End it first (trunkline fleet down), or choose another folder and port.",
            )
        return _wait(files, None, on_progress)

    def status(self, *, folder: Path | None = None) -> list[ServiceState]:
        """Describe each process of the fleet; an empty list if the folder has never had one.

        Raises:
            ConfigurationError: The folder can't be read.
        """
        files = Files(_chosen(folder))
        state = files.read_state() if files.folder.exists() else None
        if state is None:
            return []
        supervisor = ServiceState(
            service="supervisor",
            state="running" if files.is_running() else "down",
            pid=state.pid,
            restarts=0,
            since=None,
            error=state.error or None,
            log=str(files.logs / "supervisor.log"),
        )
        if supervisor.state == "running":
            return [supervisor, *state.services]
        supervisor.pid = None
        for service in state.services:
            service.state, service.pid = "down", None
        return [supervisor, *state.services]

    def down(self, *, folder: Path | None = None, remove: bool = False) -> bool:
        """End a fleet, and with ``remove`` delete its folder; whether one ran.

        Work in progress stops as after the loss of a machine: another `up` goes on with it.

        Raises:
            ConfigurationError: It can't be ended, or the folder is not one of a fleet.
        """
        files = Files(_chosen(folder))
        state = files.read_state() if files.folder.exists() else None
        if state is None:
            return False
        ran = files.is_running()
        if ran:
            _end(files, state)
        with files.held(_END_LIMIT):
            pass  # what a killed supervisor left has ended too
        if remove:
            _remove(files)
        return ran


def _chosen(folder: Path | None) -> Path:
    if os.name != "posix":
        raise ConfigurationError("A fleet runs on Linux and macOS only.", hint="Workers run on Windows: see the guide.")
    if folder is not None:
        return folder.absolute()
    if os.geteuid() == 0:
        return _SYSTEM_FOLDER
    own = own_folder("state")
    if own is None:
        raise ConfigurationError("This user has no home for the files of a fleet.", hint="Name a folder: --folder")
    return own / "fleet"


def _make_folder(files: Files) -> None:
    try:
        files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            files.folder.chmod(0o711)  # the user postgres passes through
        files.logs.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {files.folder} can't be used: {error.strerror}.", hint="Name another one: --folder"
        ) from None


def _compared(plan: Plan) -> tuple[int, int, bool]:
    return plan.port, plan.workers, plan.postgres is not None


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} can't be used: {error.strerror}.", hint="Choose another one: --port 4201"
            ) from None


def _without_password(connection: str, files: Files) -> str:
    """Return a connection string that names a file with the password where the given one holds a password."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        parts = conninfo_to_dict(connection)
    except psycopg.Error:
        raise ConfigurationError(
            "The address of Postgres can't be read.", hint="One looks like postgresql://user@db.example.com/trunkline"
        ) from None
    password = parts.pop("password", None) or os.environ.get("PGPASSWORD")
    if not parts.get("dbname"):
        raise ConfigurationError(
            "The address of Postgres names no database.", hint="End it with one: postgresql://…/trunkline"
        )
    if password is None:
        return connection
    escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
    write_secret(files.pgpass, f"*:*:*:*:{escaped}\n")
    return make_conninfo("", **{**parts, "passfile": str(files.pgpass)})


def _wait(files: Files, supervisor: subprocess.Popen[bytes] | None, on_progress: Callable[[str], None]) -> RunningFleet:
    """Follow the start until everything answers."""
    doing = ""
    while True:
        ended = supervisor.poll() is not None if supervisor else not files.is_running()
        state = files.read_state()
        if state is not None and state.state == "running" and not ended:
            if supervisor is not None:
                supervisor.returncode = 0  # it outlives this process, which Python would warn of
            environment = {"TRUNKLINE_LEDGER": state.ledger, "PREFECT_API_URL": f"{state.plan.address}/api"}
            return RunningFleet(state.plan.address, environment, files.folder, supervisor is None)
        if ended:
            log = files.logs / "supervisor.log"
            if state is None or not state.error:
                raise ConfigurationError("The fleet ended while it started.", hint=f"The log is {log}.")
            raise ConfigurationError(f"The fleet could not be started. {state.error}", hint=state.hint)
        if state is not None and state.doing != doing:
            doing = state.doing
            if doing:
                on_progress(doing)
        time.sleep(0.1)


def _end(files: Files, state: State) -> None:
    try:
        os.kill(state.pid, signal.SIGTERM)
    except PermissionError:
        raise ConfigurationError(f"The fleet in {files.folder} is another user's.") from None
    except ProcessLookupError:
        pass  # just now
    limit = time.monotonic() + _END_LIMIT
    while files.is_running():
        if time.monotonic() > limit:
            raise ConfigurationError(
                f"The supervisor of the fleet, process {state.pid}, has not ended.",
                hint=f"Its log is {files.logs / 'supervisor.log'}.",
            )
        time.sleep(0.1)


def _remove(files: Files) -> None:
    """Delete what a fleet makes, then the folder if nothing else is in it."""
    for name in ("postgres", "prefect", "logs"):
        shutil.rmtree(files.folder / name, ignore_errors=True)
    for path in (files.plan, files.state, files.pgpass, files.children, files.lock):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        files.folder.rmdir()


fleet = Fleet()
