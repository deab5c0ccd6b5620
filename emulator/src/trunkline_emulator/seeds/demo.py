"""The seed "demo": a company of forty people, with everything that a PBX in daily use has."""

from __future__ import annotations

from ..store import Seed
from . import company, devices, directory, fresh, history


def seed() -> Seed:
    return {
        **fresh.settings(),
        "PromptSets": fresh.prompt_sets(),
        **company.seed(),
        **devices.seed(),
        **directory.seed(),
        **history.seed(),
    }
