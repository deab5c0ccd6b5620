"""One action of the console: what is asked before, and what is sent. Nothing here draws."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..catalog import Catalog
from ..client import AsyncPbx
from ..errors import PbxError, TransportError, TrunklineError, UsageError, VersionWarning
from ..references.stakes import aquestion_before
from ..request import Call, bind
from ..work.drivers import adrive
from ..work.guards import Question
from ..work.lists import question_of, replaced_lists, update_changes


def bound(catalog: Catalog, action: str, arguments: Mapping[str, Any]) -> tuple[Call, list[str]]:
    """Check a call now; with it come the warnings that it caused, such as of a field that the version lacks.

    Raises:
        UsageError: the arguments can't be sent; the version lacks the action.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", VersionWarning)
        call = bind(catalog, catalog.action(action), (), arguments, datetime.now(UTC))
    return call, [str(warning.message) for warning in caught if issubclass(warning.category, VersionWarning)]


async def question_before(pbx: AsyncPbx, call: Call) -> Question | None:
    """Return what a person is asked before a call goes out: the same as on the command line; None for a reading.

    The command line sends a change without asking where it removes nothing. In a page, where a click is quick, each
    change has its question.
    """
    action = call.action
    if action.method == "GET":
        return None
    if action.asks:
        return await aquestion_before(pbx, action, call.arguments)
    if replaced_lists(call.catalog, action, call.body):
        changes = await adrive(update_changes(call), pbx)
        if question := question_of(call, changes):
            return question
    name = " ".join(str(call.values[key]) for key in action.keys)
    return Question(action, 1, pbx.url, name=f"{action.noun} {name}" if name else "")


def is_dangerous(question: Question) -> bool:
    """Whether a yes removes something or cuts somebody off."""
    return question.action.asks or question.removals > 0


def send(pbx: AsyncPbx, call: Call, **options: Any) -> Any:
    """Send a checked call, as `AsyncPbx.send` does. Its warnings were shown before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionWarning)
        return pbx.send(call, **options)


def is_done(error: TrunklineError, call: Call) -> bool | None:
    """Whether a call that ended so was carried out: False if surely not, None if that is not known."""
    if isinstance(error, UsageError) or call.action.method == "GET":
        return False
    if isinstance(error, PbxError | TransportError):
        return error.processed
    return None
