"""Files that a command line names, and the keyboard in place of one."""

from __future__ import annotations

from typing import IO, Any

import click


class FileArgument(click.File):
    """A file, opened as the command begins. At a Tab it is left alone: --failed would empty it, and a pipe wait."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        if ctx is not None and ctx.resilient_parsing:
            unopened: IO[Any] = value
            return unopened
        return super().convert(value, param, ctx)


def listened(source: IO[bytes]) -> IO[bytes]:
    """The source of items; who sits at the keyboard without knowing is told that it is one."""
    if source.isatty():
        click.echo("Items are read from the keyboard, one a line; Ctrl-D ends them, Ctrl-C leaves.", err=True)
    return source
