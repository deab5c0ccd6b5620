"""A real Prometheus scrapes 50 PBXs, of which one is slow, and two dead ones: all at once, and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from exporting import running_exporter
from prometheus import Prometheus, need_prometheus, running_prometheus
from saved_fleet import SavedFleet, saved_fleet

COUNT, DEAD = 50, 2
SLOW = 0.5
"""Seconds that each answer of the slow PBX takes."""
ROWS = {
    "Queues": [{"Id": 900, "Number": "800", "Name": "Sales"}],
    "Trunks": [{"Id": 10000, "Number": "10000", "IsOnline": True, "Gateway": {"Name": "Line", "Type": "Provider"}}],
}
CONFIGURATION = """
global: {{scrape_interval: 15s, scrape_timeout: 15s}}
scrape_configs:
  - job_name: all
    static_configs: [{{targets: ["{address}"]}}]
  - job_name: probe
    metrics_path: /probe
    static_configs:
      - targets: [{names}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "{address}"}}
"""


class Scraped(NamedTuple):
    fleet: SavedFleet
    prometheus: Prometheus

    def query(self, expression: str) -> dict[str, float]:
        """Evaluate an expression; return its values by ``pbx``, or by "" where there is none."""
        return {sample.labels.get("pbx", ""): sample.value for sample in self.prometheus.query(expression)}


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Prometheus, once it knows each PBX from both jobs."""
    need_prometheus()
    folder = tmp_path_factory.mktemp("prometheus")
    with saved_fleet(folder / "home", COUNT, dead=DEAD, latency=SLOW, seed=ROWS) as fleet:
        with running_exporter(fleet.environment, "--min-interval", "3600") as exporter:
            # One reading of each PBX serves all scrapes: a busy machine must not decide which of them come in time.
            exporter.series()
            address = urlsplit(exporter.url).netloc
            names = ", ".join(f'"{name}"' for name in (*fleet.names, *fleet.dead))
            configuration = CONFIGURATION.format(address=address, names=names)
            with running_prometheus(folder / "data", configuration) as prometheus:
                scraped = Scraped(fleet, prometheus)
                prometheus.wait_until(
                    lambda: all(
                        scraped.query(f'count(threecx_up{{job="{job}"}} == 1)').get("") == COUNT
                        and scraped.query(f'count(threecx_up{{job="{job}"}} == 0)').get("") == DEAD
                        for job in ("all", "probe")
                    ),
                    f"{COUNT} PBXs are up and {DEAD} are down",
                )
                yield scraped


def test_the_exporter_itself_is_up_for_both_jobs(scraped: Scraped) -> None:
    targets = scraped.prometheus.targets()
    assert len(targets) == 1 + COUNT + DEAD
    assert {target["lastError"] for target in targets} == {""}


@pytest.mark.parametrize("job", ["all", "probe"])
def test_a_dead_pbx_costs_only_its_own_series(scraped: Scraped, job: str) -> None:
    down = {
        sample.labels["pbx"]: sample.labels["reason"]
        for sample in scraped.prometheus.query(f'threecx_down_info{{job="{job}"}}')
    }
    assert down == dict.fromkeys(scraped.fleet.dead, "unreachable")
    trunks = scraped.query(f'threecx_trunks_registered{{job="{job}"}}')
    assert trunks == dict.fromkeys(scraped.fleet.names, 1)


def test_a_slow_pbx_shows_how_slow_it_is(scraped: Scraped) -> None:
    seconds = scraped.query('threecx_scrape_duration_seconds{job="all"}')
    assert seconds[scraped.fleet.slow] >= 2 * SLOW, "the first part by itself, then four at once"


def test_both_jobs_have_the_same_series(scraped: Scraped) -> None:
    def names(job: str) -> set[tuple[str, str]]:
        samples = scraped.prometheus.query(f'{{job="{job}", __name__=~"threecx_.+"}}')
        return {(sample.labels["__name__"], sample.labels["pbx"]) for sample in samples}

    assert names("all") == names("probe")


def test_a_queue_has_its_name_by_a_join(scraped: Scraped) -> None:
    joined = scraped.prometheus.query(
        'threecx_queue_waiting_calls{job="all", pbx="pbx-01"} * on (pbx, queue) group_left (name) '
        'threecx_queue_info{job="all"}'
    )
    assert [(sample.labels["queue"], sample.labels["name"], sample.value) for sample in joined] == [("800", "Sales", 0)]


def test_scrapes_of_both_jobs_share_readings_and_a_token(scraped: Scraped) -> None:
    journal = scraped.fleet.tenant("pbx-01").emulator.journal
    assert sum(entry.path == "/connect/token" for entry in journal) == 1
    requests = scraped.query("threecx_scrape_requests")["pbx-01"]
    assert len(journal) == requests == 15
