"""The browser and its way back: a page opened, and a listener on 127.0.0.1 that takes what it brings (RFC 8252)."""

from __future__ import annotations

import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from . import pkce
from .browser import BrowserSignIn

CALLBACK = "/callback"
_PAGE = "<!doctype html><meta charset=utf-8><title>Trunkline</title><p>{}</p>"


class Attempt:
    """One try of one person. ``came_back`` is the query the browser brought, None while it hasn't come."""

    def __init__(self, server: str, client_id: str, label: str, browser: BrowserSignIn) -> None:
        self._server = server
        self._client_id = client_id
        self._label = label
        self._browser = browser
        self._proof = pkce.new_proof()
        self._listener: ThreadingHTTPServer | None = None
        self._redirect_uri = ""
        self.came_back: str | None = None

    def begin(self) -> None:
        """Listen, then open the browser. ConfigurationError where there is no port or no browser to be had."""
        try:
            self._listener = ThreadingHTTPServer(("127.0.0.1", self._browser.port), _handler(self))
        except OSError as problem:
            raise ConfigurationError(
                f"Port {self._browser.port} of this machine can't be used for signing in ({problem.strerror}).",
                hint="Give BrowserSignIn another port, or 0 for any.",
            ) from None
        self._listener.daemon_threads = True
        threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="trunkline-sign-in", daemon=True
        ).start()
        self._redirect_uri = f"http://127.0.0.1:{self._listener.server_port}{CALLBACK}"
        url = pkce.authorize_url(self._server, self._client_id, self._redirect_uri, self._browser.scopes, self._proof)
        if self._browser.open_browser is not None:
            self._browser.open_browser(url)
        elif not webbrowser.open(url):
            raise ConfigurationError(
                "No browser could be opened to sign in.",
                hint="On a machine without one use an API key, or give BrowserSignIn an open_browser that shows the "
                "address to somebody who has one.",
            )

    def form(self) -> dict[str, str]:
        """The token request for what the browser brought; SignInError if that is no code for us."""
        code = pkce.code_of(self.came_back or "", self._proof, self._label)
        return pkce.code_form(self._client_id, code, self._redirect_uri, self._proof)

    def close(self) -> None:
        """Stop listening; may be called at any time, and twice."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()


def _handler(attempt: Attempt) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # browsers open connections that they never use

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path != CALLBACK:  # such as /favicon.ico
                self.send_error(404)
                return
            page = _PAGE.format("Trunkline has what it needs. You can close this page.").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)
            if attempt.came_back is None:  # the first answer counts; reloading the page changes nothing
                attempt.came_back = parts.query

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the query has the code in it."""

    return Handler
