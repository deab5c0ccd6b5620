"""A change of settings on the command line: shown before and after, asked about, sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import click

from ..printable import printable
from .options import OptionGroup
from .output import View, write_one
from .questions import ask

if TYPE_CHECKING:
    from ..work.entity_change import EntityChange


class ShownRecord(TypedDict):
    """One thing that changes, in plain words."""

    what: str
    before: str
    after: str


class SettingRecord(TypedDict):
    """A change of settings of one thing. ``changed`` is false where it was so already, and nothing was sent."""

    success: bool
    changed: bool
    of: str
    changes: list[ShownRecord]


class Asking(NamedTuple):
    """Whether a change is only shown, and whether somebody is asked."""

    dry_run: bool
    yes: bool


asking_options = OptionGroup(
    "asking",
    Asking,
    [
        click.Option(["--dry-run"], is_flag=True, help="Show what is and what would be; change nothing."),
        click.Option(["--yes"], is_flag=True, help="Do not ask."),
    ],
)
"""The options of every command that changes settings."""


async def carry_out(
    label: str, change: EntityChange, apply: Callable[..., Awaitable[bool]], asking: Asking, view: View
) -> int:
    """Show a plan, or send it by ``apply`` and write what was done. ``label`` is what the PBX is called."""
    if asking.dry_run:
        for note in change.notes:
            click.echo(printable(note), err=True)
        click.echo(printable(str(change)))
        return 0
    changed = await apply(change, confirm=None if asking.yes else partial(ask, label))
    if not changed:
        click.echo(printable(f"{change.name} has this already; nothing was sent."), err=True)
    write_one(setting_record(change, changed=changed), view)
    return 0


def setting_record(change: EntityChange, *, changed: bool) -> Any:
    changes = [ShownRecord(what=each.what, before=each.before, after=each.after) for each in change.shown]
    return SettingRecord(success=True, changed=changed, of=change.name, changes=changes)
