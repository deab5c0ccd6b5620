"""Questions before harm: what a `Question` says, asked on the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from ..catalog import Catalog
from ..errors import TrunklineError
from ..printable import printable
from ..redaction import redacted
from ..references.stakes import aquestion_before, asks_before
from ..request import Call, bind
from ..transport.retries import Retries
from ..work.drivers import adrive
from ..work.guards import Question
from ..work.lists import question_of, replaced_lists, update_changes
from ..work.step import Asks
from .action_options import ActionOptions
from .confirm import confirmed, go_on

T = TypeVar("T")


def ask(label: str, question: Question) -> bool:
    """Ask on the terminal, if there is one; without one the answer is yes, as everywhere (docs/guides/command-line.md).

    ``label``: what the PBX is called.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    show_facts(question)
    return confirmed(printable(question.sentence(label)))


def ask_first(catalog: Catalog, options: ActionOptions) -> None:
    """Ask before one action that removes something, or cuts it off. Abort unless the answer is yes."""
    if not asks_before(options.action) and options.action.kind != "update":
        return
    own = {name: value for name, value in options.arguments.items() if name != "if_unchanged"}
    call = bind(catalog, options.action, (), own, datetime.now(UTC))
    if replaced_lists(catalog, call.action, call.body):
        changes = _read(options, lambda: update_changes(call))
        if question := question_of(call, changes):
            show_facts(question)
            go_on(printable(question.sentence(options.connection.client().label)))
    elif asks_before(options.action):
        question = asyncio.run(_read_question(options, own))
        show_facts(question)
        target = options.connection.target()
        go_on(printable(redacted(question.sentence(target.profile or target.url))))


async def _read_question(options: ActionOptions, arguments: Mapping[str, Any]) -> Question:
    async with options.connection.client() as pbx:
        return await aquestion_before(pbx, options.action, arguments)


def show_lists(options: ActionOptions, call: Call) -> None:
    """Show what an update makes of each list that it replaces; nothing is changed."""
    lists = replaced_lists(call.catalog, call.action, call.body)
    if not lists:
        return
    try:
        changes = _read(options, lambda: update_changes(call, {"retries": Retries(attempts=1)}))
    except TrunklineError as error:
        names = " and ".join(lists)
        click.echo(f"{names} would be replaced; what is there now can't be read: {printable(error.message)}", err=True)
        return
    for change in changes:
        click.echo(printable(redacted(str(change))), err=True)


def show_facts(question: Question) -> None:
    """Write what is worth knowing before a yes."""
    for fact in question.facts:
        click.echo(printable(redacted(fact)), err=True)


def _read(options: ActionOptions, asks: Callable[[], Asks[T]]) -> T:
    """Read from the PBX with a client of its own: that of the action belongs to another event loop."""

    async def read() -> T:
        async with options.connection.client() as pbx:
            value: T = await adrive(asks(), pbx)
            return value

    return asyncio.run(read())
