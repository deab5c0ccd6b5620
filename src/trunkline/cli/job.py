"""``trunkline job``: an action over many items, with a ledger, so that it can stop and go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any

import click

from ..client import AsyncPbx
from ..errors import ConfigurationError
from ..jobs import Job, JobFolder, State, Summary
from ..jobs.job import Progress
from ..jobs.ledger import Entry
from ..jobs.target import Limits
from ..node import Item, Node, World
from ..node.input import read_items
from ..profiles import matching
from .candidates import action_ids, job_names, saved_connections
from .confirm import confirmed
from .connect import open_async_pbx, targets
from .files import listened
from .interrupts import finishing
from .open_files import allow_many
from .output import FORMATS, View, Writer, chosen, draw, write_one, write_rows
from .over_items import show_line
from .progress import progress
from .root import address_options
from .run import item_options, settings_of, world_options

_STATES = [state.label for state in State]


@click.group()
def job() -> None:
    """Run an action over many items, on one PBX or many, and lose none of them.

    Each item is recorded before it is sent and after it was answered. After a crash, a power cut or an outage
    `resume` goes on where the job was; what was sent without an answer is looked up before it is sent again.
    """


def _target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    profile = click.option(
        "--profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        shell_complete=saved_connections,
        help="Saved PBXs, such as 'customer-*'; each gets all items.",
    )
    return profile(address_options(command))


@job.command()
@click.argument("action", shell_complete=action_ids)
@click.option("--name", required=True, help="What the job is called from now on.")
@item_options
@click.option("--shard", metavar="K/N", help="Take only every Nth item, beginning with the Kth.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items of one PBX at once."
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests a second to one PBX, at most.")
@click.option(
    "--attempts", type=click.IntRange(1), default=5, show_default=True, help="How often an item is sent at most."
)
@click.option(
    "--patience",
    type=click.FloatRange(0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a PBX may be away before its part pauses.",
)
@click.option("--max-errors", type=click.IntRange(1), help="Stop after so many failed items.")
@click.option("--missing-ok", is_flag=True, help="A delete of what is not there counts as done.")
@world_options
@click.option("--dry-run", is_flag=True, help="Show the request of each item and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@_target_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    action: str,
    name: str,
    settings: tuple[str, ...],
    source: IO[bytes],
    shard: str | None,
    dry_run: bool,
    yes: bool,
    output: str | None,
    profiles: tuple[str, ...],
    concurrency: int,
    rate: float | None,
    attempts: int,
    patience: float,
    max_errors: int | None,
    missing_ok: bool,
    variables: tuple[str, ...],
    allow_env: tuple[str, ...],
    zone: str,
    **values: Any,
) -> int:
    """Start a job: ACTION for each item of the input.

    \b
    trunkline job run fax.delete --name old-faxes --set 'Id={{ $json.Id }}' --input faxes.jsonl --yes
    """
    parameters = settings_of(settings, "--set")
    items = _sharded(read_items(listened(source)), shard)
    world = World(settings_of(variables, "--var"), allow_env, zone)
    if dry_run:
        return _show_lines(Node(action, parameters, world=world), items)
    systems = _systems(ctx, profiles, values)
    limits = Limits(concurrency, rate, attempts, patience, max_errors, missing_ok)
    folder = JobFolder()
    urls = {label: pbx.url for label, pbx in systems.items()}
    with Job.create(folder.new(name), action, parameters, items, urls, limits, world) as started:
        if started.node.action.asks and not yes and not _agreed(started, urls):
            started.close()
            folder.remove(name)
            raise click.Abort("nothing was sent, and the job is forgotten.")
        return _go(started, systems, output)


@job.command()
@click.argument("name", shell_complete=job_names)
@click.option("-o", "--output", type=click.Choice(FORMATS))
@_target_options
@click.pass_context
def resume(ctx: click.Context, /, name: str, output: str | None, profiles: tuple[str, ...], **values: Any) -> int:
    """Go on with a job where it was."""
    with Job.open(JobFolder().existing(name)) as found:
        wanted = {target.name: target.url for target in found.ledger.targets()}
        single = len(wanted) == 1 and not profiles and "" in wanted
        systems = _systems(ctx, () if single else tuple(wanted), values)
        for label, url in wanted.items():
            if systems[label].url != url:
                raise ConfigurationError(
                    f"The job {name!r} is for {url}, this connection is to {systems[label].url}.",
                    hint=f"Give --url {url}.",
                )
        return _go(found, systems, output)


@job.command("list")
@click.option("-o", "--output", type=click.Choice(FORMATS))
def list_(output: str | None) -> int:
    """List the jobs."""
    folder = JobFolder()
    found: list[Summary] = []
    code = 0
    for name in folder.names():
        try:
            with Job.open(folder.existing(name)) as each:
                found.append(each.summary())
        except ConfigurationError as error:  # one that was cut off as it began hides no other
            from . import complain

            complain(error)
            code = error.exit_code
    view = View(chosen(output))
    if view.output == "table":
        draw(["Job", "Action", "Status", *_STATES], [[s.name, s.action, s.status, *_numbers(s.counts)] for s in found])
        return code
    rows = [_summary_json(summary, targets=False) for summary in found]
    if view.output == "csv":
        rows = [{name: row[name] for name in ("job", "action", "status")} | row["counts"] for row in rows]
    write_rows(rows, view)
    return code


@job.command()
@click.argument("name", shell_complete=job_names)
@click.option("--items", is_flag=True, help="Show the items, not the summary.")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Only items in this state.")
@click.option("-o", "--output", type=click.Choice(FORMATS))
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")
def show(name: str, items: bool, states: tuple[str, ...], output: str | None, show_secrets: bool) -> None:
    """Show what became of a job, or of its items."""
    with Job.open(JobFolder().existing(name)) as found:
        if items or states:
            wanted = [state for state in State if not states or state.label in states]
            _write_items(found, wanted, output, show_secrets=show_secrets)
        else:
            _write_summary(found.summary(), output)


@job.command()
@click.argument("name", shell_complete=job_names)
def cancel(name: str) -> None:
    """End a job for good; what is on its way is finished and recorded."""
    with Job.open(JobFolder().existing(name)) as found:
        found.cancel()
    click.echo(f"{name} is cancelled; `trunkline job show {name}` tells what was done.")


@job.command()
@click.argument("name", shell_complete=job_names)
def remove(name: str) -> None:
    """Forget a job and its ledger; what it did stays done."""
    JobFolder().remove(name)
    click.echo(f"{name} is forgotten.")


def _systems(ctx: click.Context, profiles: tuple[str, ...], values: dict[str, Any]) -> dict[str, AsyncPbx]:
    """A client for each PBX: of the profiles, else the one of the connection options, which has no name."""
    if not profiles:
        return {"": open_async_pbx(ctx, values)}
    found = targets(ctx, values, lambda saved: matching(saved, profiles))
    return {each.profile: each.client(label=each.profile) for each in found}


def _sharded(items: Iterator[Item], shard: str | None) -> Iterator[Item]:
    if shard is None:
        return items
    place, _, parts = shard.partition("/")
    if not (place.isdecimal() and parts.isdecimal() and 1 <= int(place) <= int(parts)):
        raise click.UsageError(f"--shard takes K/N, such as 1/4, not {shard!r}.")
    return (item for n, item in enumerate(items) if n % int(parts) == int(place) - 1)


def _show_lines(node: Node, items: Iterator[Item]) -> int:
    codes = [show_line(node, [item], 0, shown=n) for n, item in enumerate(items)]
    return max(codes, default=0)


def _agreed(started: Job, urls: dict[str, str]) -> bool:
    """Whether somebody at the terminal agrees; without a terminal nobody is asked, and the job goes on."""
    if not sys.stderr.isatty():
        return True
    where = next(iter(urls.values())) if len(urls) == 1 else f"each of {len(urls)} PBXs"
    question = f"{started.node.action.summary.removesuffix('.')}: {started.ledger.size()} items on {where}. Go on?"
    try:
        return confirmed(question)
    except (click.Abort, KeyboardInterrupt):
        return False


def _go(found: Job, systems: dict[str, AsyncPbx], output: str | None) -> int:
    """Run until nothing is left to do for now; Ctrl-C lets what is on its way finish."""
    allow_many()
    try:
        summary, interrupted = asyncio.run(_drive(found, systems))
    except KeyboardInterrupt:
        lost = "what was on its way is looked up first."
        raise KeyboardInterrupt(f"`trunkline job resume {found.name}` goes on; {lost}") from None
    _write_summary(summary, output)
    for state in ("failed", "unknown"):
        if count := summary.counts[state]:
            click.echo(f"{count:,} {state}: `trunkline job show {summary.name} --state {state}` says which.", err=True)
    if not summary.finished and summary.status != "cancelled":
        click.echo(f"Not finished: `trunkline job resume {summary.name}` goes on.", err=True)
    if interrupted:
        return 130
    clean = summary.finished and not summary.counts["failed"] and not summary.counts["unknown"]
    return 0 if clean else 7


async def _drive(found: Job, systems: dict[str, AsyncPbx]) -> tuple[Summary, bool]:
    """What came of it, and whether Ctrl-C came between."""

    def stop() -> bool:
        found.stop()
        return True

    with finishing(stop) as interrupts, progress("items") as bar:

        def show(now: Progress) -> None:
            bar.at(now.done + now.failed, now.total, note=f"{now.failed} failed" if now.failed else "")
            interrupts.tell()

        return await found.run(systems.__getitem__, show), interrupts.times > 0


def _write_summary(summary: Summary, output: str | None) -> None:
    match chosen(output):
        case "table":
            click.echo(f"{summary.name}: {summary.action}, {summary.status}")
            rows = [[t.name or t.url, *_numbers(t.counts), t.halt] for t in summary.targets]
            draw(["PBX", *_STATES, "Stopped because"], rows)
        case "csv":
            about = {"job": summary.name, "action": summary.action, "status": summary.status}
            targets = [
                {**about, "pbx": t.name or t.url, **t.counts, "stopped because": t.halt} for t in summary.targets
            ]
            write_rows(targets, View("csv"))
        case other:
            write_one(_summary_json(summary), View(other))


def _numbers(counts: dict[str, int]) -> list[str]:
    return [f"{counts[state]:,}" for state in _STATES]


def _summary_json(summary: Summary, *, targets: bool = True) -> dict[str, Any]:
    found = {"job": summary.name, "action": summary.action, "status": summary.status, "counts": summary.counts}
    return {**found, "targets": [t._asdict() for t in summary.targets]} if targets else found


def _write_items(found: Job, states: list[State], output: str | None, *, show_secrets: bool) -> None:
    rows = (
        _item_json(target.name or target.url, entry)
        for target in found.ledger.targets()
        for entry in found.ledger.entries(target.id, states)
    )
    view = View(chosen(output), show_secrets=show_secrets)
    if view.output == "table":
        cells = [
            [r["pbx"], str(r["n"]), r["state"], str(r["attempts"]), str((r["said"] or {}).get("message", ""))]
            for r in rows
        ]
        draw(["PBX", "Item", "State", "Sent", "Message"], cells)
        return
    writer = Writer(view)
    for row in rows:
        writer.write([row])
    writer.end()


def _item_json(pbx: str, entry: Entry) -> dict[str, Any]:
    return {
        "pbx": pbx,
        "n": entry.n,
        "state": entry.state.label,
        "attempts": entry.attempts,
        "item": entry.item,
        "said": entry.said,
    }
