"""Reading a list page by page, as a generator that yields query options and receives pages."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from ..errors import BadRequest, BrokenAnswer
from ..result import Page

PAGE_SIZE = 100  # the most an entity set allows (PBX.md, Paging)
_LIMIT = re.compile(r"limit of '(\d+)' for Top")

Wanted = Mapping[str, str] | str
Paging = Generator[Wanted, Page, None]


class PageSize:
    """How many rows to ask one PBX for at a time; smaller once it has refused."""

    def __init__(self, rows: int = PAGE_SIZE) -> None:
        self.rows = rows

    def refused(self, asked: int, error: BadRequest) -> None:
        """Learn from a refusal: the limit that it names, else half. Raises the error if it is about something else."""
        limit = _LIMIT.search(error.message)
        if asked <= 1 or (limit is None and "top" not in error.message.lower()):
            raise error
        self.rows = max(1, min(int(limit[1]) if limit else asked // 2, asked - 1))


def paging(
    options: Mapping[str, str], *, pageable: bool, key: Sequence[str] = (), page_size: PageSize | None = None
) -> Paging:
    """Yield the options of the next page, or the link to it where the PBX gave one, until a short page.

    ``top`` in ``options`` is the total that is wanted, whatever the page size. A list without ``$top`` is never
    taken for the whole: it is always paged, unless the action doesn't know ``$top`` (``pageable`` false). A
    BadRequest thrown in because of the page's size makes it ask again for less. Raises BrokenAnswer where a PBX
    gives the same page for ever.

    Rows are taken out of a page that the page before had, told by ``key``: whoever inserts while we page moves rows
    back over the border. A page also loses what it has beyond ``top``.
    """
    if not pageable:
        yield options
        return
    size = page_size or PageSize()
    left = int(options["top"]) if "top" in options else None
    skip = int(options.get("skip", "0"))
    link: str | None = None
    before: set[tuple[Any, ...]] = set()
    if left == 0 and options.get("count") == "true":
        yield {**options, "top": "0"}
    while left is None or left > 0:
        asked = size.rows if left is None else min(size.rows, left)
        try:
            page = yield link or {**options, "top": str(asked), **({"skip": str(skip)} if skip else {})}
        except BadRequest as error:
            size.refused(asked, error)
            continue
        got = len(page.rows)
        skip += got
        link = page.next_link
        before = _without(page.rows, key, before)
        if got >= asked and not page.rows:  # a whole page of what the one before had: the PBX ignores $skip
            if got > asked:  # and $top, so that was all
                return
            raise BrokenAnswer(
                "The PBX gave the same page twice.", hint="It ignores $skip; ask for less with a filter."
            )
        if left is not None:
            del page.rows[left:]
            left -= len(page.rows)
        if got == 0 or (link is None and got < asked):
            return


def _without(rows: list[Any], key: Sequence[str], before: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Take out rows whose keys the page before had; the keys of this page."""
    if not key or not all(isinstance(row, dict) and all(name in row for name in key) for row in rows):
        return set()
    keys = [tuple(row[name] for name in key) for row in rows]
    if not before.isdisjoint(keys):
        rows[:] = [row for row, own in zip(rows, keys, strict=True) if own not in before]
    return set(keys)
