"""Whether a ledger is as it was written, and what can be saved of one that is not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ConfigurationError, Hint
from ..work.ledger import LedgerFailed
from ..work.outcome import Outcome
from ..work.state import State
from .folder import discard
from .ledger import FORMAT, SCHEMA, item_sum, outcome_sum, row_sum
from .lock import open_file

_CHUNK = 500
_FACTS = (
    *("action", "parameters", "limits", "created", "variables", "allow_env", "zone", "size", "targets", "loaded"),
    *("trust_item_paths", "files_from", "unchanged"),
)


def _kept(message: str, hint: str = "") -> bytes:
    """Return an error as a ledger keeps it."""
    return msgspec.json.encode(Outcome(0, State.FAILED, error=LedgerFailed(message, hint=hint)).record)


_IN_DOUBT = _kept("The ledger was damaged: whether it was sent is not on record.")
_LOST = _kept(
    "The ledger was damaged where this item stood: it can be neither sent nor looked up.",
    "Find it in the input by its number, and look at the PBX.",
)


def damage_of(db: sqlite3.Connection) -> str:
    """Return what is not as it was written; "" if everything is."""
    try:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            return " ".join(str(verdict).removeprefix("*** in database main ***").split())
        return _damage_of_rows(db)
    except Exception as problem:  # bytes that are not text, numbers that are text: whatever the disk made of them
        return str(problem) or type(problem).__name__


def _damage_of_rows(db: sqlite3.Connection) -> str:
    facts = {}
    for name, value, kept in db.execute("SELECT name, value, sum FROM about"):
        if row_sum(name, value) != kept:
            return "a fact of the job has changed"
        facts[name] = msgspec.json.decode(value)
    if facts.get("loaded") is False:
        return ""  # the input broke off, so nothing was sent
    if lacking := [name for name in (*_FACTS, "cancelled") if name not in facts]:
        return f"the job's {lacking[0]} is missing"
    targets = db.execute("SELECT id, name, url, halt, first, last, sum FROM target ORDER BY id").fetchall()
    if [row[0] for row in targets] != list(range(1, facts["targets"] + 1)):
        return "a PBX of the job is missing"
    if any(row_sum(*row[:-1]) != row[-1] for row in targets):
        return "the entry of a PBX has changed"
    size = facts["size"]
    expected = 0
    for n, item, kept in db.execute("SELECT n, item, sum FROM input ORDER BY n"):
        if n != expected or item_sum(n, item) != kept:
            return f"item {expected} of the input is missing or has changed"
        expected += 1
    if expected != size:
        return f"of {size} items of the input only {expected} are left"
    states = frozenset(map(int, State))
    before = (0, -1)
    for target, n, state, attempts, record, kept in db.execute(
        "SELECT target, n, state, attempts, record, sum FROM outcome ORDER BY target, n"
    ):
        if (target, n) <= before or not (0 < target <= len(targets) and 0 <= n < size):
            return f"the outcome of item {n} is on record twice, or for no PBX of the job"
        if outcome_sum(target, n, state, attempts, record) != kept or state not in states:
            return f"the outcome of item {n} has changed"
        before = (target, n)
    return ""


def rescue(path: Path) -> None:
    """Rebuild a ledger from the rows that are as they were written; keep the damaged one beside it.

    Only what is surely done or failed stays so. Everything else may have been sent, and is unknown from now on.
    ConfigurationError where action, parameters or PBXs of the job are lost, or while it runs.
    """
    fresh = path.with_name(f"{path.name}.rescued")
    file = open_file(path)
    try:
        with file.held():
            discard(fresh)
            os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            try:
                with (
                    closing(sqlite3.connect(path, isolation_level=None)) as old,
                    closing(sqlite3.connect(fresh)) as new,
                ):
                    _copy(path, old, new)
            except ConfigurationError:
                raise
            except Exception as problem:
                raise _hopeless(path, str(problem)) from None
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + end).replace(path.with_name(f"{path.name}.damaged{end}"))
            fresh.replace(path)
    except BaseException:
        discard(fresh)
        raise
    finally:
        file.close()


def _copy(path: Path, old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    facts: dict[str, Any] = {}
    for name in (*_FACTS, "format", "cancelled"):
        for value, kept in _rows(old, "SELECT value, sum FROM about WHERE name = ?", (name,)):
            if row_sum(name, value) == kept:
                facts[name] = msgspec.json.decode(value)
    missing = [name for name in (*_FACTS, "format") if name not in facts]
    if missing:
        raise _hopeless(path, f"the job's {missing[0]} is lost")
    targets = []
    for number in range(1, facts["targets"] + 1):
        for row in _rows(old, "SELECT id, name, url, halt, first, last, sum FROM target WHERE id = ?", (number,)):
            if row_sum(*row[:-1]) == row[-1]:
                targets.append(row)
    if len(targets) != facts["targets"]:
        raise _hopeless(path, "a PBX of the job is lost")
    new.executescript(f"BEGIN; {SCHEMA} COMMIT;")
    with new:
        about = [
            (n, msgspec.json.encode(v).decode()) for n, v in {"cancelled": False, **facts, "format": FORMAT}.items()
        ]
        new.executemany("INSERT INTO about VALUES (?, ?, ?)", ((*row, row_sum(*row)) for row in about))
        for number, name, url, *_ in targets:
            row = (number, name, url, "", None, None)
            new.execute("INSERT INTO target VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, row_sum(*row)))
        for first in range(0, facts["size"], _CHUNK):
            _copy_chunk(old, new, range(first, min(first + _CHUNK, facts["size"])), range(1, facts["targets"] + 1))


def _copy_chunk(old: sqlite3.Connection, new: sqlite3.Connection, places: range, targets: range) -> None:
    items = {}
    for n, item, kept in _each(old, "SELECT n, item, sum FROM input WHERE n BETWEEN ? AND ?", (), places):
        if _fits(kept, item_sum, n, item):
            items[n] = item
    for n in places:
        item = items.get(n, b'{"json":{}}')
        new.execute("INSERT INTO input VALUES (?, ?, ?)", (n, item, item_sum(n, item)))
    for target in targets:
        outcomes = {}
        columns = "SELECT n, state, attempts, record, sum FROM outcome WHERE target = ? AND n BETWEEN ? AND ?"
        for n, state, attempts, record, kept in _each(old, columns, (target,), places):
            if _fits(kept, outcome_sum, target, n, state, attempts, record):
                outcomes[n] = state, attempts, record
        for n in places:
            state, attempts, record = outcomes.get(n, (int(State.UNKNOWN), 0, None))
            if state not in (State.DONE, State.FAILED):
                state, record = int(State.UNKNOWN), record or _IN_DOUBT
                if n not in items:
                    state, record = int(State.FAILED), _LOST
            outcome = (target, n, state, attempts, record)
            new.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?)", (*outcome, outcome_sum(*outcome)))


def _fits(kept: object, compute: Callable[..., int], *values: object) -> bool:
    """Whether a checksum is right; values of another type than they were have none."""
    try:
        return compute(*values) == kept
    except (TypeError, ValueError):
        return False


def _each(db: sqlite3.Connection, statement: str, values: tuple[int, ...], places: range) -> list[tuple[Any, ...]]:
    """Return the rows of some places; where they can't be read together, those that can be read one by one."""
    try:
        return db.execute(statement, (*values, places[0], places[-1])).fetchall()
    except Exception:
        return [row for n in places for row in _rows(db, statement, (*values, n, n))]


def _rows(db: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that can be read."""
    with suppress(Exception):
        yield from db.execute(statement, values).fetchall()


def _hopeless(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The ledger {path} is damaged beyond what can be saved: {why}.",
        hint=Hint("Look at the PBX for what was done. Then throw the ledger away.", "job.remove", {"name": path.stem}),
    )
