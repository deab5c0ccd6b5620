"""Many PBXs in one process, each with an address, a client and a store of its own."""

from __future__ import annotations

import json
import os
import socket
import stat
import tomllib
import tracemalloc
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trunkline_emulator import Emulator, fleet
from trunkline_emulator.tenants import ports_of, write_list


def sign_in(tenant: Any, client_id: Any = None, api_key: Any = None) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id or tenant.client_id,
        "client_secret": api_key or tenant.api_key,
    }
    return httpx2.post(f"{tenant.url}/connect/token", data=form)


def test_each_has_an_address_a_client_and_a_store_of_its_own() -> None:
    with fleet(3, seed="demo", etags=True) as pbxes:
        assert len({pbx.url for pbx in pbxes}) == 3
        assert [pbx.client_id for pbx in pbxes] == ["trunkline-1", "trunkline-2", "trunkline-3"]
        assert len({pbx.api_key for pbx in pbxes}) == 3
        token = sign_in(pbxes[1]).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx2.delete(f"{pbxes[1].url}/xapi/v1/Fax(124)", headers=headers).status_code == 204
        assert httpx2.get(f"{pbxes[1].url}/xapi/v1/Fax(124)", headers=headers).status_code == 404
        assert httpx2.get(f"{pbxes[2].url}/xapi/v1/Fax(124)", headers=headers).status_code == 401
        assert pbxes[2].emulator.ask("GET", "/Fax(124)").status == 200
        assert "ETag" in httpx2.get(f"{pbxes[1].url}/xapi/v1/Fax(125)", headers=headers).headers
        assert [len(pbx.emulator.journal) for pbx in pbxes[:2]] == [0, 4]


def test_what_is_sent_to_the_wrong_pbx_is_refused() -> None:
    with fleet(2, api_key="shared") as (first, second):
        assert (first.api_key, second.api_key) == ("shared-1", "shared-2")
        assert sign_in(first).status_code == 200
        assert sign_in(first, second.client_id, second.api_key).status_code == 400


def stretch(count: int) -> int:
    """The first of so many free ports; below those that the system gives to whoever asks for any."""
    for port in range(20_000 + os.getpid() % 100 * 100, 32_000, count):
        with ExitStack() as taken, suppress(OSError):
            for each in range(port, port + count):
                taken.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
    raise AssertionError("no ports are free")


def test_ports_count_up_from_the_first() -> None:
    port = stretch(3)
    with fleet(3, port) as pbxes:
        assert [pbx.url for pbx in pbxes] == [f"http://127.0.0.1:{port + n}" for n in range(3)]


def test_a_port_in_use_frees_the_others() -> None:
    port = stretch(2) + 1
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(OSError, match=f"port {port}: it is in use"), fleet(3, port - 1):
            pass
        socket.create_server(("127.0.0.1", port - 1)).close()


@pytest.mark.parametrize(("count", "port"), [(2, 65535), (9, 65530)])
def test_there_are_only_so_many_ports(count: int, port: int) -> None:
    with pytest.raises(ValueError, match=f"no {count} ports from {port} on"):
        ports_of(count, port)


def test_a_fleet_of_none_is_none() -> None:
    with pytest.raises(ValueError, match="one PBX at least"), fleet(0):
        pass


def test_two_hundred_take_little_room() -> None:
    Emulator().ask("GET", "/Users")  # what all share is there
    tracemalloc.start()
    with fleet(200) as pbxes:
        idle, _ = tracemalloc.get_traced_memory()
        for pbx in pbxes[:20]:
            assert pbx.emulator.ask("GET", "/Users?$top=1").status == 200
        touched, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert idle / 200 < 100_000
    assert (touched - idle) / 20 < 500_000


def test_state_files_of_a_fleet(tmp_path: Path) -> None:
    folder = tmp_path / "states"
    with fleet(3, state=folder) as pbxes:
        keys = [pbx.api_key for pbx in pbxes]
        assert pbxes[1].emulator.ask("DELETE", "/Fax(124)").status == 204
        with pytest.raises(ValueError, match="2.db is in use by another"):  # noqa: RUF043
            Emulator(state=folder / "2.db")
    with fleet(3, state=folder) as pbxes:
        assert [pbx.emulator.ask("GET", "/Fax(124)").status for pbx in pbxes] == [200, 404, 200]
        assert [pbx.api_key for pbx in pbxes] == keys


def test_the_list_of_a_fleet_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "tenants.json"
    path.write_text("old")
    path.chmod(0o644)
    with fleet(2, tls=True) as pbxes:
        write_list(path, pbxes)
    rows = json.loads(path.read_text())
    assert [row["url"] for row in rows] == [pbx.url for pbx in pbxes]
    assert [(row["client_id"], row["api_key"]) for row in rows] == [(pbx.client_id, pbx.api_key) for pbx in pbxes]
    assert all(row["ca_file"].endswith("ca.pem") for row in rows)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_toml_list_is_a_table_for_each(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    with fleet(12, tls=True) as pbxes:
        write_list(path, pbxes)
    tables = tomllib.loads(path.read_text())
    assert list(tables) == [f"pbx-{n:02}" for n in range(1, 13)]
    assert [table["url"] for table in tables.values()] == [pbx.url for pbx in pbxes]
    assert {frozenset(table) for table in tables.values()} == {
        frozenset({"url", "client_id", "client_secret", "ca_file"})
    }
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
