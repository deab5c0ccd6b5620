"""A uvicorn server that says when it answers, for which a signal is the ordinary end, and that logs in our words."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from ..errors import Unexpected
from ..logs import log

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _OneLine(logging.Handler):
    """Logs an exception that the application did not handle as one line, and nothing else that uvicorn reports.

    A request that is cancelled because the server ends is not a defect.
    """

    def emit(self, record: logging.LogRecord) -> None:
        problem = record.exc_info[1] if record.exc_info else None
        if problem is not None and not isinstance(problem, asyncio.CancelledError):
            log.error("%s", Unexpected.of(problem))


def _log_in_our_words() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [_OneLine()], False


class StoppingServer(uvicorn.Server):
    """Calls ``on_start`` once requests are answered. uvicorn's own would pass a signal on after it has stopped."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        _log_in_our_words()
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        try:
            for number in _SIGNALS:
                loop.add_signal_handler(number, self.handle_exit, number, None)
        except (NotImplementedError, RuntimeError, ValueError):  # Windows; a thread that is not the main one
            yield
            return
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
