"""Whole sets as a PBX shows them: every page, with all that hangs on each row."""

from __future__ import annotations

from typing import Any

from trunkline import catalog
from trunkline.catalog import Catalog


def rows(line: Any, name: str) -> list[dict[str, Any]]:
    """Every row of a set with its navigation properties, or nothing where the version has no such set."""
    known = catalog.load(line.emulator.version)
    if name not in known.sets:
        return []
    expand = f"&$expand={related}" if (related := _related(known, known.sets[name].type, depth=2)) else ""  # type: ignore[arg-type]
    found: list[dict[str, Any]] = []
    line.emulator.vary({"send_nulls": True})
    try:
        while len(page := line.get(f"/{name}?$top=100&$skip={len(found)}{expand}").rows) == 100:
            found += page
    finally:
        line.emulator.vary({"send_nulls": False})
    return found + page


def _related(known: Catalog, type_name: str, depth: int) -> str:
    """The navigation properties of a type, each with its own to a depth."""
    found = []
    for field, spec in known.fields(type_name).items():
        if spec.navigation:
            deeper = _related(known, spec.name, depth - 1) if depth > 1 else ""
            found.append(f"{field}($expand={deeper})" if deeper else field)
    return ",".join(found)
