"""``trunkline status``: one PBX at a glance, or many."""

from __future__ import annotations

from typing import Any

import click

from ..errors import ItemsFailed
from .attention import BACKUP_DAYS, LICENCE_DAYS, Limits
from .candidates import saved_connections
from .connection_options import address_options
from .numbers import Finite
from .output import View, view_options, write_one, write_rows


@click.command()
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    shell_complete=saved_connections,
    help="Saved PBXs, such as 'customer-*'.",
)
@click.option("--all", "everything", is_flag=True, help="Every saved PBX.")
@click.option("--check", is_flag=True, help="End with 1 if anything deserves attention.")
@click.option(
    "--backup-days",
    type=Finite(0),
    default=BACKUP_DAYS,
    show_default=True,
    metavar="DAYS",
    help="A backup that is older deserves attention.",
)
@click.option(
    "--licence-days",
    type=click.IntRange(0),
    default=LICENCE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="So does a licence that ends sooner.",
)
@view_options
@address_options
@click.pass_context
def status(
    ctx: click.Context,
    /,
    profiles: tuple[str, ...],
    everything: bool,
    check: bool,
    backup_days: float,
    licence_days: int,
    view: View,
    **values: Any,
) -> int:
    """Version, licence, calls, extensions, trunks, services, disk and backup of a PBX, and what deserves attention.

    \b
    trunkline status
    trunkline status --profile 'customer-*' --check

    Of several PBXs each is a row, the worst first; one that can't be reached is a row with its error, and the command
    ends with 7. What the client may not read or the PBX lacks is said in its place. Nothing is changed.
    """
    from .survey import fleet, one, survey  # brings a client and an event loop, which --help needs not

    bounds = Limits(backup_days, licence_days)
    several = everything or len(profiles) > 1 or any(set(name) & set("*?[") for name in profiles)
    if several:
        rows, interrupted = survey(fleet(ctx, profiles, everything, values), bounds)
    else:
        rows, interrupted = [one(ctx, profiles[0] if profiles else None, values, bounds)], False
    if view.output == "table" and view.query is None and not view.columns:
        from .status_table import draw_fleet, draw_one

        draw_fleet(rows, view) if several else draw_one(rows[0], view)
    elif several:
        write_rows(rows, view)
    else:
        write_one(rows[0], view)
    failed = sum(row["error"] is not None for row in rows)
    if interrupted:
        return 130
    if failed:
        click.echo(f"{failed} of {len(rows)} PBXs could not be looked at.", err=True)
        return ItemsFailed.exit_code
    return int(check and any(row["attention"] for row in rows))
