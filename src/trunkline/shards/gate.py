"""A PBX that is asked only while its lease lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Generator, Mapping
from typing import Any

from ..client import AsyncPbx
from ..request import Call
from .lease import Lease


class Gate:
    """Sends the calls of a run (`work.drivers.AsyncCaller`), none of which outlasts the lease. Raises LeaseLost."""

    def __init__(self, pbx: AsyncPbx, lease: Lease) -> None:
        self._pbx = pbx
        self._lease = lease

    def call(self, action: str, /, **arguments: Any) -> Awaitable[Any]:
        raise TypeError("Use send, which takes a call that was checked.")

    def send(self, call: Call, /, **options: Any) -> Any:
        requests = 2 if "if_unchanged" in options else 1  # the entity is read first
        limited = {"timeout": self._lease.longest_call / requests, **options}
        if call.action.answer_kind == "list":
            return _Rows(self._pbx.send(call, **limited), self._lease)
        return self._sent(call, limited)

    async def _sent(self, call: Call, options: Mapping[str, Any]) -> Any:
        if not self._lease.lasts_for_call:
            await self._lease.wait_for_call()
        return await self._pbx.send(call, **options)


class _Rows:
    """The rows of a list, each page of which is a call of its own."""

    def __init__(self, rows: Any, lease: Lease) -> None:
        self._rows = rows
        self._lease = lease

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self._all().__await__()

    async def _all(self) -> list[Any]:
        return [row async for page in self.pages() for row in page.rows]

    async def pages(self) -> AsyncIterator[Any]:
        pages = aiter(self._rows.pages())
        while True:
            await self._lease.wait_for_call()
            try:
                page = await anext(pages)
            except StopAsyncIteration:
                return
            yield page

    async def count(self) -> int:
        await self._lease.wait_for_call()
        count: int = await self._rows.count()
        return count
