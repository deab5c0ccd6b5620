"""A real Postgres for tests: one for each process of the suite, a database for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

_REQUIRED = os.environ.get("TRUNKLINE_POSTGRES_TESTS") == "required"  # read before conftest.py takes it away
# Nothing outlives these tests, and fsync guards against nothing but the end of the machine.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def need_postgres() -> None:
    """Skip the test where there is no Postgres, unless TRUNKLINE_POSTGRES_TESTS=required."""
    cluster = pytest.importorskip("trunkline_prefect.cluster", reason="trunkline-prefect is not installed.")
    if not cluster.has_postgres():
        report = pytest.fail if _REQUIRED else pytest.skip
        report("There is no Postgres on this machine (Debian: apt install postgresql).")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running Postgres. A test that stops it starts it again."""
    need_postgres()
    from trunkline_prefect.cluster import Cluster

    folder = Path(tempfile.mkdtemp(prefix="trunkline-postgres-"))  # pytest's own folders are closed to other users
    running = Cluster(folder, settings=_SETTINGS)
    try:
        running.start()
        yield running
    finally:
        running.stop(immediate=True)
        shutil.rmtree(folder)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database of the test's own. The URL has no password; ``cluster.password`` is it."""
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    cluster.start()  # if the test before stopped it
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.start()
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
