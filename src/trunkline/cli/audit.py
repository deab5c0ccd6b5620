"""``trunkline audit``: users with weak PINs or without a second factor, on one PBX or several."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from ..printable import printable
from .connection_options import ConnectionOptions, fleet_options
from .options import parsed_into
from .output import View, view_options, write_rows

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..monitor.audit import Audit

KINDS = ("weak-pins", "voicemail-pin-off", "no-2fa")


class AuditOptions(NamedTuple):
    """What is looked for, where, and how it is shown."""

    kind: str
    least: int
    check: bool
    view: View
    connection: ConnectionOptions


@click.command()
@click.argument("kind", type=click.Choice(KINDS), metavar="|".join(KINDS))
@click.option("--least", type=click.IntRange(1, 32), default=4, show_default=True, help="Digits of a PIN at least.")
@click.option("--check", is_flag=True, help="End with 1 if anybody is found.")
@view_options
@fleet_options
@parsed_into(AuditOptions)
def audit(options: AuditOptions) -> int:
    """Find users with weak voicemail PINs, mailboxes without one, and users without a second factor.

    \b
    trunkline audit weak-pins --least 6
    trunkline audit no-2fa --profile 'customer-*' --check

    A PIN is weak that is the extension, one digit repeated, a sequence such as 1234, one of the most common, or too
    short. Each user is named with the reasons; the PIN is not shown. Nothing is changed.
    """
    import asyncio

    return asyncio.run(_audited(options))


async def _audited(options: AuditOptions) -> int:
    from ..monitor.audit import Audit

    async def look(pbx: AsyncPbx) -> Audit:
        return await Audit.aof(pbx, options.kind, least=options.least)

    audits: list[Audit] = []
    code = 0
    if options.connection.is_several:
        from .fleet_shown import Failures

        fleet = options.connection.fleet()
        failures = Failures(len(fleet.targets))
        async with aclosing(fleet.aeach(look)) as outcomes:
            async for name, outcome in outcomes:
                if failures.took(name, outcome):
                    audits.append(outcome.answer)
        code = failures.exit_code()
    else:
        async with options.connection.client() as pbx:
            audits.append(await look(pbx))
    found = [weakness for each in audits for weakness in each.found]
    write_rows([msgspec.to_builtins(weakness) for weakness in found], options.view)
    for each in audits:
        unknown = f"; of {each.unknown:,} the PBX gave no value" if each.unknown else ""
        click.echo(printable(f"{each.url}: {len(each.found):,} of {each.read:,} users{unknown}."), err=True)
    return code or int(options.check and bool(found))
