"""What the metrics look like to readers that others wrote: promtool, and both parsers of Prometheus' client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics

from exporting import Exporter, key, series_of
from prometheus import promtool
from saved_fleet import KEY, SavedFleet
from trunkline.metrics.exposition import exposition
from trunkline.metrics.families import FAMILIES
from trunkline.monitor.measures import Measures, QueueMeasures, unasked_measures

PERSON = re.compile(r"Lindqvist|Pemberton|\d{7,}")
"""People and callers of the demo company."""


def shown(measured: list[Measures], accept: str = "") -> str:
    return exposition(measured, accept)[0].decode()


def measures(**values: Any) -> Measures:
    return Measures(pbx="acme", url="http://pbx.example.com", time="2026-06-01T00:00:00Z", **values)


def test_a_pbx_that_was_not_asked_has_a_reason_and_nothing_else() -> None:
    unasked = unasked_measures("acme", "http://pbx.example.com", datetime.now(UTC))
    series = {each: value for each, value in series_of(shown([unasked])).items() if each[0].startswith("threecx_")}
    assert series == {key("threecx_down_info", pbx="acme", reason="no_turn"): 1}


def test_promtool_finds_no_fault_in_a_real_scrape(exporter: Exporter) -> None:
    assert promtool("check", "metrics", input=exporter.get().text) == ""


def test_the_labels_are_few_and_hold_no_person(exporter: Exporter) -> None:
    text = exporter.get().text
    labels = {label for _, labels in series_of(text) for label in labels}
    names = {name for name, _ in labels}
    assert names <= {"pbx", "reason", "part", "version", "status", "service", "queue", "name"}
    assert not [value for _, value in labels if PERSON.search(value)]
    assert not re.search("Lindqvist|Pemberton", text)
    assert KEY not in text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text; version=1.0.0"),
    ],
)
def test_the_format_is_what_the_client_accepts(exporter: Exporter, accept: str, content_type: str) -> None:
    answer = exporter.get(headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.headers["content-encoding"] == "gzip"


def test_open_metrics_has_the_same_series_with_units_and_infos(exporter: Exporter) -> None:
    answer = exporter.get(headers={"Accept": "application/openmetrics-text"})
    families = {family.name: family for family in read_open_metrics(answer.text)}
    assert (families["threecx_disk_free_bytes"].type, families["threecx_disk_free_bytes"].unit) == ("gauge", "bytes")
    assert families["threecx_build"].type == "info"
    plain = {name for name, _ in exporter.series() if name.startswith("threecx_")}
    assert plain == {sample.name for family in families.values() for sample in family.samples} & plain


def test_a_healthy_pbx_has_each_metric_that_the_emulator_can_fill(exporter: Exporter) -> None:
    has = {name for name, labels in exporter.series() if ("pbx", "pbx-01") in labels}
    # The emulator has no load of a processor, no plain HTTP has a certificate, and nobody called today.
    others = {
        "threecx_down_info", "threecx_cpu_usage_ratio", "threecx_certificate_expiry_timestamp_seconds",
        "threecx_queue_today_service_level_ratio",
    }  # fmt: skip
    assert {family.name for family in FAMILIES} - has <= others


def test_a_pbx_that_is_down_has_no_values_that_it_did_not_answer(exporter: Exporter, fleet: SavedFleet) -> None:
    has = {name: value for (name, labels), value in exporter.series().items() if ("pbx", fleet.dead[0]) in labels}
    assert has.pop("threecx_scrape_duration_seconds") > 0
    assert has == {"threecx_up": 0, "threecx_down_info": 1, "threecx_scrape_requests": 2}


def test_unknown_is_absent_and_zero_is_zero() -> None:
    series = series_of(shown([measures(queues=[QueueMeasures(number="800", waiting=0)])]))
    assert series[key("threecx_queue_waiting_calls", pbx="acme", queue="800")] == 0
    assert not [name for name, _ in series if name in ("threecx_queue_agents", "threecx_calls_active")]


HOSTILE = [
    'a"b\\c\nd',
    '"} 1\nthreecx_up{pbx="other"} 1',
    "\x1b[31mred",
    "\ud800",
    "ü" * 10_000,
    "",
    "{{ $labels }}",
]


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_data(name: str, accept: str) -> None:
    queue = QueueMeasures(number="800", name=name)
    text = shown([measures(queues=[queue, queue], calls_by_status={name: 1}, services_running={name: True})], accept)
    families = read_open_metrics(text) if accept else _plain(text)
    samples = [sample for family in families for sample in family.samples if sample.name.startswith("threecx_")]
    assert {sample.labels["pbx"] for sample in samples} == {"acme"}
    (info,) = [sample for sample in samples if sample.name == "threecx_queue_info"]
    assert len(info.labels["name"]) <= 200
    assert "\x1b" not in text
    if name.isascii() and name.isprintable():
        assert info.labels["name"] == name
    if not accept:
        assert promtool("check", "metrics", input=text) == ""


def _plain(text: str) -> Iterator[Any]:
    from prometheus_client.parser import text_string_to_metric_families

    return iter(list(text_string_to_metric_families(text)))


def test_a_number_without_end_costs_only_its_own_series() -> None:
    series = series_of(shown([measures(blocklist_entries=10**400, event_log_errors=3)]))
    assert key("threecx_blocklist_entries", pbx="acme") not in series
    assert series[key("threecx_event_log_errors", pbx="acme")] == 3


def test_the_guide_has_each_metric_and_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "metrics.md").read_text()
    table = guide[guide.index("| metric |") : guide.index("Of the exporter itself")]
    assert set(re.findall(r"`(threecx_\w+)`", table)) == {family.name for family in FAMILIES}
