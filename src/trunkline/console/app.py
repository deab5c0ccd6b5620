"""The console as an application: pages, who gets in, and the PBXs behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from fastapi import FastAPI
from nicegui import core, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from ..connections.opened import OpenPbxs
from ..serving.hosts import App
from ..serving.server import Listening, serve
from .access import Access, Gate
from .access_headers import SafeAnswers
from .access_page import missing_page
from .access_password import Password
from .access_sessions import Session
from .errors_log import log_in_lines
from .fleet_readings import readings
from .jobs_tasks import end_all
from .pbxs import use
from .visitor import visitor

_ASSETS = Path(__file__).with_name("assets")
_HEAD = (
    '<link rel="stylesheet" href="/assets/console.css">'
    '<script src="/assets/zone.js"></script><script src="/assets/console.js" defer></script>'
)
_SWEEP = 60.0  # seconds between two looks for sessions that nobody uses
_access: Access | None = None


async def run_console(
    pbxs: OpenPbxs,
    listening: Listening,
    show_link: Callable[[str], None],
    on_start: Callable[[str], None] = lambda url: None,
    *,
    password: Password | None = None,
    behind_proxy: bool = False,
) -> None:
    """Serve the console until Ctrl-C, SIGTERM or cancellation.

    ``show_link`` gets each one-time link, and is not called where there is a ``password``. ``behind_proxy``: a proxy
    speaks TLS for it. Raises ConfigurationError as `serving.server.serve` does.
    """
    access = Access(show_link, password, is_secure=listening.is_encrypted or behind_proxy)

    def start(url: str) -> None:
        on_start(url)
        access.start(url)

    await serve(make_app(pbxs, access), listening, start)


def make_app(pbxs: OpenPbxs, access: Access) -> App:
    """Make the application. A process has one: NiceGUI's pages are global."""
    global _access  # noqa: PLW0603 - pages have no other way to the process that they run in
    _access = access
    use(pbxs)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(access))
        try:
            yield
        finally:
            sweeping.cancel()
            readings().stop()
            await end_all()  # while the clients are open
            await pbxs.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    app.router.routes.extend(access.routes())
    app.mount("/assets", StaticFiles(directory=_ASSETS))
    import_pages()
    log_in_lines()
    core.app.exception_handler(404)(_show_missing)
    ui.add_head_html(_HEAD, shared=True)
    core.app.config.quasar_config["loadingBar"]["skipHijack"] = True  # a bar without a name at every request
    ui.run_with(
        app,
        title="Trunkline",
        favicon=_ASSETS / "icon.svg",
        dark=None,
        binding_refresh_interval=None,
        reconnect_timeout=30.0,  # seconds; a page that is cut off longer is loaded anew, and loses what was typed
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )
    return GZipMiddleware(SafeAnswers(Gate(app, access)), minimum_size=1000)


def import_pages() -> None:
    """Import all modules of this folder: a page registers itself when it is imported."""
    import trunkline.console as package

    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


def end_session(session: Session) -> None:
    """End a session, in all of its tabs."""
    if _access is not None:
        _access.sessions.end(session)


def _show_missing(request: Request, problem: Exception) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(missing_page(visitor().language), 404)
    return PlainTextResponse("Not found.\n", 404)


async def _sweep(access: Access) -> None:
    while True:
        await asyncio.sleep(_SWEEP)
        access.sessions.end_idle()
