"""``trunkline config``: a PBX as files that a person would write. The module of a command loads when it is used."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "apply": ("Make a PBX what a plan, or a folder, says; stop and go on at any time.", "config_apply"),
    "clone": ("Bring the configuration of one PBX to another, with other numbers and names.", "config_clone"),
    "diff": ("Compare folders, PBXs and commits, entity by entity and field by field.", "config_diff"),
    "drift": ("Find out which saved PBXs differ from what is in a folder.", "config_drift"),
    "export": ("Write the configuration of a PBX into a folder.", "config_export"),
    "plan": ("Show what would change on a PBX, in which order, and what is refused.", "config_plan"),
    "validate": ("Check a folder without a PBX.", "config_validate"),
}
"""The line that the help shows, and the module. The module has the command under its own name: ``config_diff.diff``."""


class ConfigGroup(click.Group):
    """The commands over configuration; each loads when it is first used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{_COMMANDS[cmd_name][1]}", __package__), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (summary, _) in _COMMANDS.items()])


@click.group(cls=ConfigGroup)
def config() -> None:
    """Keep the configuration of PBXs as YAML files: export, compare, plan, apply, clone and watch for drift.

    \b
    trunkline config export --out acme
    trunkline config diff acme profile:acme
    trunkline config plan acme --profile acme

    Passwords and keys are in none of the files; the guide on configuration as code shows where they come from.
    """
