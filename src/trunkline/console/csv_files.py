"""CSVs that a browser saves. They begin with a byte order mark: Excel takes UTF-8 without one for an older encoding."""

from __future__ import annotations

from nicegui import ui

BOM = "\ufeff"


def download(text: str, name: str) -> None:
    """Let the browser save a CSV as ``name``, without its ending."""
    ui.download.content((BOM + text).encode(errors="replace"), f"{name}.csv", "text/csv; charset=utf-8")
