"""Figures as a table to read, and as JSON to keep."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import textwrap
from collections.abc import Sequence

import trunkline

from . import peer
from .figures import Figure, Options, Subject

HEAD = ("what", "contestant", "min", "median", "max", "ratio", "aim")
LEFT_ALIGNED = ("what", "contestant", "aim")


def table(subjects: Sequence[Subject]) -> str:
    """All figures under one heading; ``ratio`` is a contestant's median over that of the group's first row."""
    groups = [_rows(subject) for subject in subjects]
    every_row = [HEAD, *(row for group in groups for row in group)]
    widths = [max(map(len, column)) for column in zip(*every_row, strict=True)]
    rule = "  ".join("─" * width for width in widths)
    lines = [_line(HEAD, widths)]
    for group in groups:
        lines += [rule, *(_line(row, widths) for row in group)]
    said = [_about(), *(f"{subject.what}: {note}" for subject in subjects for note in subject.notes)]
    lines += ["", *(line for text in said for line in textwrap.wrap(text, len(rule), subsequent_indent="  "))]
    return "\n".join(lines)


def as_json(subjects: Sequence[Subject], options: Options) -> str:
    document = {
        "measured": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "trunkline": trunkline.__version__,
        "peer": {"name": peer.DISTRIBUTION, "version": peer.version()},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "options": options._asdict(),
        "subjects": [_subject(subject) for subject in subjects],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _subject(subject: Subject) -> dict[str, object]:
    figures = [
        {
            "contestant": figure.contestant,
            "min": min(figure.samples),
            "median": figure.median,
            "max": max(figure.samples),
            "ratio": subject.ratio(figure),
            "aim": _aim(subject, figure) or None,
            "met": subject.met(figure),
            "samples": figure.samples,
        }
        for figure in subject.figures
    ]
    return {"what": subject.what, "unit": subject.unit, "figures": figures, "notes": subject.notes}


def _rows(subject: Subject) -> list[tuple[str, ...]]:
    return [_row(subject, figure, first=figure is subject.figures[0]) for figure in subject.figures]


def _row(subject: Subject, figure: Figure, *, first: bool) -> tuple[str, ...]:
    shown = [f"{value:.{3 if subject.unit == 's' else 1}f}" for value in _spread(figure)]
    ratio = subject.ratio(figure)
    aim = _aim(subject, figure)
    met = {True: " met", False: " MISSED", None: ""}[subject.met(figure)]
    return (
        f"{subject.what} ({subject.unit})" if first else "",
        figure.contestant,
        *shown,
        "—" if ratio is None else f"{ratio:.2f}×",
        aim + met,
    )


def _spread(figure: Figure) -> tuple[float, float, float]:
    return min(figure.samples), figure.median, max(figure.samples)


def _aim(subject: Subject, figure: Figure) -> str:
    if figure.at_most is not None:
        return f"≤ {figure.at_most:g} {subject.unit}"
    if figure.ratio_at_least is not None:
        return f"≥ {figure.ratio_at_least:g}×"
    return f"≤ {figure.ratio_at_most:g}×" if figure.ratio_at_most is not None else ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.ljust(width) if name in LEFT_ALIGNED else cell.rjust(width)
        for name, cell, width in zip(HEAD, cells, widths, strict=True)
    ]
    return "  ".join(aligned).rstrip()


def _about() -> str:
    found = peer.version()
    about = f"the peer is {peer.DISTRIBUTION} {found}" if found else peer.HOW_TO_INSTALL
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    return f"Trunkline {trunkline.__version__} on {machine}; {about}."
