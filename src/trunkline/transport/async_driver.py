"""Running the generators of this room in the current task; as driver.py, whose loop this is with ``await`` in it.

Apart from driver.py so that whoever works with threads doesn't load asyncio.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from ..errors import TransportError
from ..request import HttpRequest
from ..result import HttpResponse
from .exchange import Pause, Send, Steps, Turn, Wait, Work
from .failures import CallersError, is_foreign, unexpected
from .threads import in_thread


class AsyncAdapter(Protocol):
    """An HTTP library in an event loop; as `driver.Adapter`."""

    async def send(self, request: HttpRequest) -> HttpResponse: ...
    async def close(self) -> None: ...


class AsyncDriver:
    """Runs exchanges in the current task."""

    def __init__(self, adapter: AsyncAdapter) -> None:
        self.adapter = adapter
        self._lock = asyncio.Lock()

    async def run(self, exchange: Steps) -> Any:
        held = False
        try:
            step = next(exchange)
            while True:
                answer: Any = None
                match step:
                    case Send(request):
                        try:
                            answer = await self.adapter.send(request)
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
                        await asyncio.sleep(seconds)
                    case Work(function):
                        answer = await in_thread(function)
                    case Turn.LOCK:
                        await self._lock.acquire()
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
