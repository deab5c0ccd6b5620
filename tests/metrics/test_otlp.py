"""The same metrics to a collector: what goes over the wire, decoded by OpenTelemetry's own messages."""

from __future__ import annotations

import gzip
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from exporting import TIMEOUT, Key, key, running_exporter
from saved_fleet import KEY, SavedFleet
from trunkline import ConfigurationError
from trunkline.metrics.otlp import OtlpExport, checked_endpoint
from trunkline.monitor.measures import Measures, QueueMeasures


class Collector(NamedTuple):
    """A receiver of OTLP over HTTP. It answers with what is in ``statuses``, then 200."""

    url: str
    received: queue.Queue[tuple[str, bytes]]
    statuses: queue.SimpleQueue[int]

    def next_export(self) -> ExportMetricsServiceRequest:
        path, body = self.received.get(timeout=TIMEOUT)
        assert path == "/v1/metrics"
        return ExportMetricsServiceRequest.FromString(body)


@pytest.fixture
def collector() -> Iterator[Collector]:
    received: queue.Queue[tuple[str, bytes]] = queue.Queue()
    statuses: queue.SimpleQueue[int] = queue.SimpleQueue()

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 200 if statuses.empty() else statuses.get()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if status == 200:
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                received.put((self.path, gzip.decompress(body) if is_packed else body))

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receive) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Collector(f"http://127.0.0.1:{server.server_address[1]}", received, statuses)
        finally:
            server.shutdown()
            thread.join()


def series_of(request: ExportMetricsServiceRequest) -> dict[Key, float]:
    return {
        key(metric.name, **{each.key: each.value.string_value for each in point.attributes}): point.as_double
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.gauge.data_points
    }


def test_a_collector_gets_what_prometheus_gets(fleet: SavedFleet, collector: Collector) -> None:
    words = ("--profile", "pbx-01", "--profile", "pbx-04", "--otlp", collector.url, "--otlp-interval", "3600")
    with running_exporter(fleet.environment, *words, "--min-interval", "3600") as exporter:
        request = collector.next_export()
        scraped = {each: value for each, value in exporter.series().items() if each[0].startswith("threecx_")}
        assert exporter.end() == (0, "", "")
    series = series_of(request)
    assert series == pytest.approx(scraped)
    (resource,) = request.resource_metrics
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert attributes["service.name"] == "trunkline"
    units = {metric.name: metric.unit for scope in resource.scope_metrics for metric in scope.metrics}
    assert (units["threecx_disk_free_bytes"], units["threecx_scrape_duration_seconds"]) == ("By", "s")
    assert KEY.encode() not in request.SerializeToString()


def test_a_collector_that_was_away_gets_the_next_export(fleet: SavedFleet, collector: Collector) -> None:
    collector.statuses.put(400)
    words = ("--profile", "pbx-01", "--otlp", f"{collector.url}/v1/metrics", "--otlp-interval", "1")
    with running_exporter(fleet.environment, *words) as exporter:
        assert key("threecx_up", pbx="pbx-01") in series_of(collector.next_export())
        collector.next_export()
        code, _, errors = exporter.end()
    assert code == 0
    assert errors == (
        "The OpenTelemetry collector did not take the metrics; the next export follows.\n"
        "The OpenTelemetry collector takes metrics again.\n"
    )


def test_more_series_than_the_limit_of_the_sdk_arrive(collector: Collector) -> None:
    queues = [QueueMeasures(number=str(number), waiting=1) for number in range(3_000)]
    export = OtlpExport(collector.url)
    try:
        assert export.export([Measures(pbx="acme", url="", time="", queues=queues)])
    finally:
        export.close()
    series = series_of(collector.next_export())
    assert sum(name == "threecx_queue_waiting_calls" for name, _ in series) == 3_000


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://collector.example.com:4318", "http://collector.example.com:4318/v1/metrics"),
        ("https://collector.example.com/", "https://collector.example.com/v1/metrics"),
        ("https://collector.example.com/own/path", "https://collector.example.com/own/path"),
    ],
)
def test_an_endpoint_without_a_path_gets_that_of_the_protocol(given: str, url: str) -> None:
    assert checked_endpoint(given) == url


@pytest.mark.parametrize(
    "given",
    ["", "collector:4318", "file:///etc/passwd", "http://", "http://[", "http://a:b@c", "http://a\n", "http://a?b"],
)
def test_another_endpoint_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError):
        checked_endpoint(given)
