"""The database of the ledger: what is said when it can't be used, and what outlasts its absence."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from trunkline.errors import ConfigurationError
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.postgres import Database
from trunkline.work.ledger import LedgerFailed

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

PASSWORD = "a-password-for-tests"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        f"sqlite:///{PASSWORD}",
        f"postgresql://trunkline:{PASSWORD}@127.0.0.1/ledger?colour=red",
        f"postgresql://trunkline:wrong@{PASSWORD}@127.0.0.1/ledger",
        f"postgresql://trunkline:wrong/{PASSWORD}@127.0.0.1/ledger",
        f"postgresql://trunkline:12/{PASSWORD}@127.0.0.1/ledger",
        f"postgresql://trunkline:{PASSWORD}@127.0.0.1:54x2/ledger",
        f"host=127.0.0.1 password={PASSWORD} colour=red",
    ],
)
def test_what_is_not_an_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not the address of a Postgres database") as caught:
        Database(url)
    assert "postgresql://" in caught.value.hint.text
    assert PASSWORD not in f"{caught.value!r} {caught.value} {caught.value.hint}"


def test_an_address_is_shown_without_its_password(cluster: Cluster) -> None:
    database = Database(f"postgresql://trunkline:{PASSWORD}@127.0.0.1:{cluster.port}/postgres")
    assert repr(database) == f"Database('127.0.0.1:{cluster.port}/postgres')"
    assert PASSWORD not in repr(database.separate())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("trunkline:{password}@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("nobody:{password}@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("trunkline:{password}@127.0.0.1:1/postgres", "[Cc]onnection refused"),
        ("trunkline:{password}@db.invalid:{port}/postgres", "resolve host"),
        ("trunkline:{password}@127.0.0.1:{port}/postgres?sslmode=require", "SSL"),
        ("trunkline:{password}@127.0.0.1:{port}/postgres?connect_timeout=soon", "connect_timeout"),
        ("trunkline:{right}@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
        ("trunkline:{right}@127.0.0.1:{port}/readonly", "read-only"),
    ],
)
def test_what_keeps_a_ledger_from_being_opened_is_named(cluster: Cluster, address: str, message: str) -> None:
    if "readonly" in address:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS readonly")
            connection.execute("CREATE DATABASE readonly")
            connection.execute("ALTER DATABASE readonly SET default_transaction_read_only = on")
    facts = {"password": PASSWORD, "right": cluster.password, "port": cluster.port}
    with pytest.raises(ConfigurationError, match=message) as caught:
        PostgresLedger("postgresql://" + address.format_map(facts))
    said = f"{caught.value!r} {caught.value} {caught.value.hint}"
    assert "TRUNKLINE_LEDGER" in caught.value.hint.text
    assert "/" in caught.value.message
    assert PASSWORD not in said
    assert cluster.password not in said


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TRUNKLINE_LEDGER is not set"):
        PostgresLedger.from_environment({"TRUNKLINE_LEDGER": " \n"})


def test_the_variable_names_the_ledger(database_url: str) -> None:
    with PostgresLedger.from_environment({"TRUNKLINE_LEDGER": f" {database_url}\n"}) as ledger:
        assert ledger.names() == []


def test_without_psycopg_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="psycopg") as caught:
        Database("postgresql://127.0.0.1/ledger")
    assert caught.value.hint.text == "pip install 'trunkline[postgres]'"


def test_several_may_bring_the_schema_up_at_once(database_url: str) -> None:
    start = threading.Barrier(8)

    def migrate(_: int) -> None:
        with Database(database_url) as database:
            start.wait()
            database.migrate()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(migrate, range(8)))
    with Database(database_url) as database:
        versions = [version for (version,) in database.execute("SELECT version FROM trunkline_schema ORDER BY 1")]
        assert versions == list(range(1, len(versions) + 1)) != []


def test_a_schema_from_the_future_is_left_alone(ledger: PostgresLedger, database_url: str) -> None:
    ledger.database.execute("INSERT INTO trunkline_schema VALUES (1000, now())")
    with pytest.raises(ConfigurationError, match="newer Trunkline: its schema is version 1000") as caught:
        PostgresLedger(database_url)
    assert caught.value.hint.text == "Update Trunkline on this machine."


def test_a_database_with_tables_of_its_own_is_left_alone(database_url: str) -> None:
    with Database(database_url) as database:
        database.execute("CREATE TABLE job (title text)")
        with pytest.raises(ConfigurationError, match='"job" already exists') as caught:
            PostgresLedger(database_url)
        assert "a database of its own" in caught.value.hint.text
        tables = database.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        assert tables == [(1,)]


def test_a_database_that_has_no_room_for_all_letters_is_refused(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(ConfigurationError, match="keeps texts as LATIN1") as caught:
        PostgresLedger(cluster.url("latin"))
    assert "ENCODING 'UTF8'" in caught.value.hint.text


@pytest.fixture
def reader(cluster: Cluster, database_url: str) -> str:
    """The address of the same database, for a role that may do nothing in it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = 'reader'").fetchall():
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
        name = connection.info.dbname
    return f"postgresql://reader:{PASSWORD}@127.0.0.1:{cluster.port}/{name}"


def test_a_role_that_may_make_no_tables_is_told_how_to(reader: str) -> None:
    with pytest.raises(ConfigurationError, match="permission denied for schema public") as caught:
        PostgresLedger(reader)
    assert "OWNER" in caught.value.hint.text


def test_a_role_that_may_not_read_the_tables_is_told_what_it_needs(reader: str, ledger: PostgresLedger) -> None:
    ledger.database.execute("GRANT SELECT ON trunkline_schema TO reader")
    with (
        PostgresLedger(reader) as other,
        pytest.raises(LedgerFailed, match="permission denied for table job") as caught,
    ):
        other.names()
    assert caught.value.hint.text.startswith("Give the role the right")


def test_a_connection_that_the_server_ends_is_made_again(ledger: PostgresLedger, database_url: str) -> None:
    ((pid,),) = ledger.database.execute("SELECT pg_backend_pid()")
    with Database(database_url) as other:
        assert other.execute("SELECT pg_terminate_backend(%s)", [pid]) == [(True,)]
    assert ledger.database.execute("SELECT 1, pg_backend_pid() <> %s", [pid]) == [(1, True)]


def test_a_process_that_forked_leaves_the_connection_to_its_parent(ledger: PostgresLedger) -> None:
    ((pid,),) = ledger.database.execute("SELECT pg_backend_pid()")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=lambda: answers.put(ledger.database.execute("SELECT pg_backend_pid() <> %s", [pid])))
    child.start()
    assert answers.get(timeout=60) == [(True,)]
    child.join()
    assert ledger.database.execute("SELECT pg_backend_pid()") == [(pid,)]


def test_a_restart_in_the_middle_loses_and_fails_nothing(ledger: PostgresLedger, cluster: Cluster) -> None:
    ledger.database.execute("CREATE TABLE number (n integer PRIMARY KEY)")
    stop = threading.Event()

    def count(first: int) -> list[int]:
        database = ledger.database.separate()
        written: list[int] = []
        with database:
            while not stop.is_set():
                n = first + 4 * len(written)
                # Most of the time the statement is under way when the server ends.
                database.execute(
                    "INSERT INTO number SELECT %s FROM pg_sleep(0.005) ON CONFLICT DO NOTHING", [n], patience=60
                )
                written.append(n)
        return written

    with ThreadPoolExecutor(4) as pool:
        counts = [pool.submit(count, first) for first in range(4)]
        for immediate in (False, True):
            cluster.restart(immediate=immediate)
        stop.set()
        written = sorted(n for future in counts for n in future.result())
    assert written
    assert [n for (n,) in ledger.database.execute("SELECT n FROM number ORDER BY n")] == written


def test_a_server_that_stays_away_fails_the_ledger_until_it_is_back(ledger: PostgresLedger, cluster: Cluster) -> None:
    assert ledger.names() == []
    cluster.stop()
    with pytest.raises(LedgerFailed, match="can't be reached any more") as caught:
        ledger.database.execute("SELECT 1", patience=0.3)
    assert "Nothing was sent that the ledger doesn't know of." in caught.value.hint.text
    cluster.start()
    assert ledger.names() == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT 1 / 0", "division by zero"),
        ("INSERT INTO target VALUES (1, 1, 'a-secret-name', 'u', 'p')", "violates foreign key constraint"),
        ("SELECT %s::json", "invalid input syntax for type json"),
    ],
)
def test_a_statement_that_can_not_be_carried_out_fails_at_once_without_its_values(
    ledger: PostgresLedger, statement: str, message: str
) -> None:
    values = ["a-secret-name"] if "%s" in statement else []
    with pytest.raises(LedgerFailed, match=message) as caught:
        ledger.database.execute(statement, values, patience=60)
    assert "a-secret-name" not in str(caught.value)
