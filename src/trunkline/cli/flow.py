"""``trunkline flow``: check and run a few steps from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import click

from .connection_options import ConnectionOptions, fleet_options
from .item_options import settings_of
from .options import OptionGroup, parsed_into

if TYPE_CHECKING:
    from ..flows import Flow


@click.group()
def flow() -> None:
    """Run a few steps from a YAML file, such as list, where, delete."""


class FlowSettings(NamedTuple):
    """What the command line gives a flow."""

    trust_item_paths: bool
    files_from: str | None
    variables: Mapping[str, str]
    allow_env: tuple[str, ...]
    zone: str | None

    def load(self, file: str, **variables: str) -> Flow:
        """Read and check a flow; ``variables`` are those that no option of the command line gives."""
        from ..flows import Flow

        return Flow.load(file, **{**self._asdict(), "variables": {**variables, **self.variables}})


def _settings(
    trust_item_paths: bool,
    files_from: str | None,
    variables: tuple[str, ...],
    allow_env: tuple[str, ...],
    zone: str | None,
) -> FlowSettings:
    return FlowSettings(trust_item_paths, files_from, settings_of(variables, "--var"), allow_env, zone)


_flow_settings = OptionGroup(
    "settings",
    _settings,
    [
        click.Option(
            ["--trust-item-paths"],
            is_flag=True,
            help="Let items name files of this machine, by binary.data.path; with --files-from only those in DIR.",
        ),
        click.Option(
            ["--files-from"],
            type=click.Path(file_okay=False, exists=True),
            metavar="DIR",
            help="The folder that the flow reads from and saves in, instead of FILE's own.",
        ),
        click.Option(["--var", "variables"], multiple=True, metavar="NAME=VALUE", help="A variable of the flow."),
        click.Option(["--allow-env"], multiple=True, metavar="NAME", help="Let templates read $env.NAME."),
        click.Option(["--zone"], metavar="ZONE", help="Time zone of $now and $today, instead of the file's own."),
    ],
)
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False))


@flow.command()
@_file
@_flow_settings
def check(file: str, settings: FlowSettings) -> None:
    """Check FILE, and say what its steps are; nothing is sent."""
    checked = settings.load(file)
    click.echo(f"{checked.name}: {len(checked.steps)} steps, nothing wrong.")
    for step in checked.steps:
        click.echo(f"  line {step.line}: {step.label}")


class FlowRunOptions(NamedTuple):
    """A run of a flow as the command line describes it."""

    file: str
    settings: FlowSettings
    dry_run: bool
    yes: bool
    show_secrets: bool
    connection: ConnectionOptions


@flow.command()
@_file
@_flow_settings
@click.option("--dry-run", is_flag=True, help="Read and show what each step would send; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before a step that deletes.")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
@fleet_options
@parsed_into(FlowRunOptions)
def run(options: FlowRunOptions) -> int:
    """Run the steps of FILE, one after the other.

    Before a step that deletes, what it is about to send is shown, and asked for on the terminal unless --yes is
    given. The items of the last step are written as JSON Lines; messages go to stderr.

    On several PBXs it is asked for once, before the first step, if any step changes something; --dry-run shows all.
    A flow with a variable pbx gets the name of each in it; the name of a file that is saved needs $vars.pbx.
    """
    if options.connection.is_several:
        from .fleet_flow import run_several

        return run_several(options)
    from . import flow_play  # brings a client and an event loop, which --help needs not

    checked = options.settings.load(options.file)
    pbx = options.connection.client()
    return flow_play.run(checked, pbx, dry_run=options.dry_run, yes=options.yes, show_secrets=options.show_secrets)
