"""PBXs that need no attention, but for what a test changes; for tests of the status of one or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline_emulator import fleet

NOW = datetime.now(UTC)
Serve = Callable[..., System]


def later(days: float) -> str:
    """A date so many days from now; an hour more, so that no test runs into the next whole day."""
    return (NOW + timedelta(days=days, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seed(**changes: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    """The seed of a healthy PBX with changes."""
    healthy: dict[str, Any] = {
        "LicenseStatus": {"LicenseKey": "X", "ExpirationDate": later(400), "MaintenanceExpiresAt": later(400)},
        "Backups": [backup(1)],
        "Trunks": [trunk("10000", True)],
    }
    return {**healthy, **changes}


def backup(age: float) -> dict[str, Any]:
    name = f"{age:g}-days-old.zip"
    return {"FileName": name, "CreationTime": later(-age), "DownloadLink": f"/{name}", "Size": 1}


def trunk(number: str, online: bool) -> dict[str, Any]:
    gateway = {"Name": f"Line {number}", "Type": "Provider"}
    return {"Id": int(number), "Number": number, "IsOnline": online, "Gateway": gateway}


@pytest.fixture(scope="module")
def places() -> Iterator[list[System]]:
    """Three PBXs, for all tests of a module: starting one takes longer than reading its status."""
    with fleet(3) as tenants:
        yield [System(tenant.emulator, tenant.url) for tenant in tenants]


@pytest.fixture
def serve(places: list[System]) -> Serve:
    """Serve a healthy PBX with changes; at most three in a test."""
    free = iter(places)

    def now(**changes: Any) -> System:
        system = next(free)
        system.emulator.add_client(CLIENT, KEY, roles=("system_owners",))
        system.emulator.clear_faults()
        system.emulator.load_seed(seed(**changes))
        return system

    return now
