"""One run of a flow on a terminal: what it tells, asks and writes, and how Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

import click

from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import ItemsFailed
from ..flows import Did, Flow, FlowStopped, Planned, Played
from ..flows.steps import Save
from ..node import NodeRun
from ..printable import printable
from .confirm import confirmed
from .interrupts import Interrupts, finishing
from .output import json_line
from .over_items import counted, follow
from .progress import progress

_SHOWN = 5  # requests of a step, before it is asked for


def run(found: Flow, pbx: AsyncPbx, *, dry_run: bool, yes: bool, show_secrets: bool) -> int:
    """Run a checked flow; the exit code."""
    play = _Play(pbx, dry_run=dry_run, yes=yes)
    try:
        played = asyncio.run(play.through(found))
    except (ItemsFailed, FlowStopped) as stopped:
        if stopped.result is not None:
            _write(Played(stopped.result.done, stopped.result.failed), show_secrets=show_secrets)
        raise
    except KeyboardInterrupt:
        raise KeyboardInterrupt(play.cut_off()) from None
    _write(Played([], played.failed) if dry_run else played, show_secrets=show_secrets)
    if play.interrupted:
        return 130
    return ItemsFailed.exit_code if played.failed or play.unsendable else 0


def _write(played: Played, *, show_secrets: bool) -> None:
    for item in played.items:
        click.echo(json_line(item if show_secrets else masked(item)))
    for item in played.failed:
        click.echo(f"failed: {json_line(item if show_secrets else masked(item))}", err=True)


class _Play:
    """One run on the command line: it reports, asks, and lets Ctrl-C finish the requests in progress."""

    def __init__(self, pbx: AsyncPbx, *, dry_run: bool, yes: bool) -> None:
        self.pbx = pbx
        self.dry_run = dry_run
        self.yes = yes
        self.unsendable = False
        self._current: NodeRun | None = None
        self._bar = ExitStack()
        self._asking = False
        self._interrupts = Interrupts()

    async def through(self, flow: Flow) -> Played:
        try:
            with finishing(self._stop) as self._interrupts:
                async with self.pbx:
                    return await flow.arun(
                        self.pbx, dry_run=self.dry_run, ask=self._ask, tell=self._tell, started=self._started
                    )
        finally:
            self._bar.close()

    @property
    def interrupted(self) -> bool:
        return self._interrupts.times > 0

    def _stop(self) -> bool:
        """Finish requests in progress that change something; end a read or a question at once."""
        if self._asking:
            raise KeyboardInterrupt
        if self._current is None or self._current.node.action.method == "GET":
            return False
        self._current.stop()
        return True

    def cut_off(self) -> str:
        """Describe the step that was running at the last Ctrl-C."""
        if self._current is None:
            return "no step was running."
        return f"{self._current.node.action.id}: {counted(self._current)}"

    def _started(self, node_run: NodeRun) -> None:
        self._current = node_run
        if self.interrupted:
            node_run.stop()
        bar = self._bar.enter_context(progress("items", len(node_run.items)))
        following = asyncio.ensure_future(follow(bar, node_run, self._interrupts))
        self._bar.callback(following.cancel)

    def _ended(self) -> None:
        self._current = None
        self._bar.close()

    def _tell(self, event: Planned | Did) -> None:
        if isinstance(event, Did):
            self._ended()
            click.echo(sentence(event), err=not self.dry_run)
            return
        if not self.dry_run and not event.action.asks:
            return
        shown = event.requests if self.dry_run else event.requests[:_SHOWN]
        for line in shown:
            click.echo(f"  would send {line}" if self.dry_run else f"  will send {line}", err=not self.dry_run)
        if len(event.requests) > len(shown):
            click.echo(f"  and {len(event.requests) - len(shown)} more", err=True)
        for problem in event.problems.values():
            click.echo(f"  can't send: {printable(problem.message)}", err=not self.dry_run)
        self.unsendable = self.unsendable or (self.dry_run and bool(event.problems))

    def _ask(self, planned: Planned) -> bool:
        count = len(planned.requests)
        if self.interrupted:
            return False
        if self.yes or not planned.action.asks or not count:
            return True
        if not (sys.stderr.isatty() or sys.stdin.isatty()):
            raise click.UsageError(
                f"{planned.action.id} is about to be sent {count} times, and there is nobody to ask: "
                "give --yes to go on, or --dry-run to look first."
            )
        self._asking = True
        try:
            return confirmed(f"{planned.action.summary.removesuffix('.')}: {count} times on {self.pbx.url}. Go on?")
        finally:
            self._asking = False


def sentence(did: Did) -> str:
    """``where …: 40 items in, 3 out``."""
    if did.dry and isinstance(did.step, Save):
        return f"{did.step.label}: would write {did.came} rows"
    said = f"{did.step.label}: {did.came} in, {did.go_on} out" if did.came else f"{did.step.label}: {did.go_on} out"
    if did.failed:
        said += f", {did.failed} failed"
    return said
