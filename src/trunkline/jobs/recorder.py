"""Writing a ledger from an event loop: everything that comes up in one turn of the loop shares one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..work.ledger import LedgerFailed
from ..work.outcome import Outcome, as_error
from .ledger import Ledger


class Recorder:
    """Records outcomes. The loop waits for the disk meanwhile: handing each commit to a thread and back takes longer
    than the commit, and nothing may go out before it is done."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[int, Sequence[Outcome], asyncio.Future[None]]] = []

    async def record(self, target: int, outcomes: Sequence[Outcome]) -> None:
        """Return when the outcomes are on disk. Raises LedgerFailed, and then none of them is."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._write)
        written = loop.create_future()
        self._waiting.append((target, outcomes, written))
        await written

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        problem: Exception | None = None
        try:
            self._ledger.write((target, outcome) for target, outcomes, _ in batch for outcome in outcomes)
        except LedgerFailed as error:  # each of the waiting tasks gets it
            problem = error
        except Exception as error:
            problem = LedgerFailed(f"The ledger {self._ledger.path} can't be written: {as_error(error).message}")
        for _, _, written in batch:
            if written.done():
                continue  # whoever waited was cancelled
            if problem is None:
                written.set_result(None)
            else:
                written.set_exception(problem)
