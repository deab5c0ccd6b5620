"""Running the generators of this room in the calling thread; async_driver.py does it in an event loop.

A driver owns the lock that makes sign-in single-flight, and always gives it back: after an error, a cancelled task,
Ctrl-C.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from ..errors import TransportError
from ..request import HttpRequest
from ..result import HttpResponse
from .exchange import Pause, Send, Steps, Turn, Wait, Work
from .failures import CallersError, is_foreign, unexpected


class Adapter(Protocol):
    """An HTTP library. ``send`` follows no redirect and raises only TransportErrors."""

    def send(self, request: HttpRequest) -> HttpResponse: ...
    def close(self) -> None: ...


class Driver:
    """Runs exchanges in the calling thread; safe to use from several."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self._lock = threading.Lock()

    def run(self, exchange: Steps) -> Any:
        held = False
        try:
            step = next(exchange)
            while True:
                answer: Any = None
                match step:
                    case Send(request):
                        try:
                            answer = self.adapter.send(request)
                        except TransportError as error:
                            step = exchange.throw(error)
                            continue
                        except CallersError as error:
                            raise error.error from None
                        except Exception as error:
                            if not is_foreign(error):
                                raise
                            step = exchange.throw(unexpected(request, error))
                            continue
                    case Pause(seconds) | Wait(seconds):
                        time.sleep(seconds)
                    case Work(function):
                        answer = function()
                    case Turn.LOCK:
                        self._lock.acquire()
                        held = True
                    case Turn.UNLOCK:
                        self._lock.release()
                        held = False
                step = exchange.send(answer)
        except StopIteration as done:
            return done.value
        finally:
            exchange.close()  # first: it may hold the lock of the token file, which lies inside ours
            if held:
                self._lock.release()
