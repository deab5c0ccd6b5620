"""What 3CX asks of the rows of a set beyond their types, a module for each part of a PBX."""

from __future__ import annotations

from . import files, principals, settings
from .rule import Rule

RULES: dict[str, Rule] = {**files.RULES, **principals.RULES, **settings.RULES}

__all__ = ["RULES", "Rule"]
