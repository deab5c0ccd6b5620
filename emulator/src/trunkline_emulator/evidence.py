"""How sure each behaviour of the emulator is: every handler and every refusal states a fact, or it can't be registered.

A fact names the section of docs/pbx.md that it follows from. docs/evidence.md lists all of them, and the header
``X-Trunkline-Evidence`` gives that of the answer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Evidence(StrEnum):
    """Where a behaviour comes from. OWN is a limit of the emulator itself, which says nothing about a PBX."""

    SEEN = "seen"
    PUBLISHED = "published"
    ASSUMED = "assumed"
    OWN = "own"


class Fact(NamedTuple):
    """``place`` is the section of docs/pbx.md, "" for what is assumed or the emulator's own."""

    evidence: Evidence
    place: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"evidence": str(self.evidence), "place": self.place}

    @property
    def is_assumed(self) -> bool:
        return self.evidence is Evidence.ASSUMED


def seen(place: str) -> Fact:
    """State what was captured from a live system, or what a test that 3CX runs against one relies on."""
    return Fact(Evidence.SEEN, place)


def published(place: str) -> Fact:
    """State what follows from 3CX's OpenAPI files, 3CX's documentation, or the standard that they name."""
    return Fact(Evidence.PUBLISHED, place)


ASSUMED = Fact(Evidence.ASSUMED)
OWN = Fact(Evidence.OWN)


# Every reason to refuse, by what it says of a PBX; docs/evidence.md is made from it.
REFUSALS: dict[str, Fact] = {}


def refusal(claim: str, fact: Fact) -> Fact:
    """Register a reason to refuse: one sentence about the PBX, such as "`$top` above 100 answers 400.".

    Raises: ValueError if another fact has the same claim.
    """
    if REFUSALS.setdefault(claim, fact) != fact:
        raise ValueError(f"{claim!r} is declared with different evidence.")
    return fact
