"""Writing a ledger from an event loop: in a thread, and everything that is waiting in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from .ledger import Change, Ledger


class Recorder:
    """Records changes; while one commit is under way the next ones gather, and share the one after it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Sequence[Change], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "trunkline-ledger")

    async def record(self, changes: Sequence[Change]) -> None:
        """Wait until the changes are on disk. Raises LedgerFull, and then none of them is."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((changes, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            changes = [change for changes, _ in batch for change in changes]
            try:
                await loop.run_in_executor(self._thread, self._ledger.write, changes)
            except Exception as problem:
                for _, written in batch:
                    if not written.done():
                        written.set_exception(problem)
            else:
                for _, written in batch:
                    if not written.done():
                        written.set_result(None)
        self._writer = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._thread.shutdown(wait=True)
