"""The rows of a list action, read page by page as they are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Generic, TypeVar

from ..request import Call
from ..result import Page
from ..transport.paging import Paging, paging

Row = TypeVar("Row")
Wanted = Mapping[str, str] | str


class _Listing:
    """A list action with its arguments; each iteration reads it anew."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.total: int | None = None
        """What the PBX counted, after the first page of a list asked for with ``count=True``; else None."""

    def _pages(self) -> Paging:
        return paging(self._call.options, pageable="top" in self._call.action.query)

    def _note(self, page: Page) -> Page:
        if page.total is not None:
            self.total = page.total
        return page

    def __repr__(self) -> str:
        return f"<rows of {self._call.action.id}>"


class Rows(_Listing, Generic[Row]):
    """Rows one by one; never more than a page in memory. `all` gives a list.

    Read a list whole before deleting from it: deleting while paging moves rows to pages already read.
    """

    def __init__(self, call: Call, fetch: Callable[[Wanted], Page]) -> None:
        super().__init__(call)
        self._fetch = fetch

    def __iter__(self) -> Iterator[Row]:
        pages = self._pages()
        wanted: Wanted | None = next(pages, None)
        while wanted is not None:
            page = self._note(self._fetch(wanted))
            yield from page.rows
            wanted = _following(pages, page)

    def all(self) -> list[Row]:
        """Every row, as a list."""
        return list(self)


class AsyncRows(_Listing, Generic[Row]):
    """As `Rows`, for ``async for``; awaited, it is a list of every row."""

    def __init__(self, call: Call, fetch: Callable[[Wanted], Awaitable[Page]]) -> None:
        super().__init__(call)
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[Row]:
        pages = self._pages()
        wanted: Wanted | None = next(pages, None)
        while wanted is not None:
            page = self._note(await self._fetch(wanted))
            for row in page.rows:
                yield row
            wanted = _following(pages, page)

    async def all(self) -> list[Row]:
        """Every row, as a list."""
        return [row async for row in self]

    def __await__(self) -> Generator[Any, None, list[Row]]:
        return self.all().__await__()


def _following(pages: Paging, page: Page) -> Wanted | None:
    try:
        return pages.send(page)
    except StopIteration:
        return None
