"""The browser and its way back: a page opened, and a listener on 127.0.0.1 that takes what it brings (RFC 8252).

Anything on this machine can reach the listener. Only a request to the callback with the state of our own request
counts; all else is answered and forgotten, and the listener goes on waiting.
"""

from __future__ import annotations

import socketserver
import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BufferedReader, RawIOBase
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError, TrunklineError
from . import pkce
from .browser import BrowserSignIn

CALLBACK = "/callback"
_PAGE = "<!doctype html><meta charset=utf-8><title>Trunkline</title><h1>Trunkline</h1><p>{}</p>"
_DONE = "Trunkline has what it needs. You can close this page and go back to where you started it."
_REFUSED = "You were not signed in. You can close this page; Trunkline says why where you started it."
_STRAY = (
    "This page belongs to another sign-in than the one that is open, so it was ignored. Go on in the page that opened "
    "last, or start again."
)
_LARGEST_REQUEST = 32 * 1024
_LONGEST_REQUEST = 10.0
"""Seconds; browsers open connections that they never use."""
_MOST_CONNECTIONS = 32


class Attempt:
    """One try of one person. ``came_back`` is the query the browser brought, None while it hasn't come.

    ``strays`` counts the answers to other requests than ours that were ignored.
    """

    def __init__(self, server: str, client_id: str, label: str, browser: BrowserSignIn) -> None:
        self._server = server
        self._client_id = client_id
        self._label = label
        self._browser = browser
        self._proof = pkce.new_proof()
        self._listener: _Listener | None = None
        self.redirect_uri = ""
        self.came_back: str | None = None
        self.strays = 0

    def begin(self) -> None:
        """Listen, then open the browser. Raises ConfigurationError if no port or no browser is available."""
        try:
            self._listener = _Listener(("127.0.0.1", self._browser.port), _handler(self))
        except (OSError, OverflowError, TypeError) as problem:
            raise ConfigurationError(
                f"Port {self._browser.port} of this machine can't be used for signing in "
                f"({getattr(problem, 'strerror', None) or 'not a port'}).",
                hint="Give BrowserSignIn another port, or 0 for any.",
            ) from None
        threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="trunkline-sign-in", daemon=True
        ).start()
        self.redirect_uri = f"http://127.0.0.1:{self._listener.server_port}{CALLBACK}"
        url = pkce.authorize_url(self._server, self._client_id, self.redirect_uri, self._browser.scopes, self._proof)
        self._open(url)

    def _open(self, url: str) -> None:
        opened: object = True
        try:
            if self._browser.open_browser is not None:
                self._browser.open_browser(url)
            else:
                opened = webbrowser.open(url)
        except TrunklineError:
            raise
        except Exception as problem:  # of the person's own function, or of what the system starts
            raise ConfigurationError(
                f"The browser could not be opened to sign in ({type(problem).__name__}).",
                hint="Check open_browser of BrowserSignIn; on a machine without a browser use an API key.",
            ) from None
        if not opened:
            raise ConfigurationError(
                "No browser could be opened to sign in.",
                hint="On a machine without one use an API key, or give BrowserSignIn an open_browser that shows the "
                "address to somebody who has one.",
            )

    def is_ours(self, query: str) -> bool:
        """Whether a query that came to the callback answers our request."""
        return pkce.is_answer_to(query, self._proof)

    def page_for(self, query: str) -> str:
        """Return what the page says to the person who brought a query."""
        if not self.is_ours(query):
            return _STRAY
        try:
            pkce.code_of(query, self._proof, self._label)
        except TrunklineError:
            return _REFUSED
        return _DONE

    def take(self, query: str) -> None:
        """Take a query, if it answers our request. The first one counts: the page may be loaded again."""
        if not self.is_ours(query):
            self.strays += 1
        elif self.came_back is None:
            self.came_back = query

    def form(self) -> dict[str, str]:
        """Return the token request for what the browser brought; SignInError if that is not a code for us."""
        code = pkce.code_of(self.came_back or "", self._proof, self._label)
        return pkce.code_form(self._client_id, code, self.redirect_uri, self._proof)

    def close(self) -> None:
        """Stop listening; may be called at any time, and twice."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()


class _Listener(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True
    _connections = threading.BoundedSemaphore(_MOST_CONNECTIONS)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks the network for the name of this machine
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a connection that broke, or garbage, is not the person's."""


class _Bounded(RawIOBase):
    """What a connection brings, up to a size and for a time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._left = _LARGEST_REQUEST
        self._deadline = monotonic() + _LONGEST_REQUEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wait = self._deadline - monotonic()
        size = min(len(buffer), self._left)
        if wait <= 0 or size <= 0:
            return 0
        self._connection.settimeout(wait)
        count: int = self._connection.recv_into(memoryview(buffer)[:size])
        self._left -= count
        return count


def _handler(attempt: Attempt) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _LONGEST_REQUEST

        def setup(self) -> None:
            super().setup()
            self.rfile.close()
            self.rfile = BufferedReader(_Bounded(self.connection))

        def do_GET(self) -> None:
            try:
                parts = urlsplit(self.path)
            except ValueError:
                self.send_error(400)
                return
            if parts.path != CALLBACK:  # such as /favicon.ico
                self.send_error(404)
                return
            try:
                self._send_page(attempt.page_for(parts.query))
            finally:  # the browser may not wait for the page
                attempt.take(parts.query)

        def _send_page(self, text: str) -> None:
            page = _PAGE.format(text).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the query has the code in it."""

    return Handler
