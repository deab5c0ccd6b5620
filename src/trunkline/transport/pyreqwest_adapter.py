"""The first adapter: pyreqwest, that is Rust's reqwest."""

from __future__ import annotations

import atexit
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from time import monotonic, sleep
from typing import Any, TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import BuilderError, DecodeError, RequestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import Response, ResponseBodyReader, SyncResponse, SyncResponseBodyReader

from ..errors import ConfigurationError
from ..request import HttpRequest, Part
from ..result import HttpResponse
from .body import Body, collect, collect_async, decompressed, decompressed_async
from .download import CHUNK, pour, pour_async
from .failures import is_foreign, unexpected
from .headers import USER_AGENT, check_request
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
    unauthorized_at_proxy,
    unreachable,
)
from .proxies import Proxy
from .pyreqwest_headers import lenient_headers
from .threads import in_thread
from .upload import Upload, opened

# pyreqwest's ConnectError and ConnectTimeoutError also stand for a connection that broke, or an answer that took too
# long, after the request was sent. Only this cause says that there never was one; to take the others for it would
# send a request twice.
_NEVER_CONNECTED = "client error (Connect)"
_LONGEST_UNACKNOWLEDGED = 2_000_000  # seconds: Linux counts milliseconds in 32 bits
# Its DecodeErrors stand for a body that broke off (with this cause) as for one that is not gzip or not HTTP.
_BROKE_OFF = "error reading a body from connection"

Builder = TypeVar("Builder", ClientBuilder, SyncClientBuilder)
Building = TypeVar("Building", RequestBuilder, SyncRequestBuilder)
Result = TypeVar("Result")


def _configured(builder: Builder, options: ConnectOptions, proxy: Proxy | None) -> Builder:
    builder = (
        builder.follow_redirects(False)
        .connect_timeout(timedelta(seconds=options.connect_timeout))
        .http2(options.http2)
        .user_agent(USER_AGENT)
        .brotli(False)  # as with httpx2: gzip is what servers have, and each other one is more code to trust
        .zstd(False)
        .no_proxy()  # reqwest would look into the environment itself, with rules of its own
    )
    if options.unacknowledged is not None and hasattr(builder, "tcp_user_timeout"):  # on Linux
        builder = builder.tcp_user_timeout(timedelta(seconds=min(options.unacknowledged, _LONGEST_UNACKNOWLEDGED)))
    if proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(proxy.url))
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
    except BaseException as error:
        if not is_foreign(error):
            raise
        raise ConfigurationError(
            f"pyreqwest can't make a client ({type(error).__name__}: {error}).", hint="Nothing was sent."
        ) from None


def _patient(builder: Builder, options: ConnectOptions, proxy: Proxy | None) -> Builder:
    """For downloads: pyreqwest has this limit for a whole client only, and a late answer in memory is not silence."""
    return _configured(builder, options, proxy).read_timeout(timedelta(seconds=options.read_timeout))


def _filled(building: Building, request: HttpRequest, allowed: float | None) -> Building:
    building = building.headers(list(request.headers))
    if allowed is not None:
        building = building.timeout(_seconds(allowed))
    return building.body_bytes(request.body) if isinstance(request.body, bytes) else building


@lru_cache(maxsize=8)
def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _translated(
    error: BaseException,
    request: HttpRequest,
    options: ConnectOptions,
    allowed: float | None,
    began: float,
    proxy: Proxy | None,
) -> BaseException:
    """Return the error for what pyreqwest raised; Trunkline's own and the caller's stay as they are."""
    url = request.target
    if not isinstance(error, RequestError):
        return unexpected(request, error) if is_foreign(error) else error
    causes = [cause["message"] for cause in error.details.get("causes") or ()] or [error.message]
    if isinstance(error, RequestTimeoutError):
        silent = fell_silent(request, allowed, began)
        return timed_out(url, options, allowed, connecting=_NEVER_CONNECTED in causes, silent=silent)
    if _NEVER_CONNECTED in causes:
        return unreachable(url, causes[-1], proxy)
    if isinstance(error, DecodeError) and _BROKE_OFF not in causes:
        return broken_answer(url, causes[-1])
    return connection_lost(url, causes[-1])


def _headers(headers: HeaderMap) -> dict[str, str] | None:
    """Headers by their name in lower case; None if some of them need `lenient_headers`."""
    try:
        values = headers.dict_multi_value()
    except ValueError:
        return None
    return {name: value if isinstance(value, str) else value[-1] for name, value in values.items()}


def _head(response: Response | SyncResponse, request: HttpRequest, proxy: Proxy | None) -> HttpResponse:
    headers = _headers(response.headers)
    return _judged(response.status, lenient_headers(response.headers) if headers is None else headers, request, proxy)


async def _head_async(response: Response, request: HttpRequest, proxy: Proxy | None) -> HttpResponse:
    headers = _headers(response.headers)
    if headers is None:
        headers = await in_thread(lenient_headers, response.headers)
    return _judged(response.status, headers, request, proxy)


def _judged(status: int, headers: dict[str, str], request: HttpRequest, proxy: Proxy | None) -> HttpResponse:
    if status == 407:
        raise unauthorized_at_proxy(request.target, proxy)
    return HttpResponse(status, headers, b"")


# An answer that goes into memory is streamed, too: pyreqwest's `bytes` would take all that comes, and make room for
# whatever a Content-Length says. A chunk shorter than asked for is the last. What was read to its end needs no closing,
# and what has no body no reading: each is a way to pyreqwest's own thread and back, a tenth of what a call costs.


# What reqwest has decompressed has no Content-Encoding any more. It reads only its own spelling of two encodings, and
# hands over all others, "GZIP" among them, as they came: a file would be saved compressed.


def _whole(response: SyncResponse, head: HttpResponse, request: HttpRequest, options: ConnectOptions) -> bytes:
    if _is_empty(head):
        return b""
    reader = response.body_reader
    if "content-encoding" in head.headers:
        return collect(request, options, decompressed(_chunks(reader), head, request))
    body = Body(request, options)
    while (chunk := reader.read(CHUNK)) is not None:
        body.add(bytes(chunk))
        if len(chunk) < CHUNK:
            break
    return body.whole()


async def _whole_async(response: Response, head: HttpResponse, request: HttpRequest, options: ConnectOptions) -> bytes:
    if _is_empty(head):
        return b""
    reader = response.body_reader
    if "content-encoding" in head.headers:
        return await collect_async(request, options, decompressed_async(_chunks_async(reader), head, request))
    body = Body(request, options)
    while (chunk := await _heeding(reader.read(CHUNK))) is not None:
        body.add(bytes(chunk))
        if len(chunk) < CHUNK:
            break
    return body.whole()


def _is_empty(head: HttpResponse) -> bool:
    return head.status == 204 or head.headers.get("content-length") == "0"  # RFC 9110, 15.3.5


def _chunks(reader: SyncResponseBodyReader) -> Iterator[bytes]:
    while (chunk := reader.read(CHUNK)) is not None:
        yield bytes(chunk)


async def _chunks_async(reader: ResponseBodyReader) -> AsyncIterator[bytes]:
    while (chunk := await _heeding(reader.read(CHUNK))) is not None:
        yield bytes(chunk)


async def _heeding(awaited: Awaitable[Result]) -> Result:
    """Return the result, unless the task was cancelled: pyreqwest forgets that where its answer has just arrived."""
    import asyncio  # whoever works with threads doesn't load it

    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    result = await awaited
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return result


class _Sent:
    """A request of pyreqwest's that was sent: its own repr raises then, and would spoil a traceback with variables."""

    __slots__ = ("stream",)

    def __init__(self, stream: StreamRequest | SyncStreamRequest) -> None:
        self.stream: Any = stream


async def _begin(sent: _Sent) -> Response:
    """Send a request; its answer is the caller's to end, unless the task was cancelled meanwhile, as in `_heeding`."""
    import asyncio

    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    response: Response = await sent.stream.__aenter__()
    if task is not None and task.cancelling() > before:
        await sent.stream.__aexit__(None, None, None)
        raise asyncio.CancelledError
    return response


class ReqwestAdapter:
    def __init__(self, options: ConnectOptions, proxy: Proxy | None = None) -> None:
        self._options = options
        self._proxy = proxy
        with _built(options):
            self._client: SyncClient | None = _configured(SyncClientBuilder(), options, proxy).build()
        self._patient: SyncClient | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        check_request(request)
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return self._send(request, upload)
        return self._send(request)

    def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        began = monotonic()
        try:
            # The client has no name here: a traceback that is kept would keep it, and its connections open.
            building = _filled(self._for(request).request(request.method, request.target), request, allowed)
            if upload is not None:
                building = building.headers(list(upload.headers)).body_stream(iter(upload))
            sent = _Sent(building.build_streamed())
            response: SyncResponse = sent.stream.__enter__()
            at_end = False
            try:
                head = _head(response, request, self._proxy)
                if request.sink is not None:
                    return pour(
                        request, self._options, head, decompressed(_chunks(response.body_reader), head, request)
                    )
                whole = _whole(response, head, request, self._options)
                at_end = "content-encoding" not in head.headers
                return HttpResponse(head.status, head.headers, whole)
            finally:
                if not at_end:
                    sent.stream.__exit__(None, None, None)
        except BaseException as error:
            translated = _translated(error, request, self._options, allowed, began, self._proxy)
            if translated is error:
                raise
            raise translated from None

    def _for(self, request: HttpRequest) -> SyncClient:
        if self._client is None:
            raise closed()
        if request.sink is None:
            return self._client
        if self._patient is None:
            with _built(self._options):
                self._patient = _patient(SyncClientBuilder(), self._options, self._proxy).build()
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
    def __init__(self, options: ConnectOptions, proxy: Proxy | None = None) -> None:
        self._options = options
        self._proxy = proxy
        atexit.unregister(_let_threads_go)
        atexit.register(_let_threads_go)
        with _built(options):
            self._client: Client | None = _configured(ClientBuilder(), options, proxy).build()
        self._patient: Client | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        check_request(request)
        if isinstance(request.body, Part):
            with opened(request.body) as upload:
                return await self._send(request, upload)
        return await self._send(request)

    async def _send(self, request: HttpRequest, upload: Upload | None = None) -> HttpResponse:
        allowed = time_allowed(request, self._options, upload.size if upload else 0)
        began = monotonic()
        try:
            # The client has no name here: a traceback that is kept would keep it, and its connections open.
            building = _filled(self._for(request).request(request.method, request.target), request, allowed)
            if upload is not None:
                building = building.headers(list(upload.headers)).body_stream(aiter(upload))
            sent = _Sent(building.build_streamed())
            response = await _begin(sent)
            at_end = False
            try:
                head = await _head_async(response, request, self._proxy)
                if request.sink is not None:
                    return await pour_async(
                        request,
                        self._options,
                        head,
                        decompressed_async(_chunks_async(response.body_reader), head, request),
                    )
                whole = await _whole_async(response, head, request, self._options)
                at_end = "content-encoding" not in head.headers
                return HttpResponse(head.status, head.headers, whole)
            finally:
                if not at_end:
                    await sent.stream.__aexit__(None, None, None)
        except BaseException as error:
            translated = _translated(error, request, self._options, allowed, began, self._proxy)
            if translated is error:
                raise
            raise translated from None

    def _for(self, request: HttpRequest) -> Client:
        if self._client is None:
            raise closed()
        if request.sink is None:
            return self._client
        if self._patient is None:
            with _built(self._options):
                self._patient = _patient(ClientBuilder(), self._options, self._proxy).build()
        return self._patient

    async def close(self) -> None:
        clients = self._client, self._patient
        self._client = self._patient = None  # pyreqwest lets idle connections go with the object, not at its close
        for client in clients:
            if client is not None:
                await client.close()
