"""``trunkline run``: an action over items from a file or a pipe."""

from __future__ import annotations

from typing import IO, Literal, NamedTuple

import click

from .candidates import action_ids
from .connection_options import ConnectionOptions, fleet_options
from .files import FileArgument, outcomes_option
from .item_options import ItemOptions, item_options
from .numbers import Finite
from .options import parsed_into
from .output import FORMATS


class RunOptions(NamedTuple):
    """A run as the command line describes it."""

    action: str
    items: ItemOptions
    on_error: Literal["stop", "continue", "split"]
    concurrency: int
    failed_to: IO[str] | None
    retries: int
    retry_wait: float
    max_errors: int | None
    missing_ok: bool
    binary_to: str | None
    outcomes: IO[str] | None
    dry_run: bool
    yes: bool
    output: str | None
    show_secrets: bool
    connection: ConnectionOptions


@click.command()
@click.argument("action", shell_complete=action_ids)
@item_options
@click.option("--on-error", type=click.Choice(["stop", "continue", "split"]), default="stop", show_default=True)
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items at once.")
@click.option(
    "--failed",
    "failed_to",
    type=FileArgument("w", lazy=False),
    help="Where split writes failed items; stderr by default.",
)
@click.option("--retries", type=click.IntRange(0), default=0, help="More tries for an item, where that is safe.")
@click.option("--retry-wait", type=Finite(0), default=1.0, metavar="SECONDS", help="Between two tries.")
@click.option("--max-errors", type=click.IntRange(1), metavar="N", help="Stop after N failures, whatever the mode.")
@click.option("--missing-ok", is_flag=True, help="A delete that finds nothing counts as done.")
@click.option("--binary-to", type=click.Path(file_okay=False), help="Save files to a folder, not into the items.")
@outcomes_option
@click.option("--dry-run", is_flag=True, help="Show the request of each item and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting several things, or changing several PBXs.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
@fleet_options
@parsed_into(RunOptions)
def run(options: RunOptions) -> int:
    """Run ACTION once for each item, in order, a few at a time.

    \b
    trunkline fax list -o jsonl | trunkline run fax.delete --set 'Id={{ $json.Id }}'

    Items are plain JSON objects or n8n's items ({"json": {...}}). The output is items with the answer of the action, or
    what was done, each with the index of its input item. On several PBXs an item goes to the one that its field "pbx"
    names, or to all where no item has one.
    """
    from ..node import Node  # brings a client and an event loop, which --help needs not
    from .over_items import RunView, carry_out

    node = Node(
        options.action,
        options.items.parameters,
        on_error=options.on_error,
        concurrency=options.concurrency,
        retries=options.retries,
        retry_wait=options.retry_wait,
        max_errors=options.max_errors,
        missing_ok=options.missing_ok,
        binary_to=options.binary_to,
        trust_item_paths=options.items.trust_item_paths,
        files_from=options.items.files_from,
        unchanged=options.items.unchanged,
        world=options.items.world(),
    )
    items = list(options.items.read())
    how = RunView(
        options.dry_run, options.yes, options.output, options.failed_to, options.outcomes, options.show_secrets
    )
    if options.connection.is_several:
        from .fleet_items import carry_out_several

        return carry_out_several(node, items, how, options.connection.fleet())
    return carry_out(node, items, how, options.connection.client)
