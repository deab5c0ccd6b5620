"""Differences of configurations as Markdown, for the description or a comment of a merge request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ..config.shown import NONE, change_texts, shown_change, value_text
from ..redaction import redacted
from .config_shown import counted

if TYPE_CHECKING:
    from ..config.difference import Difference

MOST_CHARACTERS = 60_000
"""GitHub takes comments of 65,536 characters."""
MOST_OPEN = 12
"""Differences of a kind that are shown at once; more are folded."""
_VALUE = 120  # characters of a value
_SIGNS = {"added": "➕", "removed": "➖", "changed": "✏️"}


def markdown(differences: Sequence[Difference], old: str, new: str) -> str:
    """Return a heading and a table for each kind, as GitHub and GitLab draw them.

    Names and values stand in code spans, where neither markup, nor a mention, nor a link is found. A text that would
    be too long for a comment ends with how many differences are left out.
    """
    text = f"### {code(old)} → {code(new)}: {counted(differences)}\n"
    shown = 0
    for kind, group in groupby(differences, key=lambda difference: difference.id.kind):
        each = list(group)
        rows = [row for difference in each for row in _rows(difference)]
        section = _section(kind, each, rows)
        if len(text) + len(section) > MOST_CHARACTERS:
            left = len(differences) - shown
            return f"{text}\n{left:,} more differences are left out, because a comment can't hold them.\n"
        text += section
        shown += len(each)
    return redacted(text)


def code(text: str) -> str:
    """Return a text as a code span for a cell of a table."""
    line = value_text(text, 4 * _VALUE).replace("|", r"\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") or line != line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"


def _section(kind: str, differences: Sequence[Difference], rows: Sequence[str]) -> str:
    table = "\n".join(("| | | Field | Old | New |", "| --- | --- | --- | --- | --- |", *rows))
    title = f"{kind}: {counted(differences)}"
    if len(differences) <= MOST_OPEN:
        return f"\n#### {title}\n\n{table}\n"
    return f"\n<details>\n<summary>{title}</summary>\n\n{table}\n\n</details>\n"


def _rows(difference: Difference) -> Iterator[str]:
    id, change, _ = difference
    head = f"| {_SIGNS[change]} | {code(id.key)} "
    if change != "changed":
        yield f"{head}| {change} | | |"
        return
    for n, field in enumerate(shown_change(id, each) for each in difference.fields):
        old, new = ("" if text in ("", NONE) else code(text) for text in change_texts(field, _VALUE))
        yield f"{head if n == 0 else '| | '}| {code(field.field)} | {old} | {new} |"
