"""Options that commands over configuration share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DIFFERENT = 8
"""The exit code where two configurations differ, or a plan has steps and was asked for it."""


def _kinds(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Return the kinds that ``--only`` names. UnknownName for one that there is not."""
    if value is None:
        return None
    from ..catalog import load, nearest
    from ..config.kinds import kinds
    from ..errors import UnknownName

    known = kinds(load())
    named = split_names(value)
    if not named:
        raise click.BadParameter("name one kind or several, such as queues,hours.", ctx, param)
    for name in named:
        if name not in known:
            raise UnknownName(f"There is no kind {name!r}.{nearest(name, iter(known))}", hint=", ".join(known))
    return named


class _Folder(click.Path):
    """A folder that has a name: an empty text, as from a variable that nobody set, is not the current one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(named(value, param, ctx), param, ctx)


FOLDER = _Folder(path_type=Path)


def named(value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
    """Return what names a folder. BadParameter for an empty text."""
    if value == "":
        raise click.BadParameter("it is empty; the current folder is a dot.", ctx, param)
    return value


def split_names(value: str) -> tuple[str, ...]:
    """Return the names of a list such as ``queues,ring-groups``, each once."""
    return tuple(dict.fromkeys(name.strip().replace("-", "_") for name in value.split(",") if name.strip()))


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from ..catalog import load
    from ..config.kinds import kinds

    before, _, last = incomplete.rpartition(",")
    return [f"{before},{name}" if before else name for name in kinds(load()) if name.startswith(last)]


only_option: Callable[[Any], Any] = click.option(
    "--only",
    metavar="KINDS",
    callback=_kinds,
    shell_complete=_complete,
    help="Only these kinds, such as queues,hours,settings.",
)
"""Gives a tuple of kinds, or None for all."""
