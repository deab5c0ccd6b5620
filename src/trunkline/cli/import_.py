"""``trunkline import``: contacts, users and blocked addresses from a file, shown as a plan before anything is sent."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import InvalidArgument, ItemsFailed
from ..printable import printable
from .connection_options import connection_options
from .files import FileArgument
from .import_shown import counted, plan_lines, show_fates, show_plan
from .interrupts import finishing
from .output import FORMATS, View, chosen
from .progress import Bar, progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..transfer.apply import Applying, Fate
    from ..transfer.importing import Import
    from ..transfer.plan import Plan, Step

_ON_STDERR = 40  # lines of a plan, where stdout is a pipe and somebody is asked


@click.group("import")
def import_() -> None:
    """Bring contacts, users or blocked addresses of a file into a PBX: first the plan, and with --apply the changes."""


def _importing(resource: str, *own: Callable[..., Any]) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that imports into a resource, with the options that all have and those of its own."""

    def made(function: Callable[..., Any]) -> click.Command:
        for option in reversed([*_OPTIONS, *own]):
            function = option(function)
        return import_.command(resource)(click.pass_context(connection_options(function)))

    return made


_OPTIONS = [
    click.argument("file", type=FileArgument("rb"), metavar="FILE.csv"),
    click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and send nothing. The default."),
    click.option("--apply", "apply_", is_flag=True, help="Show the plan, ask on a terminal, and do it."),
    click.option("--key", metavar="A,B", help="The fields by which rows are matched."),
    click.option(
        "--map", "renamed", multiple=True, metavar="COLUMN=FIELD", help="A column of the file and the field it fills."
    ),
    click.option("--ignore-column", "ignored", multiple=True, metavar="COLUMN", help="A column to leave out."),
    click.option("--encoding", metavar="NAME", help="Of the file, such as cp1252; UTF-8 by default."),
    click.option("--clear-empty", is_flag=True, help="An empty cell empties the field; else it leaves it as it is."),
    click.option("--remove-missing", is_flag=True, help="Remove what the PBX has and the file doesn't."),
    click.option(
        "--max-removals",
        default="50%",
        show_default=True,
        metavar="N|N%",
        help="Refuse to remove more than so many, or than this share of what the PBX has.",
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items at once."),
    click.option("--stop-on-error", is_flag=True, help="Start nothing more after a failure."),
    click.option(
        "--failed",
        "rest",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.csv",
        help="Write the rows that were not done here, to be mended and imported again.",
    ),
    click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl."),
    click.option("--no-pager", is_flag=True, help="Do not page a long plan; PAGER names the pager."),
    click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys."),
]


@_importing("contacts")
def contacts(ctx: click.Context, /, **values: Any) -> int:
    """Add and change contacts as FILE.csv has them; - reads stdin.

    \b
    trunkline contacts list -o csv > contacts.csv
    trunkline import contacts contacts.csv --plan
    trunkline import contacts contacts.csv --apply

    The columns are 3CX's fields, FirstName or "first name". Rows are matched by Id, else PhoneNumber, else Email,
    whichever is a column first; a row with an empty Id is new. Nothing is removed without --remove-missing.
    """
    return _run(ctx, "contacts", values)


@_importing("users")
def users(ctx: click.Context, /, **values: Any) -> int:
    """Add and change users as FILE.csv has them; - reads stdin.

    \b
    printf 'Number,FirstName,LastName,EmailAddress\\n140,Ada,Byron,ada@example.com\\n' > users.csv
    trunkline import users users.csv --plan
    trunkline import users users.csv --apply

    The columns are 3CX's fields, FirstName or "first name". Rows are matched by Number. Nothing is removed without
    --remove-missing.
    """
    return _run(ctx, "users", values)


@_importing(
    "blocklist",
    click.option("--expires", metavar="WHEN", help="When new entries end, such as 2027-01-01T00:00:00Z."),
    click.option(
        "--skip-dangerous", is_flag=True, help="Leave out what could lock people out, instead of refusing all."
    ),
    click.option("--allow-private", is_flag=True, help="Block private networks too, such as 192.168.0.0/16."),
    click.option("--allow-wide", is_flag=True, help="Block networks too that are as large as a /8 (IPv6: /16)."),
)
def blocklist(ctx: click.Context, /, **values: Any) -> int:
    """Add the addresses and networks of FILE to the blocklist; - reads stdin.

    \b
    printf '192.0.2.1\\n198.51.100.64/28 ; SBL256894\\n' > drop.txt
    trunkline import blocklist drop.txt --plan
    trunkline import blocklist drop.txt --apply

    FILE has one address, network or range a line, with comments after #, ; or //. Lists of Spamhaus and FireHOL, the
    output and log of fail2ban, and a CSV with IPAddrMask, Description, BlockType and ExpiresAt are read too. An entry
    that the PBX has is left as it is, unless a CSV says how it should be. Nothing is removed without --remove-missing,
    and an entry that allows an address never is.

    A file that would block this computer, all networks, private ones or very large ones is refused.
    """
    return _run(ctx, "blocklist", values)


class _Told(NamedTuple):
    """What the options say about asking, doing and writing."""

    apply: bool
    yes: bool
    rest: Path | None
    view: View
    limit: str
    concurrency: int
    stop_on_error: bool


def _run(ctx: click.Context, resource: str, values: dict[str, Any]) -> int:
    from ..transfer.importing import Import
    from ..transfer.kinds import KINDS
    from ..transfer.plan import Wishes
    from ..transfer.sheet import LARGEST
    from .connect import target
    from .item_options import settings_of

    source: IO[bytes] = values.pop("file")
    name = "stdin" if source.name == "<stdin>" else Path(source.name).name
    wishes = Wishes(
        key=tuple(one.strip() for one in (values.pop("key") or "").split(",") if one.strip()),
        renamed=settings_of(values.pop("renamed"), "--map"),
        ignored=values.pop("ignored"),
        clear_empty=values.pop("clear_empty"),
        remove_missing=values.pop("remove_missing"),
        defaults={"ExpiresAt": expires} if (expires := values.pop("expires", None)) else {},
        dangerous=tuple(name for name in ("private", "wide") if values.pop(f"allow_{name}", False)),
        skip_dangerous=values.pop("skip_dangerous", False),
    )
    told = _told(values)
    if told.rest is not None:
        _check_rest(told.rest, source)
    kind = KINDS[resource]
    imported = Import(kind.read(source.read(LARGEST + 1), name, values.pop("encoding")), kind, wishes)
    found = target(ctx, values)
    if not told.apply:
        return _show(imported, told, found.url, found.client)
    from ..transfer.alone import alone

    with alone(found.url, imported.kind):
        return _apply(imported, told, found.url, found.client)


def _told(values: dict[str, Any]) -> _Told:
    if values.pop("plan_only") and values["apply_"]:
        raise click.UsageError("--plan sends nothing and --apply does; give one of them.")
    limit: str = values.pop("max_removals")
    if not limit.removesuffix("%").strip().isdecimal():
        raise click.UsageError(f"--max-removals takes a number such as 20, or a share such as 10%, not {limit!r}.")
    output, show = chosen(values.pop("output")), values.pop("show_secrets")
    view = View(output, show_secrets=show, pager=not values.pop("no_pager"))
    taken = {name: values.pop(name) for name in ("yes", "rest", "concurrency", "stop_on_error")}
    return _Told(values.pop("apply_"), view=view, limit=limit, **taken)


def _check_rest(rest: Path, source: IO[bytes]) -> None:
    """Refuse a place for the failed rows that could not be written later, or that would lose the rows themselves."""
    if not rest.absolute().parent.is_dir():
        raise click.UsageError(f"--failed {rest}: there is no folder {rest.absolute().parent}.")
    if rest.exists() and not rest.is_file():
        raise click.UsageError(f"--failed {rest} is no ordinary file; it would be replaced by one.")
    if rest.exists() and source.name != "<stdin>" and rest.samefile(source.name):
        raise click.UsageError("--failed names the file that is imported; the rows that were done would be lost.")


def _plan(imported: Import, connect: Callable[[], AsyncPbx]) -> Plan:
    """The plan; what there is to note of it is told."""
    plan = asyncio.run(_planned(connect(), imported))
    for note in plan.notes:
        click.echo(printable(note), err=True)
    return plan


async def _planned(pbx: AsyncPbx, imported: Import) -> Plan:
    with progress(f"{imported.kind.resource} read") as bar:
        async with pbx:
            return await imported.plan(pbx, bar.at)


def _too_many(plan: Plan, imported: Import, limit: str) -> InvalidArgument | None:
    """Why the removals are not to be done; None if they are few enough."""
    removals = plan.count("remove")
    if not removals:
        return None
    if not imported.sheet.lines:
        return InvalidArgument(
            f"{imported.sheet.name} has no rows, so --remove-missing would remove all {plan.kind.some(removals)}.",
            hint=f"Nothing was sent. If you mean it: `trunkline {plan.kind.resource} delete -`.",
        )
    number = int(limit.removesuffix("%"))
    share = limit.endswith("%")
    if removals * 100 > number * plan.present if share else removals > number:
        return InvalidArgument(
            f"{removals:,} of {plan.kind.some(plan.present)} would be removed; --max-removals allows {limit}.",
            hint="Nothing was sent. Look at the plan, at --key and at the file; a higher --max-removals lets it pass.",
        )
    return None


def _show(imported: Import, told: _Told, url: str, connect: Callable[[], AsyncPbx]) -> int:
    plan = _plan(imported, connect)
    show_plan(plan, told.view)
    click.echo(counted(plan, url), err=True)
    if (refusal := _too_many(plan, imported, told.limit)) is not None:
        click.echo(f"--apply would refuse this: {refusal.message}", err=True)
    elif plan.steps:
        click.echo("Nothing was sent; --apply does it.", err=True)
    return 0


def _apply(imported: Import, told: _Told, url: str, connect: Callable[[], AsyncPbx]) -> int:
    from ..transfer.apply import Applying

    plan = _plan(imported, connect)
    if (refusal := _too_many(plan, imported, told.limit)) is not None:
        raise refusal
    drawn = told.view.output == "table"
    if drawn:
        show_plan(plan, told.view)
    click.echo(counted(plan, url), err=True)
    if not plan.steps:
        if told.rest is not None and (said := _write_rest(told.rest, imported, {})):
            click.echo(said, err=True)
        return 0
    if not told.yes:
        _ask(plan, url, shown=drawn, view=told.view)
    broke: BaseException | None = None
    applying = Applying(imported, plan, concurrency=told.concurrency, stop_on_error=told.stop_on_error)
    with progress("items", len(plan.steps)) as bar:
        try:
            interrupted = asyncio.run(_drive(applying, connect, bar))
        except KeyboardInterrupt:
            interrupted = True
        except BaseException as problem:  # what was done is said all the same
            broke, interrupted = problem, False
    fates = applying.fates
    last = _keep_rest(fates, told.rest, imported)
    with suppress(BrokenPipeError):  # who reads the output has gone; the exit code tells all the same
        try:
            if not drawn:
                show_fates(fates, told.view)
        finally:
            _say(fates, applying, last)
    if broke is not None:
        raise broke
    if interrupted:
        return 130
    return 0 if all(fate.state == "done" for fate in fates) else ItemsFailed.exit_code


async def _drive(applying: Applying, connect: Callable[[], AsyncPbx], bar: Bar) -> bool:
    """Do it, or as much as was done at Ctrl-C, which lets what is on its way finish; whether it was interrupted."""
    done = 0

    def stop() -> bool:
        applying.stop()
        return True

    def note(_: Fate) -> None:
        nonlocal done
        done += 1
        bar.at(done)
        interrupts.tell()

    with finishing(stop) as interrupts:
        async with connect() as pbx:
            await applying.run(pbx, note)
    return interrupts.times > 0


def _ask(plan: Plan, url: str, *, shown: bool, view: View) -> None:
    """Ask before sending; before removing ask again. Without a terminal removals need --yes, the rest doesn't."""
    from .confirm import go_on

    removals = plan.count("remove")
    if not sys.stderr.isatty():
        if removals:
            raise click.UsageError(
                f"{plan.kind.some(removals)} would be removed, and there is nobody to ask; --yes goes on. "
                "Nothing was sent."
            )
        return
    if not shown:
        lines = plan_lines(plan, view)
        click.echo(printable("\n".join(lines[:_ON_STDERR])), err=True)
        if len(lines) > _ON_STDERR:
            click.echo(f"… and {len(lines) - _ON_STDERR:,} more; --plan shows all.", err=True)
    others = len(plan.steps) - removals
    if others:
        go_on(f"Send {others:,} to {url}?")
    if removals:
        go_on(f"REMOVE {removals:,} of {plan.kind.some(plan.present)} from {url}, for good?")


def _say(fates: list[Fate], applying: Applying, last: str) -> None:
    """What failed and why, what was not started, how many of each, and what to do with the rest."""
    for fate in fates:
        if fate.state in ("failed", "unknown"):
            unknown = "" if fate.state == "failed" else "unknown: "
            click.echo(printable(f"{_whence(fate.step)}: {unknown}{fate.said}"), err=True)
    for said, count in Counter(fate.said for fate in fates if fate.said and fate.state == "done").items():
        click.echo(f"{count:,} of those done: {said}.", err=True)
    states = ("done", "failed", "unknown", "not started")
    counts = {state: sum(fate.state == state for fate in fates) for state in states}
    if not counts["unknown"]:
        del counts["unknown"]
    if counts["not started"]:
        click.echo(f"Not all was started: {applying.halted}.", err=True)
    click.echo(", ".join(f"{count:,} {state}" for state, count in counts.items()) + ".", err=True)
    if last:
        click.echo(last, err=True)


def _whence(step: Step) -> str:
    """``line 4, Number 140``; a removal has no line."""
    line = "remove" if step.line is None else f"line {step.line}"
    return f"{line}, {step.key}" if step.key else line


def _keep_rest(fates: list[Fate], rest: Path | None, imported: Import) -> str:
    """Write the rows that are left, if asked for; what there is to say of them."""
    left = {
        fate.step.line: fate.said if fate.state == "failed" else f"{fate.state}: {fate.said}"
        for fate in fates
        if fate.state != "done" and fate.step.line is not None
    }
    if rest is not None:
        return _write_rest(rest, imported, left)
    return "The same command, run again, does what is left; --failed FILE.csv writes those rows." if left else ""


def _write_rest(rest: Path, imported: Import, left: dict[int, str]) -> str:
    from ..transfer.sheet import write_rest

    try:
        write_rest(rest, imported.sheet, left)
    except InvalidArgument as problem:  # what was done and what wasn't is said all the same
        return f"{problem.message} The same command, run again, does what is left."
    return (
        f"{rest}: {len(left):,} {'row' if len(left) == 1 else 'rows'} not done, each with its reason." if left else ""
    )
