"""The pages of the exporter: metrics of all PBXs or of one, whether it is well, and a page that says so."""

from __future__ import annotations

import asyncio
import html
import math
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from .._version import __version__
from ..monitor.measures import Measures
from ..monitor.measures_source import Sources
from .exposition import exposition

SCRAPE_TIMEOUT = 10.0
"""Seconds that a scrape may take whose client names no limit; it is Prometheus' own default."""
_LONGEST_TIMEOUT = 120.0  # seconds; what a client may ask for
_MARGIN = 0.5  # seconds before the client's limit, for the answer to be written and read
_LONGEST_QUERY = 2_048  # characters
_MOST_NAMES = 100  # of PBXs on the page
_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


def make_app(sources: Sources) -> Starlette:
    """Return the application, which measures when it is asked."""

    async def metrics(request: Request) -> Response:
        _check_query(request)
        return await _answer(request, await sources.measure(_timeout(request)), has_own=True)

    async def probe(request: Request) -> Response:
        _check_query(request)
        targets = request.query_params.getlist("target")
        if len(targets) != 1:
            raise HTTPException(400, "Give one target: the name of a saved connection.")
        (target,) = targets
        if target not in sources.names:
            # Not an address of its own: a stranger could let this machine connect to anything inside its network.
            raise HTTPException(404, "The target is not the name of a PBX that this exporter was started with.")
        return await _answer(request, [await sources.measure_one(target, _timeout(request))], has_own=False)

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("Healthy.\n")

    async def ready(request: Request) -> Response:
        return PlainTextResponse("Ready.\n")

    async def page(request: Request) -> Response:
        return HTMLResponse(_page(sources.names), headers=_PAGE_HEADERS)

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = error.detail if isinstance(error, HTTPException) else HTTPStatus(status).phrase
        allowed = error.headers if isinstance(error, HTTPException) else None
        return PlainTextResponse(f"{detail}\n", status, headers=dict(allowed or {}))

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/metrics", metrics),
            Route("/probe", probe),
            Route("/-/healthy", healthy),
            Route("/-/ready", ready),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)],
        exception_handlers={HTTPException: refused, 500: refused},
    )
    app.router.redirect_slashes = False
    return app


def _check_query(request: Request) -> None:
    if len(request.url.query) > _LONGEST_QUERY:
        raise HTTPException(414, f"The query is longer than {_LONGEST_QUERY} characters.")


def _timeout(request: Request) -> float:
    """Return how many seconds a reading may take: what the client allows, less what the answer itself needs."""
    try:
        allowed = float(request.headers.get(_TIMEOUT_HEADER, SCRAPE_TIMEOUT))
    except ValueError:
        allowed = SCRAPE_TIMEOUT
    if not math.isfinite(allowed) or allowed <= 0:
        allowed = SCRAPE_TIMEOUT
    allowed = min(allowed, _LONGEST_TIMEOUT)
    return max(allowed - _MARGIN, allowed / 2)


async def _answer(request: Request, measured: Sequence[Measures], *, has_own: bool) -> Response:
    accept = ",".join(request.headers.getlist("accept"))
    text, content_type = await asyncio.to_thread(exposition, measured, accept, has_own=has_own)
    return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def _page(names: Sequence[str]) -> str:
    items = "".join(
        f'<li><a href="probe?target={quote(name, safe="")}">{html.escape(name)}</a></li>'
        for name in names[:_MOST_NAMES]
    )
    more = f"<p>… and {len(names) - _MOST_NAMES} more.</p>" if len(names) > _MOST_NAMES else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Trunkline metrics</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;"
        "padding:0 1rem}</style></head><body><main>"
        f"<h1>Trunkline metrics</h1><p>Version {html.escape(__version__)}: metrics of 3CX phone systems.</p>"
        '<ul><li><a href="metrics">Metrics of all PBXs</a></li><li><a href="-/healthy">Health</a></li>'
        f'<li><a href="-/ready">Readiness</a></li></ul><h2>One PBX</h2><ul>{items}</ul>{more}</main></body></html>\n'
    )
