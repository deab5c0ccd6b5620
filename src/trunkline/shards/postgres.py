"""One Postgres database: statements that outlast a lost connection, and the schema's versions."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..errors import ConfigurationError, TrunklineError
from ..logs import log
from ..redaction import redacted, remember
from ..work.ledger import LedgerFailed

if TYPE_CHECKING:
    import psycopg

Row = tuple[Any, ...]
Values = Sequence[object] | Mapping[str, object]
Made = TypeVar("Made")

VARIABLE = "TRUNKLINE_LEDGER"
PATIENCE = 20.0
"""Seconds for which a statement is tried again after a lost connection: a restart of Postgres takes less."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.0  # seconds between two tries
# Not to_regclass: what it remembers of a table that was missing outlasts the wait for the lock.
_HAS_SCHEMA = "SELECT FROM pg_class WHERE relname = 'trunkline_schema' AND relkind = 'r' AND pg_table_is_visible(oid)"
_MIGRATING = 0x7472_756E_6B6C  # the number of the advisory lock: "trunkl"
_EXAMPLE = "postgresql://trunkline@db.example.com/trunkline"
_PORTS = re.compile(r"[0-9,]*")
_UNSENT = "Nothing was sent that the ledger doesn't know of."
_CONNECTION: dict[str, object] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # ms; a cut cable is noticed while something is being sent
    "keepalives_idle": 5,  # and these notice it while an answer is awaited
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "client_encoding": "UTF8",
    "application_name": "trunkline",
    "target_session_attrs": "read-write",  # of several hosts, the one that isn't a standby
}
_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "53300", "25006", "40001", "40P01")
"""SQLSTATEs, or classes of them, after which the same statement may well succeed on another connection: the server
ends, starts or is full, has become a standby, or two statements were in each other's way."""


class Database:
    """One Postgres database, which threads may share: they take turns on one connection.

    It connects when it is first used, and again after a lost connection.
    """

    def __init__(self, url: str) -> None:
        """Take a libpq URL or a connection string. Raises ConfigurationError if it is neither, or without psycopg."""
        self._psycopg = _psycopg()
        self._parameters = _parameters(self._psycopg, url)
        self.place = _place(self._parameters)
        """Host, port and name, as errors say it."""
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[Row] | None = None
        self._process = 0
        self._was_reached = False

    def __repr__(self) -> str:
        return f"Database({self.place!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def separate(self) -> Database:
        """Return another connection to the same database, for a thread that must not wait for others."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), _lock=threading.RLock(), _connection=None)
        return other

    def close(self) -> None:
        """Close the connection. The next statement would open another."""
        with self._lock:
            self._disconnect()

    def execute(self, statement: str, values: Values = (), *, patience: float = PATIENCE) -> list[Row]:
        """Carry out one statement, which commits by itself, and return its rows.

        After a lost connection it is carried out again, for ``patience`` seconds: it must not matter whether it is
        carried out twice. Raises LedgerFailed; ConfigurationError where the server was never reached.
        """
        return self._tried(lambda connection: self._execute(connection, statement, values), patience)

    def migrate(self) -> None:
        """Bring the schema to the version of this program; several may try at once.

        Raises ConfigurationError for a newer schema, a role without the right to make tables, and a database that
        doesn't keep texts as UTF-8.
        """
        self._tried(self._migrate, PATIENCE)

    def _execute(self, connection: psycopg.Connection[Row], statement: str, values: Values) -> list[Row]:
        # Without values the statement goes out as it is, and may be several.
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description is not None else []

    def _tried(self, work: Callable[[psycopg.Connection[Row]], Made], patience: float) -> Made:
        """Do something with the connection, and again after it was lost."""
        end = time.monotonic() + patience
        wait = _FIRST_WAIT
        while True:
            with self._lock:
                try:
                    return work(self._connected())
                except self._psycopg.Error as problem:
                    is_lost = self._is_lost(problem)
                    if is_lost:
                        self._disconnect()
                    if not is_lost or not self._may_come_back() or time.monotonic() + wait > end:
                        raise self._failure(problem, is_lost=is_lost) from None
                    if wait == _FIRST_WAIT:
                        log.warning(
                            "The database %s does not answer, and is asked again: %s", self.place, _why(problem)
                        )
            time.sleep(wait)  # without the lock: another thread may have less patience
            wait = min(2 * wait, _LONGEST_WAIT)

    def _connected(self) -> psycopg.Connection[Row]:
        connection = self._connection
        if connection is None or self._process != os.getpid():  # after a fork the connection is the parent's
            self._process = os.getpid()
            connection = self._connection = self._psycopg.connect(autocommit=True, **self._parameters)
            self._was_reached = True
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _is_lost(self, problem: psycopg.Error) -> bool:
        if self._connection is None or self._connection.closed:
            return True
        return (problem.sqlstate or "").startswith(_LOST)

    def _may_come_back(self) -> bool:
        """Whether waiting makes sense: the server was there before, or is just starting. A typo stays one."""
        if self._was_reached:
            return True
        from psycopg.conninfo import make_conninfo

        ping = self._psycopg.pq.PGconn.ping(make_conninfo(**self._parameters).encode())
        return bool(ping == self._psycopg.pq.Ping.REJECT)

    def _failure(self, problem: psycopg.Error, *, is_lost: bool) -> TrunklineError:
        """Return the error of a statement that was not carried out, or of a server that can't be reached."""
        why = _why(problem)
        if is_lost and not self._was_reached:
            return ConfigurationError(
                f"The database {self.place} can't be opened: {why}",
                hint=f"Look at the address in {VARIABLE}, at role and password, and whether Postgres runs there.",
            )
        if is_lost:
            return LedgerFailed(
                f"The database {self.place} can't be reached any more: {why}",
                hint=f"{_UNSENT} Look whether Postgres runs, and at the network; the work then goes on where it was.",
                retryable=True,
            )
        hint = next((hint for state, hint in _HINTS.items() if (problem.sqlstate or "").startswith(state)), "")
        return LedgerFailed(f"The database {self.place} can't do that: {why}", hint=f"{hint} {_UNSENT}".strip())

    def _migrate(self, connection: psycopg.Connection[Row]) -> None:
        if self._version(connection) == len(_migrations()):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATING])
            ((encoding,),) = self._execute(connection, "SHOW server_encoding", ())
            if encoding != "UTF8":
                raise ConfigurationError(
                    f"The database {self.place} keeps texts as {encoding}, which has no room for all names.",
                    hint="Make another one: CREATE DATABASE trunkline ENCODING 'UTF8' TEMPLATE template0.",
                )
            try:
                self._bring_up(connection)
            except (self._psycopg.errors.InsufficientPrivilege, self._psycopg.errors.DuplicateTable) as problem:
                raise ConfigurationError(
                    f"The tables of the ledger can't be made in {self.place}: {_why(problem)}",
                    hint="Give the ledger a database of its own, and make the role its owner: "
                    "CREATE DATABASE trunkline OWNER trunkline.",
                ) from None

    def _version(self, connection: psycopg.Connection[Row]) -> int:
        """Return the version of the schema, 0 for none. Raises ConfigurationError for one from the future."""
        if not self._execute(connection, _HAS_SCHEMA, ()):
            return 0
        ((version,),) = self._execute(connection, "SELECT coalesce(max(version), 0) FROM trunkline_schema", ())
        if version > len(_migrations()):
            raise ConfigurationError(
                f"The database {self.place} was made by a newer Trunkline: its schema is version {version}, and this "
                f"one knows {len(_migrations())}.",
                hint="Update Trunkline on this machine.",
            )
        return int(version)

    def _bring_up(self, connection: psycopg.Connection[Row]) -> None:
        known = self._version(connection)
        if not known:
            connection.execute(
                "CREATE TABLE trunkline_schema (version integer PRIMARY KEY, since timestamptz NOT NULL)"
            )
        for version, statements in enumerate(_migrations(), 1):
            if version > known:
                self._execute(connection, statements, ())
                connection.execute("INSERT INTO trunkline_schema VALUES (%s, now())", [version])


_HINTS = {
    "42501": "Give the role the right to read and write the tables of the ledger.",
    "42P01": "Is this the right database? Its tables are not those that were there when it was opened.",
    "53": "Make room on the disk of the database, or give it more memory.",
    "57014": "Something ended the statement; look for a statement_timeout of the role.",
}


def _migrations() -> list[str]:
    """Return the statements of each version of the schema, in order."""
    folder = files(__name__.rpartition(".")[0]) / "schema"
    return [file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=lambda file: file.name)]


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError:
        raise ConfigurationError(
            "A ledger on Postgres needs psycopg, which is not installed.", hint="pip install 'trunkline[postgres]'"
        ) from None
    return psycopg


def _parameters(psycopg: Any, url: str) -> dict[str, Any]:
    """Return the parts of an address. Its text goes into no error: a password may stand anywhere in it."""
    try:
        parts = dict(psycopg.conninfo.conninfo_to_dict(url))
    except psycopg.Error:
        parts = {}
    # A password with a bare @, / or : puts a part of itself where the host, the port or the database would be.
    is_torn = "@" in f"{parts.get('host')}{parts.get('dbname')}" or not _PORTS.fullmatch(str(parts.get("port") or ""))
    if not parts or is_torn:
        raise ConfigurationError(
            "That is not the address of a Postgres database.",
            hint=f"{VARIABLE} has the form {_EXAMPLE}; in a password, @ is written as %40 and / as %2F.",
        )
    for name in ("password", "sslpassword"):
        remember(str(parts.get(name) or ""))
    return {**_CONNECTION, **parts}


def _place(parts: dict[str, Any]) -> str:
    host = parts.get("host") or parts.get("hostaddr") or "this machine"
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"{host}{port}/{parts.get('dbname') or parts.get('user') or ''}"


def _why(problem: psycopg.Error) -> str:
    """Return what the server or libpq says, in one line; not its details, which show rows."""
    text = problem.diag.message_primary or str(problem)
    lines = [line for line in text.splitlines() if not line.startswith("\t")]  # libpq asks what our hints say
    text = " ".join(" ".join(lines).split()).removeprefix("connection failed: ").removesuffix(".")
    return redacted(f"{text}.")
