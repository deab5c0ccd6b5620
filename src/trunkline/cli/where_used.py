"""``trunkline where-used``: all that refers to an extension, a queue, a trunk, a department, a DID or a prompt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from ..errors import ItemsFailed
from ..printable import printable
from .connection_options import ConnectionOptions, connection_options
from .options import parsed_into
from .output import View, draw, view_options, write_one

if TYPE_CHECKING:
    from ..references import WhereUsed

KINDS = ("extension", "queue", "ring_group", "receptionist", "fax", "parking", "trunk", "department", "did", "file")


class WhereUsedOptions(NamedTuple):
    """What is looked for, and how it is shown."""

    what: str
    kind: str | None
    view: View
    connection: ConnectionOptions


@click.command("where-used")
@click.argument("what", metavar="NUMBER|NAME|FILE")
@click.option("--kind", metavar="KIND", help=f"Where several have that number: {', '.join(KINDS)}.")
@view_options
@connection_options
@parsed_into(WhereUsedOptions)
def where_used(options: WhereUsedOptions) -> int:
    """Find all that refers to an extension, a queue, a trunk, a department, a DID or a prompt.

    \b
    trunkline where-used 104
    trunkline where-used queue:800
    trunkline where-used +442079460100
    trunkline where-used welcome.wav

    It shows members and agents, destinations, forwarding rules, keys of digital receptionists, rules, phones, and every
    other field that can refer to it. What the client may not read is named, and the command ends with 7. Nothing is
    changed.
    """
    found = asyncio.run(_found(options))
    if options.view.output == "table" and options.view.query is None and not options.view.columns:
        _draw(found, options.view)
    else:
        write_one(msgspec.to_builtins(found), options.view)
    for resource, error in found.unavailable.items():
        click.echo(printable(f"Not known of {resource}: {error['message']}"), err=True)
    return ItemsFailed.exit_code if found.unavailable else 0


async def _found(options: WhereUsedOptions) -> WhereUsed:
    from ..references import WhereUsed

    async with options.connection.client() as pbx:
        return await WhereUsed.afind(pbx, options.what, kind=options.kind)


def _draw(found: WhereUsed, view: View) -> None:
    there = "" if found.target.kind != "unknown" else ", which nothing has any more"
    counted = f"{len(found.references):,} references" if len(found.references) != 1 else "1 reference"
    click.echo(printable(f"{found.target} on {found.url}{there}: {counted} in {len(found.read)} resources."), err=True)
    if not found.references:
        return
    rows = [
        [each.entity, each.role if each.certain else f"{each.role} (perhaps)", each.field, each.value]
        for each in found.references
    ]
    draw(["Where", "As", "Field", "Value"], [[printable(text) for text in row] for row in rows], view)
