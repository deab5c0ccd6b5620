"""``trunkline doctor``: what is wrong with a connection, step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import click

from ..errors import TrunklineError
from ..redaction import redacted
from .connect import target
from .connection_options import connection_options
from .finding import Failed, Line
from .hints import spelled
from .output import FORMATS, View, Writer, chosen, write_one

_SHOWN = {"ok": "ok", "remark": "note", "failed": "FAILED"}


@click.command()
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@connection_options
@click.pass_context
def doctor(ctx: click.Context, /, output: str | None, **values: Any) -> int:
    """Find out what is wrong with a connection, step by step, and what to do next.

    Name, port, certificate, whether it is a 3CX, sign-in, licence, rights, version, clock. Nothing is changed. Ends
    with 0, or with the code of what failed: 3 configuration, 4 sign-in, 5 licence and rights, 6 network and TLS.
    """
    from .checks import examine  # brings a client and TLS, which --help needs not

    form = chosen(output)
    lines: list[Line] = []
    view = View(form, show_secrets=True)  # `tell` takes them out
    rows = Writer(view)

    def tell(line: Line) -> None:
        line = line._replace(said=redacted(line.said), hint=redacted(line.hint))
        lines.append(line)
        if form == "table":
            click.echo(f"{_SHOWN[line.result]:<8}{line.check:<10}{line.said}")
            if line.hint:
                click.echo(f"{'':<18}{line.hint}")
        elif form in ("jsonl", "csv"):
            rows.write([line._asdict()])

    code = 0
    try:
        found = target(ctx, values)
        for line in interruptible(examine(found)):
            tell(line)
    except Failed as failed:
        tell(failed.line)
        code = failed.exit_code
    except TrunklineError as error:
        tell(Line("address", "failed", error.message, spelled(error.hint)))
        code = error.exit_code
    if form in ("json", "yaml"):
        write_one({"exit_code": code, "checks": [line._asdict() for line in lines]}, view)
    return code


def interruptible(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines, found in a thread that dies with the process: a name or a PBX may keep silent for long, and Ctrl-C
    does not reach what waits for them."""
    came: queue.SimpleQueue[Line | BaseException | None] = queue.SimpleQueue()

    def find() -> None:
        try:
            for line in lines:
                came.put(line)
            came.put(None)
        except BaseException as problem:
            came.put(problem)

    threading.Thread(target=find, daemon=True).start()
    while (line := came.get()) is not None:
        if isinstance(line, BaseException):
            raise line
        yield line
