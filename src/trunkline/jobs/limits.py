"""How hard a job tries, and when it stops."""

from __future__ import annotations

import random
from typing import NamedTuple

from ..errors import InvalidArgument
from ..work.guards import check_concurrency, is_whole
from ..work.run import Policy

_LONGEST_BACKOFF = 60.0  # seconds
_MOST_IN_A_ROW = 20
"""After this number of items in a row that failed to reach the PBX, or may have been carried out, work on it pauses."""


class Limits(NamedTuple):
    """How hard a job tries, and when it stops.

    ``concurrency``: items of one PBX at once (docs/pbx.md, Limits: about four). ``rate``: requests a second to one PBX,
    None for no limit. ``attempts``: how often an item is sent at most. ``patience``: seconds that a PBX may be
    unreachable or in maintenance before its part of the job pauses. ``max_errors``: failed items after which the whole
    job stops, None for no limit. ``missing_ok``: a delete of what is not there counts as done.
    """

    concurrency: int = 4
    rate: float | None = None
    attempts: int = 5
    patience: float = 300.0
    max_errors: int | None = None
    missing_ok: bool = False

    def check(self) -> None:
        """Refuse numbers that are not limits. Raises InvalidArgument."""
        check_concurrency(self.concurrency)
        if not is_whole(self.attempts, 1):
            raise InvalidArgument(f"attempts must be a whole number, at least 1, not {self.attempts!r}.")
        if self.max_errors is not None and not is_whole(self.max_errors, 1):
            raise InvalidArgument(f"max_errors must be a whole number, at least 1, not {self.max_errors!r}.")
        if self.rate is not None and not self.rate > 0:
            raise InvalidArgument(f"rate must be above 0, not {self.rate!r}.")
        if not self.patience >= 0:
            raise InvalidArgument(f"patience must be 0 seconds or more, not {self.patience!r}.")

    @property
    def policy(self) -> Policy:
        """The same for the run on one PBX, where what is not settled is put back for another run."""
        return Policy(
            concurrency=self.concurrency,
            rate=self.rate,
            attempts=self.attempts,
            delay=lambda troubles: min(_backoff(troubles), self.patience),
            longest_wait=self.patience,
            patience=self.patience,
            is_missing_done=self.missing_ok,
            most_in_a_row=_MOST_IN_A_ROW,
            is_resumable=True,
        )


def _backoff(troubles: int) -> float:
    """Seconds to leave a PBX in peace that did not say how long: longer with each trouble."""
    return random.uniform(0.5, 1) * min(_LONGEST_BACKOFF, 0.1 * 2.0 ** min(troubles, 12))  # noqa: S311
