"""The command line. `main` is what the ``trunkline`` script runs.

Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 sign-in, 5 refused by the PBX, 6 PBX unreachable or broken,
7 some items failed, 130 interrupted.
"""

from __future__ import annotations

import atexit
import errno
import os
import sys
import warnings
from contextlib import suppress
from typing import NoReturn

import click

from ..errors import TrunklineError
from .root import cli


def main(argv: list[str] | None = None) -> None:
    """Run one command line and exit with its code; no traceback ever reaches the user."""
    _leave(execute(sys.argv[1:] if argv is None else argv))


def _leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart.

    Where a thread of the HTTP library has yet to let go of its last answer, it would find a half-gone interpreter
    there and abort the process, with code 134 in place of ours.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            with suppress(OSError):  # whoever read it has gone, or it was said already
                stream.flush()
    os._exit(code)


def execute(argv: list[str]) -> int:
    """Run one command line; its exit code."""
    warnings.showwarning = _show_warning
    stdout = sys.stdout
    try:
        code = cli.main(argv, prog_name="trunkline", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except TrunklineError as error:
        complain(error)
        return error.exit_code
    except SystemExit:
        # Where whoever reads our output has gone, click puts a quiet stdout in place and ends with 1.
        if sys.stdout is not stdout:
            return 0
        raise
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody left to tell
        return 0
    except OSError as problem:
        if problem.filename is not None or problem.errno != errno.ENOSPC:
            raise
        complain(TrunklineError("The output can't be written: the disk is full.", hint="What was sent stays done."))
        return 1


def complain(error: TrunklineError) -> None:
    """Say on stderr what happened and what to do next."""
    click.echo(f"Error: {error.message}", err=True)
    if error.hint:
        click.echo(error.hint, err=True)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    click.echo(f"Warning: {message}", err=True)
