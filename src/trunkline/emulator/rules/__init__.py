"""What 3CX asks of the rows of a set beyond their types, a module for each part of a PBX."""

from __future__ import annotations

from .rule import Rule

RULES: dict[str, Rule] = {}

__all__ = ["RULES", "Rule"]
