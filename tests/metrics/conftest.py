"""A small fleet, of which one PBX is dead and one is slow, and an exporter of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporting import Exporter, running_exporter
from saved_fleet import SavedFleet, saved_fleet

SLOW = 1.0
"""Seconds that each answer of the slow PBX takes."""


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """Three PBXs, pbx-03 of which is slow; pbx-04 is dead."""
    with saved_fleet(tmp_path_factory.mktemp("fleet") / "home", 3, dead=1, latency=SLOW) as fleet:
        yield fleet


@pytest.fixture(scope="package")
def exporter(fleet: SavedFleet) -> Iterator[Exporter]:
    """An exporter of all of them that has measured each once, and does not again."""
    with running_exporter(fleet.environment, "--min-interval", "3600") as exporter:
        exporter.series()
        yield exporter
