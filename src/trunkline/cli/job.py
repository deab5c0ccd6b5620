"""``trunkline job``: an action over many items, with a ledger, so that it can stop and go on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from ..work.state import State
from .candidates import action_ids, job_names, saved_connections
from .connection_options import ConnectionOptions, address_options, connection_options
from .item_options import ItemOptions, item_options
from .numbers import Finite
from .options import parsed_into
from .output import FORMATS

_STATES = [state.label for state in State]


@click.group()
def job() -> None:
    """Run an action over many items, on one PBX or many, and lose none of them.

    Each item is recorded before it is sent and after it was answered. After a crash, a power cut or an outage
    `resume` goes on where the job was; what was sent without an answer is looked up before it is sent again.
    """


class JobRunOptions(NamedTuple):
    """A new job as the command line describes it."""

    action: str
    name: str
    items: ItemOptions
    shard: str | None
    concurrency: int
    rate: float | None
    attempts: int
    patience: float
    max_errors: int | None
    missing_ok: bool
    dry_run: bool
    yes: bool
    output: str | None
    profiles: tuple[str, ...]
    connection: ConnectionOptions


@job.command()
@click.argument("action", shell_complete=action_ids)
@click.option("--name", required=True, help="What the job is called from now on.")
@item_options
@click.option("--shard", metavar="K/N", help="Take only every Nth item, beginning with the Kth.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items of one PBX at once."
)
@click.option("--rate", type=Finite(0.0001), help="Requests a second to one PBX, at most.")
@click.option(
    "--attempts", type=click.IntRange(1), default=5, show_default=True, help="How often an item is sent at most."
)
@click.option(
    "--patience",
    type=Finite(0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a PBX may be away before its part pauses.",
)
@click.option("--max-errors", type=click.IntRange(1), help="Stop after this number of failed items.")
@click.option("--missing-ok", is_flag=True, help="A delete of a missing entity counts as done.")
@click.option("--dry-run", is_flag=True, help="Show the request of each item and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    shell_complete=saved_connections,
    help="Saved PBXs, such as 'customer-*'; each gets all items.",
)
@address_options
@parsed_into(JobRunOptions)
def run(options: JobRunOptions) -> int:
    """Start a job: ACTION for each item of the input.

    \b
    trunkline job run fax.delete --name old-faxes --set 'Id={{ $json.Id }}' --input faxes.jsonl --yes
    """
    from ..jobs import Job, JobFolder, Limits
    from ..node import Node, PathRule  # brings a client and an event loop, which --help needs not
    from .job_run import confirm_job, go, sharded, show_lines, systems_of

    action, parameters, world = options.action, options.items.parameters, options.items.world()
    trusted, files_from = options.items.trust_item_paths, options.items.files_from
    items = sharded(options.items.read(), options.shard)
    if options.dry_run:
        node = Node(
            action,
            parameters,
            world=world,
            trust_item_paths=trusted,
            files_from=files_from,
            unchanged=options.items.unchanged,
        )
        return show_lines(node, items)
    systems = systems_of(options.profiles, options.connection)
    limits = Limits(
        options.concurrency,
        options.rate,
        options.attempts,
        options.patience,
        options.max_errors,
        options.missing_ok,
    )
    folder = JobFolder()
    urls = {label: pbx.url for label, pbx in systems.items()}
    paths = PathRule(trusted, None if files_from is None else Path(files_from))
    path = folder.new(options.name)
    confirm = None if options.yes else partial(confirm_job, urls)
    unchanged = options.items.unchanged
    with Job.create(
        path, action, parameters, items, urls, limits, world, paths, unchanged=unchanged, confirm=confirm
    ) as started:
        return go(started, systems, options.output)


@job.command()
@click.argument("name", shell_complete=job_names)
@click.option(
    "--accept-damage",
    is_flag=True,
    help="Go on with a damaged ledger: look up all that may have been sent, and send none of it unchecked.",
)
@click.option("-o", "--output", type=click.Choice(FORMATS))
@connection_options
def resume(name: str, accept_damage: bool, output: str | None, connection: ConnectionOptions) -> int:
    """Go on with a job where it was, on the PBXs that it began with."""
    from ..jobs import Job, JobFolder
    from .job_run import go, same_systems

    with Job.open(JobFolder().existing(name), accept_damage=accept_damage) as existing:
        return go(existing, same_systems(existing, connection), output)


@job.command("list")
@click.option("-o", "--output", type=click.Choice(FORMATS))
def list_(output: str | None) -> int:
    """List the jobs."""
    from .job_shown import write_list

    return write_list(output)


@job.command()
@click.argument("name", shell_complete=job_names)
@click.option("--items", is_flag=True, help="Show the items, not the summary.")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Only items in this state.")
@click.option("-o", "--output", type=click.Choice(FORMATS))
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
def show(name: str, items: bool, states: tuple[str, ...], output: str | None, show_secrets: bool) -> None:
    """Show the outcome of a job, or of its items."""
    from ..jobs import Job, JobFolder
    from .job_shown import write_items, write_summary

    with Job.open(JobFolder().existing(name)) as existing:
        if items or states:
            wanted = [state for state in State if not states or state.label in states]
            write_items(existing, wanted, output, show_secrets=show_secrets)
        else:
            write_summary(existing.summary(), output)


@job.command()
@click.argument("name", shell_complete=job_names)
def cancel(name: str) -> None:
    """End a job for good; requests in progress are finished and recorded."""
    from ..jobs import Job, JobFolder

    with Job.open(JobFolder().existing(name), check=False) as existing:
        existing.cancel()
    click.echo(f"{name} is cancelled; `trunkline job show {name}` tells what was done.")


@job.command()
@click.argument("name", shell_complete=job_names)
def remove(name: str) -> None:
    """Forget a job and its ledger; what it did stays done."""
    from ..jobs import JobFolder

    JobFolder().remove(name)
    click.echo(f"{name} is forgotten.")
