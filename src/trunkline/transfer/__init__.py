"""Whole tables between a PBX and files: the call log out; contacts, users and blocked addresses in.

Each name comes when it is first used: a help text wants but the names of formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .apply import ImportRun
    from .export import Export, Exported
    from .importing import Import
    from .plan import Plan, Wishes
    from .steps import ImportStep
    from .watermark import Watermark

__all__ = ["Export", "Exported", "Import", "ImportRun", "ImportStep", "Plan", "Watermark", "Wishes"]
_HOMES = {
    "Export": "export",
    "Exported": "export",
    "Import": "importing",
    "ImportRun": "apply",
    "ImportStep": "steps",
    "Plan": "plan",
    "Watermark": "watermark",
    "Wishes": "plan",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
