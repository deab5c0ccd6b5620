"""``trunkline config validate``: a folder checked without a PBX."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import click

from ..errors import InvalidArgument
from ..printable import in_a_cell
from ..redaction import redacted
from .config_options import FOLDER
from .options import parsed_into
from .output import FORMATS, View, chosen, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.folder.faults import Fault


class FaultRecord(TypedDict):
    """What is wrong in a file, or, where it is not an error, what to know of it.

    ``file`` is relative to the folder that was checked; the first line of a file is 1.
    """

    file: str
    line: int
    text: str
    is_error: bool


class ValidateOptions(NamedTuple):
    """What is checked, and against what."""

    folder: Path
    api_version: str | None
    schemas: bool
    output: str | None


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--api-version", metavar="VERSION", help="Name what this version of 3CX lacks, such as 20.0.9.")
@click.option("--schemas", is_flag=True, help="Write the JSON Schemas of all kinds into DIR/.schema, for editors.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@parsed_into(ValidateOptions)
def validate(options: ValidateOptions) -> int:
    """Check a folder without a PBX: files, types, values, layers, and references among its files.

    \b
    trunkline config validate customers/acme
    trunkline config validate standard --api-version 20.0.9

    Each line names file and line, as compilers do. What is worth knowing and not wrong is a note: a reference to what
    no file has may be on the PBX. The exit code is 2 where anything is wrong, else 0.
    """
    from ..config.folder.validation import validate as faults_of

    faults = faults_of(options.folder, options.api_version)
    _show(faults, options.folder, chosen(options.output))
    if options.schemas:
        _write_schemas(options.folder)
    errors = sum(fault.is_error for fault in faults)
    notes = len(faults) - errors
    click.echo(f"{in_a_cell(str(options.folder))}: {_some(errors, 'error')}, {_some(notes, 'note')}.", err=True)
    return InvalidArgument.exit_code if errors else 0


def _show(faults: Sequence[Fault], folder: Path, output: str) -> None:
    if output != "table":
        records: list[FaultRecord] = [
            {"file": place.file, "line": place.line, "text": text, "is_error": is_error}
            for place, text, is_error in faults
        ]
        write_rows(records, View(output))
        return
    for fault in faults:
        file = os.path.normpath(folder / fault.place.file)  # one that a terminal can open
        text = f"{file}:{fault.place.line}: {'' if fault.is_error else 'note: '}{fault.text}"
        click.echo(redacted(in_a_cell(text)))


def _write_schemas(folder: Path) -> None:
    from ..catalog import load
    from ..config.folder.schemas import schemas
    from ..config.folder.writing import write_schemas

    write_schemas(folder, schemas(load()))


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
