"""``trunkline forwarding``: where calls of an extension go, in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from .connection_options import ConnectionOptions, connection_options
from .options import OptionGroup, parsed_into
from .output import View, view_options, write_rows
from .setting_change import Asking, asking_options, carry_out

if TYPE_CHECKING:
    from ..settings.forwarding import Side, When


class Routes(NamedTuple):
    """Destinations by when calls go there."""

    no_answer: str | None
    busy: str | None
    not_registered: str | None
    away: str | None

    def given(self) -> dict[When, str]:
        when: Sequence[When] = ("no-answer", "busy", "not-registered", "away")
        return {name: value for name, value in zip(when, self, strict=True) if value is not None}


_route_options = OptionGroup(
    "routes",
    Routes,
    [
        click.Option(["--no-answer"], metavar="WHERE", help="Where calls go that are not answered."),
        click.Option(["--busy"], metavar="WHERE", help="Where calls go while the extension is busy."),
        click.Option(["--not-registered"], metavar="WHERE", help="Where calls go while no phone is registered."),
        click.Option(["--away"], metavar="WHERE", help="Where all calls go, under a status of being away."),
    ],
)


class ShowOptions(NamedTuple):
    """Whose forwarding is shown, and how."""

    number: str
    view: View
    connection: ConnectionOptions


class SetOptions(NamedTuple):
    """What changes in the forwarding of an extension."""

    number: str
    status: str | None
    routes: Routes
    calls: str
    ring_for: int | None
    switch_to: str | None
    asking: Asking
    view: View
    connection: ConnectionOptions

    @property
    def sides(self) -> Sequence[Side]:
        sides: Sequence[Side] = ("internal", "external")
        return [side for side in sides if self.calls in ("all", side)]


@click.group()
def forwarding() -> None:
    """Show and set where calls of an extension go.

    \b
    trunkline forwarding show 104
    trunkline forwarding set 104 --status Available --no-answer 105
    """


@forwarding.command("show")
@click.argument("number", metavar="NUMBER")
@view_options
@connection_options
@parsed_into(ShowOptions)
def show(options: ShowOptions) -> int:
    """Show the forwarding profiles of an extension.

    Each destination stands for calls from extensions, then for those from outside.
    """
    from ..settings import Forwarding

    async def read() -> None:
        async with options.connection.client() as pbx:
            profiles = await Forwarding(options.number).ashow(pbx)
        write_rows([msgspec.to_builtins(each) for each in profiles], options.view)

    asyncio.run(read())
    return 0


@forwarding.command("set")
@click.argument("number", metavar="NUMBER")
@click.option("--status", metavar="NAME", help="The status whose profile changes: Available, Away, …")
@_route_options
@click.option(
    "--calls",
    type=click.Choice(("all", "internal", "external")),
    default="all",
    show_default=True,
    help="Which calls the destinations are for.",
)
@click.option("--ring-for", type=int, metavar="SECONDS", help="Ringing after which a call counts as unanswered.")
@click.option("--switch-to", metavar="NAME", help="Set this status now.")
@asking_options
@view_options
@connection_options
@parsed_into(SetOptions)
def set_(options: SetOptions) -> int:
    """Change one forwarding profile of an extension; the others stay.

    \b
    trunkline forwarding set 104 --status Available --no-answer 105 --ring-for 15
    trunkline forwarding set 104 --status Away --away voicemail --switch-to Away

    WHERE is the number or the name of an extension, queue, ring group or digital receptionist, voicemail, an outside
    number such as +442079460100, or none. A terminal shows it before and after, and asks. The profiles are sent only if
    nobody changed them meanwhile.
    """
    return asyncio.run(_set(options))


async def _set(options: SetOptions) -> int:
    from ..settings import Forwarding

    own = Forwarding(options.number)
    async with options.connection.client() as pbx:
        change = await own.aplan(
            pbx,
            options.status,
            options.routes.given(),
            sides=options.sides,
            timeout=options.ring_for,
            switch_to=options.switch_to,
        )
        return await carry_out(pbx.label, change, partial(own.aapply, pbx), options.asking, options.view)
