"""A job that is killed again and again loses nothing, and does nothing twice without having looked."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from trunkline.emulator import Emulator, running

ITEMS = 5000
KILLS = 10


@pytest.fixture
def emulator() -> Emulator:
    found = Emulator(client_id="night", api_key="a-key-for-tests", seed="empty", latency=0.002)
    for row in faxes():
        found._store.put("Fax", row)
    return found


def faxes() -> list[dict[str, Any]]:
    return [{"Id": 100 + n, "Number": f"F{n:05}"} for n in range(ITEMS)]


def environment(url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "TRUNKLINE_URL": url,
        "TRUNKLINE_CLIENT_ID": "night",
        "TRUNKLINE_CLIENT_SECRET": "a-key-for-tests",
        "TRUNKLINE_JOB_DIR": str(folder / "jobs"),
        "TRUNKLINE_TOKEN_DIR": str(folder / "tokens"),
    }


def trunkline(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "trunkline", "job", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    process = trunkline(env, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def asked(emulator: Emulator) -> dict[int, list[tuple[str, int]]]:
    """What was asked of each fax, in order: method and status."""
    found = defaultdict(list)
    for entry in emulator.journal:
        match = re.match(r"/xapi/v1/Fax\((\d+)\)", entry.path)
        if match:
            found[int(match[1])].append((entry.method, entry.status))
    return found


def items(env: dict[str, str]) -> list[dict[str, Any]]:
    code, out, _ = finished(env, "show", "night", "--items", "-o", "jsonl")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_killed_ten_times(emulator: Emulator, tmp_path: Path) -> None:
    dice = random.Random(20260615)
    source = tmp_path / "faxes.jsonl"
    source.write_text("".join(json.dumps({"Id": row["Id"]}) + "\n" for row in faxes()))
    start = ("run", "fax.delete", "--name", "night", "--set", "Id={{ $json.Id }}", "--input", str(source), "--yes")
    with running(emulator) as url:
        env = environment(url, tmp_path)
        process = trunkline(env, *start)
        for _ in range(KILLS):
            before = len(emulator.journal)
            while len(emulator.journal) == before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(dice.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            process = trunkline(env, "resume", "night")
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["counts"] == {"not started": 0, "sent": 0, "done": ITEMS, "failed": 0, "unknown": 0}
        told = items(env)

    history = asked(emulator)
    assert len(history) == ITEMS
    for each in told:
        requests = history[each["item"]["Id"] if "Id" in each["item"] else each["item"]["json"]["Id"]]
        assert each["state"] == "done"
        assert requests.count(("DELETE", 204)) == 1
        for first, second in itertools.pairwise(requests):
            assert (first[0], second[0]) != ("DELETE", "DELETE"), requests
        assert ("DELETE", 404) not in requests
    interrupted = [requests for requests in history.values() if len(requests) > 1]
    assert interrupted, "no kill fell between a request and its answer: the test showed nothing"
