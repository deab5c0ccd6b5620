"""The first adapter: pyreqwest, that is Rust's reqwest."""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic, sleep
from typing import TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, DecodeError, RequestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.request import RequestBuilder, SyncRequestBuilder
from pyreqwest.response import Response, ResponseBodyReader, SyncResponse

from ..request import HttpRequest, Part
from ..result import HttpResponse
from .download import CHUNK, pour, pour_async
from .options import (
    ConnectOptions,
    broken_answer,
    ca_file,
    closed,
    connection_lost,
    fell_silent,
    no_authorities,
    no_certificates,
    time_allowed,
    timed_out,
    unreachable,
)
from .upload import Upload, opened

# pyreqwest's ConnectError and ConnectTimeoutError also stand for a connection that broke, or an answer that took too
# long, after the request was sent. Only this cause says that there never was one; to take the others for it would
# send a request twice.
_NEVER_CONNECTED = "client error (Connect)"
# Its DecodeErrors stand for a body that broke off (with this cause) as for one that is no gzip or no HTTP.
_BROKE_OFF = "error reading a body from connection"

Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)
Building = TypeVar("Building", RequestBuilder, SyncRequestBuilder)
Result = TypeVar("Result")


def _configured(builder: Builder, options: ConnectOptions) -> Builder:
    builder = (
        builder.follow_redirects(False)
        .connect_timeout(timedelta(seconds=options.connect_timeout))
        .http2(options.http2)
        .user_agent("trunkline")
    )
    if "*" in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        builder = builder.no_proxy()  # reqwest takes the star for names only, and a PBX may have just an IP address
    if options.verify is False:
        builder = builder.danger_accept_invalid_certs(True)
    certificates = ca_file(options)
    return builder if certificates is None else builder.add_root_certificate_pem(certificates)


@contextmanager
def _built(options: ConnectOptions) -> Iterator[None]:
    try:
        yield
    except BuilderError as error:
        if isinstance(options.verify, bool):
            causes = [cause["message"] for cause in error.details.get("causes") or ()] or [error.message]
            raise no_authorities(causes[-1]) from None
        raise no_certificates(options) from None


def _patient(builder: Builder, options: ConnectOptions) -> Builder:
    """For downloads: pyreqwest has this limit for a whole client only, and a late answer in memory is no silence."""
    return _configured(builder, options).read_timeout(timedelta(seconds=options.read_timeout))


def _filled(building: Building, request: HttpRequest, allowed: float | None) -> Building:
    building = building.headers(list(request.headers))
    if allowed is not None:
        building = building.timeout(timedelta(seconds=allowed))
    return building.body_bytes(request.body) if isinstance(request.body, bytes) else building


@contextmanager
def _translated(request: HttpRequest, options: ConnectOptions, allowed: float | None) -> Iterator[None]:
    url, began = request.target, monotonic()
    try:
        yield
    except RequestError as error:
        causes = [cause["message"] for cause in error.details.get("causes") or ()] or [error.message]
        if isinstance(error, RequestTimeoutError):
            silent = fell_silent(request, allowed, began)
            raise timed_out(url, options, allowed, connecting=_NEVER_CONNECTED in causes, silent=silent) from None
        if _NEVER_CONNECTED in causes:
            raise unreachable(url, causes[-1]) from None
        if isinstance(error, DecodeError) and _BROKE_OFF not in causes:
            raise broken_answer(url, causes[-1]) from None
        raise connection_lost(url, causes[-1]) from None


def _headers(headers: HeaderMap) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _head(response: Response | SyncResponse) -> HttpResponse:
    return HttpResponse(response.status, _headers(response.headers), b"")


async def _chunks(reader: ResponseBodyReader) -> AsyncIterator[bytes]:
    while (chunk := await _heeding(reader.read(CHUNK))) is not None:
        yield bytes(chunk)


async def _heeding(awaited: Awaitable[Result]) -> Result:
    """The result, unless the task was cancelled: pyreqwest forgets that where its answer has just arrived."""
    import asyncio  # whoever works with threads doesn't load it

    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    result = await awaited
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return result


class ReqwestAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        with _built(options):
            self._client: SyncClient | None = _configured(SyncClientBuilder(), options).build()
        self._patient: SyncClient | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return self._send(request, upload)
        return self._send(request)

    def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        with _translated(request, self._options, allowed):
            building = _filled(self._for(request).request(request.method, request.target), request, allowed)
            if upload is not None:
                building = building.headers(list(upload.headers)).body_stream(iter(upload))
            if request.sink is None:
                response = building.build().send()
                return _head(response)._replace(body=bytes(response.bytes()))
            with building.build_streamed() as response:
                reader = response.body_reader
                return pour(request.sink, _head(response), map(bytes, iter(lambda: reader.read(CHUNK), None)))

    def _for(self, request: HttpRequest) -> SyncClient:
        if self._client is None:
            raise closed()
        if request.sink is None:
            return self._client
        if self._patient is None:
            self._patient = _patient(SyncClientBuilder(), self._options).build()
        return self._patient

    def close(self) -> None:
        clients = self._client, self._patient
        self._client = self._patient = None  # pyreqwest lets idle connections go with the object, not at its close
        for client in clients:
            if client is not None:
                client.close()


def _let_threads_go() -> None:
    """Give threads that have handed over an answer the moment that they still need the interpreter for.

    If it is taken apart meanwhile, they abort the process: three of a hundred short scripts did, under load.
    """
    with suppress(KeyboardInterrupt):  # a second Ctrl-C, when all is said
        sleep(0.005)


class AsyncReqwestAdapter:
    def __init__(self, options: ConnectOptions) -> None:
        self._options = options
        atexit.unregister(_let_threads_go)
        atexit.register(_let_threads_go)
        with _built(options):
            self._client: Client | None = _configured(ClientBuilder(), options).build()
        self._patient: Client | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return await self._send(request, upload)
        return await self._send(request)

    async def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        with _translated(request, self._options, allowed):
            building = _filled(self._for(request).request(request.method, request.target), request, allowed)
            if upload is not None:
                building = building.headers(list(upload.headers)).body_stream(aiter(upload))
            if request.sink is None:
                response = await _heeding(building.build().send())
                return _head(response)._replace(body=bytes(await _heeding(response.bytes())))
            async with building.build_streamed() as response:
                return await pour_async(request.sink, _head(response), _chunks(response.body_reader))

    def _for(self, request: HttpRequest) -> Client:
        if self._client is None:
            raise closed()
        if request.sink is None:
            return self._client
        if self._patient is None:
            self._patient = _patient(ClientBuilder(), self._options).build()
        return self._patient

    async def close(self) -> None:
        clients = self._client, self._patient
        self._client = self._patient = None  # pyreqwest lets idle connections go with the object, not at its close
        for client in clients:
            if client is not None:
                await client.close()
