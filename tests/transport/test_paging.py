"""Reading a list page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyreqwest.http import Url

from asking import Ask
from nasty import Nasty, http
from trunkline.errors import BrokenAnswer
from trunkline.result import Page
from trunkline.transport.paging import paging, target_of_link

Asked = list[Mapping[str, str] | str]


def read(pages: list[Page], options: Mapping[str, str], *, pageable: bool = True) -> tuple[list[int], Asked]:
    """Feed pages to the generator, one for each request; the rows and the requests that came of it."""
    rows: list[int] = []
    asked: Asked = []
    generator = paging(options, pageable=pageable)
    left = iter(pages)
    wanted = next(generator, None)
    while wanted is not None:
        asked.append(wanted)
        page = next(left)
        rows += [row["Id"] for row in page.rows]
        try:
            wanted = generator.send(page)
        except StopIteration:
            wanted = None
    assert next(left, None) is None, "a page was not asked for"
    return rows, asked


def of(*ids: int, link: str | None = None) -> Page:
    return Page([{"Id": i} for i in ids], None, link)


FULL = of(*range(100))
LINK = "https://pbx.example.com/xapi/v1/Fax?$skiptoken=1"


@pytest.mark.parametrize(
    ("options", "pages", "asked"),
    [
        ({}, [of()], [{"top": "100"}]),
        ({}, [of(1, 2)], [{"top": "100"}]),
        ({}, [FULL, of(1)], [{"top": "100"}, {"top": "100", "skip": "100"}]),
        ({}, [FULL, of()], [{"top": "100"}, {"top": "100", "skip": "100"}]),
        ({"top": "5"}, [of(1, 2, 3, 4, 5)], [{"top": "5"}]),
        ({"top": "5"}, [of(1, 2)], [{"top": "5"}]),
        ({"top": "150"}, [FULL, of(*range(50))], [{"top": "100"}, {"top": "50", "skip": "100"}]),
        ({"top": "100"}, [FULL], [{"top": "100"}]),
        ({"skip": "30"}, [FULL, of(1)], [{"top": "100", "skip": "30"}, {"top": "100", "skip": "130"}]),
        ({"skip": "30", "top": "2"}, [of(1, 2)], [{"top": "2", "skip": "30"}]),
        ({"filter": "Id gt 3"}, [of(1)], [{"filter": "Id gt 3", "top": "100"}]),
        ({}, [of(1, link=LINK), of(2)], [{"top": "100"}, LINK]),
        ({}, [of(1, link=LINK), of(2, link=LINK + "2"), of(3)], [{"top": "100"}, LINK, LINK + "2"]),
        ({}, [of(1, link=LINK), of()], [{"top": "100"}, LINK]),
        ({}, [of(link=LINK)], [{"top": "100"}]),
        ({"top": "2"}, [of(1, 2, link=LINK)], [{"top": "2"}]),
        ({"top": "3"}, [of(1, 2, link=LINK), of(3)], [{"top": "3"}, LINK]),
    ],
    ids=[
        "an empty list is one page",
        "a short page ends",
        "a full page is followed",
        "an empty page ends",
        "top in one page",
        "top above what there is",
        "top over two pages",
        "top of exactly a page needs no second",
        "skip comes first",
        "skip and top",
        "other options go along",
        "a link is followed though its page is short",
        "links are followed one after the other",
        "an empty page behind a link ends",
        "a link on an empty page is not followed",
        "no link is followed once top is reached",
        "a link is followed until top is reached",
    ],
)
def test_pages_are_asked_for_until_the_end(options: dict[str, str], pages: list[Page], asked: Asked) -> None:
    rows, requests = read(pages, options)
    assert requests == asked
    assert rows == [row["Id"] for page in pages for row in page.rows]


def test_a_list_that_does_not_know_top_is_read_at_once() -> None:
    rows, requests = read([of(*range(300))], {"filter": "x"}, pageable=False)
    assert len(rows) == 300
    assert requests == [{"filter": "x"}]


@given(st.integers(0, 350), st.none() | st.integers(1, 350), st.integers(0, 120))
def test_any_list_is_read_whole_in_order_and_not_beyond_top(size: int, top: int | None, skip: int) -> None:
    """Against a list on a PBX that allows at most 100 rows a page."""
    options = {"skip": str(skip)} | ({} if top is None else {"top": str(top)})
    stored = range(size)
    generator = paging(options, pageable=True)
    read_so_far: list[int] = []
    wanted: Any = next(generator)
    while wanted is not None:
        assert 1 <= int(wanted["top"]) <= 100
        start = int(wanted.get("skip", "0"))
        rows = stored[start : start + int(wanted["top"])]
        read_so_far += rows
        try:
            wanted = generator.send(Page([{"Id": i} for i in rows], None, None))
        except StopIteration:
            wanted = None
    assert read_so_far == list(stored[skip:] if top is None else stored[skip : skip + top])


def stubborn(rows: int, link: str | None = None, *, key: tuple[str, ...] = ("Id",)) -> int:
    """The rows read from a PBX that knows no ``$skip``, and whose link leads to the page itself.

    Where rows have the key, a clock in them goes on, and they come in another order.
    """
    generator = paging({}, pageable=True, key=key)
    next(generator)
    found = 0
    while True:
        page = Page([{"Id": i} for i in range(rows)], None, link)
        if key == ("Id",) and found:
            page.rows[:] = [{**row, "ServerNow": found} for row in reversed(page.rows)]
        try:
            generator.send(page)
        except StopIteration:
            return found + len(page.rows)
        found += len(page.rows)


@pytest.mark.parametrize("key", [("Id",), ("Number",), ()])
@pytest.mark.parametrize("rows", [1, 40, 99, 250])
def test_a_pbx_that_gives_the_same_page_again_is_not_asked_for_ever(rows: int, key: tuple[str, ...]) -> None:
    assert stubborn(rows, LINK, key=key) == rows


@pytest.mark.parametrize("link", [None, LINK])
def test_what_may_be_more_than_such_a_page_is_not_taken_for_the_whole(link: str | None) -> None:
    with pytest.raises(BrokenAnswer, match="gives the first 100 rows again"):
        stubborn(100, link)


def test_links_that_lead_in_a_circle_are_not_followed_for_ever() -> None:
    pages = [of(*range(start, start + 100), link=f"/next{start}") for start in (0, 100, 0)]
    generator = paging({}, pageable=True, key=("Id",))
    assert next(generator) == {"top": "100"}
    assert [generator.send(page) for page in pages[:2]] == ["/next0", "/next100"]
    with pytest.raises(BrokenAnswer, match="circle"):
        generator.send(pages[2])


def test_a_page_that_links_to_itself_is_followed_by_skip() -> None:
    generator = paging({}, pageable=True, key=("Id",))
    next(generator)
    assert generator.send(of(*range(100), link="/next")) == "/next"
    assert generator.send(of(*range(100, 200), link="/next")) == "/next"
    assert generator.send(of(*range(100, 200), link="/next")) == {"top": "100", "skip": "200"}


def test_the_same_rows_in_another_order_are_the_same_page() -> None:
    generator = paging({}, pageable=True, key=("Id",))
    next(generator)
    generator.send(of(*range(100)))
    with pytest.raises(BrokenAnswer, match="gives the first 100 rows again"):
        generator.send(of(*reversed(range(100))))


def test_pages_that_look_alike_without_a_key_are_all_read() -> None:
    generator = paging({"select": "Status"}, pageable=True, key=("Id",))
    next(generator)
    assert [generator.send(Page([{"Status": "Running"}] * 100, None, None))["skip"] for _ in range(3)] == [
        "100",
        "200",
        "300",
    ]


LINKS_OUT = [
    "/xapi/v1/../../connect/token",
    "/xapi/v1/../v2/Users",
    "/xapi/v1/..",
    "/xapi/v1/Users/../../../admin",
    "https://pbx.example.com/xapi/v1/../../admin",
    "https://pbx.example.com/xapi/v1/%2e%2e/%2E%2E/admin",
    "/xapi/v1/.%2e/admin",
    "/xapi/v1/%252e%252e/admin",
    "/xapi/v1/%25252e%25252e%25252f/admin",
    "/xapi/v1/..%2f..%2fadmin",
    "/xapi/v1/..%5c..%5cadmin",
    "/xapi/v1/..;/admin",
    "/xapi/v1/..%00/admin",
    "/xapi/v1/..%2500/admin",
    "/xapi/v1/.%09./admin",
    "/xapi/v1/%c0%ae%c0%ae/admin",
    "/xapi/v1/..;x=1/admin",
    "/xapi/v1\\..\\..\\admin",
    "\\\\evil.example\\xapi\\v1\\Users",
    "/xapi/v1/./../admin",
    "//evil.example/admin",
    "//evil.example/xapi/v1/../admin",
    "/admin",
    "/xapi/v10/Users",
    "/xapi/v1",
    "../../../admin",
    "../../connect/token",
    "https://pbx.example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://[::1/xapi/v1/Users",
    "/xapi/v1/Users?$skip=1\r\nX-Evil: 1",
    "/xapi/v1/Us\ters/../..",
    "/xapi/v1/Users\x00",
    "/xapi/v1/Users?" + "x" * 20_000,
    "/xapi/v1/\u202eUsers",
]


@pytest.mark.parametrize("link", LINKS_OUT, ids=lambda link: repr(link)[:40])
def test_a_link_that_leads_out_of_the_api_is_not_followed(ask: Ask, link: str) -> None:
    page = json.dumps({"value": [{"Id": 1}], "@odata.nextLink": link})
    with Nasty(lambda asked: http(200, page)) as server, pytest.raises(BrokenAnswer, match="link to the next page"):
        ask(server.url, "users.list")
    assert len(server.api_calls) == 1


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/xapi/v1/Users?$skiptoken=a%2Fb", "/xapi/v1/Users?$skiptoken=a%2Fb"),
        ("https://other.example/xapi/v1/Users?$skip=1", "/xapi/v1/Users?$skip=1"),
        ("//other.example/xapi/v1/Users?$skip=1", "/xapi/v1/Users?$skip=1"),
        ("Users?$skip=1", "/xapi/v1/Users?$skip=1"),
        ("?$skip=1", "/xapi/v1/Users?$skip=1"),
        ("./Users?$skip=1", "/xapi/v1/Users?$skip=1"),
        ("/xapi/v1/Users?$filter=Name eq '..'&$skip=1", "/xapi/v1/Users?$filter=Name%20eq%20'..'&$skip=1"),
        ("/xapi/v1/Users?x=../../admin", "/xapi/v1/Users?x=../../admin"),
        ("/xapi/v1/Users/Pbx.Of(a='..x')?$skip=1", "/xapi/v1/Users/Pbx.Of(a='..x')?$skip=1"),
    ],
)
def test_a_link_within_the_api_is_followed_on_this_host(ask: Ask, link: str, target: str) -> None:
    pages = iter([json.dumps({"value": [{"Id": 1}], "@odata.nextLink": link}), '{"value":[]}'])
    with Nasty(lambda asked: http(200, next(pages))) as server:
        assert ask(server.url, "users.list") == [{"Id": 1}]
    assert server.api_calls[-1].target.replace("%27", "'") == target


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(["..", ".", "%2e", "%2E", "/", "%2f", "\\", "%5c", "%25", "2e", ";", "a", "?"]), max_size=12
    )
)
def test_no_link_leads_a_library_out_of_the_api(parts: list[str]) -> None:
    try:
        target = target_of_link("/xapi/v1", "/Users", "/xapi/v1/" + "".join(parts), "pbx")
    except BrokenAnswer:
        return
    url = f"https://pbx.example.com/xapi/v1{target}"
    assert Url(url).path.startswith("/xapi/v1/")
    assert httpx2.URL(url).path.startswith("/xapi/v1/")
    assert "/../" not in unquote(unquote(Url(url).path)).replace("\\", "/") + "/"
