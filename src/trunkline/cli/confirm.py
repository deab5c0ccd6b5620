"""Questions that somebody at the terminal answers with yes or no."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click


def go_on(question: str) -> None:
    """Ask as `confirmed`; Abort, which says that nothing was sent, unless the answer is yes."""
    try:
        agreed = confirmed(question)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)  # closes the line of the question
        agreed = False
    if not agreed:
        raise click.Abort("nothing was sent.")


def confirmed(question: str) -> bool:
    """Ask on the terminal, even where the items come through stdin; UsageError where there is nobody."""
    with _terminal() as terminal:
        click.echo(f"{question} [y/N]: ", nl=False, err=True)
        return terminal.readline().strip().lower() in ("y", "yes")


@contextmanager
def _terminal() -> Iterator[IO[str]]:
    """What a person types. Not by input(): while readline sets itself up, a Ctrl-C is lost."""
    if sys.stdin.isatty():
        yield sys.stdin
        return
    try:
        opened = open("/dev/tty")  # noqa: PTH123, SIM115 - a device
    except OSError:
        raise click.UsageError("There is nobody to ask; give --yes to go on, or --dry-run to look first.") from None
    with opened:
        yield opened
