"""Files that a command line names, and the keyboard in place of one."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import click

from ..redaction import remember
from ..secrets import warn_if_exposed


class FileArgument(click.File):
    """A file, opened as the command begins. At a Tab it is left alone: --failed would empty it, and a pipe wait."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        if ctx is not None and ctx.resilient_parsing:
            unopened: IO[Any] = value
            return unopened
        return super().convert(value, param, ctx)


class KeyFileArgument(FileArgument):
    """A file with an API key. Its name is never repeated: it may be the key itself, given in place of a path."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        if isinstance(value, str) and value != "-":
            warn_if_exposed(Path(value))
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as problem:
            remember(str(value))
            why = getattr(problem.__context__, "strerror", None) or "it can't be opened"
            self.fail(f"that file can't be read ({why}). Give the path of a file with the key in it, not the key.")


def listened(source: IO[bytes]) -> IO[bytes]:
    """The source of items; who sits at the keyboard without knowing is told that it is one."""
    if source.isatty():
        click.echo("Items are read from the keyboard, one a line; Ctrl-D ends them, Ctrl-C leaves.", err=True)
    return source
