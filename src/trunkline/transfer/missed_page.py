"""A summary of missed calls as one HTML page: a chart, and its numbers below; no script, no network.

The page can be mailed and printed. Everything that a PBX answered is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .missed import MissedRecord, MissedRow

_COLOURS = {"answered": "#0072b2", "missed": "#e69f00", "abandoned": "#b2182b"}
"""Distinct also for those who don't see red and green alike, and in print."""
_MOST_BARS = 100
_BAR, _GAP, _LEFT, _WIDE = 18, 8, 190, 560
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:820px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .3rem}p{margin:.2rem 0;color:#555}
svg{width:100%;height:auto;margin:1rem 0}svg text{font:12px system-ui,sans-serif;fill:#1a1a1a}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .5rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}
tfoot td{font-weight:bold;border-top:2px solid #1a1a1a}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}svg{print-color-adjust:exact}}
"""


def missed_page(record: MissedRecord) -> str:
    """Return a summary as an HTML document that needs nothing else."""
    title = f"Calls by {record['by']}"
    rows = "".join(_line(row, "td") for row in record["rows"])
    period = f"{record['start']} until before {record['end']}, zone {record['zone']}"
    head = "".join(f"<th>{name}</th>" for name in (record["by"], "name", *_NUMBERS, "answered %"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(title)}</h1><p>{escape(record['pbx'])}: {escape(period)}</p>"
        f"<p>Source: {escape(record['source'])}.</p>{_chart(record['rows'])}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        f"<tfoot>{_line(record['total'], 'td')}</tfoot></table></body></html>\n"
    )


_NUMBERS = ("calls", "answered", "missed", "abandoned")


def cells(row: MissedRow) -> list[str]:
    """Return a row as text: its group and name, the numbers, and the share of answered calls."""
    abandoned = "" if row["abandoned"] is None else f"{row['abandoned']:,}"
    numbers = [f"{row['calls']:,}", f"{row['answered']:,}", f"{row['missed']:,}", abandoned]
    share = f"{100 * row['answered'] / row['calls']:.0f} %" if row["calls"] else ""
    return [row["group"], row["name"], *numbers, share]


def _line(row: MissedRow, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells(row)) + "</tr>"


def _chart(rows: Sequence[MissedRow]) -> str:
    """Return bars of calls, each parted into answered, abandoned and otherwise missed ones."""
    shown = rows[:_MOST_BARS]
    most = max((row["calls"] for row in shown), default=0)
    if not most:
        return ""
    height = (len(shown) + 1) * (_BAR + _GAP) + 10
    bars = "".join("".join(_bar(row, n, most)) for n, row in enumerate(shown, 1))
    more = f"<p>The first {_MOST_BARS} of {len(rows):,}; all are below.</p>" if len(rows) > _MOST_BARS else ""
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDE + 60} {height}" role="img" aria-label="Calls, answered and missed">'
        f"{_legend()}{bars}</svg>{more}"
    )


def _legend() -> str:
    texts = {"answered": "answered", "missed": "missed", "abandoned": "abandoned in a queue"}
    return "".join(
        f'<rect x="{_LEFT + n * 130}" y="2" width="12" height="12" fill="{_COLOURS[name]}"/>'
        f'<text x="{_LEFT + n * 130 + 18}" y="13">{text}</text>'
        for n, (name, text) in enumerate(texts.items())
    )


def _bar(row: MissedRow, place: int, most: int) -> Iterator[str]:
    top = place * (_BAR + _GAP)
    label = " ".join(filter(None, (row["group"], row["name"])))
    short = label if len(label) <= 26 else f"{label[:25]}…"
    yield f'<text x="{_LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(short)}</text>'
    abandoned = min(row["abandoned"] or 0, row["missed"])
    parts = {"answered": row["answered"], "missed": row["missed"] - abandoned, "abandoned": abandoned}
    left = float(_LEFT)
    for name, number in parts.items():
        width = _WIDE * number / most
        if number > 0:
            yield f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{_COLOURS[name]}">'
            yield f"<title>{escape(label)}: {number:,} {name}</title></rect>"
        left += max(0.0, width)
    yield f'<text x="{left + 6:.1f}" y="{top + 13}">{row["calls"]:,}</text>'
