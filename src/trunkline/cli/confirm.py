"""Questions that somebody at the terminal answers with yes or no."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


def go_on(question: str) -> None:
    """Ask as `confirmed`; Abort, which says that nothing was sent, unless the answer is yes."""
    if not confirmed(question):
        raise click.Abort("nothing was sent.")


def confirmed(question: str) -> bool:
    """Ask on the terminal, even where the items come through stdin; Ctrl-C is a no.

    UsageError where there is nobody.
    """
    with _terminal() as terminal:
        try:
            click.echo(f"{question} [y/N]: ", nl=False, err=True)
            typed = _typed(terminal)
        except KeyboardInterrupt:
            typed = b""
    if not typed.endswith(b"\n"):
        click.echo(err=True)  # closes the line of the question
    return typed.strip().lower() in (b"y", b"yes")


@contextmanager
def _terminal() -> Iterator[int]:
    """Open the descriptor of what a person types on."""
    if sys.stdin.isatty():
        yield sys.stdin.fileno()
        return
    try:
        opened = open("/dev/tty", "rb")  # noqa: PTH123, SIM115 - a device
    except OSError:
        raise click.UsageError("There is nobody to ask; give --yes to go on, or --dry-run to look first.") from None
    with opened:
        yield opened.fileno()


def _typed(terminal: int) -> bytes:
    """Return the next line that is typed.

    Not by input() nor a plain read: they lose a Ctrl-C that comes in the moment before they wait, or in a thread.
    """
    if sys.platform == "win32":  # selects sockets only
        return sys.stdin.readline().encode()
    line, more = b"", b"more"
    with _waking() as woken:
        while more and not line.endswith(b"\n"):
            ready, _, _ = select.select([terminal, woken], [], [])
            if woken in ready:
                os.read(woken, 64)  # the signal's own handler runs next
            if terminal in ready:
                more = os.read(terminal, 1024)
                line += more
    return line


@contextmanager
def _waking() -> Iterator[int]:
    """Open a descriptor that a signal makes readable, whenever and in whichever thread it comes."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(before)
        os.close(wake)
        os.close(woken)
