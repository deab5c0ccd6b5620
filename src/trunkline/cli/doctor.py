"""``trunkline doctor``: what is wrong with a connection, step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import click
import msgspec

from ..connections.targets import Target
from ..errors import TrunklineError
from ..monitor.finding import Finding
from ..printable import printable
from ..redaction import redacted
from .connection_options import ConnectionOptions, connection_options
from .hints import spelled
from .output import FORMATS, View, Writer, chosen, write_one

_SHOWN = {"ok": "ok", "warning": "warning", "failed": "FAILED"}


@click.command()
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@connection_options
def doctor(output: str | None, connection: ConnectionOptions) -> int:
    """Find out what is wrong with a connection, step by step, and what to do next.

    Name, port, certificate, whether it is a 3CX, sign-in, licence, rights, version, clock. Nothing is changed. Ends
    with 0, or with the code of what failed: 3 configuration, 4 sign-in, 5 licence and rights, 6 network and TLS.
    """
    view = View(chosen(output))
    writer = Writer(view)
    findings: list[Finding] = []
    for finding in _findings(connection):
        findings.append(finding)
        if view.output == "table":
            _draw(finding)
        elif view.output in ("jsonl", "csv"):
            writer.write([msgspec.to_builtins(finding)])
    code = _exit_code(findings[-1])
    if view.output in ("json", "yaml"):
        write_one({"exit_code": code, "findings": msgspec.to_builtins(findings)}, view)
    return code


def _findings(connection: ConnectionOptions) -> Iterator[Finding]:
    try:
        target = connection.target()
    except TrunklineError as error:
        yield Finding.failed("address", error)
        return
    yield from _interruptible(target)


def _exit_code(last: Finding) -> int:
    kinds: list[type[TrunklineError]] = [TrunklineError]
    for kind in kinds:
        if kind.code == last.code:
            return kind.exit_code
        kinds += kind.__subclasses__()
    return 0


def _draw(finding: Finding) -> None:
    click.echo(f"{_SHOWN[finding.result]:<8}{finding.check:<10}{redacted(printable(finding.message))}")
    hint = spelled(finding.hint.as_hint())
    if hint:
        click.echo(f"{'':<18}{hint}")


def _interruptible(connection: Target) -> Iterator[Finding]:
    """Diagnose in a thread that dies with the process: a name or a PBX may keep silent for long, and Ctrl-C does not
    reach what waits for them."""
    from ..monitor.diagnosis import diagnose  # brings a client and TLS, which --help doesn't need

    results: queue.SimpleQueue[Finding | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            for finding in diagnose(connection):
                results.put(finding)
            results.put(None)
        except BaseException as problem:
            results.put(problem)

    threading.Thread(target=work, daemon=True).start()
    while (result := results.get()) is not None:
        if isinstance(result, BaseException):
            raise result
        yield result
