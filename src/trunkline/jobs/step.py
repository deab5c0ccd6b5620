"""The step of an item of a job."""

from __future__ import annotations

from typing import Any

from ..node import Node
from ..node.items import answer_of
from ..node.run import NodeStep, OneItem
from ..node.template import Scope
from ..transport.retries import Retries
from ..work.ledger import Entry
from ..work.step import Step

_ONCE = Retries(attempts=1)  # the job tries again by itself, since only it knows what is on record


class JobStep(NodeStep):
    """An item's call whose answer is kept in the ledger."""

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        return answer_of(self.action, super().keep(answer, is_missing=is_missing))


def step_of(node: Node, entry: Entry) -> Step:
    """Make the step of an item. Raises what its templates and its check raise."""
    return JobStep(node, Scope(OneItem(entry.n, entry.item), entry.n), {"retries": _ONCE})
