"""The state file: what differs from the seed, kept in SQLite so that a restart, or a kill, loses no acknowledged write.

One table has a line for each place that was written (`snapshots.Difference`). A request's changes are one transaction,
which ends before its answer is sent. Each line has a checksum, and all lines together have one: SQLite finds damage to
the structure of its pages, not to what stands in them. The write-ahead log is handed to the operating system with each
transaction, so a killed process loses nothing; a power cut may lose the last moments, but never half a request.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from .snapshots import Difference, Place, assembled, difference, last_ids
from .store import Store

APPLICATION = 0x54524B4C  # "TRKL", in the file's header
FORMAT = 2
# The name of what tells whether a line is missing: the checksums of all lines, combined by exclusive or.
_DIGEST = "digest"
_NEW = "delete the file to start again, or name another one"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE differences (
  place TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, serial INTEGER,
  value TEXT NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
"""


class StateError(ValueError):
    """The state file can't be used; the message says why and what to do."""


class StateFile:
    """One open state file; no other process, and no other emulator, can open it meanwhile. Raises StateError."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._is_new = True
        self._checksums: dict[str, int] = {}
        self._digest = 0
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
            self.remember(_DIGEST, "0")
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
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?, ?)", (name, value, _checksum(name, value)))
            ((found, checksum),) = self._db.execute(
                "SELECT value, checksum FROM meta WHERE name = ?", (name,)
            ).fetchall()
        except (sqlite3.DatabaseError, ValueError) as error:
            raise self._damaged(error) from error
        if checksum != _checksum(name, found):
            raise self._damaged(f"{name} is not what was written")
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
            lines = self._db.execute("SELECT * FROM differences").fetchall()
            for *line, checksum in lines:
                if checksum != _checksum(*line[:4], line[5]):
                    raise self._damaged(f"{line[0]} is not what was written")
                self._checksums[line[0]] = checksum
                self._digest ^= checksum
            if self.remember(_DIGEST, "missing") != str(self._digest):
                raise self._damaged("some of what was written is missing")
            found = [Difference(k, n, json.loads(key), s, msgspec.json.decode(v)) for _, k, n, key, s, v, _ in lines]
            store.restore(assembled(store, found))
            self._renumber(store)
        except StateError:
            raise
        except (sqlite3.DatabaseError, ValueError, TypeError, RecursionError) as error:
            raise self._damaged(error) from error
        store.anew = False

    def _renumber(self, store: Store) -> None:
        """Count serials from 1 after a restart: the file must agree with the store on the order of new rows."""
        serials = [
            (table.rows.serial(key), _place("", name, key))
            for name, table in store.tables.items()
            if table.key
            for key in table.rows.added
        ]
        self._db.execute("BEGIN")
        self._db.executemany("UPDATE differences SET serial = ?1 WHERE place = ?2 AND serial <> ?1", serials)
        self._db.execute("COMMIT")

    def commit(self, store: Store) -> None:
        """Make what was written since the last time last. Raises StateError, and then it is tried again next time."""
        if not store.written and not store.anew:
            return
        places = store.written | store.differing if store.anew else store.written
        try:
            self._write(self._differences(store, places), gone=places, everything=store.anew)
        except sqlite3.Error as error:
            raise StateError(f"The state file {self.path} can't be written: {error}.") from error
        store.take_written()
        store.anew = False

    def start_anew(self, store: Store, seed: str) -> None:
        """Forget all, and belong to this store from now on, which is as its seed has it. Raises StateError."""
        try:
            self._write(last_ids(store), everything=True, owner=_owner(store, seed))
        except sqlite3.Error as error:
            raise StateError(f"The state file {self.path} can't be written: {error}.") from error

    def _differences(self, store: Store, places: Iterable[Place]) -> list[Difference]:
        found = (difference(store, place) for place in places)
        return [d for d in found if d is not None] + last_ids(store)

    def _write(
        self,
        differences: Iterable[Difference],
        *,
        gone: Iterable[Place] = (),
        everything: bool = False,
        owner: Mapping[str, str] | None = None,
    ) -> None:
        """One transaction: the lines of these places as they are now; those that differ no more go."""
        lines = [_line(difference) for difference in differences]
        kept = {line[0]: line[-1] for line in lines}
        dropped = [text for name, key in gone if (text := _place("", name, key)) not in kept]
        checksums = {} if everything else self._checksums
        digest = 0 if everything else self._digest
        for place in (*kept, *dropped):
            digest ^= checksums.get(place, 0) ^ kept.get(place, 0)
        self._db.execute("BEGIN")
        try:
            if everything:
                self._db.execute("DELETE FROM differences")
            named = [
                (name, value, _checksum(name, value)) for name, value in {**(owner or {}), _DIGEST: str(digest)}.items()
            ]
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", named)
            self._db.executemany("DELETE FROM differences WHERE place = ?", [(place,) for place in dropped])
            self._db.executemany("INSERT OR REPLACE INTO differences VALUES (?, ?, ?, ?, ?, ?, ?)", lines)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._checksums, self._digest = checksums, digest
        for place in dropped:
            checksums.pop(place, None)
        checksums.update(kept)

    def close(self) -> None:
        """Give the file back; whoever comes next finds it whole."""
        self._db.close()


def _owner(store: Store, seed: str) -> dict[str, str]:
    return {"version": str(store.catalog.version), "seed": seed, "fingerprint": store.ground.fingerprint}


def _place(kind: str, name: str, key: Any) -> str:
    """One text for each place, whatever stands there."""
    owner = {"kept": "kept", "last_id": "last id"}.get(kind, "") if name else "kept"
    if owner == "kept":
        return f"kept {name or key}"
    return f"{owner} {name} {json.dumps(key)}"


def _line(found: Difference) -> tuple[str, str, str, str, int | None, str, int]:
    """Return a line of the table; the checksum leaves out the serial, which a restart counts anew."""
    place, key, value = _place(found.kind, found.name, found.key), json.dumps(found.key), _text(found.value)
    checksum = _checksum(place, found.kind, found.name, key, value)
    return place, found.kind, found.name, key, found.serial, value, checksum


def _checksum(*texts: object) -> int:
    return zlib.crc32("\0".join(map(str, texts)).encode())


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _changed(told: dict[str, str], mine: dict[str, str]) -> str:
    same = (told["version"], told["seed"]) == (mine["version"], mine["seed"])
    return ", whose rows have changed since" if same else ""
