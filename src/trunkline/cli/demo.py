"""``trunkline demo``: the main job, start to end, on an emulated PBX over real HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

from ..client import AsyncPbx
from ..node import Item, Node, NodeResult
from .emulator_package import load_emulator
from .hints import spelled
from .output import draw, json_line
from .over_items import result_text, subject

CLIENT, KEY = "demo", "demo-key-0123456789"
VIEWER, VIEWER_KEY = "viewer", "viewer-key-0123456789"
ETAG = '{{ $json["@odata.etag"] }}'


class Cleanup(NamedTuple):
    """One of the five jobs: which rows of a resource go."""

    resource: str
    key: str
    why: str
    doomed: Callable[[dict[str, Any]], bool]


CLEANUPS = (
    Cleanup("fax", "Id", "fax extensions of a closed office", lambda row: int(row["Number"]) > 896),
    Cleanup("device_infos", "Id", "devices that nobody uses", lambda row: not row["Assigned"]),
    Cleanup("contacts", "Id", "contacts imported by mistake", lambda row: row["Id"] > 57),
    Cleanup("blocklist", "Id", "blocks for scans long over", lambda row: row["Description"] == "SIP scan"),
    Cleanup("website_links", "Link", "weblinks of closed departments", lambda row: row["Id"] > 6),
)


@click.command()
def demo() -> None:
    """List, delete by template and If Match, and fail in every documented way, on an emulated 3CX."""
    with load_emulator().run_demo((CLIENT, KEY), (VIEWER, VIEWER_KEY)) as emulated, _past_proxies():
        click.echo(f"A 3CX {emulated.version} with the demo company answers at {emulated.url}.\n")
        asyncio.run(_show(emulated.url))


@contextmanager
def _past_proxies() -> Iterator[None]:
    """Bypass a proxy that the environment names: it can't reach this machine."""
    before = {name: os.environ.pop(name, None) for name in ("no_proxy", "NO_PROXY")}
    os.environ.update(dict.fromkeys(before, "*"))
    try:
        yield
    finally:
        for name in before:
            os.environ.pop(name, None)  # to Windows they are one variable
        os.environ.update({name: value for name, value in before.items() if value is not None})


async def _show(url: str) -> None:
    async with AsyncPbx(url, CLIENT, KEY, label="pbx.example.com", token_store=None) as pbx:
        rows = {job.resource: await pbx.call(f"{job.resource}.list") for job in CLEANUPS}
        click.secho("What is there", bold=True)
        draw(["Resource", "Rows", "To delete"], [_counted(job, rows[job.resource]) for job in CLEANUPS])
        for job in CLEANUPS:
            node = _deletion(job)
            doomed = list(filter(job.doomed, rows[job.resource]))
            _headline(f"{node.action.id}: {job.why}", node)
            _report(node, await node.arun(pbx, doomed), doomed)

        fax = CLEANUPS[0]
        gone = next(filter(fax.doomed, rows["fax"]))
        stale = next(row for row in rows["fax"] if not fax.doomed(row))
        await pbx.fax.update(stale["Id"], {"OutboundCallerId": "+442079460999"})
        given = [gone, stale, {"Number": gone["Number"]}]
        node = _deletion(fax)
        _headline("What can go wrong: a fax that is gone, one that changed meanwhile, an item without an Id", node)
        _report(node, await node.arun(pbx, given), given)

    for client, key, what in (
        (CLIENT, "a-wrong-key", "a wrong API key"),
        (VIEWER, VIEWER_KEY, "a client without rights"),
    ):
        async with AsyncPbx(url, client, key, label="pbx.example.com", token_store=None) as other:
            _headline(f"What can go wrong: {what}", node)
            _report(node, await node.arun(other, [stale]), [stale])


def _deletion(job: Cleanup) -> Node:
    parameters = {job.key: f"{{{{ $json.{job.key} }}}}", "If Match": ETAG}
    return Node(f"{job.resource}.delete", parameters, on_error="continue")


def _headline(text: str, node: Node) -> None:
    click.secho(f"\n{text}", bold=True)
    settings = "  ".join(
        f"{'If Match' if name == 'if_match' else name} = {value.text}" for name, value in node.parameters.items()
    )
    click.echo(f"{settings}\n")


def _counted(job: Cleanup, rows: list[dict[str, Any]]) -> list[str]:
    return [job.resource, str(len(rows)), f"{sum(map(job.doomed, rows))}: {job.why}"]


def _report(node: Node, outcome: NodeResult, given: list[dict[str, Any]]) -> None:
    """Show what was done to which item: a table, the next step for each failure, and the same as JSON Lines."""
    items: list[Item] = [{"json": row} for row in given]
    numbers = [item["pairedItem"]["item"] for item in outcome.items]
    draw(
        ["Item", "What", "Result"],
        [[str(n), subject(node, items, n), result_text(item)] for n, item in zip(numbers, outcome.items, strict=True)],
    )
    click.echo()
    for number, error in outcome.errors.items():
        click.echo(f"Item {number}, what to do: {spelled(error.hint)}\n")
    for item in outcome.items:
        click.echo(json_line(_short(item)))


def _short(item: Item) -> dict[str, Any]:
    """Return an item with only those fields of its input that say which one it is; the demo is long enough."""
    return {**item, "json": {k: v for k, v in item["json"].items() if k in ("success", "Id", "Link", "Number")}}
