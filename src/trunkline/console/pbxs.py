"""The PBXs of this console, each with one client that all pages share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..client import AsyncPbx
from ..connections.targets import Target
from ..errors import UnknownName


class Pbxs:
    """Saved PBXs by name. A client is made when it is first needed, kept, and closed at the end: one token a PBX."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = {target.name: target for target in targets}
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
                f"This console has no PBX {name!r}.", hint="Save a connection to it, and start the console again."
            ) from None

    def client(self, name: str) -> AsyncPbx:
        """Return the client of a PBX, which nobody else closes.

        Raises:
            UnknownName: this console has no such PBX.
            ConfigurationError: its connection was signed out of.
        """
        if name not in self._clients:
            self._clients[name] = self.target(name).aopen()
        return self._clients[name]

    async def close(self) -> None:
        """Close all clients."""
        clients, self._clients = list(self._clients.values()), {}
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)


_pbxs = Pbxs(())


def use(pbxs: Pbxs) -> None:
    """Make these the PBXs of this process."""
    global _pbxs  # noqa: PLW0603 - pages are functions that NiceGUI calls; nothing else leads from them to the process
    _pbxs = pbxs


def pbxs() -> Pbxs:
    """Return the PBXs of this process."""
    return _pbxs
