"""Asking a real PBX, with the client's own sign-in and connections, and nothing but GETs."""

from __future__ import annotations

import os
from collections.abc import Callable

from trunkline.connections.targets import Target
from trunkline.errors import TransportError, UsageError
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.async_driver import AsyncAdapter, AsyncDriver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect_async, warn_if_insecure
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.sign_in import TOKEN_PATH
from trunkline.transport.token_store import shared_store

from .questions import PROBES, Question
from .recorder import Heard, Recording, recording

SECONDS, LARGEST = 20.0, 4 * 2**20
"""What one answer may take, and the bytes that it may have."""


class GetOnly:
    """The last door before the network: it lets GETs through and the sign-in's POST, and refuses everything else."""

    def __init__(self, adapter: AsyncAdapter, url: str) -> None:
        self._adapter = adapter
        self._sign_in = url + TOKEN_PATH
        self.close = adapter.close

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request. Raises: UsageError if it could change something."""
        is_sign_in = request.method == "POST" and request.target == self._sign_in
        if not is_sign_in and (request.method != "GET" or request.body is not None):
            raise UsageError(f"A recording sends no {request.method}.", hint="Nothing was sent.")
        return await self._adapter.send(request)


async def record(target: Target, progress: Callable[[Question, Heard], None]) -> Recording:
    """Ask a PBX one question after another, and note what it refuses or fails to answer.

    Raises:
        TrunklineError: it can't be reached, refuses to sign the client in, or gives no answers worth recording.
    """
    options = ConnectOptions(target.options["verify"], timeout=SECONDS, max_answer=LARGEST, max_file=LARGEST)
    session = Session(target.url, target.client_id, target.client_secret, store=shared_store(True, os.environ))
    warn_if_insecure(session.url, options)
    driver = AsyncDriver(GetOnly(connect_async(options, session.url), session.url))
    steps = recording()
    try:
        question = next(steps)
        while True:
            request = HttpRequest("GET", question.target, (("Accept", "*/*"),))
            try:
                heard = Heard(*await driver.run(exchange(session, request, Retries(attempts=1))))
            except TransportError as error:
                if question.name == PROBES[0]:
                    raise
                heard = Heard(0, {}, b"", error.code)
            progress(question, heard)
            question = steps.send(heard)
    except StopIteration as done:
        finished: Recording = done.value
        return finished
    finally:
        await driver.adapter.close()
