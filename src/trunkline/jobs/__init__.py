"""Jobs: a node over many items, on one PBX or many, with a ledger, so that it can stop and go on with nothing lost."""

from .folder import JobFolder
from .job import Job, Summary
from .ledger import State

__all__ = ["Job", "JobFolder", "State", "Summary"]
