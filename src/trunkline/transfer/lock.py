"""One import into a PBX at a time, as far as this computer's user goes: two would each add what neither saw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConfigurationError
from ..local.folders import own_folder
from ..local.lock import LockTaken, acquire_lock
from ..transport.address import comparable_url
from .kinds import Kind


@contextmanager
def import_lock(url: str, kind: Kind) -> Iterator[None]:
    """Keep other imports of a kind out while a block runs; the operating system ends it with the process.

    Nothing is kept out where the PBX itself refuses a second one. ConfigurationError if another import is at it.
    """
    if kind.unique:
        yield
        return
    own = own_folder("state")
    name = hashlib.sha256(f"{comparable_url(url)} {kind.resource}".encode()).hexdigest()[:16]
    if own is None:
        raise ConfigurationError("This user has no folder for what imports keep.", hint="XDG_STATE_HOME names one.")
    folder = own / "imports"
    try:
        lock = acquire_lock(folder / f"{name}.lock")
    except LockTaken:
        raise ConfigurationError(
            f"Another import of {kind.resource} into {url} is under way.", hint="Wait for it. Nothing was sent."
        ) from None
    except OSError as problem:
        raise ConfigurationError(
            f"{folder} can't be written: {problem.strerror}.",
            hint="There is kept that no two imports add the same; XDG_STATE_HOME names another place.",
        ) from None
    try:
        yield
    finally:
        lock.release()
