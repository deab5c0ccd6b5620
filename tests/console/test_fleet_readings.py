"""One reading of each PBX for all who look."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from saved_fleet import saved_fleet
from trunkline.connections.opened import OpenPbxs
from trunkline.connections.targets import Target
from trunkline.console import fleet_readings


def test_readings_are_shared_repeated_and_end_when_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_readings, "EVERY", 0.0)

    async def watch_two() -> None:
        pbxs = OpenPbxs(Target.saved(environ=saved.environment))
        readings = fleet_readings.FleetReadings(pbxs)
        assert readings.status("pbx-01") is None
        seen: list[list[str]] = [[], []]
        ends = [readings.watch(each.append) for each in seen]
        while any(each.count("pbx-01") < 3 or "pbx-02" not in each for each in seen):
            await asyncio.sleep(0)
        assert seen[0] == seen[1]
        status, dead = readings.status("pbx-01"), readings.status("pbx-02")
        assert status is not None
        assert dead is not None
        assert (status.error, dead.error is not None) == (None, True)
        for end in (*ends, *ends):
            end()
        count = len(seen[0])
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(100)))
        assert len(seen[0]) == count
        await pbxs.close()

    with saved_fleet(tmp_path, 1, dead=1) as saved:
        asyncio.run(watch_two())
