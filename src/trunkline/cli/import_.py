"""``trunkline import``: contacts, users, blocked addresses and numbers from a file: a plan before anything is sent."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import InvalidArgument, ItemsFailed
from ..printable import printable
from ..work.state import State
from .connection_options import ConnectionOptions, fleet_options
from .files import FileArgument
from .import_shown import counted, plan_lines, reason, show_outcomes, show_plan
from .interrupts import finishing
from .options import parsed_into
from .output import FORMATS, View, chosen
from .progress import Bar, progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..transfer import Import, ImportRun, Plan
    from ..work.guards import Question
    from ..work.outcome import Outcome

_ON_STDERR = 40  # lines of a plan, where stdout is a pipe and somebody is asked


class ImportOptions(NamedTuple):
    """An import as the command line describes it; the last ones are only of some kinds."""

    file: IO[bytes] | None
    template: bool
    only: str | None
    plan_only: bool
    apply_: bool
    key: str | None
    renamed: tuple[str, ...]
    ignored: tuple[str, ...]
    encoding: str | None
    clear_empty: bool
    remove_missing: bool
    max_removals: str
    yes: bool
    concurrency: int
    stop_on_error: bool
    rest: Path | None
    output: str | None
    no_pager: bool
    show_secrets: bool
    connection: ConnectionOptions
    description: str | None = None
    expires: str | None = None
    skip_dangerous: bool = False
    allow_private: bool = False
    allow_wide: bool = False
    welcome_mail: bool = False

    @property
    def view(self) -> View:
        """How plan and outcomes are shown."""
        return View(chosen(self.output), show_secrets=self.show_secrets, pager=not self.no_pager)

    def check(self) -> IO[bytes]:
        """Return the file, and refuse options that contradict each other or a place for failed rows that can't be used.

        Raises:
            click.UsageError: one that names the option.
            InvalidArgument: a limit of removals that is not a number or a share.
        """
        from ..work.guards import MostRemovals

        if self.plan_only and self.apply_:
            raise click.UsageError("--plan sends nothing and --apply does; give one of them.")
        MostRemovals.parse(self.max_removals)
        if self.file is None:
            raise click.UsageError("Missing argument 'FILE'; --template writes one to begin with.")
        rest = self.rest
        if rest is None:
            return self.file
        if not rest.absolute().parent.is_dir():
            raise click.UsageError(f"--failed {rest}: there is no folder {rest.absolute().parent}.")
        if rest.exists() and not rest.is_file():
            raise click.UsageError(f"--failed {rest} is not an ordinary file; it would be replaced by one.")
        if rest.exists() and self.file.name != "<stdin>" and rest.samefile(self.file.name):
            raise click.UsageError("--failed names the file that is imported; the rows that were done would be lost.")
        return self.file

    def read(self, resource: str, file: IO[bytes]) -> Import:
        """Read and understand the file."""
        from ..transfer import Import
        from ..transfer.expiry import expiry
        from .item_options import settings_of

        defaults = {"Description": self.description} if self.description else {}
        if self.expires:
            defaults["ExpiresAt"] = expiry(self.expires)
        return Import.read(
            file,
            resource,
            key=[name.strip() for name in (self.key or "").split(",") if name.strip()],
            encoding=self.encoding,
            renamed=settings_of(self.renamed, "--map"),
            ignored=self.ignored,
            clear_empty=self.clear_empty,
            remove_missing=self.remove_missing,
            defaults=defaults,
            dangerous=["private"] * self.allow_private + ["wide"] * self.allow_wide,
            skip_dangerous=self.skip_dangerous,
            only=self.only,
            welcome_mail=self.welcome_mail,
        )


@click.group("import")
def import_() -> None:
    """Bring contacts, users, blocked addresses or numbers of a file into a PBX: a plan, with --apply the changes."""


def _importing(name: str, *own: Callable[..., Any]) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command that imports, with the options that all have and those of its own."""

    def made(function: Callable[[ImportOptions], int]) -> click.Command:
        callback = parsed_into(ImportOptions)(function)
        for option in reversed([*_OPTIONS, *own]):
            callback = option(callback)
        return import_.command(name)(fleet_options(callback))

    return made


_OPTIONS = [
    click.argument("file", type=FileArgument("rb"), metavar="FILE.csv", required=False),
    click.option("--template", is_flag=True, help="Write the first line of a file to begin with, and send nothing."),
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
        "--only",
        metavar="FILTER",
        help="Change and remove only what this OData filter includes; new rows are added.",
    ),
    click.option(
        "--max-removals",
        default="50%",
        show_default=True,
        metavar="N|N%",
        help="Refuse to remove more than this number, or than this share of what the PBX has.",
    ),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Items at once."),
    click.option("--stop-on-error", is_flag=True, help="Start nothing more after a failure."),
    click.option(
        "--failed",
        "rest",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.csv",
        help="Write the rows that were not done here, to be corrected and imported again.",
    ),
    click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl."),
    click.option("--no-pager", is_flag=True, help="Do not page a long plan; PAGER names the pager."),
    click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys."),
]


_DESCRIPTION = click.option("--description", metavar="TEXT", help="Of new entries for which FILE has none.")


@_importing("contacts")
def contacts(options: ImportOptions) -> int:
    """Add and change contacts as FILE.csv has them; - reads stdin.

    \b
    trunkline contacts list -o csv > contacts.csv
    trunkline import contacts contacts.csv --plan
    trunkline import contacts contacts.csv --apply

    The columns are 3CX's fields, FirstName or "first name". Rows are matched by Id, else PhoneNumber, else Email,
    whichever is a column first; a row with an empty Id is new. Nothing is removed without --remove-missing.
    """
    return _run("contacts", options)


@_importing(
    "users",
    click.option(
        "--welcome-mail/--no-welcome-mail",
        default=False,
        help="Let 3CX send its welcome mail to each user who is added. The default: ask for none.",
    ),
)
def users(options: ImportOptions) -> int:
    """Add and change users as FILE.csv has them; - reads stdin.

    \b
    printf 'Number,FirstName,LastName,EmailAddress\\n140,Ada,Byron,ada@example.com\\n' > users.csv
    trunkline import users users.csv --plan
    trunkline import users users.csv --apply

    The columns are 3CX's fields, FirstName or "first name". Rows are matched by Number. Nothing is removed without
    --remove-missing.
    """
    return _run("users", options)


@_importing(
    "blocklist",
    _DESCRIPTION,
    click.option("--expires", metavar="WHEN", help="When new entries end: 30d, 12h, 2w, a day, a time with its zone."),
    click.option(
        "--skip-dangerous", is_flag=True, help="Leave out what could lock people out, instead of refusing all."
    ),
    click.option("--allow-private", is_flag=True, help="Block private networks too, such as 192.168.0.0/16."),
    click.option("--allow-wide", is_flag=True, help="Block networks too that are as large as a /8 (IPv6: /16)."),
)
def blocklist(options: ImportOptions) -> int:
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
    return _run("blocklist", options)


@_importing("blacklist", _DESCRIPTION)
def blacklist(options: ImportOptions) -> int:
    """Add the phone numbers of FILE to the numbers whose calls are refused; - reads stdin.

    \b
    printf '+442079460881 # sells windows\\n+442079460882\\n' > numbers.txt
    trunkline import blacklist numbers.txt --description Spam --plan
    trunkline import blacklist numbers.txt --description Spam --apply

    FILE has one number a line, with comments after #, ; or //, or is a CSV with CallerId and Description. A number
    that the PBX has is left as it is, unless a CSV says how it should be. +44… and 0044… are two numbers: write them
    as your provider sends them. Nothing is removed without --remove-missing.
    """
    return _run("black_list_numbers", options)


def _run(resource: str, options: ImportOptions) -> int:
    if options.template:
        from ..transfer import Import

        click.echo(Import.template(resource), nl=False)
        return 0
    imported = options.read(resource, options.check())
    if options.connection.is_several:
        from .fleet_import import import_several

        return import_several(imported, options)
    connect = options.connection.target().client
    plan = asyncio.run(_planned(connect(), imported))
    for note in plan.notes:
        click.echo(printable(note), err=True)
    return _apply(imported, plan, options, connect) if options.apply_ else _show(imported, plan, options)


async def _planned(pbx: AsyncPbx, imported: Import) -> Plan:
    with progress(f"{imported.kind.resource} read") as bar:
        async with pbx:
            return await imported.aplan(pbx, bar.at)


def _show(imported: Import, plan: Plan, options: ImportOptions) -> int:
    show_plan(plan, options.view)
    click.echo(counted(plan), err=True)
    try:
        imported.check(plan, options.max_removals)
    except InvalidArgument as refusal:
        click.echo(f"--apply would refuse this: {refusal.message}", err=True)
    else:
        if plan.steps:
            click.echo("Nothing was sent; --apply does it.", err=True)
    return 0


def _apply(imported: Import, plan: Plan, options: ImportOptions, connect: Callable[[], AsyncPbx]) -> int:
    view = options.view
    drawn = view.output == "table"
    if drawn:
        show_plan(plan, view)
    click.echo(counted(plan), err=True)
    run = imported.over(
        plan,
        confirm=options.yes or (partial(_ask, plan, None if drawn else view) if sys.stderr.isatty() else None),
        max_removals=options.max_removals,
        concurrency=options.concurrency,
        stop_on_error=options.stop_on_error,
    )
    if not plan.steps:
        if message := keep_rest(plan, [], options.rest, imported):
            click.echo(message, err=True)
        return 0
    broke: BaseException | None = None
    with progress("items", len(plan.steps)) as bar:
        try:
            interrupted = asyncio.run(_carry_out(run, connect, bar))
        except KeyboardInterrupt:
            interrupted = True
        except BaseException as problem:  # what was done is said all the same
            broke, interrupted = problem, False
    outcomes = run.outcomes
    if broke is not None and not any(outcome.state for outcome in outcomes):
        raise broke
    last = keep_rest(plan, outcomes, options.rest, imported)
    with suppress(BrokenPipeError):  # who reads the output has gone; the exit code tells all the same
        try:
            if not drawn:
                show_outcomes(plan, outcomes, view)
        finally:
            _summarize(run, outcomes, last)
    if broke is not None:
        raise broke
    if interrupted:
        return 130
    return 0 if all(outcome.state is State.DONE for outcome in outcomes) else ItemsFailed.exit_code


async def _carry_out(run: ImportRun, connect: Callable[[], AsyncPbx], bar: Bar) -> bool:
    """Do it, or as much as was done at Ctrl-C, which lets what is in progress finish; whether it was interrupted."""
    done = 0

    def stop() -> bool:
        run.stop()
        return True

    def note(*_: object) -> None:
        nonlocal done
        done += 1
        bar.at(done)
        interrupts.tell()

    with finishing(stop) as interrupts:
        async with connect() as pbx:
            await run.aon(pbx, note)
    return interrupts.times > 0


def _ask(plan: Plan, view: View | None, question: Question) -> bool:
    """Ask before sending, and again before removing. ``view``: how the plan is shown before that, None where it was."""
    from .confirm import go_on

    if view is not None:
        lines = plan_lines(plan, view)
        click.echo(printable("\n".join(lines[:_ON_STDERR])), err=True)
        if len(lines) > _ON_STDERR:
            click.echo(f"… and {len(lines) - _ON_STDERR:,} more; --plan shows all.", err=True)
    if others := question.calls - question.removals:
        go_on(f"Send {others:,} to {question.url}?")
    if question.removals:
        go_on(f"REMOVE {question.removals:,} of {plan.kind.some(plan.present)} from {question.url}, for good?")
    return True


def _summarize(run: ImportRun, outcomes: Sequence[Outcome], last: str) -> None:
    """Say what failed and why, what was not started, how many of each, and what to do with the rest."""
    for step, outcome in zip(run.plan.steps, outcomes, strict=True):
        if outcome.state in (State.FAILED, State.UNKNOWN):
            line = "remove" if step.line is None else f"line {step.line}"
            click.echo(printable(f"{', '.join(filter(None, (line, step.key)))}: {reason(outcome)}"), err=True)
    notes = Counter(outcome.note for outcome in outcomes if outcome.note and outcome.state is State.DONE)
    for note, count in notes.items():
        click.echo(f"{count:,} of those done: {note}", err=True)
    counts = Counter(outcome.state for outcome in outcomes)
    if counts[State.NOT_STARTED]:
        click.echo(f"Not all was started: {run.halt.message if run.halt else 'interrupted.'}", err=True)
    states = [State.DONE, State.FAILED, *[State.UNKNOWN] * (counts[State.UNKNOWN] > 0), State.NOT_STARTED]
    click.echo(", ".join(f"{counts[state]:,} {state.label.replace('_', ' ')}" for state in states) + ".", err=True)
    if last:
        click.echo(last, err=True)


def keep_rest(plan: Plan, outcomes: Sequence[Outcome], rest: Path | None, imported: Import) -> str:
    """Write the rows that are left, if asked for; what there is to say of them."""
    from ..transfer.sheet import write_rest

    left = {
        step.line: reason(outcome)
        for step, outcome in zip(plan.steps, outcomes, strict=True)
        if outcome.state is not State.DONE and step.line is not None
    }
    again = "The same command, run again, does what is left"
    if rest is not None:
        try:
            write_rest(rest, imported.sheet, left)
        except InvalidArgument as problem:  # what was done and what wasn't is said all the same
            return f"{problem.message} {again}."
        rows = "row" if len(left) == 1 else "rows"
        return f"{rest}: {len(left):,} {rows} not done, each with its reason." if left else ""
    wait = any(outcome.state is State.UNKNOWN and outcome.note for outcome in outcomes)
    hint = " Wait a while first: the PBX may still be at work on what is unknown." if wait else ""
    return f"{again}; --failed FILE.csv writes those rows.{hint}" if left else ""
