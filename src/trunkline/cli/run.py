"""``trunkline run``: an action over items from a file or a pipe."""

from __future__ import annotations

from typing import IO, Any

import click

from .candidates import action_ids, settings_for
from .connection_options import connection_options
from .files import FileArgument, listened
from .numbers import Finite
from .output import FORMATS


def world_options(command: Any) -> Any:
    """What templates see besides the items."""
    for option in (
        click.option(
            "--zone", default="UTC", metavar="ZONE", help="Time zone of $now and $today, such as Europe/Berlin."
        ),
        click.option("--allow-env", multiple=True, metavar="NAME", help="Let templates read $env.NAME."),
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="$vars.NAME in templates."),
    ):
        command = option(command)
    return command


def path_options(command: Any) -> Any:
    """Which files of this machine an item may name."""
    for option in (
        click.option(
            "--files-from",
            type=click.Path(file_okay=False, exists=True),
            metavar="DIR",
            help="With --trust-item-paths: only files in DIR.",
        ),
        click.option(
            "--trust-item-paths", is_flag=True, help="Let items name files of this machine, by binary.data.path."
        ),
    ):
        command = option(command)
    return command


def check_path_options(files_from: str | None, *, trust_item_paths: bool) -> None:
    """UsageError for a folder that nothing would be taken from."""
    if files_from is not None and not trust_item_paths:
        raise click.UsageError("--files-from goes with --trust-item-paths; without it no item names a file.")


def item_options(command: Any) -> Any:
    """Where the items are, and what an action takes of each."""
    for option in (
        click.option(
            "--input", "source", type=FileArgument("rb"), default="-", help="JSON, JSON Lines or CSV; - by default."
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=settings_for,
            help="A parameter: a value or a template.",
        ),
    ):
        command = option(command)
    return command


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
@path_options
@world_options
@click.option("--dry-run", is_flag=True, help="Show the request of each item and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting several things.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
@connection_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    action: str,
    settings: tuple[str, ...],
    source: IO[bytes],
    on_error: Any,
    concurrency: int,
    failed_to: IO[str] | None,
    retries: int,
    retry_wait: float,
    max_errors: int | None,
    missing_ok: bool,
    binary_to: str | None,
    files_from: str | None,
    trust_item_paths: bool,
    variables: tuple[str, ...],
    allow_env: tuple[str, ...],
    zone: str,
    dry_run: bool,
    yes: bool,
    output: str | None,
    show_secrets: bool,
    **values: Any,
) -> int:
    """Run ACTION once for each item, in order, a few at a time.

    \b
    trunkline fax list -o jsonl | trunkline run fax.delete --set 'Id={{ $json.Id }}'

    Items are plain JSON objects, or items as n8n has them ({"json": {...}}). Out come items: what the action
    answered, or what was done, each with the index of the item it came from.
    """
    from ..node import Node, World  # brings a client and an event loop, which --help needs not
    from ..node.input import read_items, with_secrets_kept
    from .connect import open_async_pbx
    from .over_items import Told, carry_out

    check_path_options(files_from, trust_item_paths=trust_item_paths)
    node = Node(
        action,
        settings_of(settings, "--set"),
        on_error=on_error,
        concurrency=concurrency,
        retries=retries,
        retry_wait=retry_wait,
        max_errors=max_errors,
        missing_ok=missing_ok,
        binary_to=binary_to,
        trust_item_paths=trust_item_paths,
        files_from=files_from,
        world=World(settings_of(variables, "--var"), allow_env, zone),
    )
    items = list(with_secrets_kept(read_items(listened(source))))
    told = Told(dry_run, yes, output, failed_to, show_secrets)
    return carry_out(node, items, told, lambda: open_async_pbx(ctx, values))


def settings_of(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """NAME=VALUE options as a mapping; a name given twice or a missing equals sign is a slip."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{option} takes NAME=VALUE, such as 'Id={{{{ $json.Id }}}}', not {text!r}.")
        if name.strip() in found:
            raise click.UsageError(f"{option} gives {name.strip()} twice.")
        found[name.strip()] = value
    return found
