"""``trunkline doctor``: what is wrong with a connection, step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TypedDict

import click
import msgspec

from ..connections.targets import Target
from ..errors import ItemsFailed, TrunklineError
from ..monitor.finding import Finding
from ..printable import printable
from ..redaction import redacted
from .connection_options import ConnectionOptions, fleet_options
from .hints import spelled
from .output import FORMATS, PBX, View, Writer, chosen, write_one, write_rows

_SHOWN = {"ok": "ok", "warning": "warning", "failed": "FAILED"}


class DoctorReport(TypedDict):
    """What all checks found, and the exit code that follows from it."""

    exit_code: int
    findings: list[Finding]


@click.command()
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@fleet_options
def doctor(output: str | None, connection: ConnectionOptions) -> int:
    """Find out what is wrong with a connection, step by step, and what to do next.

    Name, port, certificate, whether it is a 3CX, sign-in, licence, rights, version, clock. Nothing is changed. Ends
    with 0, or with the code of what failed: 3 configuration, 4 sign-in, 5 licence and rights, 6 network and TLS.
    Several PBXs are examined a few at a time; 7 if a check failed on any.
    """
    view = View(chosen(output))
    if connection.is_several:
        return _examine_several(connection, view._replace(first=PBX))
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
        report: DoctorReport = {"exit_code": code, "findings": findings}
        write_one(msgspec.to_builtins(report), view)
    return code


def _examine_several(connection: ConnectionOptions, view: View) -> int:
    from ..monitor.diagnosis import diagnose  # brings a client and TLS, which --help doesn't need
    from ..work.fleet import AT_ONCE, each

    targets = connection.several()
    writer, reports, failed = Writer(view), [], 0
    for outcome in each(targets, lambda target: list(diagnose(target)), at_once=connection.at_once or AT_ONCE):
        name = targets[outcome.n].name
        error = outcome.error
        findings: list[Finding] = (
            [Finding.failed("doctor", error)] if isinstance(error, TrunklineError) else outcome.answer
        )
        code = _exit_code(findings[-1])
        failed += code != 0
        if view.output == "table":
            _draw_report(name, findings)
        elif view.output in ("jsonl", "csv"):
            writer.write([{PBX: name, **msgspec.to_builtins(finding)} for finding in findings])
        else:
            reports.append({PBX: name, "exit_code": code, "findings": msgspec.to_builtins(findings)})
    if view.output in ("json", "yaml"):
        write_rows(reports, view)
    if failed:
        click.echo(f"A check failed on {failed} of {len(targets)} PBXs.", err=True)
    return ItemsFailed.exit_code if failed else 0


def _draw_report(name: str, findings: list[Finding]) -> None:
    """Draw a PBX in a line where nothing is wrong, else with what is."""
    wrong = [finding for finding in findings if finding.result != "ok"]
    click.echo(printable(f"{name}: {'ok' if not wrong else wrong[-1].result}, {findings[-1].message}"))
    for finding in wrong:
        _draw(finding, ["--profile", name])


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


def _draw(finding: Finding, argv: Sequence[str] = ()) -> None:
    click.echo(f"{_SHOWN[finding.result]:<8}{finding.check:<10}{redacted(printable(finding.message))}")
    hint = spelled(finding.hint.as_hint(), argv)
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
