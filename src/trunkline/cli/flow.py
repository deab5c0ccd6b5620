"""``trunkline flow``: check and run a few steps from a YAML file."""

from __future__ import annotations

from typing import Any

import click

from .root import connection_options
from .run import settings_of


@click.group()
def flow() -> None:
    """A few steps from a YAML file, such as list, where, delete."""


def _file_options(command: Any) -> Any:
    """The file, and what may be given for it."""
    for option in (
        click.option("--zone", metavar="ZONE", help="Time zone of $now and $today, instead of the file's own."),
        click.option("--allow-env", multiple=True, metavar="NAME", help="Let templates read $env.NAME."),
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the flow."),
        click.argument("file", type=click.Path(exists=True, dir_okay=False)),
    ):
        command = option(command)
    return command


@flow.command()
@_file_options
def check(file: str, variables: tuple[str, ...], allow_env: tuple[str, ...], zone: str | None) -> None:
    """Check FILE, and say what its steps are; nothing is sent."""
    from ..flows import load

    found = load(file, variables=settings_of(variables, "--var"), allow_env=allow_env, zone=zone)
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
    variables: tuple[str, ...],
    allow_env: tuple[str, ...],
    zone: str | None,
    dry_run: bool,
    yes: bool,
    show_secrets: bool,
    **values: Any,
) -> int:
    """Run the steps of FILE, one after the other.

    Before a step that deletes, what it is about to send is shown, and asked for on the terminal unless --yes is
    given. The items of the last step are written as JSON Lines; what happens is told on stderr.
    """
    from ..flows import load
    from . import flow_play  # brings a client and an event loop, which --help needs not
    from .connect import open_async_pbx

    found = load(file, variables=settings_of(variables, "--var"), allow_env=allow_env, zone=zone)
    pbx = open_async_pbx(ctx, values)
    return flow_play.run(found, pbx, dry_run=dry_run, yes=yes, show_secrets=show_secrets)
