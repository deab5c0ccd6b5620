"""Whether an item may be sent once more (docs/node-semantics.md, rules E)."""

from __future__ import annotations

from ..catalog import Action
from ..errors import NotFound, ServerError, TransportError, TrunklineError


class Tries:
    """The tries that one item has left, after those that the client itself makes of each request."""

    def __init__(self, action: Action, retries: int) -> None:
        self.action = action
        self.left = retries
        self._perhaps_done = False

    def again(self, error: TrunklineError) -> bool:
        """Whether to try again after an error; takes one try if so."""
        if isinstance(error, ServerError) or (isinstance(error, TransportError) and error.processed is not False):
            self._perhaps_done = True
        if self.left < 1 or not error.retryable or not self._safe(error):
            return False
        self.left -= 1
        return True

    def _safe(self, error: TrunklineError) -> bool:
        """Reading and deleting may be repeated; anything else only where the PBX surely did nothing."""
        if self.action.method in ("GET", "DELETE"):
            return True
        return error.status == 429 or (isinstance(error, TransportError) and error.processed is False)

    def was_done(self, error: TrunklineError) -> bool:
        """Whether an earlier try had worked: what a DELETE no longer finds after one whose answer was lost."""
        return self._perhaps_done and self.action.method == "DELETE" and isinstance(error, NotFound)
