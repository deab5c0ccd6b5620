"""Files that a command line names, and the keyboard in place of one."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import click

from ..local.private_files import warn_if_exposed
from ..redaction import remember


class FileArgument(click.File):
    """A file, opened as the command begins. At a Tab it stays closed: --failed would empty it, and a pipe wait."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        if ctx is not None and ctx.resilient_parsing:
            unopened: IO[Any] = value
            return unopened
        if "w" in self.mode and isinstance(value, str) and value != "-":
            _create_private(value)
        return super().convert(value, param, ctx)


def _create_private(path: str) -> None:
    """See to it that a file about to be written is for its owner only: it holds what a PBX answered."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        with suppress(OSError):  # another user's file, or a disk without modes
            if stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - one call for both
                os.chmod(path, 0o600)  # noqa: PTH101
    except (OSError, ValueError):  # click says why it can't be opened
        pass


outcomes_option = click.option(
    "--outcomes",
    type=FileArgument("w", lazy=False),
    metavar="FILE",
    help="Write the outcome of each to FILE, as JSON Lines.",
)


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
    """Return the source of items; a person whose keyboard it is learns that."""
    if source.isatty():
        click.echo("Items are read from the keyboard, one a line; Ctrl-D ends them, Ctrl-C leaves.", err=True)
    return source
