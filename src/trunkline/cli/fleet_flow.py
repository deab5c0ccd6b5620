"""A flow on several PBXs: asked for once, then its steps on a few PBXs at a time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import ItemsFailed
from ..flows import Did, FlowStopped, Planned, Played
from ..flows.steps import changes_something, check_own_files
from ..printable import printable
from .fleet_shown import Failures, ask_several, pbxs
from .flow_play import sentence
from .output import PBX, json_line
from .progress import progress

if TYPE_CHECKING:
    from .flow import FlowRunOptions


def run_several(options: FlowRunOptions) -> int:
    """Run a flow on each PBX; the exit code is 7 if it failed on some.

    Raises:
        TrunklineError: nothing was sent: the flow is wrong, its files would be one for all, or there was no yes.
    """
    fleet = options.connection.fleet()
    flow = options.settings.load(options.file)
    if len(fleet.names) > 1:
        check_own_files(flow.steps, flow.file)
    if not options.dry_run and changes_something(flow.steps):
        fleet.check(flow.name, True if options.yes else ask_several)
    knows = {PBX} & flow.variables.keys()
    flows = {name: options.settings.load(options.file, **dict.fromkeys(knows, name)) for name in fleet.names}
    failures = Failures(len(flows))
    partial = False

    async def play(pbx: AsyncPbx) -> Played:
        def tell(event: Planned | Did) -> None:
            _tell(pbx.label, event, dry_run=options.dry_run)

        return await flows[pbx.label].arun(pbx, dry_run=options.dry_run, tell=tell)

    async def run() -> None:
        nonlocal partial
        with progress("PBXs", len(flows)) as bar:
            async with aclosing(fleet.aeach(play)) as each:
                async for name, outcome in each:
                    if failures.took(name, outcome):
                        played: Played = outcome.answer
                        partial = partial or bool(played.failed)
                        _write(name, played, options)
                    elif isinstance(outcome.error, ItemsFailed | FlowStopped) and outcome.error.result is not None:
                        done = outcome.error.result
                        _write(name, Played(done.done, done.failed), options)
                    bar.at(failures.ended, note=failures.note)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        ended = f"{failures.ended} of {pbxs(len(flows))} were finished"
        raise KeyboardInterrupt(f"{ended}; what was sent to the others is above.") from None
    return failures.exit_code(partial)


def _tell(name: str, event: Planned | Did, *, dry_run: bool) -> None:
    if isinstance(event, Did):
        click.echo(printable(f"{name}: {sentence(event)}"), err=not dry_run)
    elif dry_run:
        for line in event.requests:
            click.echo(printable(f"{name}:   would send {line}"))
        for problem in event.problems.values():
            click.echo(printable(f"{name}:   can't send: {problem.message}"))


def _write(name: str, played: Played, options: FlowRunOptions) -> None:
    for item in [] if options.dry_run else played.items:
        shown = {PBX: name, **item}
        click.echo(json_line(shown if options.show_secrets else masked(shown)))
    for item in played.failed:
        click.echo(f"{printable(name)}: failed: {json_line(item if options.show_secrets else masked(item))}", err=True)
