"""The ledger of a job: every item and its outcome, in one SQLite file.

An item is *not started*, then *sent* (recorded before its request goes out), then *done* or *failed*. What was sent
when a process died is *unknown* to the next one.

Each change is one commit, which a killed process can't lose. A power cut can, unless the disk was waited for: so that
is done for each item that nobody could look up, and for others once for a stretch of items that are about to be
sent. A stretch that was begun and not ended is unknown as a whole, and looked up.

Each row has a checksum, for SQLite does not see a byte that changed within a value.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from ..errors import ConfigurationError, Hint, TrunklineError
from ..work.ledger import Entry, LedgerFailed
from ..work.outcome import Outcome, as_error, described
from ..work.state import State
from .folder import discard
from .lock import LedgerFile, open_file
from .rows import entry_of, item_encoded, outcome_encoded
from .summary import Target
from .wal import has_frames, lost_commits

Made = TypeVar("Made")

FORMAT = 3
_CHUNK = 5000
SHARD = 250  # items of one PBX in memory at a time, and in doubt after a crash
_NEEDS_LOG = "needs_log"  # true from the beginning of a run until the ledger is closed in order

SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE target (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL, halt TEXT NOT NULL DEFAULT '',
    first INTEGER, last INTEGER, sum INTEGER NOT NULL
);
CREATE TABLE input (n INTEGER PRIMARY KEY, item BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE outcome (
    target INTEGER NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, record BLOB,
    sum INTEGER NOT NULL, PRIMARY KEY (target, n)
) WITHOUT ROWID;
"""
_END_STRETCHES = "UPDATE target SET first = NULL, last = NULL, sum = row_sum(id, name, url, halt, NULL, NULL)"
_DENIED = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def row_sum(*values: object) -> int:
    """Return the checksum of a row without its last column."""
    return zlib.crc32(b"|".join(value if type(value) is bytes else str(value).encode() for value in values))


def item_sum(n: int, item: bytes) -> int:
    """As `row_sum` of an item of the input, in a third of the time."""
    return zlib.crc32(b"%d|%b" % (n, item))


def outcome_sum(target: int, n: int, state: int, attempts: int, record: bytes | None) -> int:
    """As `row_sum` of the outcome of an item, in a third of the time."""
    return zlib.crc32(b"%d|%d|%d|%d|%b" % (target, n, state, attempts, b"None" if record is None else record))


class LedgerDamaged(LedgerFailed):
    """Something in the ledger is not as it was written, so that nobody can say what was sent."""

    code = "ledger_damaged"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"The ledger {path} is damaged: {what}.",
            hint=Hint(
                "Accept that what is not surely done or failed counts as sent and is looked up, and that what can't be "
                "looked up is not sent again.",
                "job.resume",
                {"name": path.stem, "accept_damage": True},
            ),
        )


class Ledger:
    """One job's file. Threads may share it, and several processes may read while one writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection, file: LedgerFile) -> None:
        self.path = path
        self.file = file
        self.writing = threading.RLock()
        """Held by the thread that writes: a connection has one transaction at a time."""
        self._db = connection
        self._log: tuple[int, int] | None = None

    @classmethod
    def create(cls, path: Path, about: Mapping[str, Any], targets: Sequence[tuple[str, str]]) -> Self:
        """Make a ledger with (name, URL) of each PBX and no items yet. Raises FileExistsError if there is one."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        ledger = None
        try:
            ledger = cls._connected(path)
            ledger._db.executescript(f"BEGIN; {SCHEMA} COMMIT;")
            ledger.tell({"format": FORMAT, "loaded": False, "cancelled": False, "targets": len(targets), **about})
            with ledger._writing():
                rows = [(n, name, url, "", None, None) for n, (name, url) in enumerate(targets, 1)]
                ledger._db.executemany(
                    "INSERT INTO target VALUES (?, ?, ?, ?, ?, ?, ?)", ((*row, row_sum(*row)) for row in rows)
                )
        except BaseException as problem:
            if ledger is not None:
                ledger.close()
            discard(path)
            if isinstance(problem, sqlite3.Error):
                raise _failed(problem, path, "written") from None
            raise
        return ledger

    @classmethod
    def open(cls, path: Path, *, check: bool = False) -> Self:
        """Open an existing ledger. ``check``: read all of it, and compare the checksums, unless the job is running.

        Raises ConfigurationError if this user may not read and write it, if it is not a ledger, or is of another
        format; LedgerDamaged if commits are lost or, with ``check``, anything is not as it was written.
        """
        file = open_file(path)
        ledger = None
        try:
            quiet = file.users == 1 and not file.is_held()
            if quiet and (lost := lost_commits(path)):
                raise LedgerDamaged(path, lost)
            is_log_there = not quiet or has_frames(path)
            ledger = cls._connected(path)
            ledger._check_format()
            if not is_log_there and ledger._needs_log():
                raise LedgerDamaged(path, "its write-ahead log, with what was last recorded, is missing")
            if check and not file.is_held():
                ledger.check()
            ledger._settle()
        except BaseException as problem:
            if ledger is not None:
                ledger._disconnect()
            if isinstance(problem, Exception) and not isinstance(problem, TrunklineError):
                raise _not_opened(problem, path) from None
            raise
        finally:
            file.close()
        return ledger

    @classmethod
    def _connected(cls, path: Path) -> Self:
        file = open_file(path)
        try:
            ledger = cls(path, sqlite3.connect(path, isolation_level=None, timeout=30.0, check_same_thread=False), file)
        except BaseException:
            file.close()
            raise
        try:
            ledger._db.create_function("row_sum", -1, row_sum, deterministic=True)
            ledger._db.execute("PRAGMA journal_mode = WAL")
            ledger._db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _check_format(self) -> None:
        if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            raise _not_one(self.path)
        row = self._db.execute("SELECT value FROM about WHERE name = 'format'").fetchone()
        if row is None or row[0] != str(FORMAT):
            raise _not_one(self.path)

    def check(self) -> None:
        """Read everything and compare the checksums. Raises LedgerDamaged."""
        from .damage import damage_of

        if what := damage_of(self._db):
            raise LedgerDamaged(self.path, what)

    def close(self) -> None:
        self._settle()
        self._disconnect()

    def _settle(self) -> None:
        """Move what a dead process left in the log into the file, so that the log is no longer needed."""
        with suppress(TrunklineError, sqlite3.Error):
            if self._needs_log() and not self.file.is_held():
                with self.file.held():
                    self.end_run()

    def end_run(self) -> None:
        """Record that the log may go once SQLite has brought it into the file; where that fails, SQLite keeps it."""
        with suppress(TrunklineError, sqlite3.Error):
            try:
                self.tell({_NEEDS_LOG: False})
            except LedgerFailed:  # a full disk, on which an emptied log makes room
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.tell({_NEEDS_LOG: False})

    def _disconnect(self) -> None:
        """Close it, and leave on record whether it needs its log; SQLite deletes the log if nobody else has it open."""
        self._db.close()
        self.file.close()

    def begin_run(self) -> None:
        """Record, in the ledger's file itself, that without its log it lacks what is written from now on."""
        self.tell({_NEEDS_LOG: True})
        try:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as problem:
            raise _failed(problem, self.path, "written") from None

    def _needs_log(self) -> bool:
        row = self._db.execute("SELECT value FROM about WHERE name = ?", (_NEEDS_LOG,)).fetchone()
        return row is not None and row[0] == "true"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def about(self) -> dict[str, Any]:
        """Return the facts of the job, by name."""
        facts = self._read(lambda row: (row[0], msgspec.json.decode(row[1])), "SELECT name, value FROM about")
        return dict(facts)

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Record facts of the job."""
        rows = [(name, msgspec.json.encode(value).decode()) for name, value in facts.items()]
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?, ?)", ((*r, row_sum(*r)) for r in rows))

    def targets(self) -> list[Target]:
        return list(self._read(_target, "SELECT id, name, url, halt FROM target ORDER BY id"))

    def halt(self, target: int, error: TrunklineError | None) -> None:
        """Record why work on a PBX stopped; None that it did not."""
        reason = "" if error is None else msgspec.json.encode(described(error)).decode()
        with self._writing():
            self._db.execute(
                "UPDATE target SET halt = ?1, sum = row_sum(id, name, url, ?1, first, last) WHERE id = ?2",
                (reason, target),
            )

    def load(self, items: Iterable[Mapping[str, Any]]) -> int:
        """Take the input in, a few thousand items at a time; gives how many there are."""
        rows = ((n, item_encoded(n, item)) for n, item in enumerate(items))
        size = 0
        while chunk := list(islice(rows, _CHUNK)):
            with self._writing():
                self._db.executemany("INSERT INTO input VALUES (?, ?, ?)", ((*row, item_sum(*row)) for row in chunk))
            size += len(chunk)
        self.tell({"loaded": True, "size": size})
        return size

    def size(self) -> int:
        """How many items the input has."""
        return next(self._read(lambda row: int(row[0]), "SELECT coalesce(max(n) + 1, 0) FROM input"))

    def pending(self, target: int, after: int, count: int) -> list[Entry]:
        """Return a target's next items that are neither done nor failed, by place, beginning behind ``after``."""
        found = self._read(
            entry_of,
            "SELECT i.n, i.item, coalesce(o.state, 0), coalesce(o.attempts, 0), o.record FROM input i"
            " LEFT JOIN outcome o ON o.target = ? AND o.n = i.n"
            " WHERE i.n > ? AND coalesce(o.state, 0) NOT IN (2, 3) ORDER BY i.n LIMIT ?",
            (target, after, count),
        )
        return list(found)

    def write(self, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Record outcomes, each with the number of its target, all or none. Raises LedgerFailed."""
        rows = [(target, o.n, int(o.state), o.attempts, outcome_encoded(o)) for target, o in outcomes]
        with self._writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?)", [(*row, outcome_sum(*row)) for row in rows]
            )

    def wait_for_disk(self, each: bool) -> None:
        """Whether each change waits until it can't be lost in a power cut."""
        self._db.execute(f"PRAGMA synchronous = {'FULL' if each else 'NORMAL'}")

    def begin_stretch(self, target: int, first: int, last: int) -> None:
        """Before any of these items is sent: all that was written so far, and this, is safe from a power cut."""
        with self.writing:
            self.wait_for_disk(True)
            with self._writing():
                self._db.execute(
                    "UPDATE target SET first = ?1, last = ?2, sum = row_sum(id, name, url, halt, ?1, ?2) WHERE id = ?3",
                    (first, last, target),
                )
            self.wait_for_disk(False)

    def end_stretches(self) -> None:
        """Note that no request is in progress any more, and make the outcomes safe from a power cut."""
        self.wait_for_disk(True)
        with self._writing():
            self._db.execute(_END_STRETCHES)

    def doubt(self) -> None:
        """Mark as unknown what a dead process left as sent, or may have sent unrecorded."""
        self.wait_for_disk(True)
        with self._writing():
            self._db.execute(
                "UPDATE outcome SET state = ?1, sum = row_sum(target, n, ?1, attempts, record) WHERE state = ?2",
                (int(State.UNKNOWN), int(State.SENT)),
            )
            self._db.execute(
                "INSERT INTO outcome SELECT t.id, i.n, ?1, 0, NULL, row_sum(t.id, i.n, ?1, 0, NULL) FROM target t"
                " JOIN input i ON i.n BETWEEN t.first AND t.last WHERE true ON CONFLICT DO UPDATE"
                " SET state = excluded.state, sum = row_sum(target, n, excluded.state, attempts, record)"
                " WHERE state = 0",
                (int(State.UNKNOWN),),
            )
            self._db.execute(_END_STRETCHES)

    def counts(self, target: int | None = None) -> dict[State, int]:
        """How many items are in each state, over one target or all."""
        found = dict.fromkeys(State, 0)
        counted = "SELECT state, count(*) FROM outcome WHERE target = ? OR ? IS NULL GROUP BY state"
        found |= self._read(lambda row: (State(row[0]), row[1]), counted, (target, target))
        total = self.size() * (1 if target is not None else len(self.targets()))
        found[State.NOT_STARTED] = total - sum(found[state] for state in State if state is not State.NOT_STARTED)
        return found

    def counts_by_target(self) -> dict[int, dict[State, int]]:
        """As `counts`, for each target."""
        return {target.id: self.counts(target.id) for target in self.targets()}

    def entries(
        self, target: int, states: Iterable[State] = tuple(State), skip: int = 0, most: int | None = None
    ) -> Iterator[Entry]:
        """Yield the items of a target in given states, by place: ``most`` of them behind the first ``skip``."""
        return self._read(
            entry_of,
            "SELECT i.n, i.item, coalesce(o.state, 0), coalesce(o.attempts, 0), o.record FROM input i"
            " LEFT JOIN outcome o ON o.target = ? AND o.n = i.n"
            " WHERE coalesce(o.state, 0) IN (SELECT value FROM json_each(?)) ORDER BY i.n LIMIT ? OFFSET ?",
            (target, msgspec.json.encode([int(s) for s in states]).decode(), -1 if most is None else most, skip),
        )

    def _read(
        self, made: Callable[[tuple[Any, ...]], Made], statement: str, values: Sequence[object] = ()
    ) -> Iterator[Made]:
        """Yield what is made of each row that a statement finds. Raises LedgerFailed."""
        try:
            for row in self._db.execute(statement, values):
                yield made(row)
        except Exception as problem:
            raise _failed(problem, self.path, "read") from None

    def _writing(self) -> _Transaction:
        return _Transaction(self._db, self)

    def check_in_place(self) -> None:
        """LedgerFailed if the ledger, or its write-ahead log, was deleted or replaced since it was opened."""
        if not self.file.is_in_place():
            raise _gone(self.path)
        try:
            log = os.stat(f"{self.path}-wal")  # noqa: PTH116 - asked before each change
        except OSError:
            raise _gone(self.path) from None
        if self._log is None:
            self._log = log.st_dev, log.st_ino
        elif self._log != (log.st_dev, log.st_ino):
            raise _gone(self.path)


class TargetLedger:
    """A job's ledger as the run on one PBX sees it (`trunkline.work.ledger.Ledger`): a shard of items at a time."""

    is_durable = True

    def __init__(self, ledger: Ledger, target: int, *, in_stretches: bool) -> None:
        """``in_stretches``: every item can be looked up, so the disk is waited for once a shard (`begin_stretch`)."""
        self._ledger = ledger
        self._target = target
        self._in_stretches = in_stretches
        self._shard: deque[Entry] = deque()
        self._last = -1

    @property
    def size(self) -> int:
        return self._ledger.size()

    def take(self) -> Entry | None:
        if not self._shard:
            self._shard.extend(self._ledger.pending(self._target, self._last, SHARD))
            if not self._shard:
                return None
            self._last = self._shard[-1].n
            if self._in_stretches:
                self._ledger.begin_stretch(self._target, self._shard[0].n, self._last)
        return self._shard.popleft()

    def record(self, outcomes: Sequence[Outcome]) -> None:
        self._ledger.write([(self._target, outcome) for outcome in outcomes])


class _Transaction:
    """All that is written in its block, or nothing."""

    def __init__(self, db: sqlite3.Connection, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger

    def __enter__(self) -> None:
        self._ledger.writing.acquire()
        try:
            self._attempt("BEGIN IMMEDIATE")
            try:
                self._ledger.check_in_place()
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        except BaseException:
            self._ledger.writing.release()
            raise

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._attempt("COMMIT")
                return
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(problem, sqlite3.Error):
                raise _failed(problem, self._ledger.path, "written") from None
        finally:
            self._ledger.writing.release()

    def _attempt(self, statement: str) -> None:
        try:
            self._db.execute(statement)
        except sqlite3.Error as problem:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise _failed(problem, self._ledger.path, "written") from None


def _code(problem: BaseException) -> str:
    return str(getattr(problem, "sqlite_errorname", ""))


def _failed(problem: Exception, path: Path, what: str) -> TrunklineError:
    """Return the error of a ledger that can't be read or written; what is not recorded was not sent."""
    if isinstance(problem, TrunklineError):
        return problem
    code = _code(problem)
    why = str(problem) if isinstance(problem, sqlite3.Error | msgspec.DecodeError) else as_error(problem).message
    if code.startswith(_DAMAGED) or isinstance(problem, msgspec.DecodeError | ValueError):
        return LedgerDamaged(path, why)
    if code.startswith(_DENIED):
        hint = "May this user write it, and its folder?"
    elif code.startswith("SQLITE_BUSY"):
        hint = "Another program holds it; end that one."
    else:
        hint = "Make room, or look at the disk."
    return LedgerFailed(
        f"The ledger {path} can't be {what}: {why.removesuffix('.')}.",
        hint=f"{hint} Nothing was sent that it doesn't know of; then resume the job.",
    )


def _not_opened(problem: Exception, path: Path) -> TrunklineError:
    if _code(problem).startswith("SQLITE_NOTADB"):
        return _not_one(path)
    schema = not isinstance(problem, sqlite3.Error) or _code(problem) == "SQLITE_ERROR"
    if schema or _code(problem).startswith("SQLITE_CORRUPT"):
        return LedgerDamaged(path, str(problem))
    return ConfigurationError(
        f"{path} can't be opened: {problem}.", hint="May this user read and write it, and its folder?"
    )


def _not_one(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is not a job's ledger that this version can read.",
        hint=Hint(
            "If it was one, its first page is damaged: look at the PBX for what was done. Move it away, or "
            "throw it away.",
            "job.remove",
            {"name": path.stem},
        ),
    )


def _gone(path: Path) -> LedgerFailed:
    return LedgerFailed(
        f"The ledger {path} was deleted or replaced while its job runs; nothing more is sent.",
        hint="What was done until then is not on record any more: look at the PBX before you start again.",
    )


def _target(row: tuple[int, str, str, str]) -> Target:
    id_, name, url, reason = row
    return Target(id_, name, url, msgspec.json.decode(reason) if reason else None)
