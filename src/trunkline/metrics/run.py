"""Running the exporter: its pages, and the export to a collector beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ..monitor.measures_source import Sources
from ..serving.server import Listening, serve
from .app import make_app
from .current_config import CurrentConfig
from .otlp import OtlpExport, export_each
from .protection import Protected


class OtlpTo(NamedTuple):
    """Where the metrics also go, how often in seconds, and who gets to know whether each export worked."""

    export: OtlpExport
    interval: float
    report: Callable[[bool], None]


async def run_exporter(
    sources: Sources,
    listening: Listening,
    config: CurrentConfig | None,
    otlp: OtlpTo | None,
    on_start: Callable[[str], None],
) -> None:
    """Serve, and export if wanted, until Ctrl-C or SIGTERM; ``on_start`` gets the base address.

    Raises: ConfigurationError where nothing can listen.
    """
    async with sources:
        exporting = asyncio.create_task(export_each(sources, *otlp)) if otlp else None
        try:
            app = make_app(sources)
            if config is None:
                await serve(app, listening, on_start)
            else:
                await serve(Protected(app, config), listening, on_start, context=config.first.context)
        finally:
            if exporting is not None and otlp is not None:
                exporting.cancel()
                with suppress(asyncio.CancelledError):
                    await exporting
                otlp.export.close()
