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
from typing import Any, NamedTuple

import pytest

from trunkline_emulator import Emulator, running

ITEMS = 5000
KILLS = 10
DELETE_404 = ("DELETE", 404)


@pytest.fixture
def emulator() -> Emulator:
    """Some connections are reset before a request takes effect, some after it."""
    faults = ["reset-before:0.02@/Fax(*", "reset-after:0.02@/Fax(*"]
    return Emulator(
        client_id="night", api_key="a-key-for-tests", seed={"Fax": faxes()}, latency=0.004, faults=faults, fault_seed=15
    )


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
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


class Asked(NamedTuple):
    """A request for one fax: what it was, and whether it took effect, answered or not."""

    method: str
    status: int
    effect: bool


def asked(emulator: Emulator) -> dict[int, list[Asked]]:
    """What was asked of each fax, in the order of the effects."""
    found = defaultdict(list)
    for entry in emulator.journal:
        match = re.match(r"/xapi/v1/Fax\((\d+)\)", entry.path)
        if match:
            found[int(match[1])].append(Asked(entry.method, entry.status, entry.effect))
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
            end = time.monotonic() + 60
            while len(emulator.journal) == before and process.poll() is None:
                assert time.monotonic() < end, "the PBX was not asked"
                time.sleep(0.01)
            time.sleep(dice.uniform(0, 0.25))
            assert process.poll() is None, "it was through before it was killed"
            process.send_signal(signal.SIGKILL)
            process.communicate()
            process = trunkline(env, "resume", "night")
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        assert json.loads(out)["counts"] == {"not_started": 0, "sent": 0, "done": ITEMS, "failed": 0, "unknown": 0}
        told = items(env)

    history = asked(emulator)
    assert len(history) == ITEMS
    for each in told:
        requests = history[each["input"]["json"]["Id"]]
        assert each["state"] == "done"
        assert [request.effect for request in requests if request.method == "DELETE"].count(True) == 1
        for first, second in itertools.pairwise(requests):
            assert (first.method, second.method) != ("DELETE", "DELETE"), requests
        sent = sum(request.method == "DELETE" for request in requests)
        assert each["attempts"] <= sent + 1, "it was recorded as sent, and may not have got as far as the PBX"
    assert any(request.effect and not request.status for requests in history.values() for request in requests)
    assert sum(len(requests) > 1 for requests in history.values()) > 100, "too little went wrong to show anything"
    assert all(DELETE_404 not in [request[:2] for request in requests] for requests in history.values())
