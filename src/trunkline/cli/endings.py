"""How a command line that fails ends: what is written on stderr, and the exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

import click

from ..errors import InvalidArgument, TrunklineError, Unexpected, exit_code_of
from ..printable import printable
from ..redaction import redacted


def end(problem: BaseException, argv: Sequence[str], stdout: TextIO) -> int:
    """Report what ended a command line, which began with this ``stdout``; the exit code."""
    if isinstance(problem, SystemExit):
        # Where whoever reads our output has gone, click puts a quiet stdout in place and ends with 1.
        return problem.code if sys.stdout is stdout and isinstance(problem.code, int) else 0
    if isinstance(problem, click.ClickException):
        return _show(problem)
    if isinstance(problem, click.Abort | KeyboardInterrupt):
        with suppress(OSError):
            click.echo(f"Interrupted{_done(problem)}", err=True)
        return 130
    if isinstance(problem, BrokenPipeError):
        sys.stderr.close()  # whoever read our output has gone; there is nobody left to hear of it
        return 0
    error = _explained(problem)
    complain(error, argv)
    return exit_code_of(error)


def complain(error: TrunklineError, argv: Sequence[str] = ()) -> None:
    """Say on stderr what happened and what to do next. Where nobody can hear it the exit code still tells."""
    with suppress(OSError):
        click.echo(f"Error: {redacted(printable(error.message))}", err=True)
        if error.hint:
            from .hints import spelled  # brings the catalog, which --help needs not

            click.echo(spelled(error.hint, argv), err=True)


def _show(problem: click.ClickException) -> int:
    vars(problem)["message"] = redacted(problem.message)
    if isinstance(problem, click.NoSuchOption) and problem.possibilities:
        from ..catalog.hints import may_be_opposite

        near = [each for each in problem.possibilities if not may_be_opposite(problem.option_name, each)]
        vars(problem)["possibilities"] = near
    with suppress(OSError):
        problem.show()
    return problem.exit_code


def _done(stop: BaseException) -> str:
    """Return what an interrupted command has to say of what it had done. Click puts an Abort around it."""
    args = (stop if stop.args else stop.__cause__ or stop).args
    return f": {args[0]}" if args else "."


def _explained(problem: BaseException) -> TrunklineError:
    match problem:
        case TrunklineError():
            return problem
        case OSError():
            return _unusable(problem)
        case RecursionError():
            return TrunklineError("A value is nested too deeply to be processed.", hint="What was sent stays done.")
        case UnicodeEncodeError():  # the shell gave us bytes that are not text; Python has them as surrogates
            return InvalidArgument(f"{problem.object[problem.start : problem.end]!r} in an argument is not UTF-8.")
    return Unexpected.of(problem)  # a defect, ours or a library's: one line, like any other error


def _unusable(problem: OSError) -> TrunklineError:
    if problem.filename is not None:
        return TrunklineError(f"{problem.filename} can't be used: {problem.strerror}.")
    if problem.errno == errno.ENOENT:
        return TrunklineError("The folder that this runs in is gone.", hint="Change into another one, and try again.")
    why = "the disk is full" if problem.errno == errno.ENOSPC else problem.strerror or str(problem)
    return TrunklineError(f"The output can't be written: {why}.", hint="What was sent stays done.")
