"""The options of commands that run an action over items: where the items are, and what templates see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, NamedTuple

import click

from .candidates import settings_for
from .files import FileArgument, listened
from .options import OptionGroup

if TYPE_CHECKING:
    from ..node import Item, World


class ItemOptions(NamedTuple):
    """Items, what an action takes of each, and which files and variables its templates may use."""

    source: IO[bytes]
    parameters: Mapping[str, str]
    variables: Mapping[str, str]
    allow_env: tuple[str, ...]
    zone: str
    trust_item_paths: bool
    files_from: str | None
    unchanged: bool

    def read(self) -> Iterator[Item]:
        """Read the items as they are asked for."""
        from ..node.input import read_items, with_secrets_kept

        return with_secrets_kept(read_items(listened(self.source)))

    def world(self) -> World:
        """Return what templates see besides the items."""
        from ..node import World

        return World(self.variables, self.allow_env, self.zone)


def _items(
    source: IO[bytes],
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    allow_env: tuple[str, ...],
    zone: str,
    trust_item_paths: bool,
    files_from: str | None,
    unchanged: bool,
) -> ItemOptions:
    if files_from is not None and not trust_item_paths:
        raise click.UsageError("--files-from goes with --trust-item-paths; without it no item names a file.")
    parameters, named = settings_of(settings, "--set"), settings_of(variables, "--var")
    return ItemOptions(source, parameters, named, allow_env, zone, trust_item_paths, files_from, unchanged)


def settings_of(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """Read NAME=VALUE options as a mapping.

    Raises:
        click.UsageError: an equals sign is missing, or a name comes twice.
    """
    settings: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{option} takes NAME=VALUE, such as 'Id={{{{ $json.Id }}}}', not {text!r}.")
        if name.strip() in settings:
            raise click.UsageError(f"{option} gives {name.strip()} twice.")
        settings[name.strip()] = value
    return settings


item_options = OptionGroup(
    "items",
    _items,
    [
        click.Option(
            ["--set", "settings"],
            multiple=True,
            metavar="NAME=VALUE",
            shell_complete=settings_for,
            help="A parameter: a value or a template.",
        ),
        click.Option(
            ["--input", "source"], type=FileArgument("rb"), default="-", help="JSON, JSON Lines or CSV; - by default."
        ),
        click.Option(
            ["--trust-item-paths"], is_flag=True, help="Let items name files of this machine, by binary.data.path."
        ),
        click.Option(
            ["--files-from"],
            type=click.Path(file_okay=False, exists=True),
            metavar="DIR",
            help="With --trust-item-paths: only files in DIR.",
        ),
        click.Option(["--unchanged"], is_flag=True, help="Act only on what is still as its row says, secrets aside."),
        click.Option(["--var", "variables"], multiple=True, metavar="NAME=VALUE", help="$vars.NAME in templates."),
        click.Option(["--allow-env"], multiple=True, metavar="NAME", help="Let templates read $env.NAME."),
        click.Option(
            ["--zone"], default="UTC", metavar="ZONE", help="Time zone of $now and $today, such as Europe/Berlin."
        ),
    ],
)
