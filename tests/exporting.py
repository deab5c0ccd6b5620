"""A `trunkline metrics` that runs as a process, and what it answers, for tests of the exporter."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

TIMEOUT = 120.0  # seconds; only how long a failure takes
_URL = re.compile(r"are at (\S+)/metrics\.")

Key = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a series, and its labels in order."""


def series_of(text: str) -> dict[Key, float]:
    """Read an exposition with the parser of Prometheus' own client; no series may be there twice."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    series = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(series) == len(samples)
    return series


def key(name: str, /, **labels: str) -> Key:
    return name, tuple(sorted(labels.items()))


class Exporter(NamedTuple):
    """A running exporter. ``url`` is its base address; ``verify`` is what trusts its certificate."""

    url: str
    process: subprocess.Popen[str]
    verify: Any = True

    def get(self, path: str = "/metrics", method: str = "GET", **options: Any) -> httpx.Response:
        with httpx.Client(verify=self.verify, timeout=TIMEOUT, trust_env=False) as client:
            return client.request(method, self.url + path, **options)

    def series(self, path: str = "/metrics", **headers: str) -> dict[Key, float]:
        """Scrape, and return the series. Readings may take long on a busy machine: the header says that they may."""
        answer = self.get(path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "100", **headers})
        assert answer.status_code == 200, answer.text
        return series_of(answer.text)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """End it by a signal; return its code, and what else it wrote to stdout and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err


@contextmanager
def running_exporter(
    environment: Mapping[str, str], *words: str | Path, verify: Any = True, host: str = "127.0.0.1"
) -> Iterator[Exporter]:
    """Start ``trunkline metrics`` on a free port, and wait until it answers."""
    command = [sys.executable, "-m", "trunkline", "metrics", "--host", host, "--port", "0", *map(str, words)]
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = _URL.search(line)
            if found is None:
                process.kill()
                raise AssertionError(f"It did not start: {line}{process.communicate()[1]}")
            yield Exporter(found[1], process, verify)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
