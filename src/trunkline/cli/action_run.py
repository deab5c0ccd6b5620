"""One action carried out: shown, asked about, sent."""

from __future__ import annotations

import sys

from ..catalog import Catalog
from .action_options import ActionOptions


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
    from .questions import ask_first

    if not options.yes and sys.stdin.isatty() and sys.stderr.isatty():
        ask_first(catalog, options)
    return Answer(options).ask(options.connection.client())


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
    if options.dry_run and options.action.kind == "update":
        from .questions import show_lists

        show_lists(options, call)
