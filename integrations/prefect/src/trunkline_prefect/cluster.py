"""A Postgres in a folder, for a try and for tests: Debian's binaries, loopback, a password in a file."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from trunkline.errors import ConfigurationError

from .child import Child

USER = "trunkline"
_SYSTEM_USER = "postgres"  # Postgres refuses to run as root; Debian's package makes this user
_DEBIAN = Path("/usr/lib/postgresql")
_READY_LIMIT = 60.0


class Cluster:
    """A Postgres whose data, log and password lie in a folder. It listens on one address and on no socket file.

    It runs as this user; as root it runs as the user postgres, which must be able to enter the folder. It ends when
    the process that started it ends, and not before: in whichever thread it was started. ``settings`` are settings
    of postgresql.conf. Without a ``port`` it takes a free one when it first starts, and keeps it
    for as long as nobody else has it.

    Raises:
        ConfigurationError: There is no Postgres on this machine, or the folder can't be used.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        address: str = "127.0.0.1",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.address = folder.absolute(), address
        self._port, self._settings = port, dict(settings or {})
        self._data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._process: Child | None = None

    @property
    def port(self) -> int:
        """The port that it listens on, or will."""
        if self._port is None:
            running = self._pid_file()
            self._port = int(running[3]) if len(running) > 3 else self._chosen_port()
        return self._port

    @property
    def password_file(self) -> Path:
        """The file with the password, as libpq and asyncpg read one; only its owner can read it."""
        return self.folder / "pgpass"

    @property
    def password(self) -> str:
        """The password of the only user."""
        return self.password_file.read_text(encoding="utf-8").strip().rpartition(":")[2]

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database. It names the file with the password and doesn't hold the password."""
        passfile = quote(str(self.password_file), safe="/")
        return f"postgresql://{USER}@{self.address}:{self.port}/{database}?passfile={passfile}"

    @property
    def pid(self) -> int | None:
        """The process, None if it doesn't run."""
        if self._process is not None:
            return self._process.pid if self._process.exit_code is None else None
        lines = self._pid_file()
        return int(lines[0]) if lines and self._is_running() else None

    def start(self, *, held: int | None = None) -> None:
        """Start it, and wait until it answers. Nothing happens if it runs already. ``held``: see `Child`.

        Raises:
            ConfigurationError: It can't be started; the message has the last line of its log.
        """
        if self.pid is not None:
            return
        self.stop()
        if not (self._data / "PG_VERSION").exists():
            self._create()
        (self.folder / "port").write_text(f"{self.port}\n", encoding="ascii")
        settings = {"listen_addresses": self.address, "port": str(self.port), "unix_socket_directories": ""}
        arguments = [f"--{name}={value}" for name, value in (settings | self._settings).items()]
        self._process = Child(
            self._found(["postgres", "-D", str(self._data), *arguments]),
            self.log,
            user=_user(),
            farewell=signal.SIGINT,  # a fast shutdown, which Postgres passes on itself
            has_group=False,
            held=held,
        )
        self._wait_until_ready(self._process)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it; ``immediate`` stops it as a crash does. Nothing happens if it doesn't run."""
        if self._process is not None:
            self._process.end(signal.SIGQUIT if immediate else signal.SIGINT, patience=60)
            self._process = None
        elif self._is_running():
            mode = "immediate" if immediate else "fast"
            self._run(["pg_ctl", "stop", "--wait", "--pgdata", str(self._data), "--mode", mode])

    def restart(self, *, immediate: bool = False) -> None:
        """Stop it and start it again on the same port."""
        port = self.port
        self.stop(immediate=immediate)
        self._port = port
        self.start()

    def _create(self) -> None:
        _binaries(None)  # before anything is left in the folder
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._data.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(self._data, _SYSTEM_USER, _SYSTEM_USER)
                self.folder.chmod(self.folder.stat().st_mode | 0o011)  # may be entered, not listed
        except LookupError:
            raise ConfigurationError(
                f"Postgres doesn't run as root, and this machine has no user {_SYSTEM_USER}.",
                hint="Run this as another user, or make that user.",
            ) from None
        except OSError as error:
            raise ConfigurationError(f"The folder {self.folder} can't be used: {error.strerror}.") from None
        self._check_entry()
        password = secrets.token_urlsafe(24)
        write_secret(self.password_file, f"*:*:*:{USER}:{password}\n")
        first = self.folder / "first-password"
        write_secret(first, password)
        try:
            if os.geteuid() == 0:
                shutil.chown(first, _SYSTEM_USER)
            rights = ["--username", USER, "--auth", "scram-sha-256", "--pwfile", str(first)]
            self._run(["initdb", "--pgdata", str(self._data), *rights, "--encoding", "UTF8", "--no-locale"])
        finally:
            first.unlink()
        if not self.address.startswith("127."):
            with (self._data / "pg_hba.conf").open("a", encoding="utf-8") as access:
                access.write("host all all samenet scram-sha-256\n")

    def _chosen_port(self) -> int:
        """Return the port of the last time, as long as nobody else has it."""
        kept = self.folder / "port"
        with suppress(OSError, ValueError):
            port = int(kept.read_text(encoding="ascii"))
            _free_port(self.address, port)
            return port
        return _free_port(self.address)

    def _check_entry(self) -> None:
        """Refuse a folder that the user postgres can't enter, such as one in root's home."""
        if os.geteuid() != 0:
            return
        for parent in self._data.parents:
            if not parent.stat().st_mode & 0o001 and parent.owner() != _SYSTEM_USER:
                raise ConfigurationError(
                    f"Postgres runs as the user {_SYSTEM_USER} here, which can't enter {parent}.",
                    hint="Name a folder elsewhere, such as /var/lib/trunkline.",
                )

    def _wait_until_ready(self, process: Child) -> None:
        limit = time.monotonic() + _READY_LIMIT
        while process.exit_code is None and time.monotonic() < limit:
            lines = self._pid_file()
            if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        self.stop()
        raise ConfigurationError(f"Postgres did not start: {self._last_line()}", hint=f"Its log is {self.log}.")

    def _last_line(self) -> str:
        """Return the last complaint in the log, without the time in front of it."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        complaints = [line for line in lines if re.search("FATAL|PANIC|could not|cannot", line)]
        return re.sub(r"^.*?(FATAL|PANIC|ERROR|LOG):\s*", "", (complaints or lines or ["it wrote no log"])[-1])

    def _pid_file(self) -> list[str]:
        with suppress(OSError):
            return (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return []

    def _is_running(self) -> bool:
        if not self._pid_file():
            return False
        status = ["pg_ctl", "status", "--pgdata", str(self._data)]
        return self._call(status).returncode == 0

    def _run(self, command: list[str]) -> None:
        finished = self._call(command)
        if finished.returncode:
            lines = finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"]
            raise ConfigurationError(f"{command[0]} failed: {lines[0]}", hint=f"It was to use {self._data}.")

    def _call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        user = _user()
        return subprocess.run(  # noqa: S603 (its own programs, by their whole paths)
            self._found(command),
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            check=False,
            cwd="/",
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )

    def _found(self, command: list[str]) -> list[str]:
        return [str(_binaries(self._version()) / command[0]), *command[1:]]

    def _version(self) -> str | None:
        """Return the major version that made the data; only it can read them."""
        with suppress(OSError):
            return (self._data / "PG_VERSION").read_text(encoding="utf-8").strip()
        return None


def has_postgres() -> bool:
    """Tell whether this machine has Postgres' server programs."""
    if os.name != "posix":
        return False
    try:
        _binaries(None)
    except ConfigurationError:
        return False
    return True


def _binaries(version: str | None) -> Path:
    """Find the folder of Postgres' programs: the version that the data are of, else the newest."""
    folders = sorted(_DEBIAN.glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4))
    if configured := shutil.which("pg_config"):
        folders.insert(0, Path(_output(configured, "--bindir") or "/nowhere"))
    if on_path := shutil.which("initdb"):
        folders.insert(0, Path(on_path).resolve().parent)
    usable = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not usable:
        raise ConfigurationError(
            "There is no Postgres server on this machine.",
            hint="Install it (Debian: apt install postgresql), or name one that runs elsewhere.",
        )
    if version is None:
        return usable[-1]
    for folder in usable:
        if re.search(rf"\) {re.escape(version)}\b", _output(str(folder / "postgres"), "--version")):
            return folder
    raise ConfigurationError(
        f"The data were written by Postgres {version}, which this machine doesn't have any more.",
        hint=f"Install it (Debian: apt install postgresql-{version}), or begin again in another folder.",
    )


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def _user() -> str | None:
    return _SYSTEM_USER if os.geteuid() == 0 else None


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Raises: OSError."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _free_port(address: str, wanted: int = 0) -> int:
    """Return a port that nobody has. Raises: OSError if it is not the one that is wanted."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed just now is free
        probe.bind((address, wanted))
        port: int = probe.getsockname()[1]
        return port
