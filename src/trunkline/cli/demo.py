"""``trunkline demo``: the main job, start to end, on an emulated PBX over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from ..client import AsyncPbx
from ..errors import SignInError, TrunklineError
from ..node import Item, Node, Outcome
from .emulator import require_emulator
from .output import draw, json_line
from .run import result_text, subject

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
    Cleanup("fax", "Id", "fax extensions above 9008", lambda row: int(row["Number"]) > 9008),
    Cleanup("device_infos", "Id", "devices that nobody uses", lambda row: not row["Assigned"]),
    Cleanup("contacts", "Id", "contacts without a company", lambda row: not row["CompanyName"]),
    Cleanup("blocklist", "Id", "addresses that are allowed again", lambda row: row["BlockType"] == "Allow"),
    Cleanup("website_links", "Link", "weblinks that are switched off", lambda row: row["Hidden"]),
)


@click.command()
def demo() -> None:
    """List, delete by template and If Match, and fail in every documented way, on an emulated 3CX."""
    require_emulator()
    from ..emulator import Emulator, running

    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo", etags=True)
    emulator.add_client(VIEWER, VIEWER_KEY, roles=())
    with running(emulator) as url:
        click.echo(f"A 3CX {emulator.version} with the demo company answers at {url}.\n")
        asyncio.run(_show(url))


async def _show(url: str) -> None:
    async with AsyncPbx(url, CLIENT, KEY, label="pbx.example.com") as pbx:
        rows = {job.resource: await pbx.call(f"{job.resource}.list") for job in CLEANUPS}
        click.secho("What is there", bold=True)
        draw(["Resource", "Rows", "To delete"], [_counted(job, rows[job.resource]) for job in CLEANUPS])

        lines: list[Item] = []
        stale: dict[str, Any] = {}
        for job in CLEANUPS:
            node = Node(
                f"{job.resource}.delete", {job.key: f"{{{{ $json.{job.key} }}}}", "If Match": ETAG}, on_error="continue"
            )
            doomed = list(filter(job.doomed, rows[job.resource]))
            click.secho(f"\n{node.action.id}, {len(doomed)} items: {job.why}", bold=True)
            outcome = await node.arun(pbx, doomed)
            _table(node, outcome, doomed)
            lines += outcome.items
            stale = stale or next(row for row in rows[job.resource] if not job.doomed(row))

        click.secho("\nWhat can go wrong, and what it says", bold=True)
        await pbx.fax.update(stale["Id"], {"OutboundCallerId": "+442079460999"})
        node = Node("fax.delete", {"Id": "{{ $json.Id }}", "If Match": ETAG}, on_error="continue")
        gone = next(filter(CLEANUPS[0].doomed, rows["fax"]))
        wrong = [gone, stale, {"Number": "9001"}]
        outcome = await node.arun(pbx, wrong)
        lines += outcome.items
        failures = list(outcome.errors.values())
    for client, key in ((CLIENT, "a-wrong-key"), (VIEWER, VIEWER_KEY)):
        async with AsyncPbx(url, client, key, label="pbx.example.com") as other:
            outcome = await node.arun(other, [stale])
        lines += outcome.items
        failures += outcome.errors.values()
    for error in failures:
        _explain(error)

    click.secho("\nThe same as JSON Lines", bold=True)
    for line in lines:
        click.echo(json_line(_short(line)))


def _counted(job: Cleanup, rows: list[dict[str, Any]]) -> list[str]:
    return [job.resource, str(len(rows)), f"{sum(map(job.doomed, rows))}: {job.why}"]


def _table(node: Node, outcome: Outcome, given: list[dict[str, Any]]) -> None:
    items: list[Item] = [{"json": row} for row in given]
    draw(
        ["Item", "What", "Result"],
        [
            [str(item["pairedItem"]["item"]), subject(node, items, item["pairedItem"]["item"]), result_text(item)]
            for item in outcome.items
        ],
    )


def _explain(error: TrunklineError) -> None:
    kind = "refused before it was sent" if error.status is None else f"{error.status} {type(error).__name__}"
    if isinstance(error, SignInError):
        kind = "401 Unauthorized"
    click.echo(f"{kind}: {error.message}\n    {error.hint}")


def _short(item: Item) -> dict[str, Any]:
    """An item with only the fields of its input that say which one it is."""
    json = {k: v for k, v in item["json"].items() if k in ("success", "Id", "Link", "Number")}
    return {**item, "json": json}
