"""The command line. `main` is what the ``trunkline`` script runs.

Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 sign-in, 5 refused by the PBX, 6 PBX unreachable or broken,
7 some items failed, 130 interrupted.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import NoReturn

from ..errors import InvalidArgument, TrunklineError, Unexpected
from ..redaction import redacted, remember

# click and all that needs it is loaded in functions: it takes a while, and a Ctrl-C here would be a traceback.


def main(argv: list[str] | None = None) -> None:
    """Run one command line and exit with its code; no traceback ever reaches the user."""
    sys.excepthook = _show_exception
    try:
        signal.signal(signal.SIGTERM, _as_ctrl_c)
        code = _run(sys.argv[1:] if argv is None else argv)
        _hasten(code)
    except KeyboardInterrupt:  # before there was a command, or as it ended
        code = 130
        _hasten(code)
        print("Interrupted.", file=sys.stderr)
    _leave(code)


def _run(argv: list[str]) -> int:
    from . import streams

    try:
        streams.stand_in()
    except TrunklineError as error:
        complain(error)
        return error.exit_code
    return execute(argv)


def _hasten(code: int) -> None:
    """From now on Ctrl-C and SIGTERM end the process on the spot: all has been done and said."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))


def _leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart.

    Where a thread of the HTTP library has yet to let go of its last answer, it would find a half-gone interpreter
    there and abort the process, with code 134 in place of ours. It is quicker, too.
    """
    from . import streams

    streams.write_out()
    atexit._run_exitfuncs()
    streams.write_out()
    os._exit(code)


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    """SIGTERM does what Ctrl-C does just now: a run finishes what is on its way and says what was done."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell starts what it puts into the background with SIGINT ignored
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


def execute(argv: list[str]) -> int:
    """Run one command line; its exit code."""
    import click

    from .root import cli

    if instruction := os.environ.get("_TRUNKLINE_COMPLETE"):  # a shell asks, at a Tab
        from .completion import answer

        return answer(cli, instruction)
    warnings.showwarning = _show_warning
    for key in _keys(argv):
        remember(key)
    stdout = sys.stdout
    try:
        code = cli.main(argv, prog_name="trunkline", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except TrunklineError as error:
        complain(error, argv)
        return error.exit_code
    except SystemExit as end:
        # Where whoever reads our output has gone, click puts a quiet stdout in place and ends with 1.
        return end.code if sys.stdout is stdout and isinstance(end.code, int) else 0
    except click.ClickException as error:
        vars(error)["message"] = redacted(error.message)
        if isinstance(error, click.NoSuchOption) and error.possibilities:
            from ..catalog.hints import may_be_opposite

            near = [each for each in error.possibilities if not may_be_opposite(error.option_name, each)]
            vars(error)["possibilities"] = near
        with suppress(OSError):
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        with suppress(OSError):
            click.echo(f"Interrupted{_told(stop)}", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody left to tell
        return 0
    except OSError as problem:
        complain(_unusable(problem))
        return 1
    except RecursionError:
        complain(TrunklineError("A value is nested too deeply to be worked on.", hint="What was sent stays done."))
        return 1
    except UnicodeEncodeError as problem:  # the shell gave us bytes that are no text; Python has them as surrogates
        complain(InvalidArgument(f"{problem.object[problem.start : problem.end]!r} in an argument is not UTF-8."))
        return InvalidArgument.exit_code
    except BaseException as problem:  # a defect, ours or a library's: it is told in one line, like any other error
        complain(Unexpected.of(problem))
        return Unexpected.exit_code


def _keys(argv: Sequence[str]) -> Iterator[str]:
    """API keys that a command line or its environment gives: a slip elsewhere may repeat one before it is used.

    Where a name, an address or a path belongs, whatever looks like a key is taken for one.
    """
    yield os.environ.get("TRUNKLINE_CLIENT_SECRET", "").strip()
    for option, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = option.partition("=")
        given = value if equals else following
        if name in ("--client-secret", "--api-key", "--control-key"):
            yield given
        elif name in _BESIDE_A_KEY:
            yield from _LIKE_A_KEY.findall(given)


_BESIDE_A_KEY = frozenset(
    ("--api-key-file", "--ca-file", "--client-id", "--control-key-file", "--profile", "--url", "login", "logout")
)
_LIKE_A_KEY = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Za-z]*[0-9]+[A-Za-z]+){2}[0-9])[A-Za-z0-9]{20,}(?![A-Za-z0-9])")


def _told(stop: BaseException) -> str:
    """What an interrupted command said of what it had done. Click puts an Abort around it."""
    told = (stop if stop.args else stop.__cause__ or stop).args
    return f": {told[0]}" if told else "."


def _unusable(problem: OSError) -> TrunklineError:
    if problem.filename is not None:
        return TrunklineError(f"{problem.filename} can't be used: {problem.strerror}.")
    if problem.errno == errno.ENOENT:
        return TrunklineError("The folder that this runs in is gone.", hint="Change into another one, and try again.")
    why = "the disk is full" if problem.errno == errno.ENOSPC else problem.strerror or str(problem)
    return TrunklineError(f"The output can't be written: {why}.", hint="What was sent stays done.")


def complain(error: TrunklineError, argv: Sequence[str] = ()) -> None:
    """Say on stderr what happened and what to do next. Where nobody can hear it the exit code still tells."""
    import click

    from ..printable import printable
    from .hints import spelled

    with suppress(OSError):
        click.echo(f"Error: {redacted(printable(error.message))}", err=True)
        if error.hint:
            click.echo(spelled(error.hint, argv), err=True)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    import click

    click.echo(f"Warning: {redacted(str(message))}", err=True)


def _show_exception(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """What Python prints of a mistake of ours, without the secrets in it."""
    from traceback import format_exception

    print(redacted("".join(format_exception(kind, problem, trace))), end="", file=sys.stderr)
