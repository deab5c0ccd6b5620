"""The second adapter: httpx2, pure Python, for platforms that pyreqwest has no wheel for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import Any

import httpx2

from ..errors import ConfigurationError, InvalidArgument
from ..request import HttpRequest, Part
from ..result import HttpResponse
from .body import decompressed, decompressed_async
from .download import CHUNK, pour, pour_async
from .failures import is_foreign, unexpected
from .headers import USER_AGENT, check_request, decode_headers
from .options import (
    ConnectOptions,
    broken_answer,
    ca_file,
    closed,
    connect_time,
    connection_lost,
    fell_silent,
    no_authorities,
    no_certificates,
    time_allowed,
    timed_out,
    unauthorized_at_proxy,
    unreachable,
)
from .proxies import Proxy
from .upload import Upload, opened

_UNREADABLE = ("illegal", "too long")  # what h11 says of an answer that is not HTTP; else the connection broke


def _configured(options: ConnectOptions, proxy: Proxy | None) -> dict[str, Any]:
    if options.http2 and find_spec("h2") is None:
        raise ConfigurationError("h2 is not installed, so httpx2 can't do HTTP/2.", hint="pip install 'httpx2[http2]'")
    certificates = ca_file(options)
    verify: bool | ssl.SSLContext = False if options.verify is False else _authorities()
    if isinstance(verify, ssl.SSLContext) and certificates is not None:
        try:
            verify.load_verify_locations(cadata=certificates.decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError):
            raise no_certificates(options) from None
    return {
        "follow_redirects": False,
        # What `decompressed` reads; httpx2's own decompression makes gigabytes of a chunk before it can be stopped.
        "headers": {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        "verify": verify,
        "http2": options.http2,
        "trust_env": False,  # it would look for proxies itself, with rules of its own
        "proxy": None if proxy is None else proxy.url,
    }


@contextmanager
def _built(proxy: Proxy | None) -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise ConfigurationError(
            f"httpx2 can't use the SOCKS proxy {proxy.place if proxy else ''} without socksio.",
            hint="pip install 'httpx2[socks]'",
        ) from None
    except Exception as error:
        if not is_foreign(error):
            raise
        raise ConfigurationError(
            f"httpx2 can't make a client ({type(error).__name__}: {error}).", hint="Nothing was sent."
        ) from None


def _asked(
    request: HttpRequest, options: ConnectOptions, allowed: float | None, upload: Upload | None, body: Any
) -> dict[str, Any]:
    """Return the arguments of httpx2's ``stream``. Its own timeouts are for single reads and writes; see `_in_time`."""
    silence = options.read_timeout if request.sink is not None else None
    longest = min((limit for limit in (silence, allowed) if limit is not None), default=None)
    return {
        "method": request.method,
        "url": request.target,
        "headers": [*request.headers, *(upload.headers if upload else ())],
        "content": body,
        "timeout": httpx2.Timeout(longest, connect=connect_time(options, allowed), pool=None),
    }


def _authorities() -> ssl.SSLContext:
    try:
        return httpx2.create_ssl_context()
    except OSError as problem:  # what SSL_CERT_FILE or SSL_CERT_DIR names
        raise no_authorities(problem.strerror or str(problem)) from None


@contextmanager
def _translated(
    request: HttpRequest, options: ConnectOptions, allowed: float | None, proxy: Proxy | None
) -> Iterator[None]:
    url, began = request.target, monotonic()
    try:
        yield
    except httpx2.ConnectTimeout:
        raise timed_out(url, options, allowed, connecting=True) from None
    except (httpx2.ConnectError, httpx2.ProxyError) as error:
        raise unreachable(url, str(error), proxy) from None
    except (httpx2.TimeoutException, TimeoutError):
        raise timed_out(url, options, allowed, silent=fell_silent(request, allowed, began)) from None
    except httpx2.InvalidURL as error:
        raise InvalidArgument(f"{url[:200]!r} can't be asked ({error}).", hint="Nothing was sent.") from None
    except httpx2.RequestError as error:
        causes = str(error) or type(error).__name__
        unreadable = isinstance(error, httpx2.RemoteProtocolError) and any(sign in causes for sign in _UNREADABLE)
        if unreadable or isinstance(error, httpx2.DecodingError):
            raise broken_answer(url, causes) from None
        raise connection_lost(url, causes) from None
    except Exception as error:
        if not is_foreign(error):
            raise
        raise unexpected(request, error) from None


def _head(response: httpx2.Response, request: HttpRequest, proxy: Proxy | None) -> HttpResponse:
    if response.status_code == 407:
        raise unauthorized_at_proxy(request.target, proxy)
    return HttpResponse(response.status_code, decode_headers(response.headers.raw), b"")


def _in_time(chunks: Iterator[bytes], deadline: float | None) -> Iterator[bytes]:
    """Yield the chunks, or a TimeoutError once the time is over. A chunk that doesn't come is httpx2's to end."""
    for chunk in chunks:
        if deadline is not None and monotonic() > deadline:
            raise TimeoutError
        yield chunk


class HttpxAdapter:
    def __init__(self, options: ConnectOptions, proxy: Proxy | None = None) -> None:
        self._options = options
        self._proxy = proxy
        with _built(proxy):
            self._client = httpx2.Client(**_configured(options, proxy))

    def send(self, request: HttpRequest) -> HttpResponse:
        check_request(request)
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return self._send(request, upload)
        return self._send(request)

    def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        if self._client.is_closed:
            raise closed()
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        deadline = None if allowed is None else monotonic() + allowed
        body = request.body if upload is None else iter(upload)
        with (
            _translated(request, self._options, allowed, self._proxy),
            self._client.stream(**_asked(request, self._options, allowed, upload, body)) as response,
        ):
            head = _head(response, request, self._proxy)
            chunks = decompressed(response.iter_raw(CHUNK if request.sink else None), head, request)
            return pour(request, self._options, head, _in_time(chunks, deadline))

    def close(self) -> None:
        self._client.close()


class AsyncHttpxAdapter:
    def __init__(self, options: ConnectOptions, proxy: Proxy | None = None) -> None:
        self._options = options
        self._proxy = proxy
        with _built(proxy):
            self._client = httpx2.AsyncClient(**_configured(options, proxy))

    async def send(self, request: HttpRequest) -> HttpResponse:
        check_request(request)
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return await self._send(request, upload)
        return await self._send(request)

    async def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        import asyncio

        if self._client.is_closed:
            raise closed()
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        body = request.body if upload is None else aiter(upload)
        with _translated(request, self._options, allowed, self._proxy):
            async with (
                asyncio.timeout(allowed),
                self._client.stream(**_asked(request, self._options, allowed, upload, body)) as response,
            ):
                head = _head(response, request, self._proxy)
                chunks = decompressed_async(response.aiter_raw(CHUNK if request.sink else None), head, request)
                return await pour_async(request, self._options, head, chunks)

    async def close(self) -> None:
        await self._client.aclose()
