"""The first adapter: pyreqwest, that is Rust's reqwest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import RequestError, RequestTimeoutError
from pyreqwest.http import HeaderMap

from ..request import HttpRequest
from ..result import HttpResponse
from .options import ConnectOptions, ca_file, connection_lost, timed_out, unreachable

# pyreqwest's ConnectError and ConnectTimeoutError also stand for a connection that broke, or an answer that took too
# long, after the request was sent. Only this cause says that there never was one; to take the others for it would
# send a request twice.
_NEVER_CONNECTED = "client error (Connect)"

Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)


def _configured(builder: Builder, options: ConnectOptions) -> Builder:
    builder = (
        builder.follow_redirects(False)
        .connect_timeout(timedelta(seconds=options.connect_timeout))
        .timeout(timedelta(seconds=options.timeout))
        .user_agent("trunkline")
    )
    if options.verify is False:
        builder = builder.danger_accept_invalid_certs(True)
    certificates = ca_file(options)
    return builder if certificates is None else builder.add_root_certificate_pem(certificates)


@contextmanager
def _translated(url: str, options: ConnectOptions) -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        causes = [cause["message"] for cause in error.details.get("causes") or ()] or [error.message]
        if isinstance(error, RequestTimeoutError):
            raise timed_out(url, options, connecting=_NEVER_CONNECTED in causes) from None
        if _NEVER_CONNECTED in causes:
            raise unreachable(url, causes[-1]) from None
        raise connection_lost(url, causes[-1]) from None


def _headers(headers: HeaderMap) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class ReqwestAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client: SyncClient = _configured(SyncClientBuilder(), options).build()

    def send(self, request: HttpRequest) -> HttpResponse:
        with _translated(request.target, self._options):
            building = self._client.request(request.method, request.target).headers(list(request.headers))
            if request.body is not None:
                building = building.body_bytes(request.body)
            response = building.build().send()
            return HttpResponse(response.status, _headers(response.headers), bytes(response.bytes()))

    def close(self) -> None:
        self._client.close()


class AsyncReqwestAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        self._client: Client = _configured(ClientBuilder(), options).build()

    async def send(self, request: HttpRequest) -> HttpResponse:
        with _translated(request.target, self._options):
            building = self._client.request(request.method, request.target).headers(list(request.headers))
            if request.body is not None:
                building = building.body_bytes(request.body)
            response = await building.build().send()
            return HttpResponse(response.status, _headers(response.headers), bytes(await response.bytes()))

    async def close(self) -> None:
        await self._client.close()
