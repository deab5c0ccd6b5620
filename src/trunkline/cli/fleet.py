"""``trunkline fleet``: Postgres, Prefect and workers on this machine, to try work on many machines."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple, TypedDict

import click

from .fleet_package import load_fleet
from .options import parsed_into
from .output import FORMATS, View, chosen, draw, write_rows

_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where data, logs and passwords lie; root's is /var/lib/trunkline/fleet, else it is in your home.",
)


class ServiceRecord(TypedDict):
    """One process of a fleet. ``since``: when it was last started. ``error``: why it ended or was not started."""

    service: str
    state: str
    pid: int | None
    restarts: int
    since: str | None
    error: str | None
    log: str


class FleetOptions(NamedTuple):
    """A fleet as the command line describes it."""

    folder: Path | None
    postgres: str | None
    workers: int
    port: int


@click.group()
def fleet() -> None:
    """Start, show and end all that work on many machines needs, on this one.

    That is a Postgres for the ledger, Prefect's server with its page, and workers. It is for a try; examples/fleet
    has files for real use. Programs of this machine only can reach it.
    """


@fleet.command()
@click.option(
    "--postgres",
    metavar="URL",
    help="Use this database instead of starting a Postgres. PGPASSWORD or ~/.pgpass has its password.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="How many workers.")
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Prefect's port.")
@_folder
@parsed_into(FleetOptions)
def up(options: FleetOptions) -> None:
    """Start a fleet, and wait until all of it answers.

    What starts runs on in the background, and starts again when it ends. Stdout has two lines for a shell, so
    `eval "$(trunkline fleet up)"` starts it and sets this shell up for it; it may be repeated.
    """
    running = load_fleet().up(
        folder=options.folder,
        postgres=options.postgres,
        workers=options.workers,
        port=options.port,
        on_progress=lambda doing: click.echo(f"Starting {doing} …", err=True),
    )
    state = "runs already" if running.was_running else "runs"
    click.echo(f"The fleet {state}. Prefect's page: {running.address}", err=True)
    click.echo("To use it in a shell:\n", err=True)
    for name, value in running.environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo("\nThen: trunkline job run … --on prefect, or start a flow on the page.", err=True)
    click.echo("Later: trunkline fleet status, trunkline fleet down", err=True)


@fleet.command()
@_folder
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@click.pass_context
def status(ctx: click.Context, folder: Path | None, output: str | None) -> None:
    """Show each process of a fleet. The exit code is 1 unless all run."""
    services = load_fleet().status(folder=folder)
    rows: list[ServiceRecord] = [
        {
            "service": service.service,
            "state": service.state,
            "pid": service.pid,
            "restarts": service.restarts,
            "since": service.since,
            "error": service.error,
            "log": service.log,
        }
        for service in services
    ]
    view = View(chosen(output))
    if view.output != "table":
        write_rows(rows, view)
    elif rows:
        cells = [[str("" if value is None else value) for value in row.values()] for row in rows]
        draw(["Service", "State", "Process", "Restarts", "Since", "Last error", "Log"], cells)
    if not rows:
        click.echo("No fleet has run here: `trunkline fleet up` starts one.", err=True)
    elif rows[0]["state"] == "down":  # the supervisor, which would start the others again
        click.echo("The fleet is down: `trunkline fleet up` starts it, and it goes on with its jobs.", err=True)
    if not rows or any(row["state"] != "running" for row in rows):
        ctx.exit(1)


@fleet.command()
@click.option("--remove", is_flag=True, help="Delete its folder too, with the ledger in its Postgres and all logs.")
@_folder
def down(remove: bool, folder: Path | None) -> None:
    """End a fleet. What it was working on stays in the ledger, and `up` goes on with it."""
    ran = load_fleet().down(folder=folder, remove=remove)
    ended = "The fleet has ended." if ran else "No fleet runs."
    click.echo(f"{ended} Its data are removed." if remove else ended)
