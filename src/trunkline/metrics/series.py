"""The series of a metric over several PBXs, with labels that every reader can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..monitor.measures import Measures
from ..printable import in_a_cell
from ..redaction import redacted
from .families import Family

_LONGEST_VALUE = 200  # characters of a label


def series_of(family: Family, measured: Iterable[Measures]) -> Iterator[tuple[dict[str, str], float]]:
    """Yield labels and value of each known series, no two with the same labels: Prometheus would refuse all."""
    for measures in measured:
        seen = set()
        for values, value in family.series(measures):
            if value is None or values in seen:
                continue
            seen.add(values)
            try:
                number = float(value)
            except OverflowError:  # an integer of JSON can have any length
                continue
            names = ("pbx", *family.labels)
            yield dict(zip(names, map(_label, (measures.pbx, *values)), strict=True)), number


def _label(text: str) -> str:
    """Return a text from a PBX as a label: one line, short, without secrets and what UTF-8 can't have."""
    cleaned = in_a_cell(redacted(text)).encode("utf-8", "replace").decode()
    return cleaned[:_LONGEST_VALUE]
