"""The emulator on a port: in a thread for tests, or in the foreground for the command line."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .app import Emulator
from .control.wire import HANGS, TRANSPORT


class _Protocol(HttpToolsProtocol):
    """Lets the emulator get at the connection, for the faults that break it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]

    def shutdown(self) -> None:
        super().shutdown()
        if self.scope and HANGS in (self.scope.get("extensions") or {}):
            self.transport.close()


class _Server(uvicorn.Server):
    """Says when it is ready to answer."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_start()


@contextmanager
def running(emulator: Emulator, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve in a thread while the block runs; gives the base address. Port 0 takes any free one.

    OSError if the port is in use or the address can't be had.
    """
    with _bound(host, port) as listener:
        ready = threading.Event()
        server = _Server(_config(emulator), ready.set)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="trunkline-emulator", daemon=True
        )
        thread.start()
        try:
            while not ready.wait(0.05):
                if not thread.is_alive():
                    raise RuntimeError("the emulator ended before it could answer")
            yield _address(host, listener)
        finally:
            server.should_exit = True
            thread.join()


def serve(emulator: Emulator, host: str, port: int, on_start: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. ``on_start`` is given the base address once requests are answered.

    OSError if the port is in use or the address can't be had.
    """
    with _bound(host, port) as listener:
        server = _Server(_config(emulator), lambda: on_start(_address(host, listener)))
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            return  # uvicorn stops in good order on Ctrl-C, then passes it on


def _config(emulator: Emulator) -> uvicorn.Config:
    return uvicorn.Config(
        emulator,
        http=_Protocol,
        access_log=False,
        log_level="warning",
        ws="none",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows the option would let two servers share one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise OSError(error.errno, f"The emulator can't listen on {host}, port {port}: {reason}") from error
    return listener


def _address(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
