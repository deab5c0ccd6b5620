"""What can be done to an emulator while it runs, from Python; ``/_emulator`` does the same over HTTP (api.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from trunkline.catalog import Catalog

from .. import licence
from ..clock import Clock
from ..journal import Entry, Journal
from ..seeds import SEEDS
from ..signin import SignIn
from ..variants import NotAllowed, Variants
from .rules import Faults, operation_of

if TYPE_CHECKING:
    from ..memory import Memory
    from ..store import Store

_SNAPSHOT = ("version", "seed", "variants", "clock_skew", "state")


class Controls(ABC):
    """The part of an emulator that its owner turns. NotAllowed, a ValueError, says what makes no sense."""

    version: str
    clock: Clock
    _catalog: Catalog
    _memory: Memory
    _sign_in: SignIn
    _journal: Journal
    _faults: Faults
    _variants: Variants
    _pauses: Random

    @abstractmethod
    def reset(self) -> None:
        """Back to the seed."""

    @property
    def _store(self) -> Store:
        return self._memory.store

    def load_seed(self, seed: str | Path | Mapping[str, Any]) -> None:
        """Begin anew from another seed: a name, a file, or the rows of sets."""
        try:
            self._memory.begin(seed)
        except ValueError as error:
            raise NotAllowed(str(error), sorted(SEEDS)) from None
        self.reset()

    @property
    def seed(self) -> str:
        """What the seed is called."""
        return self._memory.seed

    @property
    def variants(self) -> Variants:
        return self._variants

    def vary(self, changes: Variants | Mapping[str, Any]) -> Variants:
        """Change how this PBX behaves from the next request on; gives all variants as they are now."""
        self._variants = changes if isinstance(changes, Variants) else self._variants.changed(changes)
        self._sign_in.vary(self._variants)
        if self._memory.made:
            licence.show(self._store, self._variants.licence)
            self._memory.commit()
        return self._variants

    @property
    def etags(self) -> bool:
        """Whether any are sent."""
        return self._variants.etags != "off"

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self._variants.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.vary({"latency": seconds})

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The rules with their ids, and how many requests each has seen and hit."""
        return [rule.as_dict() for rule in self._faults.rules]

    def add_fault(self, rule: str | Mapping[str, Any]) -> int:
        """Add a rule after the others: an object, JSON, or short text such as ``reset-after:0.05``; gives its id."""
        return self._faults.add(rule).id

    def remove_fault(self, number: int) -> None:
        self._faults.remove(number)

    def clear_faults(self) -> None:
        self._faults.clear()

    def seed_faults(self, seed: int) -> None:
        """Let all rules count and draw from the beginning, with another seed."""
        self._faults.restart(seed)
        self._pauses.seed(seed)

    @property
    def journal(self) -> list[Entry]:
        """The latest requests in the order of their effect, without bodies, headers or secrets; at most 100,000."""
        return self._journal.entries()

    def read_journal(self, *, since: int = 0, operation: str = "", limit: int | None = None) -> list[Entry]:
        """Entries with an id above ``since``, of one action by its operationId or id, the first so many."""
        wanted = operation_of(operation) if operation else ""
        return self._journal.entries(since=since, operation=wanted, limit=limit)

    def clear_journal(self) -> None:
        self._journal.clear()

    @property
    def clients(self) -> dict[str, tuple[str, ...]]:
        """The roles of each client that was added."""
        return {client.client_id: client.roles for client in self._sign_in.clients()}

    def revoke_tokens(self, client_id: str | None = None) -> int:
        """Kill the access token of one client, or all; gives how many there were."""
        return self._sign_in.revoke(client_id)

    def skew_clock(self, seconds: float) -> None:
        """Let this PBX think that it is so many seconds later than it is (or earlier)."""
        self.clock.skew = _finite(seconds)

    def snapshot(self) -> dict[str, Any]:
        """Return what this PBX holds and how it behaves, as JSON.

        Clients, tokens, faults and journal are not part of it.
        """
        given = self._memory.given
        return {
            "version": self.version,
            "seed": str(given) if isinstance(given, Path) else given,
            "variants": self._variants.as_dict(),
            "clock_skew": self.clock.skew,
            "state": self._store.snapshot(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Become what a snapshot of this version was taken of."""
        if not isinstance(saved, Mapping) or set(saved) != set(_SNAPSHOT):
            raise NotAllowed("That is not a snapshot: it has other parts.", _SNAPSHOT)
        if saved["version"] != self.version:
            raise NotAllowed(f"The snapshot is of version {saved['version']}, this PBX is {self.version}.")
        if not isinstance(saved["variants"], Mapping) or not isinstance(saved["state"], dict):
            raise NotAllowed("variants and state of a snapshot are objects.")
        skew = _finite(saved["clock_skew"])
        variants = Variants().changed(saved["variants"])
        try:
            self._memory.become(saved["seed"], saved["state"])
        except ValueError as error:
            raise NotAllowed(str(error)) from None
        self.clock.skew = skew
        self._variants = variants
        self.vary(variants)


def _finite(seconds: object) -> float:
    """Return a skew: at most a hundred years either way."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < 100 * 365 * 86400:
        raise NotAllowed(f"{seconds!r} is not a number of seconds below a hundred years.")
    return float(seconds)
