"""The example for Celery: real workers on a real Redis, one of which dies in the middle."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from sharded import asked, most_at_once, rows_to_delete, sign_ins
from trunkline import PostgresLedger, SharedJob
from trunkline_emulator import fleet

EXAMPLE = Path(__file__).parents[2] / "examples" / "celery"
REQUIRED = os.environ.get("TRUNKLINE_REDIS_TESTS") == "required"  # read before conftest.py takes it away
PBXS, ITEMS = 4, 100
# A lease of a killed process ends after 90 s; all processes of a test agree on a shorter one.
QUICK = """
from trunkline.shards.lease import LeaseKeeper
LeaseKeeper.__init__.__kwdefaults__["ttl"] = 9.0
from shards import app
"""


def missing(what: str) -> None:
    """Skip a test where something is missing, unless TRUNKLINE_REDIS_TESTS=required."""
    report = pytest.fail if REQUIRED else pytest.skip
    report(f"There is no {what} on this machine.")


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of an empty Redis, on a socket in a folder of its own."""
    if find_spec("celery") is None or find_spec("redis") is None:
        missing("Celery (pip install 'celery[redis]')")
    if shutil.which("redis-server") is None:
        missing("redis-server (Debian: apt install redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="redis-"))  # the path of a socket has 107 characters at most
    arguments = [
        "--port",
        "0",
        "--unixsocket",
        folder / "redis.sock",
        "--dir",
        folder,
        "--save",
        "",
        "--loglevel",
        "warning",
    ]
    server = subprocess.Popen(["redis-server", *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    try:
        wait_until((folder / "redis.sock").exists)
        yield f"redis+socket://{folder}/redis.sock"
    finally:
        server.terminate()
        server.communicate(timeout=30)
        shutil.rmtree(folder)


def wait_until(is_so: Callable[[], bool], log: Path | None = None) -> None:
    end = time.monotonic() + 150
    while not is_so():
        assert time.monotonic() < end, log and log.read_text()
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_every_item_is_done_once_though_workers_die(database_url: str, redis: str, tmp_path: Path) -> None:
    """First a process of one worker's pool dies, then the whole other worker."""
    rows = rows_to_delete(ITEMS)
    with fleet(PBXS, client_id="night", api_key="a-key-for-tests", seed={"Fax": rows}, latency=0.05) as tenants:
        profiles = tmp_path / "profiles.toml"
        profiles.touch(mode=0o600)
        profiles.write_text(
            "".join(
                f'[pbx-{n}]\nurl = "{tenant.url}"\nclient_id = "night-{n}"\nclient_secret = "a-key-for-tests-{n}"\n'
                for n, tenant in enumerate(tenants, 1)
            )
        )
        (tmp_path / "quick.py").write_text(QUICK)
        environment = {
            **os.environ,
            "PYTHONPATH": f"{EXAMPLE}{os.pathsep}{tmp_path}",
            "TRUNKLINE_LEDGER": database_url,
            "TRUNKLINE_PROFILES": str(profiles),
            "CELERY_BROKER_URL": redis,
            "SHARDS_VISIBILITY": "3",
            "SHARDS_RETRY": "2",
        }
        log = tmp_path / "workers.log"

        def worker(name: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, *f"-m celery -A quick worker --concurrency 2 -n {name}@%h".split()]
            with log.open("ab") as written:
                return subprocess.Popen(
                    command, cwd=tmp_path, env=environment, stdout=written, stderr=written, start_new_session=True
                )

        def deletes() -> int:
            return sum(entry.method == "DELETE" for tenant in tenants for entry in tenant.emulator.journal)

        workers = [worker("one"), worker("two")]
        try:
            command = [sys.executable, str(EXAMPLE / "shards.py"), "night", "fax.delete", '{"Id": "{{ $json.Id }}"}']
            items = "".join(json.dumps({"Id": row["Id"]}) + "\n" for row in rows)
            made = subprocess.run(
                [*command, "pbx-*"],
                input=items,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert made.stdout == f"Sent {PBXS} shards of night for {PBXS} PBXs.\n", made.stderr
            wait_until(lambda: deletes() > ITEMS, log)
            os.kill(children(workers[1].pid)[0], signal.SIGKILL)
            wait_until(lambda: deletes() > ITEMS * 3 // 2, log)
            os.killpg(workers[0].pid, signal.SIGKILL)
            assert deletes() < PBXS * ITEMS, "it was through before they were killed"
            with PostgresLedger(database_url) as ledger:
                job = SharedJob.open(ledger, "night")
                wait_until(lambda: job.summary().counts["done"] == PBXS * ITEMS, log)
        finally:
            for each in workers:
                with suppress(ProcessLookupError):  # it was the victim
                    os.killpg(each.pid, signal.SIGKILL)
                each.wait()
        for tenant in tenants:
            journal = tenant.emulator.journal
            assert sign_ins(journal) == [200]
            assert most_at_once(journal) <= 4
            history = asked(journal)
            assert sorted(history) == [row["Id"] for row in rows]
            for requests in history.values():
                assert [request.effect for request in requests if request.method == "DELETE"].count(True) == 1
                for first, second in itertools.pairwise(requests):
                    assert (first.method, second.method) != ("DELETE", "DELETE")
