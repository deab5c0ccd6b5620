"""The pages of a list, of a caller whose answers are awaited and of one that is asked in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..catalog import Catalog, load
from ..work.drivers import System


class InThreads:
    """A `System` that is asked in threads, so that an event loop can wait for it."""

    def __init__(self, pbx: System) -> None:
        self._pbx = pbx

    @property
    def url(self) -> str:
        return self._pbx.url

    @property
    def catalog(self) -> Catalog:
        return self._pbx.catalog

    def call(self, action: str, /, **arguments: Any) -> Any:
        if load().action(action).answer_kind == "list":
            return _ThreadedRows(self._pbx, action, arguments)
        return asyncio.to_thread(self._pbx.call, action, **arguments)


class _ThreadedRows:
    """The pages of a list, each read in a thread."""

    def __init__(self, pbx: System, action: str, arguments: Mapping[str, Any]) -> None:
        self._pbx, self._action, self._arguments = pbx, action, arguments

    async def pages(self) -> AsyncIterator[Any]:
        answer = await asyncio.to_thread(self._pbx.call, self._action, **self._arguments)
        if not hasattr(answer, "pages"):
            yield _Whole(list(answer))
            return
        pages = iter(answer.pages())
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            yield page


class _Whole(NamedTuple):
    """All rows of a caller that has no pages."""

    rows: Sequence[Any]


async def pages_of(answer: Any) -> AsyncIterator[Sequence[Any]]:
    """Yield the rows of each page of what a call of a list action gives."""
    if not hasattr(answer, "pages"):
        yield list(await answer)
        return
    async for page in answer.pages():
        yield page.rows
