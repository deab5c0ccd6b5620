"""``trunkline flow``: check and run a few steps from a YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .connection_options import connection_options
from .run import settings_of

if TYPE_CHECKING:
    from ..flows import Flow


@click.group()
def flow() -> None:
    """A few steps from a YAML file, such as list, where, delete."""


def _file_options(command: Any) -> Any:
    """The file, and what may be given for it."""
    for option in (
        click.option("--zone", metavar="ZONE", help="Time zone of $now and $today, instead of the file's own."),
        click.option("--allow-env", multiple=True, metavar="NAME", help="Let templates read $env.NAME."),
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the flow."),
        click.option(
            "--files-from",
            type=click.Path(file_okay=False, exists=True),
            metavar="DIR",
            help="The folder that the flow reads from and saves in, instead of FILE's own.",
        ),
        click.option(
            "--trust-item-paths",
            is_flag=True,
            help="Let items name files of this machine, by binary.data.path; with --files-from only those in DIR.",
        ),
        click.argument("file", type=click.Path(exists=True, dir_okay=False)),
    ):
        command = option(command)
    return command


def _loaded(file: str, given: dict[str, Any]) -> Flow:
    """The flow, checked; what `_file_options` has given is taken out of the values."""
    from ..flows import load

    return load(
        file,
        variables=settings_of(given.pop("variables"), "--var"),
        allow_env=given.pop("allow_env"),
        zone=given.pop("zone"),
        files_from=given.pop("files_from"),
        trust_item_paths=given.pop("trust_item_paths"),
    )


@flow.command()
@_file_options
def check(file: str, **given: Any) -> None:
    """Check FILE, and say what its steps are; nothing is sent."""
    found = _loaded(file, given)
    click.echo(f"{found.name}: {len(found.steps)} steps, nothing wrong.")
    for step in found.steps:
        click.echo(f"  line {step.line}: {step.label}")


@flow.command()
@_file_options
@click.option("--dry-run", is_flag=True, help="Read and show what each step would send; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before a step that deletes.")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
@connection_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    file: str,
    dry_run: bool,
    yes: bool,
    show_secrets: bool,
    **values: Any,
) -> int:
    """Run the steps of FILE, one after the other.

    Before a step that deletes, what it is about to send is shown, and asked for on the terminal unless --yes is
    given. The items of the last step are written as JSON Lines; what happens is told on stderr.
    """
    from . import flow_play  # brings a client and an event loop, which --help needs not
    from .connect import open_async_pbx

    found = _loaded(file, values)
    pbx = open_async_pbx(ctx, values)
    return flow_play.run(found, pbx, dry_run=dry_run, yes=yes, show_secrets=show_secrets)
