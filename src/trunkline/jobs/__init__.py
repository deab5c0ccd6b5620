"""Jobs: a node over many items, on one PBX or many, with a ledger, so that it can stop and go on with nothing lost.

Each name comes when it is first used: a help text and a Tab want but the names of states and of jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from ..work.state import State
    from .folder import JobFolder
    from .job import Job
    from .limits import Limits
    from .summary import Summary

__all__ = ["Job", "JobFolder", "Limits", "State", "Summary"]

_HOMES = {"Job": ".job", "JobFolder": ".folder", "Limits": ".limits", "State": "..work.state", "Summary": ".summary"}
__getattr__ = lazy_names(__name__, _HOMES)
