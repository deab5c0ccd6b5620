"""A real Prometheus and its promtool for tests: how to skip where they are missing, and what they answer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

_REQUIRED = os.environ.get("TRUNKLINE_PROMETHEUS_TESTS") == "required"  # read before conftest.py takes it away
_PATIENCE = 180.0  # seconds; only how long a failure takes
_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')


def need_prometheus() -> None:
    """Skip the test where there is no Prometheus, unless TRUNKLINE_PROMETHEUS_TESTS=required."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        report = pytest.fail if _REQUIRED else pytest.skip
        report("There is no Prometheus on this machine (Debian: apt install prometheus).")


def promtool(*words: str | Path, input: str | None = None) -> str:
    """Run promtool, and return what it printed. Fails the test, with that text, where promtool finds a fault."""
    need_prometheus()
    command = ["promtool", *map(str, words)]
    ran = subprocess.run(command, check=False, input=input, capture_output=True, text=True, timeout=240)
    printed = ran.stdout + ran.stderr
    assert ran.returncode == 0, printed
    return printed


class Sample(NamedTuple):
    """A series and its value, as a query answers it."""

    labels: Mapping[str, str]
    value: float


class Prometheus(NamedTuple):
    """A Prometheus that runs. ``url`` is its base address."""

    url: str

    def get(self, path: str, **parameters: str) -> Any:
        """Return the ``data`` of an answer of its HTTP API, such as ``get("targets")``."""
        asked = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Sample]:
        """Evaluate an expression now, and return its series; a scalar is one series without labels."""
        data = self.get("query", query=expression)
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def targets(self) -> list[dict[str, Any]]:
        """Return the active targets: ``health`` up, down or unknown, ``lastError``, ``labels``, ``scrapeUrl`` …"""
        targets: list[dict[str, Any]] = self.get("targets", state="active")["activeTargets"]
        return targets

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until something is so, such as a scrape that was made. Fails the test after three minutes."""
        pause = threading.Event()
        for _ in range(int(_PATIENCE / 0.2)):
            if is_so():
                return
            pause.wait(0.2)
        errors = {target["lastError"] for target in self.targets()}
        pytest.fail(f"Prometheus: not within {_PATIENCE:g} s: {what}. What its targets had: {errors}")

    def wait_for_scrapes(self) -> None:
        """Wait until each target was scraped at least once, whatever came of it."""
        self.wait_until(lambda: self._health() <= {"up", "down"}, "each target is scraped")

    def _health(self) -> set[str]:
        return {target["health"] for target in self.targets()} or {"unknown"}


@contextmanager
def running_prometheus(folder: Path, configuration: str, *options: str) -> Iterator[Prometheus]:
    """Start a Prometheus with a configuration, on a free port; stop it at the end.

    ``folder`` gets its configuration ``prometheus.yml`` (paths in it are relative to that) and its data.
    """
    need_prometheus()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "prometheus.yml"
    file.write_text(configuration)
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        *options,
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            address, printed = "", []
            for line in process.stderr:
                printed.append(line)
                if found := _LISTENING.search(line):
                    address = found[1]
                if "Server is ready" in line:
                    break
            else:
                pytest.fail(f"Prometheus did not start:\n{''.join(printed)}")
            # Nobody reads the rest, and a full pipe would stop it.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()
            process.wait()
