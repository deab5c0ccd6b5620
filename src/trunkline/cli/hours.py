"""``trunkline hours``: office hours in plain words, of the company, a department or an extension."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from .connection_options import ConnectionOptions, connection_options
from .options import OptionGroup, parsed_into
from .output import View, view_options, write_one
from .setting_change import Asking, asking_options, carry_out

if TYPE_CHECKING:
    from ..settings import Hours


class Whose(NamedTuple):
    """A department or an extension; the company without either."""

    group: str | None
    extension: str | None

    def hours(self) -> Hours:
        from ..settings import Hours

        return Hours(group=self.group, extension=self.extension)


_whose_options = OptionGroup(
    "whose",
    Whose,
    [
        click.Option(["--group"], metavar="NAME", help="Those of a department, by name or number."),
        click.Option(["--extension"], metavar="NUMBER", help="Those of an extension."),
    ],
)


class ShowOptions(NamedTuple):
    """Whose hours are shown, and how."""

    whose: Whose
    view: View
    connection: ConnectionOptions


class SetOptions(NamedTuple):
    """Whose hours change, and to what."""

    times: str
    whose: Whose
    asking: Asking
    view: View
    connection: ConnectionOptions


@click.group()
def hours() -> None:
    """Show and set office hours in plain words.

    \b
    trunkline hours show --group Sales
    trunkline hours set --group Sales "Mon-Fri 09:00-17:30, Sat 10:00-13:00"

    Without --group and --extension they are the company's.
    """


@hours.command("show")
@_whose_options
@view_options
@connection_options
@parsed_into(ShowOptions)
def show(options: ShowOptions) -> int:
    """Show hours and breaks."""

    async def read() -> None:
        async with options.connection.client() as pbx:
            write_one(msgspec.to_builtins(await options.whose.hours().ashow(pbx)), options.view)

    asyncio.run(read())
    return 0


@hours.command("set")
@click.argument("times", metavar="TIMES")
@_whose_options
@asking_options
@view_options
@connection_options
@parsed_into(SetOptions)
def set_(options: SetOptions) -> int:
    """Replace the hours of the whole week.

    \b
    trunkline hours set "Mon-Fri 09:00-12:30, 13:30-17:30, Sat 10:00-13:00"
    trunkline hours set --extension 104 office-hours

    TIMES are in the time zone of the department. Also: always, never, and for an extension office-hours, those of its
    department. Days without hours are closed. A terminal shows the hours before and after, and asks. They are replaced
    only if nobody changed them meanwhile.
    """
    return asyncio.run(_set(options))


async def _set(options: SetOptions) -> int:
    hours = options.whose.hours()
    async with options.connection.client() as pbx:
        change = await hours.aplan(pbx, options.times)
        return await carry_out(pbx.label, change, partial(hours.aapply, pbx), options.asking, options.view)
