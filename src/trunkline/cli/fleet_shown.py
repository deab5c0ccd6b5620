"""What a terminal shows of work on several PBXs: the question before it, and what failed on which."""

from __future__ import annotations

import sys

import click

from ..errors import ItemsFailed, TrunklineError
from ..printable import printable
from ..redaction import redacted
from ..work.guards import Several
from ..work.outcome import Outcome
from ..work.state import State
from .confirm import confirmed
from .hints import spelled

_NAMED = 12  # PBXs that a question names


class Failures:
    """Counts the PBXs whose work has ended, and reports those that failed as they do."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.ended = 0
        self.failed = 0

    def took(self, name: str, outcome: Outcome) -> bool:
        """Count an outcome, and report its error; whether it is done."""
        self.ended += 1
        if isinstance(outcome.error, TrunklineError):
            self.failed += 1
            report(name, outcome.error, may_be_done=outcome.state is State.UNKNOWN)
            return False
        return True

    @property
    def note(self) -> str:
        return f"{self.failed} failed" if self.failed else ""

    def exit_code(self, is_partial: bool = False) -> int:
        """Say how many failed; 7 if some did, or if what was done is partial."""
        if self.failed:
            click.echo(f"{self.failed} of {pbxs(self.total)} failed.", err=True)
        return ItemsFailed.exit_code if self.failed or is_partial else 0


def report(name: str, error: TrunklineError, *, may_be_done: bool = False, where: str = "") -> None:
    """Report on stderr what failed on a PBX, ``where`` in the input, and what to do next there."""
    doubt = " It may have been carried out." if may_be_done else ""
    place = f"{name}, {where}" if where else name
    click.echo(redacted(printable(f"{place}: {error.message}{doubt}")), err=True)
    if error.hint and (hint := spelled(error.hint, ["--profile", name])):
        click.echo(f"    {hint}", err=True)


def ask_several(several: Several) -> bool:
    """Ask whether several PBXs are to be changed.

    Raises:
        click.UsageError: there is nobody to ask.
    """
    if not sys.stderr.isatty():
        names = _listed(several.pbxs)
        raise click.UsageError(
            f"{several.changes} would change {pbxs(len(several.pbxs))} ({names}); give --yes to go on, "
            "or --dry-run to look first."
        )
    return confirmed(f"{several.changes} on {pbxs(len(several.pbxs))}: {_listed(several.pbxs)}. Go on?")


def pbxs(count: int) -> str:
    return f"{count:,} PBX{'s' * (count != 1)}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return printable(", ".join(names[:_NAMED])) + more
