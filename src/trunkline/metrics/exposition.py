"""The metrics as text, in the format that the client asks for: Prometheus' own or OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from .._version import __version__
from ..monitor.measures import Measures
from .families import FAMILIES, Family
from .series import series_of


def exposition(measured: Sequence[Measures], accept: str = "", *, has_own: bool = True) -> tuple[bytes, str]:
    """Return the metrics of some PBXs as text, and its content type, which is of those in an ``Accept`` header.

    ``has_own``: with those of this process.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(measured))
    if has_own:
        registry.register(_Exporter())
        ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Measured(Collector):
    def __init__(self, measured: Sequence[Measures]) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """Yield each family with the series of all PBXs; a family without any is left out."""
        for family in FAMILIES:
            metric = _metric(family)
            for labels, value in series_of(family, self._measured):
                metric.add_sample(family.name, labels, value)
            if metric.samples:
                yield metric


class _Exporter(Collector):
    def collect(self) -> Iterator[Metric]:
        """Yield the version of this exporter."""
        metric = Metric("trunkline_exporter_build", "The version of the exporter.", "info")
        metric.add_sample("trunkline_exporter_build_info", {"version": __version__}, 1)
        yield metric


def _metric(family: Family) -> Metric:
    if family.is_info:
        return Metric(family.name.removesuffix("_info"), family.help, "info")
    return Metric(family.name, family.help, "gauge", family.unit)
