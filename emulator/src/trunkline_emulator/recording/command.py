"""``trunkline-emulator``: options, questions to the person, and texts of its two commands."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from trunkline._version import __version__
from trunkline.catalog import version_key
from trunkline.connections.targets import find_target
from trunkline.errors import TrunklineError, Unexpected
from trunkline.printable import printable

from . import files
from .comparison import Comparison, Difference, compare
from .questions import Question
from .real_pbx import record
from .recorder import Heard, Recording
from .shapes import Shape
from .vocabulary import published_names

_SHOWN = 3  # questions of one difference


@click.group()
@click.version_option(__version__, prog_name="trunkline-emulator")
def cli() -> None:
    """Record how a real 3CX answers, and compare the emulator with it."""


@cli.command("record", short_help="Keep the shapes of a PBX's answers.")
@click.option(
    "--profile", metavar="NAME", help="The saved connection; else what TRUNKLINE_URL and the other variables set."
)
@click.option(
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default="recording.json",
    show_default=True,
    metavar="FILE",
)
@click.option("--yes", is_flag=True, help="Keep the recording without showing it and asking.")
def record_command(profile: str | None, path: Path, yes: bool) -> None:
    """Ask a PBX some 250 questions, all of them GETs, and keep the shapes of its answers.

    A recording has types, presence, order and formats. It has no names, numbers, texts or hosts, and nothing of a
    secret. You see it before it is kept.
    """
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("There is no terminal to show the recording on; --yes keeps it without asking.")
    if path.exists():
        raise click.UsageError(f"{path} exists; --output names another file.")
    target = find_target({"profile": profile}, os.environ)
    recording = asyncio.run(record(target, _show_progress))
    text = files.as_text(recording)
    if not yes:
        click.echo_via_pager(text)
    click.echo("\n".join(_summary(recording)))
    if yes or click.confirm(f"Keep it as {path}?"):
        files.write(path, text)
        click.echo(f"Kept. `trunkline-emulator compare {path}` compares the emulator with it.")
    else:
        click.echo("Nothing was kept.")


@cli.command("compare", short_help="Show where the emulator differs from a recording.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--api-version", metavar="VERSION", help="The version to emulate; else that of the recording.")
@click.option("--all", "show_all", is_flag=True, help="Also show properties that may be null on one side.")
@click.option("--json", "as_json", is_flag=True, help="Write the comparison as JSON.")
def compare_command(path: Path, api_version: str | None, show_all: bool, as_json: bool) -> int:
    """Show where the emulator answers differently from a recorded PBX: exit code 1 if it does, 0 if it does not."""
    recording = files.read(path)
    version = api_version or recording.version or None
    try:
        version_key(version or "20.0.10")
    except ValueError:
        raise click.UsageError(f"{version!r} is not a version; one looks like 20.0.10.") from None
    comparison = compare(recording, version)
    shown = [each for each in comparison.differences if show_all or each.certain]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(comparison), indent=1))
    else:
        click.echo(printable("\n".join(_compared(comparison, shown))))
    return 1 if shown else 0


def main() -> None:
    """Run one command line and exit with its code; no traceback reaches the user."""
    warnings.showwarning = lambda message, *_, **__: _complain(f"Warning: {message}")
    try:
        code: Any = cli.main(prog_name="trunkline-emulator", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("\nInterrupted; nothing was kept.")
        code = 130
    except Exception as problem:
        error = problem if isinstance(problem, TrunklineError) else Unexpected.of(problem)
        _complain(f"Error: {error.message}\n{error.hint.text}".strip())
        code = error.exit_code
    sys.exit(code)


def _complain(text: str) -> None:
    click.echo(printable(text), err=True)


def _show_progress(question: Question, heard: Heard) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{heard.status or heard.problem} {question.name[:70]}\r", nl=False, err=True)


def _summary(recording: Recording) -> Iterator[str]:
    """Return what was recorded, and the texts of the PBX that are in it: names and sentences."""
    answers = recording.answers.values()
    statuses = Counter(str(each.status or each.problem) for each in answers)
    counted = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    yield f"3CX {recording.version or 'of unknown version'}: {len(answers)} answers ({counted})."
    rows = [shape for each in answers if each.body and each.status < 400 for shape in _within(each.body)]
    refusals = [shape for each in answers if each.body and each.status >= 400 for shape in _within(each.body)]
    names = {name for shape in rows for name in shape.properties if "@" not in name} - published_names() - {"value"}
    sentences = {kind[11:] for shape in refusals for kind in shape.kinds if kind.startswith("text: says ")}
    yield f"Names that 3CX has not published: {', '.join(sorted(names)) or 'none'}."
    yield f"What it says of errors: {' / '.join(sorted(sentences)) or 'nothing'}"


def _within(shape: Shape) -> Iterator[Shape]:
    yield shape
    for inner in (*shape.properties.values(), *([shape.items] if shape.items else [])):
        yield from _within(inner)


def _compared(comparison: Comparison, shown: list[Difference]) -> Iterator[str]:
    """Yield each difference once, with the questions that have it and what the emulator claims there."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for each in shown:
        key = (each.kind, each.place.removeprefix("value[]."), each.recorded, each.emulated)
        groups.setdefault(key, []).append(each)
    for (kind, place, recorded, emulated), group in groups.items():
        yield f"{f'{kind} {place}'.strip()}: {recorded} on the PBX, {emulated} in the emulator"
        yield from (f"  {each.evidence or 'no evidence'}: {each.question}" for each in group[:_SHOWN])
        if len(group) > _SHOWN:
            yield f"  and {len(group) - _SHOWN} more"
    yield f"Emulated 3CX {comparison.version}: {len(groups) or 'no'} difference{'' if len(groups) == 1 else 's'}."
    if hidden := len(comparison.differences) - len(shown):
        yield f"{hidden} properties stand on one side only, and may be null on the other; --all shows them."
    assumed = sum(evidence == "assumed" for evidence in comparison.agreed.values())
    yield f"{len(comparison.agreed)} answers agree, {assumed} of them so far only assumed."
    if comparison.skipped:
        yield f"{len(comparison.skipped)} answers were not compared; --json says why."
