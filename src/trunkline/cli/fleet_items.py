"""A node over items on several PBXs: each item on each, or on the PBX that its field ``pbx`` names."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, NamedTuple

import click

from ..catalog.secret import masked
from ..client import AsyncPbx
from ..node import Item, Node, NodeRun
from ..node.items import shared_out, without_pbx
from ..printable import printable
from ..work.fleet import Fleet
from .fleet_shown import Failures, ask_several, report
from .interrupts import finishing
from .output import PBX, View, chosen, draw, json_line, write_rows
from .over_items import RunView, counted, flat, result_text, show_line, subject, write_outcomes
from .progress import progress


class _Share(NamedTuple):
    """What one PBX gets: its items, with the place of each in the input."""

    run: NodeRun
    items: list[Item]
    places: list[int]


def carry_out_several(node: Node, items: list[Item], how: RunView, fleet: Fleet) -> int:
    """Run a node over items on several PBXs: ask once, do, write and count; the exit code.

    Raises:
        TrunklineError: nothing was sent: a guard refuses an item, or there was no yes.
    """
    if node.binary_to is not None:
        raise click.UsageError("--binary-to is for one PBX; give one --profile.")
    shares = {name: _share(node, items, places) for name, places in shared_out(items, fleet.names).items()}
    if how.dry_run:
        codes = [_show_requests(node, name, share) for name, share in shares.items()]
        return max(codes, default=0)
    if node.action.method != "GET":
        total = sum(len(share.items) for share in shares.values())
        fleet.check(f"{node.action.id} ({total:,} items)", True if how.yes else ask_several)
    failures = Failures(len(shares))
    try:
        interrupted = asyncio.run(_drive(fleet, shares, failures))
    except KeyboardInterrupt:  # the second one
        interrupted = True
    with suppress(BrokenPipeError):  # who read the output has gone; what was done is said all the same
        try:
            if how.outcomes is not None:
                for target in fleet.targets:
                    write_outcomes(
                        shares[target.name].run.records(target.url), how.outcomes, show_secrets=how.show_secrets
                    )
            _write(node, shares, how)
        finally:
            for name, share in shares.items():
                click.echo(printable(f"{name}: {counted(share.run)}"), err=True)
    if interrupted:
        return 130
    return failures.exit_code(any(share.run.summary().errors for share in shares.values()))


def _share(node: Node, items: list[Item], places: list[int]) -> _Share:
    own = [without_pbx(items[place]) for place in places]
    return _Share(node.over(own), own, places)


def _show_requests(node: Node, name: str, share: _Share) -> int:
    click.echo(printable(f"# {name}"))
    return max((show_line(node, share.items, n) for n in range(len(share.items))), default=0)


async def _drive(fleet: Fleet, shares: dict[str, _Share], failures: Failures) -> bool:
    """Run all shares, or until Ctrl-C, which lets requests in progress finish; return whether interrupted."""

    def stop() -> bool:
        for share in shares.values():
            share.run.stop()
        return True

    async def work(pbx: AsyncPbx) -> None:
        run = shares[pbx.label].run
        await run.aon(pbx)
        run.result()

    with finishing(stop) as interrupts, progress("PBXs", len(shares)) as bar:
        async with aclosing(fleet.aeach(work)) as each:
            async for name, outcome in each:
                interrupts.tell()
                failures.took(name, outcome)
                bar.at(failures.ended, note=failures.note)
    return interrupts.times > 0


def _write(node: Node, shares: dict[str, _Share], how: RunView) -> None:
    rows: list[dict[str, Any]] = []
    cells: list[list[str]] = []
    for name, share in shares.items():
        summary = share.run.summary()
        main: list[Any] = list(summary.items)
        if node.on_error == "split":
            for item in summary.failed:
                shown = _placed(name, share, item)
                line = json_line(shown if how.show_secrets else masked(shown))
                click.echo(line, file=how.failed_to, err=how.failed_to is None)
        elif node.on_error == "stop":
            main = sorted([*main, *summary.failed], key=lambda item: item["pairedItem"]["item"])
        rows += [_placed(name, share, item) for item in main]
        if how.name_failures and chosen(how.output) != "table":
            for index, error in summary.errors.items():
                report(name, error, where=f"item {share.places[index]}")
        numbers = [item["pairedItem"]["item"] for item in main]
        about = partial(subject, node, share.items)
        cells += [
            [name, str(share.places[n]), about(n), result_text(item)] for n, item in zip(numbers, main, strict=True)
        ]
    if chosen(how.output) == "table":
        draw(["PBX", "Item", "What", "Result"], cells)
        return
    shown_rows: list[Any] = [row if how.show_secrets else masked(row) for row in rows]
    if chosen(how.output) == "csv":
        shown_rows = [{PBX: row[PBX], **flat(row)} for row in shown_rows]
    write_rows(shown_rows, View(chosen(how.output), show_secrets=True))


def _placed(name: str, share: _Share, item: Any) -> dict[str, Any]:
    """Return an item of the output with its PBX, and its place in the whole input."""
    place = share.places[item["pairedItem"]["item"]]
    return {PBX: name, **item, "pairedItem": {**item["pairedItem"], "item": place}}
