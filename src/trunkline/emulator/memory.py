"""What one PBX remembers: its store, made when somebody first looks into it, and the file that outlives it."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import catalog
from .seeds import ground, name_of
from .state import StateFile
from .store import Store


class Memory:
    """ValueError for an unknown version or an unfit seed; StateError where the state file can't be used."""

    def __init__(
        self, version: str, seed: str | Path | Mapping[str, Any], state: str | os.PathLike[str] | None
    ) -> None:
        # Who asks in process does so in another thread than the server's: one request at a time.
        self.lock = threading.RLock()
        self.seed = name_of(seed)
        self._version = version
        self._catalog = catalog.load(version)
        self._ground = ground(seed, version)
        self._file = None if state is None else StateFile(state)
        if self._file is not None:
            try:
                self.store  # noqa: B018 - a file that doesn't fit is told at once, not to the first client
            except ValueError:
                self._file.close()
                raise

    @cached_property
    def store(self) -> Store:
        store = Store(self._catalog, self._ground)
        if self._file is not None:
            self._file.load(store, self.seed)
        return store

    def made_key(self, client_id: str) -> str:
        """A new API key; with a state file the same one after each restart."""
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
            self.store = Store(self._catalog, self._ground)
            self._file.start_anew(self.store, self.seed)

    def begin(self, seed: str | Path | Mapping[str, Any]) -> None:
        """Start anew from another seed. ValueError if it is unfit, and then nothing has changed."""
        self._ground = ground(seed, self._version)
        self.seed = name_of(seed)
        self.reset()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
