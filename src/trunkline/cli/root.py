"""The root command: a handful of commands, and every resource of the catalog, loaded when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from .._version import __version__
from .connection_options import ConnectionOptions, fleet_options_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "actions": ("List, find and explain actions.", "actions:actions"),
    "audit": ("Find users with weak PINs or without a second factor.", "audit:audit"),
    "completion": ("Let Tab complete commands, options and values in bash, zsh or fish.", "completion:completion"),
    "config": ("Keep PBXs as YAML files: export, diff, plan, apply, clone, drift.", "config:config"),
    "doctor": ("Find out what is wrong with a connection, step by step.", "doctor:doctor"),
    "backup": ("Make a backup, wait for it, download it and keep the newest.", "backup:backup"),
    "calls": ("Watch the calls in progress.", "calls:calls"),
    "console": (
        "Show PBXs in a browser: their state, calls, actions, rows, jobs and configuration.",
        "console:console",
    ),
    "demo": ("Show the main job on an emulated PBX, from listing to every documented failure.", "demo:demo"),
    "emulator": ("Start a stand-in 3CX on this machine.", "emulator:emulator"),
    "export": ("Export the call log, reports or recordings into files.", "export:export"),
    "fleet": ("Start, show and end Postgres, Prefect and workers on this machine, for a try.", "fleet:fleet"),
    "flow": ("Check and run a few steps from a YAML file.", "flow:flow"),
    "forwarding": ("Show and set where calls of an extension go.", "forwarding:forwarding"),
    "hours": ("Show and set office hours in plain words.", "hours:hours"),
    "import": (
        "Bring contacts, users or blocked addresses of a file into a PBX; the plan comes first.",
        "import_:import_",
    ),
    "job": ("Run an action over many items, and go on after a crash.", "job:job"),
    "login": ("Save a connection: address, client id and API key, once they work.", "login:login"),
    "logout": ("Forget the API key and the token of a saved connection.", "login:logout"),
    "metrics": ("Serve metrics of PBXs to Prometheus or an OpenTelemetry collector.", "metrics:metrics"),
    "mcp": ("Let agents read PBXs, and change them if you allow it (Model Context Protocol).", "mcp:mcp"),
    "offboard": (
        "Take an extension out of queues, groups, destinations and rules; the plan comes first.",
        "offboard:offboard",
    ),
    "profiles": ("List, show, choose, rename and remove saved connections.", "profiles:profiles"),
    "report": ("Count the calls answered, missed and abandoned, as a table or a page.", "report:report"),
    "run": ("Run an action once for each item of a file or pipe.", "run:run"),
    "where-used": (
        "Find all that refers to an extension, queue, trunk, department, DID or prompt.",
        "where_used:where_used",
    ),
    "status": ("Version, licence, calls, services, trunks and backup of one PBX or many.", "status:status"),
}


class Root(click.Group):
    """Commands by name, then resources by name; each is loaded, or made, when it is first used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS:
            module, _, name = _COMMANDS[cmd_name][1].partition(":")
            command: click.Command = getattr(import_module(f".{module}", __package__), name)
            return command
        if (name := cmd_name.replace("_", "-")) not in self.commands:
            from .resource import resource_group

            if (group := resource_group(name)) is not None:
                self.add_command(group, name)
        return self.commands.get(name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][0]) for name in sorted(_COMMANDS)])
        with formatter.section("Every action of a 3CX"):
            formatter.write_dl(
                [
                    ("RESOURCE VERB …", "Such as: trunkline fax delete 42. `trunkline actions` lists all."),
                    ("RESOURCE --help", "The actions of one resource."),
                ]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name.startswith("-"):
            return super().resolve_command(ctx, args)
        command = self.get_command(ctx, name)
        if command is None:
            near = _suggestion(name)
            raise click.UsageError(
                f"There is no command or resource {name!r}.{near} `trunkline actions` lists all.", ctx
            )
        return name, command, args[1:]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and resources; click would load every command to see whether it is hidden."""
        from click.shell_completion import CompletionItem

        from .resource import resource_helps

        helps = {**resource_helps(), **{name: summary for name, (summary, _) in _COMMANDS.items()}}
        start = incomplete.replace("_", "-")
        named = [CompletionItem(name, help=helps[name]) for name in sorted(helps) if name.startswith(start)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


def _suggestion(name: str) -> str:
    """Return a question after what no command is called: an option, what the trade calls a resource, or what is spelled
    so.
    """
    from ..catalog import load, nearest
    from ..catalog.search import SYNONYMS, search

    if name in ("help", "version"):
        return f" Did you mean --{name}?"
    of_the_trade = name in SYNONYMS or name.removesuffix("s") in SYNONYMS
    resources = (resource.replace("_", "-") for resource in load().resources)
    near = "" if of_the_trade else nearest(name.replace("_", "-"), iter([*_COMMANDS, *resources]))
    if not near and (actions := search(load(), name)):
        near = f" Did you mean {actions[0].resource.replace('_', '-')}?"
    return near


@click.command(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@fleet_options_of("8; status 16, config drift 4")
@click.version_option(__version__, "--version", message="trunkline %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, connection: ConnectionOptions) -> None:
    """Every action of a 3CX phone system.

    The connection comes from options, from TRUNKLINE_URL, TRUNKLINE_CLIENT_ID and TRUNKLINE_CLIENT_SECRET, or from
    what `trunkline login` saved; `trunkline doctor` says what is wrong with it.
    No 3CX at hand? `trunkline demo` and `trunkline emulator` bring one.
    """
    ctx.obj = connection
