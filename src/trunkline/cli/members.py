"""``trunkline queues agents add 61 110``: single changes of a list that an update replaces whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from ..catalog.names import snake
from ..printable import printable
from .connection_options import ConnectionOptions, connection_options
from .item_options import settings_of
from .options import parsed_into
from .output import View, view_options, write_one, write_rows

if TYPE_CHECKING:
    from ..work.lists import ListChange


class MembersOptions(NamedTuple):
    """Which list of which entity is changed, how, and how that is shown."""

    key: str
    who: tuple[str, ...]
    settings: tuple[str, ...]
    dry_run: bool
    yes: bool
    view: View
    connection: ConnectionOptions


class ListOptions(NamedTuple):
    """Which list of which entity is shown."""

    key: str
    view: View
    connection: ConnectionOptions


def members_group(resource: str, name: str) -> click.Group:
    """Return the commands of one list of members, such as the agents of queues."""
    noun = name.replace("_", " ")
    group = click.Group(name.replace("_", "-"), help=f"Show, add and remove single {noun}; the others stay.")
    group.add_command(_list_command(resource, name))
    group.add_command(_change_command(resource, name, "add"))
    group.add_command(_change_command(resource, name, "remove"))
    return group


def _key(resource: str) -> click.Argument:
    from ..catalog import load

    key = snake(load().resources[resource]["update"].keys[0])
    return click.Argument(["key"], metavar=key.upper())


def _list_command(resource: str, name: str) -> click.Command:
    @view_options
    @connection_options
    @parsed_into(ListOptions)
    def show(options: ListOptions) -> int:
        import asyncio

        from ..work.lists import Members

        async def read() -> ListChange:
            async with options.connection.client() as pbx:
                return await Members(resource, options.key, name).aplan(pbx)

        write_rows(list(asyncio.run(read()).before), options.view)
        return 0

    command = click.command("list", help=f"List the {name.replace('_', ' ')}.")(show)
    command.params.insert(0, _key(resource))
    return command


def _change_command(resource: str, name: str, verb: Literal["add", "remove"]) -> click.Command:
    noun = name.replace("_", " ")

    @click.option("--dry-run", is_flag=True, help="Show the list before and after; change nothing.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @view_options
    @connection_options
    @parsed_into(MembersOptions)
    def change(options: MembersOptions) -> int:
        return _change(resource, name, verb, options)

    help_text = (
        f"{verb.capitalize()} {noun}, by extension number or as id:12; the others stay.\n\n"
        "The list is read, and replaced only if nobody changed it meanwhile. Who is in it already, or isn't, is named, "
        "and nothing is sent for them."
    )
    command = click.command(verb, help=help_text)(change)
    what = "Another field of those that are added, such as SkillGroup=2 or Rights.RoleName=managers."
    setting = click.Option(["--set", "settings"], multiple=True, metavar="FIELD=VALUE", help=what, hidden=verb != "add")
    command.params = [
        _key(resource),
        click.Argument(["who"], metavar="NUMBER...", nargs=-1, required=True),
        setting,
        *command.params,
    ]
    return command


def _change(resource: str, name: str, verb: Literal["add", "remove"], options: MembersOptions) -> int:
    import asyncio  # the help of every resource loads this module

    return asyncio.run(_carry_out(resource, name, verb, options))


async def _carry_out(resource: str, name: str, verb: Literal["add", "remove"], options: MembersOptions) -> int:
    from ..work.lists import Members, element_name
    from .questions import ask

    members = Members(resource, options.key, name)
    values = _nested(settings_of(options.settings, "--set"))
    async with options.connection.client() as pbx:
        add, remove = (options.who, ()) if verb == "add" else ((), options.who)
        change = await members.aplan(pbx, add=add, remove=remove, values=values)
        for who in change.there:
            click.echo(f"{who} is in {change.field} already.", err=True)
        for who in change.missing:
            click.echo(f"{who} is not in {change.field}.", err=True)
        if options.dry_run:
            click.echo(printable(str(change)))
            return 0
        await members.aapply(pbx, change, confirm=None if options.yes else partial(ask, pbx.label))
    write_one(
        {
            "success": True,
            "added": [element_name(element) for element in change.added],
            "removed": [element_name(element) for element in change.dropped],
            "count": len(change.after),
        },
        options.view,
    )
    return 0


def _nested(settings: dict[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for path, value in settings.items():
        *outer, last = path.split(".")
        place = values
        for step in outer:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                raise click.UsageError(f"--set gives {step} as a value and as an object.")
            place = inner
        place[last] = value
    return values
