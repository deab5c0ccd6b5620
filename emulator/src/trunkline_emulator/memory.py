"""What one PBX remembers: its store, made when somebody first looks into it, and the file that outlives it."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import builds
from .seeds import ground, name_of
from .state import StateFile
from .store import Store


class Memory:
    """``adopt`` is told of each store that is made.

    ValueError for an unknown version or an unfit seed; StateError where the state file can't be used.
    """

    def __init__(
        self,
        version: str,
        seed: str | Path | Mapping[str, Any],
        state: str | os.PathLike[str] | None,
        clock: Callable[[], datetime],
        adopt: Callable[[Store], None],
    ) -> None:
        # Who asks in process does so in another thread than the server's: one request at a time.
        self.lock = threading.RLock()
        self.given = seed
        self._catalog = builds.load(version)
        self._clock = clock
        self._adopt = adopt
        self._ground = ground(seed, version)
        self._file = None if state is None else StateFile(state)
        if self._file is not None:
            try:
                self.store  # noqa: B018 - a file that doesn't fit is told at once, not to the first client
            except ValueError:
                self._file.close()
                raise

    @property
    def seed(self) -> str:
        """How messages call the seed."""
        return name_of(self.given)

    @property
    def made(self) -> bool:
        """Whether somebody has looked into the store yet."""
        return "store" in self.__dict__

    @cached_property
    def store(self) -> Store:
        store = Store(self._catalog, self._ground, self._clock)
        if self._file is not None:
            self._file.load(store, self.seed)
        self._adopt(store)
        return store

    def begin(self, seed: str | Path | Mapping[str, Any]) -> None:
        """Start anew from another seed. ValueError if it is unfit, and then nothing has changed."""
        self._ground = ground(seed, str(self._catalog.version))
        self.given = seed
        self.reset()

    def made_key(self, client_id: str) -> str:
        """Return a new API key; with a state file the same one after each restart."""
        key = secrets.token_urlsafe()
        return key if self._file is None else self._file.remember(f"key of {client_id}", key)

    def commit(self) -> None:
        """Make what was written last, before it is acknowledged. Raises StateError."""
        if self._file is not None:
            self._file.commit(self.store)

    def reset(self) -> None:
        """Back to the seed. Raises StateError."""
        self.__dict__.pop("store", None)
        if self._file is not None:
            store = self.store = Store(self._catalog, self._ground, self._clock)
            self._adopt(store)
            self._file.start_anew(store, self.seed)

    def become(self, seed: Any, state: Any) -> None:
        """Be what a snapshot of that seed tells. ValueError where it doesn't fit, and then nothing has changed."""
        if not isinstance(seed, str | Mapping):
            raise ValueError("The seed of a snapshot is a name, or an object with the rows of each set.")
        other = ground(seed, str(self._catalog.version))
        trial = Store(self._catalog, other, self._clock)
        trial.restore(state)
        self._ground, self.given = other, seed
        self.store = trial
        self._adopt(trial)
        if self._file is not None:
            self._file.start_anew(trial, self.seed)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
