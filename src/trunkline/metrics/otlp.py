"""The same metrics to an OpenTelemetry collector, through OpenTelemetry's SDK: OTLP over HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from .._version import __version__
from ..errors import ConfigurationError
from ..monitor.measures import Measures
from ..monitor.measures_source import Sources
from .families import FAMILIES, Family
from .series import series_of

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

INTERVAL = 60.0
"""Seconds between two exports."""
_PATH = "/v1/metrics"  # of the OTLP specification
_UNITS = {"seconds": "s", "bytes": "By", "ratio": "1"}  # UCUM, as OpenTelemetry wants it
_MOST_SERIES = 1_000_000  # of one metric; the SDK's own limit is 2,000
_TIMEOUT = 10.0  # seconds for one export


def checked_endpoint(text: str) -> str:
    """Return the URL to export to: ``http://collector:4318`` gets the path of OTLP. Raises ConfigurationError."""
    parts, is_address = SplitResult("", "", "", "", ""), False
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not text.isprintable() or parts.query or parts.fragment:
        raise ConfigurationError(
            "The OTLP endpoint is not an http or https address.",
            hint="It looks like http://collector.example.com:4318.",
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "The OTLP endpoint has a password in it, which others can see.",
            hint="Set OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Basic%20…",
        )
    return parts._replace(path=parts.path if parts.path.strip("/") else _PATH).geturl()


class OtlpExport:
    """Exports what was measured last, whenever it is asked to."""

    def __init__(self, endpoint: str) -> None:
        """Prepare it. Raises ConfigurationError where the extra is not installed, or for a bad endpoint."""
        url = checked_endpoint(endpoint)
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import InMemoryMetricReader
            from opentelemetry.sdk.metrics.view import View
            from opentelemetry.sdk.resources import Resource
        except ImportError:
            raise ConfigurationError(
                "OpenTelemetry's SDK is not installed.", hint="pip install 'trunkline[otlp]'"
            ) from None
        # What went wrong is said once, by whoever calls `export`; the SDK would add a line for each try.
        logging.getLogger("opentelemetry.exporter.otlp").setLevel(logging.CRITICAL)
        self._measured: Sequence[Measures] = ()
        self._exporter = OTLPMetricExporter(url, timeout=_TIMEOUT)
        self._reader = InMemoryMetricReader()  # read when we want, not by a clock of its own
        self._provider = MeterProvider(
            [self._reader],
            Resource.create({"service.name": "trunkline", "service.version": __version__}),
            shutdown_on_exit=False,
            views=[View(instrument_name="*", aggregation_cardinality_limit=_MOST_SERIES)],
        )
        meter = self._provider.get_meter("trunkline", __version__)
        for family in FAMILIES:
            unit = _UNITS.get(family.unit, "1")
            meter.create_observable_gauge(family.name, [self._observing(family)], unit, family.help)

    def _observing(self, family: Family) -> Callable[[CallbackOptions], Iterable[Observation]]:
        from opentelemetry.metrics import Observation

        def observe(options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, labels) for labels, value in series_of(family, self._measured)]

        return observe

    def export(self, measured: Sequence[Measures]) -> bool:
        """Export what was measured; return whether the collector took it. Blocks for some seconds at most."""
        from opentelemetry.sdk.metrics.export import MetricExportResult

        self._measured = measured
        data = self._reader.get_metrics_data()
        return data is None or self._exporter.export(data, _TIMEOUT * 1000) is MetricExportResult.SUCCESS

    def close(self) -> None:
        """End what the SDK has started."""
        self._exporter.shutdown()
        self._provider.shutdown()


async def export_each(sources: Sources, export: OtlpExport, interval: float, report: Callable[[bool], None]) -> None:
    """Measure and export every ``interval`` seconds, until cancelled; ``report`` gets whether each export worked."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        measured = await sources.measure(interval)
        report(await asyncio.to_thread(export.export, measured))
        await asyncio.sleep(max(0.0, interval - (loop.time() - began)))
