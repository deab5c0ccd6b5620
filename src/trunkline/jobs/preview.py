"""What a job would send, and what its guards say of it, before there is a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from ..catalog import Action
from ..catalog.secret import masked
from ..errors import TrunklineError
from ..node import Node, PathRule, World
from ..node.items import Item
from ..node.run import OneItem
from ..node.template import Scope
from ..redaction import redacted
from ..transport.paging import first_request
from ..work.lists import list_facts
from ..work.outcome import as_error
from .limits import Limits
from .plan import Plan

SHOWN = 10
"""Items whose requests are shown."""
CHECKED = 1_000
"""Items whose requests are made, to see whether they can be; the guards see every item."""


class PlannedRequest(NamedTuple):
    """The first request of item ``n``, with secrets masked: method, path with query, the body decoded, or None."""

    n: int
    method: str
    path: str
    body: Any


class Preview(NamedTuple):
    """A job before it is one. ``size``: how many items there are; each PBX gets all of them.

    ``requests`` are those of the first items. ``faults``: why items can't be sent, by their place, among the first
    `CHECKED`. ``facts``: what is worth knowing before a yes, a sentence each.
    """

    action: Action
    size: int
    requests: list[PlannedRequest]
    faults: dict[int, TrunklineError]
    facts: tuple[str, ...]


def preview(
    action: str,
    parameters: Mapping[str, Any],
    items: Iterable[Item],
    targets: Mapping[str, str],
    limits: Limits = Limits(),  # noqa: B008 - immutable
    world: World | None = None,
    *,
    unchanged: bool = False,
) -> Preview:
    """Let the guards see every item, and make the first requests. Nothing is sent, and nothing is kept.

    The arguments are those of `Job.create`. Raises what that raises before it asks.
    """
    plan = Plan.of(action, parameters, targets, limits, world, PathRule(), unchanged=unchanged)
    requests: list[PlannedRequest] = []
    faults: dict[int, TrunklineError] = {}
    size = 0
    for size, item in enumerate(plan.checked(items), 1):
        if size > CHECKED:
            continue
        try:
            planned = _request(plan.node, size - 1, item)
        except BaseException as problem:
            faults[size - 1] = as_error(problem)  # Ctrl-C goes on
        else:
            if len(requests) < SHOWN:
                requests.append(planned)
    lists = plan.node.replaced_lists
    return Preview(plan.node.action, size, requests, faults, list_facts(lists) if lists else ())


def _request(node: Node, n: int, item: Item) -> PlannedRequest:
    """Make the first request of an item. Raises what its templates and its check raise."""
    request = first_request(node.call(Scope(OneItem(n, item), n)))
    body = request.body
    shown = masked(msgspec.json.decode(body)) if isinstance(body, bytes) else body.filename if body else None
    return PlannedRequest(n, request.method, redacted(request.target), shown)
