"""Reading a list page by page, as a generator that yields query options and receives pages."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from ..errors import BadRequest, BrokenAnswer
from ..request import Call, HttpRequest, build
from ..result import Page

PAGE_SIZE = 100  # the most an entity set allows (docs/pbx.md, Pages)
_LONGEST_LINK = 16_384  # characters; servers take no more than that
_LIMIT = re.compile(r"limit of '(\d+)' for Top")
_TOP = re.compile(r"\btop\b", re.I)

Wanted = Mapping[str, str] | str
Paging = Generator[Wanted, Page, None]


class PageSize:
    """How many rows to ask one PBX for at a time; smaller once it has refused."""

    def __init__(self, rows: int = PAGE_SIZE) -> None:
        self.rows = rows

    def refused(self, asked: int, error: BadRequest) -> None:
        """Learn from a refusal: the limit that it names, else half. Raises the error if it is about something else.

        Where even one row is refused, the size was not the reason, though the answer may quote a filter with that word.
        """
        limit = _LIMIT.search(error.reason)
        if asked <= 1:
            self.rows = PAGE_SIZE
        if asked <= 1 or (limit is None and not _TOP.search(error.reason)):
            raise error
        self.rows = max(1, min(int(limit[1]) if limit else asked // 2, asked - 1))


def paging(
    options: Mapping[str, str], *, pageable: bool, key: Sequence[str] = (), page_size: PageSize | None = None
) -> Paging:
    """Yield the options of the next page, or the link to it where the PBX gave one, until a short page.

    ``top`` in ``options`` is the total that is wanted, whatever the page size. A list without ``$top`` is never
    taken for the whole: it is always paged, unless the action doesn't know ``$top`` (``pageable`` false). A
    BadRequest thrown in because of the page's size makes it ask again for less.

    Rows are taken out of a page that the page before had, recognised by ``key``: whoever inserts while we page moves
    rows
    back over the border. A page also loses what it has beyond ``top``.

    A PBX that gives the same page again would do so for ever. If its link led there, ``$skip`` is tried; if that does
    nothing, BrokenAnswer, unless the page was all there is: shorter than asked for, or longer. So it is where links
    lead in a circle.
    """
    if not pageable:
        yield options
        return
    size = page_size or PageSize()
    left = int(options["top"]) if "top" in options else None
    skip = int(options.get("skip", "0"))
    link: str | None = None
    links = True
    followed: set[str] = set()
    before: set[tuple[Any, ...]] = set()
    last: list[Any] = []
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
        if _again(page.rows, last, key, before):
            page.rows.clear()
            if link is not None:
                link, links = None, False
            elif got != asked:
                return
            else:
                raise BrokenAnswer(
                    f"The PBX gives the first {got} rows again when it is asked for more.",
                    hint="It does not know $skip; a filter may make the list shorter than that.",
                )
            continue
        skip += got
        came_by, link = link, page.next_link if links else None
        if got and link != came_by and link in followed:
            raise BrokenAnswer("The PBX's links from page to page lead in a circle.", hint="A filter may help.")
        if link is not None:
            followed.add(link)
        last = list(page.rows)
        before = _without(page.rows, key, before)
        if left is not None:
            del page.rows[left:]
            left -= len(page.rows)
        if got == 0 or (link is None and got < asked):
            return


def first_request(call: Call) -> HttpRequest:
    """Return the request that a call begins with: of a list that of its first page, as a PBX without odd limits gets
    it.
    """
    if call.action.answer_kind != "list":
        return build(call)
    options = next(paging(call.options, pageable="top" in call.action.query), call.options)
    return build(call, call.options if isinstance(options, str) else options)


def target_of_link(root: str, path: str, link: str, server: str, what: str = "a link to the next page") -> str:
    """Path and query, below the API's ``root``, of the link to the next page that was found at ``path``.

    Of a link only path and query count: the token goes to no other host than this PBX. BrokenAnswer if they lead out
    of the API, by dots however they are encoded, or can't be asked at all. ``server`` is what messages call the PBX,
    ``what`` the link.
    """
    if len(link) > _LONGEST_LINK or not link.isprintable() or "\\" in link:
        raise BrokenAnswer(f"{server} sent {what} that can't be asked.")
    try:
        parts = urlsplit(urljoin(root + path, link))  # OData's links may be relative to what was asked
    except ValueError:
        raise BrokenAnswer(f"{server} sent {what} that can't be read.") from None
    if not parts.path.startswith(f"{root}/") or _climbs(parts.path):
        raise BrokenAnswer(
            f"{server} sent {what} that leads out of its API.",
            hint="It was not followed; a proxy on the way may have changed it.",
        )
    return parts.path.removeprefix(root) + (f"?{parts.query}" if parts.query else "")


def _climbs(path: str) -> bool:
    """Whether a path has a dot segment, or a slash that is not seen as one at first (RFC 3986, 5.2.4).

    HTTP libraries take ``%2e`` for a dot and some servers decode twice, so it is looked at after each decoding. What
    decodes to control characters or is not UTF-8 (``%c0%ae``) is a dot to some servers, too.
    """
    while True:
        if not path.isprintable() or "\ufffd" in path:
            return True
        segments = path.replace("\\", "/").split("/")
        if any(segment.partition(";")[0] in (".", "..") for segment in segments):
            return True
        decoded = unquote(path)
        if decoded == path:
            return False
        path = decoded


def _again(rows: list[Any], last: list[Any], key: Sequence[str], before: set[tuple[Any, ...]]) -> bool:
    """Whether a page has nothing but what the one before had.

    Judged by the key where rows have it, as a clock in them may go on and their order change. Else they must be the
    same, and no two of them alike: in one column a whole page may be alike by chance.
    """
    if not rows:
        return False
    keys = _keys(rows, key)
    if keys is not None:
        return before.issuperset(keys)
    return rows == last and all(row not in rows[:i] for i, row in enumerate(rows))


def _without(rows: list[Any], key: Sequence[str], before: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Take out rows whose keys the page before had; the keys of this page."""
    keys = _keys(rows, key)
    if keys is None:
        return set()
    if not before.isdisjoint(keys):
        rows[:] = [row for row, own in zip(rows, keys, strict=True) if own not in before]
    return set(keys)


def _keys(rows: list[Any], key: Sequence[str]) -> list[tuple[Any, ...]] | None:
    """Return the key of each row; None where some row lacks it, or has something there that can be no key."""
    if not key or not all(
        isinstance(row, dict) and all(isinstance(row.get(k), str | int) for k in key) for row in rows
    ):
        return None
    return [tuple(row[name] for name in key) for row in rows]
