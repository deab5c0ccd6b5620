"""Writing a ledger from an event loop: everything that comes up in one turn of the loop shares one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..work.outcome import as_error
from .ledger import Change, Ledger, LedgerFailed


class Recorder:
    """Records changes. The loop waits for the disk meanwhile: handing each commit to a thread and back takes longer
    than the commit, and nothing may go out before it is done."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Sequence[Change], asyncio.Future[None]]] = []

    async def record(self, changes: Sequence[Change]) -> None:
        """Return when the changes are on disk. Raises LedgerFailed, and then none of them is."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._write)
        written = loop.create_future()
        self._waiting.append((changes, written))
        await written

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        problem: Exception | None = None
        try:
            self._ledger.write(change for changes, _ in batch for change in changes)
        except LedgerFailed as error:  # it is each waiting one's own
            problem = error
        except Exception as error:
            problem = LedgerFailed(f"The ledger {self._ledger.path} can't be written: {as_error(error).message}")
        for _, written in batch:
            if written.done():
                continue  # whoever waited was cancelled
            if problem is None:
                written.set_result(None)
            else:
                written.set_exception(problem)
