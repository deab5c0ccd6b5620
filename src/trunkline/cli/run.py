"""``trunkline run``: an action over items from a file or a pipe."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple

import click

from ..catalog import load
from ..client import AsyncPbx
from ..errors import ItemsFailed, TrunklineError
from ..node import Item, Node, NodeRun, Outcome, World
from ..node.input import read_items
from ..node.items import keys_of
from ..node.run import AsyncCaller
from ..node.template import Scope
from ..request import Part, bind, build
from .candidates import action_ids, settings_for
from .connect import open_async_pbx
from .interrupts import Interrupts, finishing
from .output import FORMATS, View, chosen, draw, json_line, masked, write_rows
from .progress import Bar, progress
from .root import connection_options

LOOK_AGAIN = 0.1  # seconds between two looks at a run


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


@click.command()
@click.argument("action", shell_complete=action_ids)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=settings_for,
    help="A parameter: a value or a template.",
)
@click.option("--input", "source", type=click.File("rb"), default="-", help="JSON, JSON Lines or CSV; - by default.")
@click.option("--on-error", type=click.Choice(["stop", "continue", "split"]), default="stop", show_default=True)
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items at once.")
@click.option(
    "--failed",
    "failed_to",
    type=click.File("w", lazy=False),
    help="Where split writes failed items; stderr by default.",
)
@click.option("--retries", type=click.IntRange(0), default=0, help="More tries for an item, where that is safe.")
@click.option("--retry-wait", type=click.FloatRange(0), default=1.0, metavar="SECONDS", help="Between two tries.")
@click.option("--max-errors", type=click.IntRange(1), metavar="N", help="Stop after N failures, whatever the mode.")
@click.option("--missing-ok", is_flag=True, help="A delete that finds nothing counts as done.")
@click.option("--binary-to", type=click.Path(file_okay=False), help="Save files to a folder, not into the items.")
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
        world=World(settings_of(variables, "--var"), allow_env, zone),
    )
    items = list(read_items(listened(source)))
    told = Told(dry_run, yes, output, failed_to, show_secrets)
    return carry_out(node, items, told, lambda: open_async_pbx(ctx, values))


def listened(source: IO[bytes]) -> IO[bytes]:
    """The source of items; who sits at the keyboard without knowing is told that it is one."""
    if source.isatty():
        click.echo("Items are read from the keyboard, one a line; Ctrl-D ends them, Ctrl-C leaves.", err=True)
    return source


class Told(NamedTuple):
    """What the options of a run over items say about asking and writing."""

    dry_run: bool
    yes: bool
    output: str | None
    failed_to: IO[str] | None = None
    show_secrets: bool = False
    name_failures: bool = False


def carry_out(
    node: Node,
    items: list[Item],
    told: Told,
    connect: Callable[[], AsyncPbx],
    through: Callable[[AsyncPbx], AsyncCaller] = lambda pbx: pbx,
) -> int:
    """Run a node over items: ask, do, write and count; the exit code. ``through`` may stand between node and PBX."""
    if told.dry_run:
        return _show_requests(node, items)
    pbx = connect()
    if node.action.destructive and len(items) > 1 and not told.yes:
        _ask(node, len(items), pbx.url)
    node_run = node.over(items)
    try:
        interrupted = asyncio.run(_drive(pbx, through(pbx), node_run))
    except KeyboardInterrupt:  # the second one
        interrupted = True
    outcome = node_run.summary()
    with suppress(BrokenPipeError):  # who read the output has gone; what was done is said all the same
        try:
            _write(node, outcome, items, told.output, told.failed_to, show_secrets=told.show_secrets)
        finally:
            if told.name_failures and chosen(told.output) != "table":
                for index, error in outcome.errors.items():
                    click.echo(f"item {index}: {error.message}", err=True)
            click.echo(counted(node_run), err=True)
    if interrupted:
        return 130
    return _exit_code(node_run, outcome)


def _exit_code(node_run: NodeRun, outcome: Outcome) -> int:
    try:
        node_run.outcome()
    except ItemsFailed as stopped:
        from . import complain

        with suppress(BrokenPipeError):
            complain(stopped)
        cause = stopped.__cause__
        return cause.exit_code if isinstance(cause, TrunklineError) else stopped.exit_code
    return ItemsFailed.exit_code if outcome.errors else 0


async def _drive(pbx: AsyncPbx, caller: AsyncCaller, node_run: NodeRun) -> bool:
    """Run to the end, or until Ctrl-C, which lets what is on its way finish; whether it was interrupted."""

    def stop() -> bool:
        node_run.stop()
        return True

    with finishing(stop) as interrupts, progress("items", len(node_run.items)) as bar:
        async with pbx:
            following = asyncio.create_task(follow(bar, node_run, interrupts))
            await node_run.aon(caller)
            following.cancel()
    return interrupts.times > 0


async def follow(bar: Bar, node_run: NodeRun, interrupts: Interrupts) -> None:
    """Keep a bar at what a run has done, until cancelled."""
    while True:
        done, failed = node_run.settled
        bar.at(done + failed, note=f"{failed} failed" if failed else "")
        interrupts.tell()
        await asyncio.sleep(LOOK_AGAIN)


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


def _ask(node: Node, count: int, url: str) -> None:
    """Ask on the terminal, if there is one; the items come through stdin, so the answer can't."""
    if sys.stderr.isatty():
        go_on(f"{node.action.summary.removesuffix('.')}: {count} items on {url}. Go on?")


def go_on(question: str) -> None:
    """Ask as `confirmed`; Abort, which says that nothing was sent, unless the answer is yes."""
    try:
        agreed = confirmed(question)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)  # closes the line of the question
        agreed = False
    if not agreed:
        raise click.Abort("nothing was sent.")


def confirmed(question: str) -> bool:
    """Ask on the terminal, even where the items come through stdin; UsageError where there is nobody."""
    with _terminal() as terminal:
        click.echo(f"{question} [y/N]: ", nl=False, err=True)
        return terminal.readline().strip().lower() in ("y", "yes")


@contextmanager
def _terminal() -> Iterator[IO[str]]:
    """What a person types. Not by input(): while readline sets itself up, a Ctrl-C is lost."""
    if sys.stdin.isatty():
        yield sys.stdin
        return
    try:
        opened = open("/dev/tty")  # noqa: PTH123, SIM115 - a device
    except OSError:
        raise click.UsageError("There is nobody to ask; give --yes to go on, or --dry-run to look first.") from None
    with opened:
        yield opened


def _show_requests(node: Node, items: list[Item]) -> int:
    return max((show_request(node, items, index, shown=index) for index in range(len(items))), default=0)


def show_request(node: Node, items: Sequence[Item], index: int, *, shown: int) -> int:
    """Show the request of one item, ``shown`` being the number it is given; its exit code."""
    try:
        request = build(bind(load(), node.action, (), node.arguments(Scope(items, index))))
    except TrunklineError as error:
        click.echo(f"item {shown}: {error}", err=True)
        return ItemsFailed.exit_code
    headers = "".join(f" {name}: {value}" for name, value in request.headers if name == "If-Match")
    body = f" {request.body.decode()}" if isinstance(request.body, bytes) else ""
    if isinstance(request.body, Part):
        body = f" {request.body.name}: {request.body.filename}"
    click.echo(f"item {shown}: {request.method} {request.target}{headers}{body}")
    return 0


def _write(
    node: Node,
    outcome: Outcome,
    items: list[Item],
    output: str | None,
    failed_to: IO[str] | None,
    *,
    show_secrets: bool,
) -> None:
    main = outcome.items
    if node.on_error == "split":
        for item in outcome.failed:
            click.echo(json_line(item if show_secrets else masked(item)), file=failed_to, err=failed_to is None)
    elif node.on_error == "stop":
        main = sorted([*main, *outcome.failed], key=lambda item: item["pairedItem"]["item"])
    shown: list[Any] = [item if show_secrets else masked(item) for item in main]
    if chosen(output) == "table":
        numbers = [item["pairedItem"]["item"] for item in main]
        cells = [[str(n), subject(node, items, n), result_text(i)] for n, i in zip(numbers, main, strict=True)]
        draw(["Item", "What", "Result"], cells)
    elif chosen(output) == "csv":
        write_rows([_flat(item) for item in shown], View("csv", show_secrets=True))
    else:
        write_rows(shown, View(chosen(output), show_secrets=True))


def _flat(item: Item) -> dict[str, Any]:
    """An item as a row of a CSV: which one of the input it is of, its fields, and what went wrong."""
    error = item.get("error")
    return {"item": item["pairedItem"]["item"], **item["json"], "error": result_text(item) if error else None}


def subject(node: Node, items: list[Item], index: int) -> str:
    """What the node acts on for an item: ``fax 42``."""
    try:
        keys: Mapping[str, Any] = keys_of(node.action, node.arguments(Scope(items, index)))
    except TrunklineError:
        keys = {}
    return " ".join([node.action.noun, *(str(keys[k]) for k in node.action.keys if keys.get(k) is not None)])


def result_text(item: Item) -> str:
    """``done``, or what went wrong, in one line."""
    error = item.get("error")
    if error is None:
        if item["json"].get("success") is True:
            return "done"
        filled = [(name, value) for name, value in item["json"].items() if value not in (None, "", [])]
        told = {name: value for name, value in filled if not name.startswith("@odata.")}
        return json_line(masked(told))[:80]
    return f"{error['status'] or error['type']}: {error['message']}"


def counted(node_run: NodeRun) -> str:
    """What became of the items of a run, in numbers."""
    done, failed = node_run.settled
    lost = node_run.under_way
    said = f"{done} done, {failed} failed, {len(node_run.items) - done - failed - len(lost)} not started"
    if not lost:
        return f"{said}."
    return f"{said}, {len(lost)} unknown: whether item {', '.join(map(str, lost))} was carried out was not waited for."
