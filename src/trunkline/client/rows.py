"""The rows of a list action, read page by page as they are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from ..errors import BadRequest, BrokenAnswer, InvalidArgument
from ..request import Call
from ..result import Page
from ..transport.paging import PAGE_SIZE, PageSize, Paging, Wanted, paging

Row = TypeVar("Row")
Kind = TypeVar("Kind")


class _Listing:
    """A list action with its arguments; each iteration reads it again."""

    def __init__(self, call: Call, key: Sequence[str], page_size: PageSize) -> None:
        self._call = call
        self._key = key
        self._page_size = page_size
        self.total: int | None = None
        """What the PBX counted, after the first page of a list asked for with ``count=True``; else None."""

    def _pages(self) -> Paging:
        pageable = "top" in self._call.action.query
        return paging(self._call.options, pageable=pageable, key=self._key, page_size=self._page_size)

    def _note(self, page: Page) -> Page:
        if page.total is not None:
            self.total = page.total
        return page

    def _one_page(self, number: int, size: int) -> Mapping[str, str]:
        skip = int(self._call.options.get("skip", "0")) + number * size
        return {**self._call.options, "top": str(size), "skip": str(skip)}

    def _only_count(self) -> Mapping[str, str]:
        kept = {name: text for name, text in self._call.options.items() if name in ("filter", "search")}
        return {**kept, "top": "0", "count": "true"}

    def _counted(self, page: Page) -> int:
        if page.total is None:
            raise BrokenAnswer(
                f"The PBX did not count the rows of {self._call.action.id}.", hint="Read and count them."
            )
        return page.total

    def _typed(self, rows: list[Any], kind: type[Kind]) -> list[Kind]:
        try:
            return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]
        except (msgspec.ValidationError, TypeError) as problem:
            raise InvalidArgument(
                f"A row of {self._call.action.id} does not fit {getattr(kind, '__name__', kind)}: {problem}.",
                hint="Declare each field as 3CX answers it, with `| None` where it may be null.",
            ) from None

    def __repr__(self) -> str:
        return f"<rows of {self._call.action.id}>"


class Rows(_Listing, Generic[Row]):
    """Rows one by one; never more than a page in memory.

    A row that comes twice, because someone inserted while we paged, is given once where the type has a key. Read a
    list whole (`all`) before deleting from it: deleting while paging moves rows to pages already read.
    """

    def __init__(
        self, call: Call, fetch: Callable[[Wanted], Page], key: Sequence[str] = (), page_size: PageSize | None = None
    ) -> None:
        super().__init__(call, key, page_size or PageSize())
        self._fetch = fetch

    def pages(self) -> Iterator[Page]:
        """Page by page, as large as the PBX allows."""
        pages = self._pages()
        wanted = next(pages, None)
        while wanted is not None:
            try:
                page = self._note(self._fetch(wanted))
            except BadRequest as refused:
                wanted = pages.throw(refused)
                continue
            wanted = _following(pages, page)
            yield page

    def __iter__(self) -> Iterator[Row]:
        for page in self.pages():
            yield from page.rows

    def all(self) -> list[Row]:
        """Every row, as a list."""
        return list(self)

    def typed(self, kind: type[Kind]) -> Iterator[Kind]:
        """Rows as objects of a dataclass or a `msgspec.Struct` whose fields have 3CX's names.

        They take far less memory than dicts. Fields that the class lacks are left out. Raises InvalidArgument for a
        row that does not fit it.
        """
        for page in self.pages():
            yield from self._typed(page.rows, kind)

    def first(self) -> Row | None:
        """Return the first row, or None; asks for one row only."""
        return next(iter(self.page(size=1).rows), None)

    def page(self, number: int = 0, size: int = PAGE_SIZE) -> Page:
        """One page alone, the first being 0: its ``rows``, and ``total`` if the list was asked for with ``count``."""
        return self._note(self._fetch(self._one_page(number, size)))

    def count(self) -> int:
        """How many rows there are in all, counted by the PBX (``$count``); BrokenAnswer if it doesn't count."""
        return self._counted(self._fetch(self._only_count()))


class AsyncRows(_Listing, Generic[Row]):
    """As `Rows`, for ``async for``; awaited, it is a list of every row."""

    def __init__(
        self,
        call: Call,
        fetch: Callable[[Wanted], Awaitable[Page]],
        key: Sequence[str] = (),
        page_size: PageSize | None = None,
    ) -> None:
        super().__init__(call, key, page_size or PageSize())
        self._fetch = fetch

    async def pages(self) -> AsyncIterator[Page]:
        """Page by page, as large as the PBX allows."""
        pages = self._pages()
        wanted = next(pages, None)
        while wanted is not None:
            try:
                page = self._note(await self._fetch(wanted))
            except BadRequest as refused:
                wanted = pages.throw(refused)
                continue
            wanted = _following(pages, page)
            yield page

    async def __aiter__(self) -> AsyncIterator[Row]:
        async for page in self.pages():
            for row in page.rows:
                yield row

    async def all(self) -> list[Row]:
        """Every row, as a list."""
        return [row async for row in self]

    async def typed(self, kind: type[Kind]) -> AsyncIterator[Kind]:
        """Rows as objects of a class, as `Rows.typed` gives them."""
        async for page in self.pages():
            for row in self._typed(page.rows, kind):
                yield row

    def __await__(self) -> Generator[Any, None, list[Row]]:
        return self.all().__await__()

    async def first(self) -> Row | None:
        """Return the first row, or None; asks for one row only."""
        return next(iter((await self.page(size=1)).rows), None)

    async def page(self, number: int = 0, size: int = PAGE_SIZE) -> Page:
        """One page alone, the first being 0: its ``rows``, and ``total`` if the list was asked for with ``count``."""
        return self._note(await self._fetch(self._one_page(number, size)))

    async def count(self) -> int:
        """How many rows there are in all, counted by the PBX (``$count``); BrokenAnswer if it doesn't count."""
        return self._counted(await self._fetch(self._only_count()))


def _following(pages: Paging, page: Page) -> Wanted | None:
    try:
        return pages.send(page)
    except StopIteration:
        return None
