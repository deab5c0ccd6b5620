"""PBXs that are used for as long as a server runs: each is opened when it is first needed, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import InvalidArgument, UnknownName
from .targets import Target

if TYPE_CHECKING:
    from ..client import AsyncPbx


class OpenPbxs:
    """PBXs by name, each with one client, and so one token, that all who ask share."""

    def __init__(self, targets: Iterable[Target] = ()) -> None:
        """Take the PBXs; nothing is opened yet. Raises InvalidArgument for two of one name."""
        self._targets: dict[str, Target] = {}
        for target in targets:
            if target.name in self._targets:
                raise InvalidArgument(f"Two of the PBXs are called {target.name!r}.", hint="Give each its own name.")
            self._targets[target.name] = target
        self._clients: dict[str, AsyncPbx] = {}

    @property
    def names(self) -> list[str]:
        return list(self._targets)

    @property
    def targets(self) -> list[Target]:
        return list(self._targets.values())

    def target(self, name: str) -> Target:
        """Return how to reach a PBX. Raises UnknownName."""
        try:
            return self._targets[name]
        except KeyError:
            raise UnknownName(
                f"There is no PBX {name!r} here.", hint="Save a connection to it, and start this again."
            ) from None

    def client(self, name: str) -> AsyncPbx:
        """Return the client of a PBX, which nobody else closes.

        Raises:
            UnknownName: no PBX has that name.
            ConfigurationError: its connection was signed out of.
        """
        if name not in self._clients:
            self._clients[name] = self.target(name).aopen()
        return self._clients[name]

    async def close(self) -> None:
        """Close all clients."""
        clients, self._clients = list(self._clients.values()), {}
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
