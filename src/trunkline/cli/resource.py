"""``trunkline RESOURCE VERB``: a group of commands for each resource, made from the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from ..catalog import Action, load, nearest
from ..catalog.members import member_lists
from .action_command import ActionCommand
from .members import members_group

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_OWN_VERBS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "backups": {"download": ("Download the file of a backup.", "backup", "download_backup")},
    "holidays": {"add": ("Add a holiday by its days, such as 2026-12-24..2026-12-26.", "holidays_add", "add_holiday")},
    "recordings": {
        "delete": ("Delete recordings that are older than some days.", "recordings_delete", "delete_recordings"),
    },
}
"""Verbs that are not one action of the catalog: what the help shows, the module, and the command in it."""


def resource_group(name: str) -> click.Group | None:
    """Return the group of a resource (``fax``, ``website-links``), or None if there is none of that name."""
    actions = load().resources.get(name.replace("-", "_"))
    return ResourceGroup(name, actions) if actions else None


def resource_helps() -> dict[str, str]:
    """Return what each resource is for, in a line: its verbs."""
    return {
        _dashed(name): shorten(", ".join(map(_dashed, actions)), 80, placeholder=" …")
        for name, actions in load().resources.items()
    }


class ResourceGroup(click.Group):
    """The actions of one resource; the command of each is made when it is first used."""

    def __init__(self, name: str, actions: Mapping[str, Action]) -> None:
        super().__init__(name, help=f"Actions of the resource {name}.", context_settings={"max_content_width": 110})
        self.resource = next(iter(actions.values())).resource
        self.actions = {_dashed(verb): action for verb, action in actions.items()}
        self.own = _OWN_VERBS.get(name, {})
        self.lists = {_dashed(name): name for name in member_lists(self.resource)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*sorted([*self.actions, *self.own]), *self.lists]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = _dashed(cmd_name)
        if verb in self.own:
            _, module, name = self.own[verb]
            command: click.Command = getattr(import_module(f".{module}", __package__), name)
            return command
        if verb in self.actions and verb not in self.commands:
            self.add_command(ActionCommand(load(), self.actions[verb]), verb)
        elif verb in self.lists and verb not in self.commands:
            self.add_command(members_group(self.resource, self.lists[verb]), verb)
        return self.commands.get(verb)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with all of what they do; click would cut it, and make the command of each to ask it."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, summary) for verb, summary in self._summaries().items()])
        if self.lists:
            with formatter.section("Lists of members"):
                formatter.write_dl([(name, "list, add, remove") for name in self.lists])

    def _summaries(self) -> dict[str, str]:
        own = {verb: summary for verb, (summary, _, _) in self.own.items()}
        return dict(sorted({**{verb: action.summary for verb, action in self.actions.items()}, **own}.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if not args[0].startswith("-") and _dashed(args[0]) not in known:
            near = nearest(args[0], iter(known))
            raise click.UsageError(f"{self.name} has no action {args[0]!r}.{near}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the verbs; click would make the command of each to ask it for its help."""
        from click.shell_completion import CompletionItem

        start = _dashed(incomplete)
        named = [CompletionItem(v, help=summary) for v, summary in self._summaries().items() if v.startswith(start)]
        named += [CompletionItem(name, help="list, add, remove") for name in self.lists if name.startswith(start)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


def _dashed(name: str) -> str:
    return name.replace("_", "-")
