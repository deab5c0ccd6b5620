"""The emulator on a port: in a thread for tests, or in the foreground for the command line."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn

from .connection import Connection, Limits
from .tls import Tls, made

App = Callable[[Any, Any, Any], Awaitable[None]]


class Address(str):
    """A base address; ``ca`` is the file with the authority that a client must trust, None without TLS of our own."""

    __slots__ = ("ca",)
    ca: Path | None

    def __new__(cls, text: str, ca: Path | None = None) -> Address:
        address = super().__new__(cls, text)
        address.ca = ca
        return address


class Config(uvicorn.Config):
    """uvicorn's, with the host that we listen on and the limits of each connection."""

    def __init__(self, app: App, listens: str, limits: Limits, **settings: Any) -> None:
        super().__init__(app, **settings)
        self.listens = listens
        self.limits = limits


class _Server(uvicorn.Server):
    """Says when it is ready to answer, and ends connections that take too long."""

    def __init__(self, config: Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_start()

    async def on_tick(self, counter: int) -> bool:
        if counter % 5 == 0:  # uvicorn's ticks are a tenth of a second
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.end_if_late(now)
        return await super().on_tick(counter)


@contextmanager
def running(
    app: App, port: int = 0, host: str = "127.0.0.1", *, tls: bool | Tls = False, limits: Limits | None = None
) -> Iterator[Address]:
    """Serve in a thread while the block runs; gives the base address. Port 0 takes any free one.

    OSError if the port is in use or this machine doesn't have the address.
    """
    with running_all(app, [port], host, tls=tls, limits=limits) as (address,):
        yield address


@contextmanager
def running_all(
    app: App,
    ports: Sequence[int],
    host: str,
    *,
    tls: bool | Tls = False,
    on_start: Callable[[list[Address]], None] = lambda addresses: None,
    limits: Limits | None = None,
) -> Iterator[list[Address]]:
    """Serve on several ports at once; ``on_start`` gets their addresses before the first request is taken."""
    speaks = _tls(tls, host)
    with _listening(host, ports) as listeners:
        addresses = [_address(host, listener, speaks) for listener in listeners]
        ready = threading.Event()

        def started() -> None:
            on_start(addresses)
            ready.set()

        server = _Server(_config(app, speaks, host, limits), started)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": listeners}, name="trunkline-emulator", daemon=True
        )
        thread.start()
        try:
            while not ready.wait(0.05):
                if not thread.is_alive():
                    raise RuntimeError("the emulator ended before it could answer")
            yield addresses
        finally:
            server.should_exit = True
            thread.join()


def serve(
    app: App, host: str, ports: Sequence[int], on_start: Callable[[list[Address]], None], tls: bool | Tls = False
) -> None:
    """Serve until Ctrl-C or SIGTERM. ``on_start`` is given the addresses once requests are answered.

    OSError if a port is in use or this machine doesn't have the address.
    """
    speaks = _tls(tls, host)
    with _listening(host, ports) as listeners:
        told = [_address(host, listener, speaks) for listener in listeners]
        server = _Server(_config(app, speaks, host), lambda: on_start(told))
        # uvicorn stops in good order on both signals, then passes them on.
        with _sigterm_as_ctrl_c(), suppress(KeyboardInterrupt):
            server.run(sockets=listeners)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread only
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tls(tls: bool | Tls, host: str) -> Tls | None:
    if isinstance(tls, Tls):
        return tls
    return made(host) if tls else None


def _config(app: App, tls: Tls | None, host: str, limits: Limits | None = None) -> Config:
    factory: Callable[[uvicorn.Config, Callable[[], ssl.SSLContext]], ssl.SSLContext] | None = None
    if tls is not None:
        context = tls.context
        factory = lambda config, default: context  # noqa: E731 - None, where there is nothing to speak
    return Config(
        app,
        host or "0.0.0.0",  # noqa: S104 - which is what an empty host means
        limits or Limits(),
        http=Connection,
        access_log=False,
        log_level="error",  # a warning only says that somebody sent what isn't HTTP
        ws="none",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
        ssl_context_factory=factory,
    )


@contextmanager
def _listening(host: str, ports: Sequence[int]) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(_bound(host, port)) for port in ports]


def _bound(host: str, port: int) -> socket.socket:
    listener: socket.socket | None = None
    try:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # on Windows the option would let two servers share one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        if listener is not None:
            listener.close()
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise OSError(error.errno, f"The emulator can't listen on {host}, port {port}: {reason}") from error
    return listener


def _address(host: str, listener: socket.socket, tls: Tls | None) -> Address:
    reached = _REACHED_BY.get(host, host)
    shown = f"[{reached}]" if ":" in reached else reached
    return Address(f"{'https' if tls else 'http'}://{shown}:{listener.getsockname()[1]}", tls.ca if tls else None)


# Where this machine finds what listens on all its addresses.
_REACHED_BY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104
