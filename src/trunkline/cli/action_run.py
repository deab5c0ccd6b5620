"""One action carried out: shown, asked about, sent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..catalog import Catalog
from ..printable import printable
from ..references.deletion import has_users
from .action_options import ActionOptions

if TYPE_CHECKING:
    from ..work.guards import Question


def carry_out(catalog: Catalog, options: ActionOptions) -> int:
    """Do what the options say; the exit code."""
    if options.rows is not None:
        from .bulk_delete import delete_rows

        return delete_rows(options, options.rows)
    if options.connection.is_several:
        from .fleet_answer import answer_all

        return answer_all(catalog, options)
    if options.dry_run or options.curl:
        _preview(catalog, options)
        return 0
    from .answer import Answer

    pbx = options.connection.client()
    if options.action.asks_once and not options.yes and sys.stdin.isatty() and sys.stderr.isatty():
        from .confirm import go_on

        go_on(f"{options.action.summary.removesuffix('.')} on {pbx.url}?")
    elif has_users(options.action) and not options.yes and sys.stdin.isatty() and sys.stderr.isatty():
        _ask_with_facts(options)
    return Answer(options).ask(pbx)


def _ask_with_facts(options: ActionOptions) -> None:
    """Ask before what others refer to is deleted, and say who does; Abort after a no."""
    import asyncio

    from ..references.deletion import deletion_question
    from .confirm import go_on

    async def asked() -> Question:
        async with options.connection.client() as pbx:
            return await deletion_question(pbx, options.action, options.arguments)

    question = asyncio.run(asked())
    for fact in question.facts:
        click.echo(printable(fact), err=True)
    go_on(printable(f"Delete {question.name} on {question.url}?"))


def _preview(catalog: Catalog, options: ActionOptions) -> None:
    show_secrets = options.view.show_secrets
    if "if_unchanged" in options.arguments:
        from .unchanged import show_both

        show_both(options.connection.client().url, options.action, options.arguments, show_secrets=show_secrets)
        return
    from datetime import UTC, datetime

    from ..request import bind
    from .preview import preview

    target = options.connection.target()
    call = bind(catalog, options.action, (), options.arguments, datetime.now(UTC))
    preview(target, call, curl=not options.dry_run, show_secrets=show_secrets)
