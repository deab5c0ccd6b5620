"""Watching an exchange from outside: an event before each request and after each answer, logged, and its time limit.

Both wrap the generator of an exchange and pass its steps through; the exchange itself knows nothing of them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import Facts, Hint, TimedOut, TransportError, TrunklineError
from ..logs import log
from ..redaction import redacted
from ..request import HttpRequest
from ..result import HttpResponse
from .exchange import Pause, Send, Steps

_HIDDEN = ("authorization", "cookie", "set-cookie", "proxy-authorization")


class Event(NamedTuple):
    """One request in progress (``status`` and ``error`` None), or what came of it.

    It never has a body, or a secret that this process knows (`redaction`).

    ``call`` is the same for all that one call sends, sign-in and retries included, and stands in its error as
    ``request_id``; ``number`` counts within it. ``seconds`` is the time the answer took.
    """

    call: str
    number: int
    method: str
    url: str
    headers: Mapping[str, str]
    status: int | None = None
    seconds: float | None = None
    error: str | None = None

    @property
    def finished(self) -> bool:
        return self.seconds is not None


Hook = Callable[[Event], None]


def watched(steps: Steps, hooks: tuple[Hook, ...]) -> Steps:
    """Yield the same exchange, with an event for each request and answer to each hook and the log ``trunkline``.

    An error that leaves carries the call's id as ``request_id`` and what was asked last as ``method`` and ``path``.
    """
    call = ""  # made when it is needed: the system's random numbers take longer than all the rest here
    if hooks or log.isEnabledFor(logging.DEBUG):
        call = secrets.token_hex(4)
        steps = _told(steps, call, hooks)
    asked: HttpRequest | None = None
    try:
        step = next(steps)
        while True:
            if isinstance(step, Send):
                asked = step.request
            elif isinstance(step, Pause) and step.seconds:
                call = call or secrets.token_hex(4)
                log.info("%s waits %.2f s before it tries again", call, step.seconds)
            try:
                answer = yield step
            except TransportError as error:
                step = steps.throw(error)
                continue
            step = steps.send(answer)
    except StopIteration as done:
        return done.value
    except TrunklineError as error:
        facts: Facts = {"request_id": call or secrets.token_hex(4)}
        if not error.path and asked is not None:
            facts |= {"method": asked.method, "path": urlsplit(asked.target).path}
        raise error.replace(**facts) from error.__cause__
    finally:
        steps.close()


def _told(steps: Steps, call: str, hooks: tuple[Hook, ...]) -> Steps:
    """Yield the same exchange and report it to the hooks: apart, because reporting doubles the cost of a call."""
    number = 0
    try:
        step = next(steps)
        while True:
            if not isinstance(step, Send):
                step = steps.send((yield step))
                continue
            number += 1
            request = step.request
            event = Event(call, number, request.method, redacted(request.target), _redacted(dict(request.headers)))
            _tell(hooks, event)
            began = monotonic()
            try:
                response: HttpResponse = yield step
            except TransportError as error:
                _tell(hooks, event._replace(seconds=monotonic() - began, error=error.message))
                step = steps.throw(error)
                continue
            headers = _redacted(response.headers)
            _tell(hooks, event._replace(status=response.status, seconds=monotonic() - began, headers=headers))
            step = steps.send(response)
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def within(steps: Steps, seconds: float, server: str) -> Steps:
    """Yield the same exchange, ended with TimedOut once it has taken ``seconds`` in all, retries and pauses included.

    ``server`` is what messages call the PBX.
    """
    deadline = monotonic() + seconds
    try:
        step = next(steps)
        while True:
            left = deadline - monotonic()
            if left <= 0 or (isinstance(step, Pause) and step.seconds >= left):
                step = steps.throw(_out_of_time(seconds, server))
                continue
            if isinstance(step, Send):
                step = Send(step.request._replace(timeout=left))
            try:
                answer = yield step
            except TransportError as error:
                step = steps.throw(error)
                continue
            step = steps.send(answer)
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def _out_of_time(seconds: float, server: str) -> TimedOut:
    return TimedOut(
        f"{server} gave no answer within the {seconds:g} s that the call was allowed in all.",
        hint=Hint("Try again, or allow it more time.", arguments={"timeout": "SECONDS"}),
        retryable=False,
    )


def _redacted(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "…" if name.lower() in _HIDDEN else redacted(value) for name, value in headers.items()}


def _tell(hooks: tuple[Hook, ...], event: Event) -> None:
    if event.finished:
        what = event.error or event.status
        log.debug("%s %s %s → %s in %.0f ms", event.call, event.method, event.url, what, 1000 * (event.seconds or 0))
    for hook in hooks:
        hook(event)
