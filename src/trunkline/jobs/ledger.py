"""The ledger of a job: every item and what became of it, in one SQLite file.

An item is *not started*, then *sent* (recorded before its request goes out), then *done* or *failed*. What was sent
when a process died is *unknown* to the next one.

Each change is one commit, which a killed process can't lose. A power cut can, unless the disk was waited for: so that
is done for each item whose fate nobody could look up, and for others once for a stretch of items that are about to be
sent. A stretch that was begun and not ended is unknown as a whole, and looked up.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import msgspec

from ..errors import ConfigurationError, TrunklineError
from .folder import discard
from .states import State

Made = TypeVar("Made")

FORMAT = 1
_CHUNK = 5000

_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE target (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL, halt TEXT NOT NULL DEFAULT '',
    first INTEGER, last INTEGER
);
CREATE TABLE input (n INTEGER PRIMARY KEY, item BLOB NOT NULL);
CREATE TABLE fate (
    target INTEGER NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, said BLOB,
    PRIMARY KEY (target, n)
) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """An item of one target: its place in the input, how often it was sent, and what was said of it last."""

    n: int
    item: dict[str, Any]
    state: State = State.NOT_STARTED
    attempts: int = 0
    said: dict[str, Any] | None = None

    def __repr__(self) -> str:
        """Place and state alone: an item may carry passwords."""
        return f"<item {self.n}, {self.state.name}, {self.attempts} attempts>"


class Change(NamedTuple):
    """A new state of one item on one target."""

    target: int
    n: int
    state: State
    attempts: int
    said: Mapping[str, Any] | None = None


class Target(NamedTuple):
    """A PBX of the job. ``halt`` is why work on it stopped before its end, "" if it didn't."""

    id: int
    name: str
    url: str
    halt: str


class LedgerFailed(TrunklineError):
    """The ledger can't be written or read: the disk is full or went away, or the file is damaged.

    What is not written was not sent.
    """


class Ledger:
    """One job's file. Not for several threads at once; several processes may read while one writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def create(cls, path: Path, about: Mapping[str, Any], targets: Sequence[tuple[str, str]]) -> Self:
        """A new ledger with (name, URL) of each PBX and no items yet. FileExistsError if there is one."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = None
        try:
            db = _connected(path)
            db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            ledger = cls(path, db)
            ledger.tell({"format": FORMAT, "loaded": False, "cancelled": False, **about})
            with ledger._writing():
                db.executemany("INSERT INTO target (name, url) VALUES (?, ?)", targets)
        except BaseException:
            if db is not None:
                db.close()
            discard(path)
            raise
        return ledger

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing ledger. ConfigurationError if it can't be opened, is none, or is of another format."""
        ledger = None
        try:
            ledger = cls(path, _connected(path))
            if ledger.about().get("format") == FORMAT:
                return ledger
        except (LedgerFailed, sqlite3.DatabaseError) as problem:
            if isinstance(problem, sqlite3.OperationalError) and path.is_file():  # somebody else's: to be kept
                raise ConfigurationError(
                    f"{path} can't be opened: {problem}.", hint="May this user read and write it, and its folder?"
                ) from None
        if ledger is not None:
            ledger.close()
        raise ConfigurationError(
            f"{path} is no job's ledger that this version can read.",
            hint=f"Move it out of the folder; `trunkline job remove {path.stem}` throws it away.",
        )

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def about(self) -> dict[str, Any]:
        """The facts of the job, by name."""
        facts = self._read(lambda row: (row[0], msgspec.json.decode(row[1])), "SELECT name, value FROM about")
        return dict(facts)

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Record facts of the job."""
        rows = [(name, msgspec.json.encode(value).decode()) for name, value in facts.items()]
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)

    def targets(self) -> list[Target]:
        return list(self._read(lambda row: Target(*row), "SELECT id, name, url, halt FROM target ORDER BY id"))

    def halt(self, target: int, reason: str) -> None:
        """Record why work on a PBX stopped; "" that it goes on."""
        with self._writing():
            self._db.execute("UPDATE target SET halt = ? WHERE id = ?", (reason, target))

    def load(self, items: Iterable[Mapping[str, Any]]) -> int:
        """Take the input in, a few thousand items at a time; gives how many there are."""
        rows = ((n, msgspec.json.encode(item)) for n, item in enumerate(items))
        while chunk := list(islice(rows, _CHUNK)):
            with self._writing():
                self._db.executemany("INSERT INTO input VALUES (?, ?)", chunk)
        self.tell({"loaded": True})
        return self.size()

    def size(self) -> int:
        """How many items the input has."""
        return next(self._read(lambda row: int(row[0]), "SELECT coalesce(max(n) + 1, 0) FROM input"))

    def pending(self, target: int, after: int, count: int) -> list[Entry]:
        """The next items of a target that are neither done nor failed, by place, beginning behind ``after``."""
        found = self._read(
            _entry,
            "SELECT i.n, i.item, coalesce(f.state, 0), coalesce(f.attempts, 0), f.said FROM input i"
            " LEFT JOIN fate f ON f.target = ? AND f.n = i.n"
            " WHERE i.n > ? AND coalesce(f.state, 0) NOT IN (2, 3) ORDER BY i.n LIMIT ?",
            (target, after, count),
        )
        return list(found)

    def write(self, changes: Iterable[Change]) -> None:
        """Record changes, all or none. Raises LedgerFailed."""
        rows = [(c.target, c.n, c.state, c.attempts, _encoded(c.said)) for c in changes]
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO fate VALUES (?, ?, ?, ?, ?)", rows)

    def wait_for_disk(self, each: bool) -> None:
        """Whether each change waits until it can't be lost in a power cut."""
        self._db.execute(f"PRAGMA synchronous = {'FULL' if each else 'NORMAL'}")

    def begin_stretch(self, target: int, first: int, last: int) -> None:
        """Before any of these items is sent: all that was written so far, and this, is safe from a power cut."""
        self.wait_for_disk(True)
        with self._writing():
            self._db.execute("UPDATE target SET first = ?, last = ? WHERE id = ?", (first, last, target))
        self.wait_for_disk(False)

    def end_stretches(self) -> None:
        """Nothing is on its way any more, and what came of it is safe from a power cut."""
        self.wait_for_disk(True)
        with self._writing():
            self._db.execute("UPDATE target SET first = NULL, last = NULL")

    def doubt(self) -> None:
        """What a dead process left as sent, or may have sent unrecorded, is unknown from now on."""
        self.wait_for_disk(True)
        with self._writing():
            self._db.execute("UPDATE fate SET state = ? WHERE state = ?", (State.UNKNOWN, State.SENT))
            self._db.execute(
                "INSERT INTO fate SELECT t.id, i.n, ?, 0, NULL FROM target t"
                " JOIN input i ON i.n BETWEEN t.first AND t.last WHERE true"
                " ON CONFLICT DO UPDATE SET state = excluded.state WHERE state = 0",
                (State.UNKNOWN,),
            )
            self._db.execute("UPDATE target SET first = NULL, last = NULL")

    def counts(self, target: int | None = None) -> dict[State, int]:
        """How many items are in each state, over one target or all."""
        found = dict.fromkeys(State, 0)
        counted = "SELECT state, count(*) FROM fate WHERE target = ? OR ? IS NULL GROUP BY state"
        found |= self._read(lambda row: (State(row[0]), row[1]), counted, (target, target))
        total = self.size() * (1 if target is not None else len(self.targets()))
        found[State.NOT_STARTED] = total - sum(found[state] for state in State if state is not State.NOT_STARTED)
        return found

    def entries(self, target: int, states: Iterable[State] = tuple(State)) -> Iterator[Entry]:
        """The items of a target in given states, by place."""
        return self._read(
            _entry,
            "SELECT i.n, i.item, coalesce(f.state, 0), coalesce(f.attempts, 0), f.said FROM input i"
            " LEFT JOIN fate f ON f.target = ? AND f.n = i.n"
            " WHERE coalesce(f.state, 0) IN (SELECT value FROM json_each(?)) ORDER BY i.n",
            (target, msgspec.json.encode([int(state) for state in states]).decode()),
        )

    def _read(
        self, made: Callable[[tuple[Any, ...]], Made], statement: str, values: Sequence[object] = ()
    ) -> Iterator[Made]:
        """What is made of each row that a statement finds. Raises LedgerFailed."""
        try:
            for row in self._db.execute(statement, values):
                yield made(row)
        except (sqlite3.DatabaseError, msgspec.DecodeError, ValueError) as problem:
            raise LedgerFailed(
                f"The ledger {self.path} can't be read: {problem}.",
                hint="If the disk is well, the file is damaged; "
                f"`trunkline job remove {self.path.stem}` throws it away, with what it knows of items sent.",
            ) from None

    def _writing(self) -> _Transaction:
        return _Transaction(self._db, self.path)


class _Transaction:
    """All that is written in its block, or nothing."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    def __enter__(self) -> None:
        self._attempt("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if kind is None:
            self._attempt("COMMIT")
            return
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(problem, sqlite3.DatabaseError):
            raise self._failed(problem) from None

    def _attempt(self, statement: str) -> None:
        try:
            self._db.execute(statement)
        except sqlite3.DatabaseError as problem:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise self._failed(problem) from None

    def _failed(self, problem: sqlite3.DatabaseError) -> LedgerFailed:
        return LedgerFailed(
            f"The ledger {self._path} can't be written: {problem}.",
            hint="Nothing was sent that it doesn't know of. Make room, then resume the job.",
        )


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=30.0, check_same_thread=False)
    with suppress(sqlite3.DatabaseError):  # `open` says what is wrong with the file
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    return db


def _entry(row: tuple[int, bytes, int, int, bytes | None]) -> Entry:
    n, item, state, attempts, said = row
    return Entry(n, msgspec.json.decode(item), State(state), attempts, msgspec.json.decode(said) if said else None)


def _encoded(said: Mapping[str, Any] | None) -> bytes | None:
    return None if said is None else msgspec.json.encode(said)
