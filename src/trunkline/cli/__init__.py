"""The command line. `main` is what the ``trunkline`` script runs.

Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 sign-in, 5 refused by the PBX, 6 PBX unreachable or broken,
7 some items failed, 130 interrupted.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from types import FrameType, TracebackType
from typing import NoReturn

from ..errors import TrunklineError
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
        from .endings import complain

        complain(error)
        return error.exit_code
    return execute(argv)


def _hasten(code: int) -> None:
    """Let Ctrl-C and SIGTERM end the process at once from now on: everything has been done and reported."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))


def _leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart.

    Where a thread of the HTTP library has yet to let go of its last answer, it would find a half-gone interpreter
    there and abort the process, with code 134 in place of our own. It is quicker, too.
    """
    from . import streams

    streams.write_out()
    atexit._run_exitfuncs()
    streams.write_out()
    os._exit(code)


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    """Let SIGTERM do what Ctrl-C does just now: a run finishes the requests in progress and reports what was done."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell starts what it puts into the background with SIGINT ignored
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


def execute(argv: list[str]) -> int:
    """Run one command line; its exit code."""
    from .endings import end  # now: where no file can be opened any more, no module can be loaded
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
    except BaseException as problem:
        return end(problem, argv, stdout)


def _keys(argv: Sequence[str]) -> Iterator[str]:
    """Yield the API keys of a command line and its environment: a slip elsewhere may repeat one before it is used.

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


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    import click

    click.echo(f"Warning: {redacted(str(message))}", err=True)


def _show_exception(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Print what Python prints of a defect, without the secrets in it."""
    from traceback import format_exception

    print(redacted("".join(format_exception(kind, problem, trace))), end="", file=sys.stderr)
