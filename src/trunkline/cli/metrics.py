"""``trunkline metrics``: metrics of PBXs for Prometheus and OpenTelemetry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import ConfigurationError, ItemsFailed
from .connection_options import ConnectionOptions, fleet_options_of
from .numbers import Finite
from .open_files import allow_many
from .options import parsed_into
from .serving_options import ServingOptions, serving_options

if TYPE_CHECKING:
    from ..connections.targets import Target
    from ..metrics.run import OtlpTo
    from ..metrics.web_config import WebConfig
    from ..monitor.measures_source import Sources
    from ..serving.server import Listening

PORT = 9733
ONCE_TIMEOUT = 60.0
"""Seconds that ``--once`` gives each PBX from its turn on: no scraper waits for it."""


class MetricsOptions(NamedTuple):
    """Which PBXs are measured and how often, and where their metrics go."""

    once: bool
    min_interval: float
    web_config_file: Path | None
    otlp: str | None
    otlp_interval: float
    connection: ConnectionOptions
    serving: ServingOptions


@click.command()
@click.option("--once", is_flag=True, help="Print the metrics and end, for node_exporter's textfile collector.")
@click.option(
    "--min-interval",
    type=Finite(0, 3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Scrapes within this time share one reading of a PBX.",
)
@click.option(
    "--web-config-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="TLS and users, in the format of Prometheus' own exporters.",
)
@click.option("--otlp", metavar="URL", help="Also export to this OpenTelemetry collector, such as http://host:4318.")
@click.option(
    "--otlp-interval",
    type=Finite(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two such exports.",
)
@serving_options(PORT)
@fleet_options_of("16")
@parsed_into(MetricsOptions)
def metrics(options: MetricsOptions) -> int:
    """Serve metrics of PBXs to Prometheus: all saved connections, those named, or the one of TRUNKLINE_URL.

    \b
    trunkline metrics
    trunkline metrics --profile 'customer-*' --once
    trunkline metrics --host 0.0.0.0 --web-config-file web.yml

    GET /metrics has all PBXs, GET /probe?target=NAME has one. A PBX that can't be read costs only its own series.
    Nothing is changed on a PBX. Ctrl-C or SIGTERM ends it. --once gives each
    PBX a minute from its turn on, and ends with 7 if one could not be read.
    """
    _check(options)
    _check_installed()
    from ..monitor.measures_source import AT_ONCE, Sources

    at_once = options.connection.at_once or AT_ONCE
    sources = Sources(_targets(options.connection), at_once=at_once, min_interval=options.min_interval)
    allow_many()
    return _print_once(sources) if options.once else _serve(options, sources)


def _check(options: MetricsOptions) -> None:
    if options.once and (options.web_config_file or options.otlp):
        raise click.UsageError("--once prints and ends: leave --web-config-file and --otlp out.")
    if options.web_config_file and (options.serving.certificate or options.serving.key):
        raise click.UsageError("--web-config-file and --tls-cert both say how to speak TLS: give one of the two.")


def _check_installed() -> None:
    from importlib.util import find_spec

    for name in ("prometheus_client", "starlette", "uvicorn", "yaml", "bcrypt"):
        if find_spec(name) is None:
            raise ConfigurationError(f"{name} is not installed.", hint="pip install 'trunkline[metrics]'")


def _targets(connection: ConnectionOptions) -> list[Target]:
    """Find the PBXs: those that options or the environment name, else all that are saved."""
    has_own = connection.url or os.environ.get("TRUNKLINE_URL") or os.environ.get("TRUNKLINE_PROFILE")
    if connection.profiles or connection.all_profiles or not has_own:
        return connection.several()
    return [connection.target()]


def _print_once(sources: Sources) -> int:
    import asyncio

    from ..metrics.exposition import exposition

    async def measure() -> tuple[bytes, int]:
        async with sources:
            measured = await sources.measure(ONCE_TIMEOUT, waits=True)
        text, _ = exposition(measured, has_own=False)
        return text, sum(measures.error is not None for measures in measured)

    text, failed = asyncio.run(measure())
    click.echo(text, nl=False)
    if failed:
        click.echo(f"{failed} of {len(sources.names)} PBXs could not be read.", err=True)
    return ItemsFailed.exit_code if failed else 0


def _serve(options: MetricsOptions, sources: Sources) -> int:
    import asyncio

    from ..metrics.current_config import CurrentConfig
    from ..metrics.run import run_exporter
    from ..metrics.web_config import WebConfig

    listening = options.serving.listening()
    config = CurrentConfig(options.web_config_file) if options.web_config_file else None
    otlp = _otlp(options)
    _warn_of_others(listening, config.first if config else WebConfig())

    def announce(url: str) -> None:
        count = len(sources.names)
        click.echo(f"Metrics of {count} PBX{'s' * (count != 1)} are at {url}/metrics. Ctrl-C stops it.")

    asyncio.run(run_exporter(sources, listening, config, otlp, announce))
    return 0


def _otlp(options: MetricsOptions) -> OtlpTo | None:
    if not options.otlp:
        return None
    from ..metrics.otlp import OtlpExport
    from ..metrics.run import OtlpTo

    worked = True

    def report(works: bool) -> None:
        """Write a line when the collector goes away, and when it is back."""
        nonlocal worked
        if works is not worked:
            state = "takes metrics again" if works else "did not take the metrics; the next export follows"
            click.echo(f"The OpenTelemetry collector {state}.", err=True)
        worked = works

    return OtlpTo(OtlpExport(options.otlp), options.otlp_interval, report)


def _warn_of_others(listening: Listening, config: WebConfig) -> None:
    if listening.is_loopback:
        return
    speaks_tls = config.context is not None or listening.is_encrypted
    asks = bool(config.users) or config.asks_for_certificates
    if speaks_tls and asks:
        return
    lacks = " and ".join([*["no TLS"] * (not speaks_tls), *["no password"] * (not asks)])
    click.echo(
        f"Warning: {listening.host} has {lacks}, so every machine that reaches it can read the names and the state of "
        "all PBXs. --web-config-file sets both.",
        err=True,
    )
