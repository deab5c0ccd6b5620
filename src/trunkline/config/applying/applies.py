"""Where applies are kept: a ledger each in the user's state folder, and a lock for each PBX."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ...errors import ConfigurationError, TrunklineError
from ...jobs.folder import JobFolder, discard
from ...jobs.ledger import Ledger
from ...local.folders import own_folder
from ...local.lock import LockTaken, acquire_lock
from ...transport.address import comparable_url
from ...work.state import State
from ..planning.model import Plan

FOLDER = "TRUNKLINE_APPLY_DIR"
ACTION = "config.apply"
"""What the ledger of an apply calls itself."""
KEPT = 30 * 24 * 3600.0
"""Seconds for which the ledger of an apply that is over is kept."""


def applies_folder(environ: Mapping[str, str] = os.environ) -> JobFolder:
    """Return where the ledgers of this user's applies are: ``TRUNKLINE_APPLY_DIR``, else the state folder.

    Raises ConfigurationError where the user has no such folder.
    """
    if given := environ.get(FOLDER):
        return JobFolder(Path(given))
    own = own_folder("state")
    if own is None:
        raise ConfigurationError("This user has no folder for applies.", hint=f"Name one in {FOLDER}.")
    return JobFolder(own / "applies")


def digest(plan: Plan) -> str:
    """Return what tells a plan from others: a digest of its steps and of the PBX that it is for."""
    record = [comparable_url(plan.url), [step.as_record() for step in plan.steps]]
    return hashlib.sha256(msgspec.json.encode(record, order="deterministic")).hexdigest()[:32]


def name_of(plan: Plan) -> str:
    """Return the name of the apply of a plan, the same each time: ``pbx.example.com-3f2a90c1b7``."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", urlsplit(comparable_url(plan.url)).hostname or "pbx").strip(".-")
    return f"{host[:48] or 'pbx'}-{digest(plan)[:10]}"


def prune(folder: Path) -> None:
    """Throw away the ledgers of applies that ended a month ago or earlier with nothing left to do or to look up.

    One that can't be opened stays, and so does one of something else, such as a job.
    """
    before = time.time() - KEPT
    for file in folder.glob("*.job"):
        with suppress(OSError, TrunklineError):
            if file.stat().st_mtime < before and _is_over(file):
                discard(file)


def _is_over(file: Path) -> bool:
    with closing(Ledger.open(file)) as ledger:
        about, counts = ledger.about(), ledger.counts()
        is_open = any(counts[state] for state in (State.NOT_STARTED, State.SENT, State.UNKNOWN))
        return about.get("action") == ACTION and bool(about.get("loaded")) and not is_open and not ledger.file.is_held()


@contextmanager
def alone(url: str, folder: Path) -> Iterator[None]:
    """Keep other applies of this user to a PBX out while a block runs; the lock ends with the process.

    Raises ConfigurationError where another one is at it, or where there can't be a lock.
    """
    name = hashlib.sha256(comparable_url(url).encode()).hexdigest()[:16]
    try:
        lock = acquire_lock(folder / f"{name}.lock")
    except LockTaken:
        raise ConfigurationError(f"Another apply to {url} is running.", hint="Nothing was sent. Wait for it.") from None
    except OSError as problem:
        raise ConfigurationError(
            f"{folder} can't be written: {problem.strerror}.",
            hint=f"The ledgers of applies are kept there; {FOLDER} names another place. Nothing was sent.",
        ) from None
    try:
        yield
    finally:
        lock.release()
