"""The PBXs that were chosen when the server was started, each opened once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ..client import AsyncPbx
from ..connections.opened import OpenPbxs
from ..connections.targets import Target
from ..errors import InvalidArgument

_AT_ONCE = 4
"""Calls of tools that one PBX gets at a time (docs/pbx.md, Limits)."""


class Pbxs:
    """The chosen PBXs by name. No other can be reached, whatever a model asks for."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Take the PBXs. Raises InvalidArgument for two of one name."""
        self._open = OpenPbxs(targets)
        self._turns = {name: asyncio.Semaphore(_AT_ONCE) for name in self._open.names}

    @property
    def names(self) -> list[str]:
        return self._open.names

    def name_of(self, name: str | None) -> str:
        """Return the name of the PBX that somebody asks for. Raises InvalidArgument where it is not a chosen one."""
        if name is None and len(self._turns) == 1:
            return self.names[0]
        if name is None:
            raise InvalidArgument(f"Which PBX? Give pbx, one of: {self._listed()}.", parameter="pbx")
        if name not in self._turns:
            raise InvalidArgument(
                f"This server was not started for a PBX called {name[:100]!r}, only for: {self._listed()}.",
                hint="Nothing was sent. Only the person who started the server can choose another.",
                parameter="pbx",
            )
        return name

    def _listed(self) -> str:
        names = self.names
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        return ", ".join(names[:20]) + more

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[AsyncPbx]:
        """Wait for a turn on a PBX, by a name of `name_of`. ConfigurationError if its profile was signed out of."""
        async with self._turns[name]:
            yield self._open.client(name)

    async def close(self) -> None:
        """Close all connections."""
        await self._open.close()
