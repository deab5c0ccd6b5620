"""``trunkline job``: an action over many items, with a ledger, so that it can stop and go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from ..work.state import State
from .candidates import action_ids, engines, job_names, saved_connections
from .connection_options import ConnectionOptions, address_options, connection_options
from .item_options import ItemOptions, item_options
from .job_places import place_option
from .numbers import Finite
from .options import parsed_into
from .output import FORMATS

_STATES = [state.label for state in State]


@click.group()
def job() -> None:
    """Run an action over many items, on one PBX or many, and lose none of them.

    Each item is recorded before it is sent and after it was answered. After a crash, a power cut or an outage
    `resume` goes on where the job was; what was sent without an answer is looked up before it is sent again.

    A job is in a ledger of this machine, or with `--on prefect` in the one of TRUNKLINE_LEDGER, from which several
    machines carry it out.
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
    on: str | None
    lanes: int | None
    detach: bool
    output: str | None
    profiles: tuple[str, ...]
    connection: ConnectionOptions


def check_local(lanes: int | None, *, detach: bool) -> None:
    """Refuse options of a shared job for one of this machine. Raises click.UsageError."""
    if lanes is not None or detach:
        raise click.UsageError(f"{'--detach' if detach else '--lanes'} is for a job that workers carry out, by --on.")


lanes_option: Callable[[Any], Any] = click.option(
    "--lanes", type=click.IntRange(1), metavar="N", help="With --on: how many workers share the job."
)
detach_option: Callable[[Any], Any] = click.option(
    "--detach", is_flag=True, help="With --on: hand the job over and do not wait for its end."
)


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
@click.option("--yes", is_flag=True, help="Do not ask before deleting, or changing several PBXs.")
@click.option(
    "--on",
    metavar="ENGINE",
    shell_complete=engines,
    help="Let the workers of ENGINE, such as prefect, carry it out; the ledger is that of TRUNKLINE_LEDGER.",
)
@lanes_option
@detach_option
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
    from .job_run import asker_of, go, sharded, show_lines, systems_of

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
    if options.on is None:
        check_local(options.lanes, detach=options.detach)
    limits = Limits(
        options.concurrency,
        options.rate,
        options.attempts,
        options.patience,
        options.max_errors,
        options.missing_ok,
    )
    paths = PathRule(trusted, None if files_from is None else Path(files_from))
    unchanged = options.items.unchanged
    if options.on is not None:
        from ..shards.job import SharedJob
        from ..shards.ledger import PostgresLedger
        from .engines import load_engine
        from .job_shared import carry_out, shared_targets

        load_engine(options.on)  # one that is not installed is refused before there is a job
        urls = shared_targets(options.profiles, options.connection)
        confirm = asker_of(action, urls, yes=options.yes)
        how = (limits, world, paths)
        with PostgresLedger.from_environment() as ledger:
            shared = SharedJob.create(
                ledger, options.name, action, parameters, items, urls, *how, unchanged=unchanged, confirm=confirm
            )
            return carry_out(shared, options.on, options.lanes, options.output, detach=options.detach)
    systems = systems_of(options.profiles, options.connection)
    urls = {label: pbx.url for label, pbx in systems.items()}
    confirm = asker_of(action, urls, yes=options.yes)
    path = JobFolder().new(options.name)
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
@place_option
@lanes_option
@detach_option
@click.option("-o", "--output", type=click.Choice(FORMATS))
@connection_options
def resume(
    name: str,
    accept_damage: bool,
    on: str | None,
    lanes: int | None,
    detach: bool,
    output: str | None,
    connection: ConnectionOptions,
) -> int:
    """Resume a job where it stopped, on the same PBXs."""
    from ..jobs import Job, JobFolder
    from .job_places import shared_job
    from .job_run import go, same_systems

    with shared_job(name, on) as shared:
        if shared is not None:
            from .job_shared import resume as resume_shared

            if accept_damage:
                raise click.UsageError("--accept-damage is for a ledger of this machine; Postgres cares for its own.")
            return resume_shared(shared, on, lanes, output, connection, detach=detach)
    check_local(lanes, detach=detach)
    with Job.open(JobFolder().existing(name), accept_damage=accept_damage) as existing:
        return go(existing, same_systems(existing, connection), output)


@job.command()
@click.argument("name", shell_complete=job_names)
@place_option
@click.option("-o", "--output", type=click.Choice(FORMATS))
def watch(name: str, on: str | None, output: str | None) -> int:
    """Show the progress of a job that runs elsewhere, until it ends; Ctrl-C ends the watching only."""
    from .job_places import either_job
    from .job_watch import watch as watch_to_end

    with either_job(name, on, check=False) as found:
        return watch_to_end(found, output)


@job.command("list")
@click.option("-o", "--output", type=click.Choice(FORMATS))
def list_(output: str | None) -> int:
    """List the jobs: of this machine, and of the shared ledger if TRUNKLINE_LEDGER names one."""
    from .job_shown import write_list

    return write_list(output)


@job.command()
@click.argument("name", shell_complete=job_names)
@place_option
@click.option("--items", is_flag=True, help="Show the items, not the summary.")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Only items in this state.")
@click.option("--shards", is_flag=True, help="Show the shards of a shared job: state, PBX, items, pauses, error.")
@click.option("-o", "--output", type=click.Choice(FORMATS))
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
def show(
    name: str,
    on: str | None,
    items: bool,
    states: tuple[str, ...],
    shards: bool,
    output: str | None,
    show_secrets: bool,
) -> None:
    """Show the outcome of a job, or of its items or shards."""
    from .job_places import either_job, engine_of
    from .job_shown import write_items, write_shards, write_summary

    if shards and (items or states):
        raise click.UsageError("--shards shows shards, --items and --state show items: give one of them.")
    with either_job(name, on) as found:
        if shards:
            write_shards(found, output, show_secrets=show_secrets)
        elif items or states:
            wanted = [state for state in State if not states or state.label in states]
            write_items(found, wanted, output, show_secrets=show_secrets)
        else:
            write_summary(found.summary(), output, engine_of(found))


@job.command()
@click.argument("name", shell_complete=job_names)
@place_option
def cancel(name: str, on: str | None) -> None:
    """End a job for good; requests in progress are finished and recorded."""
    from .job_places import either_job, engine_of

    with either_job(name, on, check=False) as found:
        found.cancel()
        if (engine := engine_of(found)) is not None:
            from .job_shared import end_lanes

            end_lanes(name, engine)
    click.echo(f"{name} is cancelled; `trunkline job show {name}` tells what was done.")


@job.command()
@click.argument("name", shell_complete=job_names)
@place_option
def remove(name: str, on: str | None) -> None:
    """Forget a job and its ledger; what it did stays done."""
    from ..jobs import JobFolder
    from .job_places import shared_job

    with shared_job(name, on) as shared:
        if shared is not None:
            shared.ledger.remove(name)
        else:
            JobFolder().remove(name)
    click.echo(f"{name} is forgotten.")
