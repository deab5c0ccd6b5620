"""A node over items, as ``run``, ``delete -`` and ``flow`` do it: ask, do, write what came of each, and count."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Any, NamedTuple

import click

from ..catalog import load
from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import ConfigurationError, ItemsFailed, SignInError, TransportError, exit_code_of
from ..node import Item, Node, NodeResult, NodeRun
from ..node.items import keys_of
from ..node.template import Scope
from ..printable import printable
from ..request.shown import in_a_line
from ..transport.paging import first_request
from ..work.guards import Question, hidden_fields
from ..work.lists import replaced_lists, replacing
from ..work.outcome import OutcomeRecord, as_error
from .confirm import confirmed
from .endings import complain
from .hints import explained
from .interrupts import Interrupts, finishing
from .output import View, chosen, draw, json_line, write_rows
from .progress import Bar, progress
from .questions import show_facts

_NAMED = 20
_OF_A_PBX = {ConfigurationError.exit_code, SignInError.exit_code, TransportError.exit_code}
"""What is wrong with a PBX, or with what is known of it, and not with an item: if all items fail so, it is that."""
LOOK_AGAIN = 0.1  # seconds between two looks at a run


class RunView(NamedTuple):
    """How a run over items asks and writes."""

    dry_run: bool
    yes: bool
    output: str | None
    failed_to: IO[str] | None = None
    outcomes: IO[str] | None = None
    show_secrets: bool = False
    name_failures: bool = False


def carry_out(node: Node, items: list[Item], how: RunView, connect: Callable[[], AsyncPbx]) -> int:
    """Run a node over items: ask, do, write and count; the exit code."""
    if node.unchanged and (hidden := ", ".join(hidden_fields(item["json"] for item in items))):
        click.echo(f"Not compared, because masked in the input: {hidden}. --show-secrets writes them out.", err=True)
    if how.dry_run:
        names_one = any("pbx" in item["json"] for item in items)
        node.check(items, connect() if names_one else None)  # else no connection is needed
        return _show_requests(node, items, show_secrets=how.show_secrets)
    pbx = connect()
    node.check(items, pbx)
    node_run = node.over(items, confirm=None if how.yes else partial(_ask, pbx.url))
    broke: BaseException | None = None
    try:
        interrupted = asyncio.run(_drive(pbx, node_run))
    except KeyboardInterrupt:  # the second one
        interrupted = True
    except BaseException as problem:  # what was done is said all the same
        broke, interrupted = problem, False
    outcome = node_run.summary()
    with suppress(BrokenPipeError):  # who read the output has gone; what was done is said all the same
        try:
            if how.outcomes is not None:
                write_outcomes(node_run.records(pbx.url), how.outcomes, show_secrets=how.show_secrets)
            _write(node, outcome, items, how.output, how.failed_to, show_secrets=how.show_secrets)
        finally:
            if how.name_failures and chosen(how.output) != "table":
                for index, error in outcome.errors.items():
                    click.echo(f"item {index}: {printable(error.message)}", err=True)
            click.echo(counted(node_run), err=True)
    if broke is not None:
        raise broke
    if interrupted:
        return 130
    return _exit_code(node_run, outcome)


def _exit_code(node_run: NodeRun, outcome: NodeResult) -> int:
    try:
        node_run.result()
    except ItemsFailed as stopped:
        with suppress(BrokenPipeError):
            complain(stopped)
        return exit_code_of(stopped)
    codes = {exit_code_of(error) for error in outcome.errors.values()}
    if len(codes) == 1 and len(outcome.errors) == len(node_run.items) and codes <= _OF_A_PBX:
        return codes.pop()
    return ItemsFailed.exit_code if codes else 0


async def _drive(pbx: AsyncPbx, node_run: NodeRun) -> bool:
    """Run to the end, or until Ctrl-C, which lets requests in progress finish; return whether interrupted."""

    def stop() -> bool:
        node_run.stop()
        return True

    with finishing(stop) as interrupts, progress("items", len(node_run.items)) as bar:
        async with pbx:
            following = asyncio.create_task(follow(bar, node_run, interrupts))
            try:
                await node_run.aon(pbx)
            finally:
                following.cancel()
    return interrupts.times > 0


async def follow(bar: Bar, node_run: NodeRun, interrupts: Interrupts) -> None:
    """Keep a bar at what a run has done, until cancelled."""
    while True:
        done, failed = node_run.settled
        bar.at(done + failed, note=f"{failed} failed" if failed else "")
        interrupts.tell()
        await asyncio.sleep(LOOK_AGAIN)


def _ask(url: str, question: Question) -> bool:
    """Ask on the terminal, if there is one; the items come through stdin, so the answer can't."""
    if not sys.stderr.isatty():
        return True
    show_facts(question)
    return confirmed(f"{question.action.summary.removesuffix('.')}: {question.calls} items on {url}. Go on?")


def _show_requests(node: Node, items: list[Item], *, show_secrets: bool) -> int:
    if node.unchanged:
        click.echo("Each would be read first, and sent only if it is as its row says.", err=True)
    codes = (show_line(node, items, n, show_secrets=show_secrets) for n in range(len(items)))
    return max(codes, default=0)


def show_line(node: Node, items: Sequence[Item], index: int, *, show_secrets: bool = False) -> int:
    """Show the request of one item in a line; its exit code."""
    try:
        call = node.call(Scope(items, index))
        request = first_request(call)
    except BaseException as problem:
        error = as_error(problem)
        click.echo(f"item {index}: {explained(error)}", err=True)
        return ItemsFailed.exit_code
    lists = replaced_lists(load(), node.action, call.body)
    click.echo(f"item {index}: {in_a_line(request, show_secrets=show_secrets)}{replacing(lists)}")
    return 0


def _write(
    node: Node,
    outcome: NodeResult,
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
        write_rows([flat(item) for item in shown], View("csv", show_secrets=True))
    else:
        write_rows(shown, View(chosen(output), show_secrets=True))


def write_outcomes(records: Iterable[OutcomeRecord], file: IO[str], *, show_secrets: bool) -> None:
    """Write outcomes, a record a line."""
    for record in records:
        click.echo(json_line(record if show_secrets else masked(record)), file=file)


def flat(item: Item) -> dict[str, Any]:
    """Return an item as a row of a CSV: its place in the input, its fields, and what went wrong."""
    error = item.get("error")
    return {"item": item["pairedItem"]["item"], **item["json"], "error": result_text(item) if error else None}


def subject(node: Node, items: list[Item], index: int) -> str:
    """Name what the node acts on for an item: ``fax 42``."""
    try:
        keys: Mapping[str, Any] = keys_of(node.action, node.call(Scope(items, index)).values)
    except BaseException as problem:
        as_error(problem)  # Ctrl-C goes on
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
    unknown = "unknown, " if error.get("unknown") else ""
    return f"{unknown}{error['status'] or error.get('type', error['code'])}: {error['message']}"


def counted(node_run: NodeRun) -> str:
    """Count the items of a run by outcome; an item that may have been carried out is unknown, not failed."""
    done, failed = node_run.settled
    cut_off, unknown = node_run.under_way, node_run.unknown
    counts = (
        f"{done} done, {failed - len(unknown)} failed, {len(node_run.items) - done - failed - len(cut_off)} not started"
    )
    doubts = []
    if unknown:
        doubts.append(f"{len(unknown)} unknown: item {_listed(unknown)} may have been carried out, so look at the PBX.")
    if cut_off:
        doubts.append(f"{len(cut_off)} unknown: whether item {_listed(cut_off)} was carried out was not waited for.")
    return ", ".join([counts, *doubts]) if doubts else f"{counts}."


def _listed(indexes: Sequence[int]) -> str:
    more = f" and {len(indexes) - _NAMED} more" if len(indexes) > _NAMED else ""
    return ", ".join(map(str, indexes[:_NAMED])) + more
