"""Reading a list page by page, as a generator that yields query options and receives pages."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from ..result import Page

PAGE_SIZE = 100  # the most an entity set allows (PBX.md, Paging)

Paging = Generator[Mapping[str, str] | str, Page, None]


def paging(options: Mapping[str, str], *, pageable: bool) -> Paging:
    """Yield the options of the next page, or the absolute link to it where the PBX gave one, until a short page.

    ``top`` in ``options`` is the total that is wanted, whatever the page size. A list without ``$top`` is never
    taken for the whole: it is always paged, unless the action doesn't know ``$top`` (``pageable`` false).
    """
    if not pageable:
        yield options
        return
    left = int(options["top"]) if "top" in options else None
    skip = int(options.get("skip", "0"))
    link: str | None = None
    if left == 0 and options.get("count") == "true":
        yield {**options, "top": "0"}
    while left is None or left > 0:
        size = PAGE_SIZE if left is None else min(PAGE_SIZE, left)
        page = yield link or {**options, "top": str(size), **({"skip": str(skip)} if skip else {})}
        got = len(page.rows)
        skip += got
        left = None if left is None else left - got
        link = page.next_link
        if link is None and got < size:
            return
        if link is not None and got == 0:
            return
