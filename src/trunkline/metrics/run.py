"""Running the exporter: its pages, and the export to a collector beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ..monitor.measures_source import Sources
from ..serving.hosts import App
from ..serving.server import Listening, serve
from .app import make_app
from .otlp import OtlpExport, export_each
from .protection import BasicAuth, WithHeaders
from .web_config import WebConfig


class OtlpTo(NamedTuple):
    """Where the metrics also go, how often in seconds, and who gets to know whether each export worked."""

    export: OtlpExport
    interval: float
    report: Callable[[bool], None]


def protected(app: App, config: WebConfig) -> App:
    """Put users and headers of a web config file before the pages."""
    if config.users:
        app = BasicAuth(app, config.users)
    return WithHeaders(app, config.headers) if config.headers else app


async def run_exporter(
    sources: Sources,
    listening: Listening,
    config: WebConfig,
    otlp: OtlpTo | None,
    on_start: Callable[[str], None],
) -> None:
    """Serve, and export if wanted, until Ctrl-C or SIGTERM; ``on_start`` gets the base address.

    Raises: ConfigurationError where nothing can listen.
    """
    async with sources:
        exporting = asyncio.create_task(export_each(sources, *otlp)) if otlp else None
        try:
            app = protected(make_app(sources), config)
            await serve(app, listening, on_start, context=config.context)
        finally:
            if exporting is not None and otlp is not None:
                exporting.cancel()
                with suppress(asyncio.CancelledError):
                    await exporting
                otlp.export.close()
