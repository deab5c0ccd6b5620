"""The second adapter: httpx2, pure Python, for platforms that pyreqwest has no wheel for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import Any

import httpx2

from ..errors import ConfigurationError
from ..request import HttpRequest, Part
from ..result import HttpResponse
from .download import CHUNK, pour, pour_async
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
    unreachable,
)
from .upload import Upload, opened

_UNREADABLE = ("illegal", "too long")  # what h11 says of an answer that is no HTTP; else the connection broke


def _configured(options: ConnectOptions) -> dict[str, Any]:
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
        "headers": {"User-Agent": "trunkline"},
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        "verify": verify,
        "http2": options.http2,
    }


def _asked(
    request: HttpRequest, options: ConnectOptions, allowed: float | None, upload: Upload | None, body: Any
) -> dict[str, Any]:
    """The arguments of httpx2's ``stream``. Its own timeouts are for single reads and writes; see `_in_time`."""
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
def _translated(request: HttpRequest, options: ConnectOptions, allowed: float | None) -> Iterator[None]:
    url, began = request.target, monotonic()
    try:
        yield
    except httpx2.ConnectTimeout:
        raise timed_out(url, options, allowed, connecting=True) from None
    except (httpx2.ConnectError, httpx2.ProxyError) as error:
        raise unreachable(url, str(error)) from None
    except (httpx2.TimeoutException, TimeoutError):
        raise timed_out(url, options, allowed, silent=fell_silent(request, allowed, began)) from None
    except httpx2.RequestError as error:
        causes = str(error) or type(error).__name__
        unreadable = isinstance(error, httpx2.RemoteProtocolError) and any(sign in causes for sign in _UNREADABLE)
        if unreadable or isinstance(error, httpx2.DecodingError):
            raise broken_answer(url, causes) from None
        raise connection_lost(url, causes) from None


def _head(response: httpx2.Response) -> HttpResponse:
    return HttpResponse(response.status_code, {k.lower(): v for k, v in response.headers.items()}, b"")


def _in_time(chunks: Iterator[bytes], deadline: float | None) -> Iterator[bytes]:
    """The chunks, or a TimeoutError once the time is over. A chunk that doesn't come is httpx2's to end."""
    for chunk in chunks:
        if deadline is not None and monotonic() > deadline:
            raise TimeoutError
        yield chunk


class HttpxAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client = httpx2.Client(**_configured(options))

    def send(self, request: HttpRequest) -> HttpResponse:
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
            _translated(request, self._options, allowed),
            self._client.stream(**_asked(request, self._options, allowed, upload, body)) as response,
        ):
            chunks = _in_time(response.iter_bytes(CHUNK if request.sink else None), deadline)
            if request.sink is not None:
                return pour(request.sink, _head(response), chunks)
            return _head(response)._replace(body=b"".join(chunks))

    def close(self) -> None:
        self._client.close()


class AsyncHttpxAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client = httpx2.AsyncClient(**_configured(options))

    async def send(self, request: HttpRequest) -> HttpResponse:
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
        with _translated(request, self._options, allowed):
            async with (
                asyncio.timeout(allowed),
                self._client.stream(**_asked(request, self._options, allowed, upload, body)) as response,
            ):
                if request.sink is not None:
                    return await pour_async(request.sink, _head(response), response.aiter_bytes(CHUNK))
                return _head(response)._replace(body=await response.aread())

    async def close(self) -> None:
        await self._client.aclose()
