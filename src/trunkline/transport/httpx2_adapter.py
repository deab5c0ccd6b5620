"""The second adapter: httpx2, pure Python, for platforms that pyreqwest has no wheel for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from ..request import HttpRequest
from ..result import HttpResponse
from .options import ConnectOptions, ca_file, connection_lost, timed_out, unreachable


def _configured(options: ConnectOptions) -> dict[str, Any]:
    verify: bool | ssl.SSLContext = options.verify is not False
    certificates = ca_file(options)
    if certificates is not None:
        verify = ssl.create_default_context(cadata=certificates.decode("ascii"))
    return {
        "follow_redirects": False,
        "headers": {"User-Agent": "trunkline"},
        "timeout": httpx2.Timeout(options.timeout, connect=options.connect_timeout),
        "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        "verify": verify,
    }


@contextmanager
def _translated(url: str, options: ConnectOptions) -> Iterator[None]:
    try:
        yield
    except httpx2.ConnectTimeout:
        raise timed_out(url, options, connecting=True) from None
    except httpx2.ConnectError as error:
        raise unreachable(url, str(error)) from None
    except httpx2.TimeoutException:
        raise timed_out(url, options, connecting=False) from None
    except httpx2.RequestError as error:
        raise connection_lost(url, str(error) or type(error).__name__) from None


def _response(response: httpx2.Response) -> HttpResponse:
    return HttpResponse(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)


class HttpxAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client = httpx2.Client(**_configured(options))

    def send(self, request: HttpRequest) -> HttpResponse:
        method, url, headers, body = request
        with _translated(url, self._options):
            return _response(self._client.request(method, url, headers=list(headers), content=body))

    def close(self) -> None:
        self._client.close()


class AsyncHttpxAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client = httpx2.AsyncClient(**_configured(options))

    async def send(self, request: HttpRequest) -> HttpResponse:
        method, url, headers, body = request
        with _translated(url, self._options):
            return _response(await self._client.request(method, url, headers=list(headers), content=body))

    async def close(self) -> None:
        await self._client.aclose()
