"""Drift: what saved PBXs have otherwise than the folder that describes them, a few PBXs at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType
from typing import NamedTuple

from ..errors import TrunklineError
from ..work.fleet import Place, aeach
from .difference import Difference, differences
from .lacking import lacking_sentences
from .model import Configuration
from .reading import Reading, aread
from .sources import needed

AT_ONCE = 4
"""PBXs at once: each is read with four requests at once, and held whole while it is compared."""
MOST_KEPT = 200
"""Differences of one PBX that are kept; all are counted. A PBX with more was never set up as the folder has it."""


class Drift(NamedTuple):
    """What one PBX has otherwise than its folder: there it is *added* what the folder lacks, *removed* what it lacks.

    ``compared``: how many entities of the folder were compared. ``counts`` has the number of differences by kind and
    change, ``differences`` the first of them (`MOST_KEPT`). ``unread`` and ``ungiven`` are as in a `Configuration`.
    ``error`` is why nothing could be read, None where something was.
    """

    pbx: str
    url: str
    version: str = ""
    compared: int = 0
    differences: tuple[Difference, ...] = ()
    counts: Mapping[tuple[str, str], int] = MappingProxyType({})
    unread: Mapping[str, TrunklineError] = MappingProxyType({})
    ungiven: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: TrunklineError | None = None

    @property
    def total(self) -> int:
        """How many entities differ."""
        return sum(self.counts.values())

    @property
    def is_known(self) -> bool:
        """Whether the PBX gave all that was to be compared."""
        return self.error is None and not self.unread and not self.ungiven


async def adrift(
    places: Sequence[Place],
    configuration: Configuration | Callable[[str], Configuration],
    *,
    kinds: Collection[str] | None = None,
    at_once: int = AT_ONCE,
) -> AsyncGenerator[Drift, None]:
    """Compare PBXs with a folder, or each with its own; yield the drift of each, in the order of the PBXs.

    ``configuration``: of all PBXs, or what gives that of a PBX by its name, when its turn comes. ``kinds``: those that
    are compared; all that the folder manages, and has, without it. A PBX that can't be read, and a folder of its own
    that can't be, has its ``error``. Only what differs is kept, so that the number of PBXs does not matter.

    Raises InvalidArgument for an ``at_once`` that is not 1 to 64.
    """

    async def look(place: Place) -> Drift:
        wanted = configuration if isinstance(configuration, Configuration) else configuration(place.name)
        asked = needed(wanted, kinds)
        async with place.aopen() as pbx:
            return _drift(place, wanted, await aread(pbx, asked), {name.partition("/")[0] for name in asked})

    async with aclosing(aeach(places, look, at_once=at_once)) as outcomes:
        async for outcome in outcomes:
            place, error = places[outcome.n], outcome.error
            yield Drift(place.name, place.url, error=error) if isinstance(error, TrunklineError) else outcome.answer


def _drift(place: Place, wanted: Configuration, reading: Reading, kinds: Collection[str]) -> Drift:
    found = differences(wanted, reading.configuration, kinds)
    there = reading.configuration
    unread = there.unread
    return Drift(
        place.name,
        reading.url,
        reading.version,
        sum(
            id.kind in kinds and id.kind not in unread and str(id) not in unread and not there.has_none(id)
            for id in wanted.entities
        ),
        tuple(found[:MOST_KEPT]),
        Counter((difference.id.kind, difference.change) for difference in found),
        unread,
        there.ungiven,
        (*there.warnings, *lacking_sentences(there, wanted)),
    )
