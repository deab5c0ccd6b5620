"""The state file: what differs from the seed, kept in SQLite so that a restart, or a kill, loses no acknowledged write.

It has a line for each place that was written. A request's changes are one transaction, which ends before its answer is
sent. The write-ahead log is handed to the operating system with each transaction, so a killed process loses nothing; a
power cut may lose the last moments, but never half a request.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from .store import Store

APPLICATION = 0x54524B4C  # "TRKL", in the file's header
FORMAT = 3
_NEW = "delete the file to start again, or name another one"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
  serial INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, added INTEGER NOT NULL, value TEXT NOT NULL,
  UNIQUE (name, key)
);
"""
# A row that was added takes the last place; any other keeps the place it has.
_ADD = "INSERT OR REPLACE INTO changes (name, key, added, value) VALUES (?, ?, ?, ?)"
_CHANGE = """INSERT INTO changes (name, key, added, value) VALUES (?, ?, ?, ?)
ON CONFLICT (name, key) DO UPDATE SET value = excluded.value"""


class StateError(ValueError):
    """The state file can't be used; the message says why and what to do."""


class StateFile:
    """One open state file; no other process, and no other emulator, can open it meanwhile. Raises StateError."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._is_new = True
        try:
            # Only a new file is opened here: closing one that is in use in this process would drop SQLite's lock on it.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            self._is_new = False
            self._check_kind()
        except OSError as error:
            raise StateError(f"The state file {self.path} can't be opened: {error.strerror or error}.") from error
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0.2)
        except sqlite3.Error as error:
            raise StateError(f"The state file {self.path} can't be opened: {error}.") from error
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise self._unusable(error) from error
        except UnicodeDecodeError as error:  # of SQLite's own message, which repeats what it found
            self._db.close()
            raise self._damaged(error) from error
        except StateError:
            self._db.close()
            raise

    def _check_kind(self) -> None:
        """Refuse what is not a file with content: anything else would hang, or be overwritten without a question."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise StateError(f"The state file {self.path} can't be opened: {error.strerror or error}.") from error
        if stat.S_ISDIR(found.st_mode):
            raise StateError(f"The state file {self.path} can't be opened: it is a folder.")
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f"The state file {self.path} can't be opened: it is a pipe, socket or device, not a file.")
        if not found.st_size:
            raise StateError(f"The state file {self.path} is empty, so what it held is lost: {_NEW}.")
        if not os.access(self.path, os.R_OK | os.W_OK):
            raise StateError(f"The state file {self.path} can't be opened: this user may not read and write it.")

    def _open(self) -> None:
        # The lock is held as long as the file is open, and falls with the process.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("BEGIN EXCLUSIVE")
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (form,) = self._db.execute("PRAGMA user_version").fetchone()
        if tables and application != APPLICATION:
            raise StateError(f"{self.path} is a database of something else, not a state file of the emulator.")
        if tables and form != FORMAT:
            raise StateError(f"The state file {self.path} has format {form}, this emulator has {FORMAT}: {_NEW}.")
        if not tables and not self._is_new:
            raise self._damaged("its tables are missing")
        if not tables:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {FORMAT}")
        self._db.execute("COMMIT")
        if os.name == "posix":
            self.path.chmod(0o600)  # it is ours, and may have been made beforehand
        ((sound,),) = self._db.execute("PRAGMA quick_check(1)").fetchall()
        if sound != "ok":
            raise self._damaged(sound)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _unusable(self, error: sqlite3.DatabaseError) -> StateError:
        if error.sqlite_errorname in ("SQLITE_BUSY", "SQLITE_LOCKED"):
            return StateError(f"The state file {self.path} is in use by another emulator: stop that, or name another.")
        return StateError(f"{self.path} is not a state file of the emulator, or a damaged one ({error}): name another.")

    def remember(self, name: str, value: str) -> str:
        """Return a text of the file's own, such as a key that was made: the one it has, else from now on this one."""
        try:
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
            ((found,),) = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchall()
        except (sqlite3.DatabaseError, ValueError) as error:
            raise self._damaged(error) from error
        return str(found)

    def _damaged(self, what: object) -> StateError:
        return StateError(f"The state file {self.path} is damaged ({what}): restore it from a backup, or {_NEW}.")

    def load(self, store: Store, seed: str) -> None:
        """Bring a fresh store to where it was. Raises StateError for a file of another version or seed."""
        mine = _owner(store, seed)
        told = {name: self.remember(name, value) for name, value in mine.items()}
        if (told["version"], told["fingerprint"]) != (mine["version"], mine["fingerprint"]):
            raise StateError(
                f"The state file {self.path} belongs to version {told['version']} with the seed {told['seed']}"
                f"{_changed(told, mine)}; this emulator is {mine['version']} with the seed {mine['seed']}. "
                f"Start it as it was, or {_NEW}."
            )
        try:
            rows = self._db.execute("SELECT name, key, added, value FROM changes ORDER BY serial").fetchall()
            decode = msgspec.json.decode
            store.replay((name, decode(key), bool(added), decode(value)) for name, key, added, value in rows)
        except (sqlite3.DatabaseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._damaged(error) from error
        store.written.clear()

    def commit(self, store: Store) -> None:
        """Make what was written since the last time last. Raises StateError, and then it is tried again next time."""
        if store.written:
            self._write(store, [])

    def start_anew(self, store: Store, seed: str) -> None:
        """Forget all, and hold what differs in this store from now on. Raises StateError."""
        store.written = dict(store.changed)
        before: list[tuple[str, tuple[str, ...]]] = [("DELETE FROM changes", ())]
        before += [("INSERT OR REPLACE INTO meta VALUES (?, ?)", pair) for pair in _owner(store, seed).items()]
        self._write(store, before)

    def _write(self, store: Store, before: list[tuple[str, tuple[str, ...]]]) -> None:
        """One transaction: these statements, then all that was written."""
        try:
            self._db.execute("BEGIN")
            try:
                for statement, values in before:
                    self._db.execute(statement, values)
                for name, key, added, value in store.changes(store.written):
                    place = (name, _text(key), added, _text(value))
                    self._db.execute(_ADD if added else _CHANGE, place)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StateError(f"The state file {self.path} can't be written: {error}.") from error
        store.written.clear()

    def close(self) -> None:
        """Give the file back; whoever comes next finds it whole."""
        self._db.close()


def _owner(store: Store, seed: str) -> dict[str, str]:
    return {"version": str(store.catalog.version), "seed": seed, "fingerprint": store.ground.fingerprint}


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _changed(told: dict[str, str], mine: dict[str, str]) -> str:
    same = (told["version"], told["seed"]) == (mine["version"], mine["seed"])
    return ", whose rows have changed since" if same else ""
