"""Run the benchmark from the root of the project: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from . import (
    calls,
    command_line,
    config,
    deletes,
    emulator,
    imports,
    jobs,
    listing,
    machines,
    metrics,
    peer,
    reads,
    report,
    templates,
)
from .figures import Options, Subject

SUBJECTS: dict[str, Callable[[Options], list[Subject]]] = {
    "import": imports.measure,
    "help": command_line.measure,
    "deletes": deletes.measure,
    "list": listing.measure,
    "reads": reads.measure,
    "calls": calls.measure,
    "templates": templates.measure,
    "jobs": jobs.measure,
    "machines": machines.measure,
    "config": config.measure,
    "metrics": metrics.measure,
    "emulator": emulator.measure,
}


def main() -> None:
    chosen, options, json_path = _arguments()
    if not peer.installed():
        print(peer.HOW_TO_INSTALL, file=sys.stderr)
    found: list[Subject] = []
    for name in chosen:
        print(f"Measuring {name} …", file=sys.stderr)
        found += SUBJECTS[name](options)
    print(report.table(found))
    if json_path is not None:
        json_path.write_text(report.as_json(found, options), encoding="utf-8")
        print(f"\nWritten to {json_path}.")


def _arguments() -> tuple[list[str], Options, Path | None]:
    default = Options()
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure Trunkline beside its peers.")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--runs", type=_positive, default=default.runs, help="fresh processes of each kind")
    parser.add_argument("--rounds", type=_positive, default=default.rounds, help="passes of each kind")
    parser.add_argument("--items", type=_positive, default=default.items, help="deletes of a pass, several at once")
    parser.add_argument(
        "--one-by-one",
        type=_positive,
        default=default.one_by_one,
        help="deletes of a pass at a distance, one after another; scaled up to the others",
    )
    parser.add_argument("--users", type=_positive, default=default.users, help="users to list")
    parser.add_argument("--reads", type=_positive, default=default.reads, help="reads of a pass, several at once")
    parser.add_argument("--calls", type=_positive, default=default.calls, help="calls of a pass, one after another")
    parser.add_argument(
        "--requests", type=_positive, default=default.requests, help="requests of a pass to the emulator"
    )
    parser.add_argument("--pbxs", type=_positive, default=default.pbxs, help="PBXs of a job on many machines")
    parser.add_argument("--shared-items", type=_positive, default=default.shared_items, help="its deletes on each")
    parser.add_argument("--shared-rounds", type=_positive, default=default.shared_rounds, help="its passes")
    parser.add_argument("--entities", type=_positive, default=default.entities, help="users of the PBX kept as files")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every sample there")
    given = parser.parse_args()
    unknown = [name for name in given.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"there is no subject {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    options = Options(
        given.runs,
        given.rounds,
        given.items,
        min(given.one_by_one, given.items),
        given.users,
        given.reads,
        given.calls,
        given.requests,
        given.pbxs,
        given.shared_items,
        given.shared_rounds,
        given.entities,
    )
    return given.subjects or list(SUBJECTS), options, given.json


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


if __name__ == "__main__":
    main()
