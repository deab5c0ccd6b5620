"""Postgres in a folder: created, started, stopped as by a crash, found again; and what can't work is explained."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from postgres import need_postgres
from trunkline.errors import ConfigurationError
from trunkline_prefect.cluster import Cluster


@pytest.fixture
def folder() -> Iterator[Path]:
    need_postgres()
    made = Path(tempfile.mkdtemp(prefix="trunkline-cluster-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def own(folder: Path) -> Iterator[Cluster]:
    """A running cluster of the test's own."""
    cluster = Cluster(folder)
    cluster.start()
    yield cluster
    cluster.stop(immediate=True)


def value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_database_of_the_test_is_empty(database_url: str) -> None:
    assert value(database_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_data_survive_a_crash_and_the_port_stays(own: Cluster) -> None:
    url = own.url()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    own.restart(immediate=True)
    assert own.url() == url
    assert value(url, "SELECT n FROM kept") == 7


def test_a_killed_one_starts_again(own: Cluster) -> None:
    assert own.pid is not None
    os.kill(own.pid, signal.SIGKILL)
    while own.pid is not None:
        time.sleep(0.05)
    own.start()
    assert value(own.url(), "SELECT 1") == 1


def test_no_url_has_the_password_and_nobody_else_reads_its_file(own: Cluster) -> None:
    assert own.password not in own.url()
    assert own.password_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(own.url().partition("?")[0].replace("trunkline@", "trunkline:wrong@"))


def test_it_ends_with_the_process_that_started_it(folder: Path) -> None:
    program = (
        "import pathlib, sys, os\nfrom trunkline_prefect.cluster import Cluster\n"
        "Cluster(pathlib.Path(sys.argv[1])).start()\nos.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    found = Cluster(folder)
    while found.pid is not None:
        time.sleep(0.05)
    assert "received fast shutdown request" in (folder / "postgres.log").read_text()


def test_another_process_finds_and_stops_it(own: Cluster) -> None:
    found = Cluster(own.folder)
    assert (found.pid, found.url()) == (own.pid, own.url())
    found.start()  # it runs
    found.stop()
    assert found.pid is None
    while own.pid is not None:  # its file goes first, then the process
        time.sleep(0.05)
    assert Cluster(own.folder).url() == own.url()  # also when it starts again


def test_a_port_that_is_taken_is_named(cluster: Cluster, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Postgres did not start: .*(could not|Address)"):
        Cluster(folder, cluster.port).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as another user")
def test_a_folder_that_postgres_cannot_enter_is_named(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match=f"can't enter {closed}"):
        Cluster(closed / "cluster").start()


def test_a_machine_without_postgres_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("trunkline_prefect.cluster._DEBIAN", tmp_path)
    with pytest.raises(ConfigurationError, match="no Postgres server") as refusal:
        Cluster(tmp_path / "cluster").start()
    assert "apt install postgresql" in str(refusal.value)
