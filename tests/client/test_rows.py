"""Lists: page by page, never beyond what was asked, nothing twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from conftest import CLIENT, KEY, System
from nasty import Asked, Bytes, Nasty, http
from trunkline import AsyncPbx, Pbx, errors


def option(asked: Asked, name: str) -> str | None:
    """A query option of a request, without its ``$``."""
    pairs = (part.partition("=") for part in unquote(asked.target).partition("?")[2].split("&"))
    return next((value for key, _, value in pairs if key == f"${name}"), None)


def listing(ids: list[int], *, limit: int = 100, wording: str = "limit of '{}' for Top query") -> Any:
    """A PBX whose list has these ids and refuses more than ``limit`` at once."""

    def answer(asked: Asked) -> Bytes:
        top, skip = int(option(asked, "top") or "0"), int(option(asked, "skip") or "0")
        if top > limit:
            message = f"The query specified in the URI is not valid. The {wording.format(limit)} has been exceeded."
            return http(400, json.dumps({"error": {"code": "", "message": message}}))
        document: dict[str, Any] = {"value": [{"Id": n} for n in ids[skip : skip + top]]}
        if option(asked, "count") == "true":
            document["@odata.count"] = len(ids)
        return http(200, json.dumps(document))

    return answer


def test_no_more_than_a_page_is_asked_for_before_it_is_needed() -> None:
    with Nasty(listing(list(range(350)))) as server, Pbx(server.url, "id", "key") as pbx:
        rows = iter(pbx.fax.list())
        next(rows)
        assert len(server.api_calls) == 1
        for _ in range(100):
            next(rows)
        assert len(server.api_calls) == 2


def test_first_asks_for_one_row() -> None:
    with Nasty(listing([7, 8])) as server, Pbx(server.url, "id", "key") as pbx:
        assert pbx.fax.list(filter="Id gt 1").first() == {"Id": 7}
        assert option(server.api_calls[-1], "top") == "1"
        assert option(server.api_calls[-1], "filter") == "Id gt 1"


def test_first_of_nothing_is_none() -> None:
    with Nasty(listing([])) as server, Pbx(server.url, "id", "key") as pbx:
        assert pbx.fax.list().first() is None


def test_count_is_the_pbx_s_own(pbx: Pbx) -> None:
    assert pbx.contacts.list().count() == 60
    assert pbx.contacts.list(filter="Id le 10", top=3).count() == 10


def test_a_pbx_that_does_not_count_is_said_so() -> None:
    with Nasty(lambda asked: http(200, '{"value":[]}')) as server, Pbx(server.url, "id", "key") as pbx:
        with pytest.raises(errors.BrokenAnswer, match="did not count"):
            pbx.fax.list().count()


def test_a_page_alone(pbx: Pbx) -> None:
    rows = pbx.contacts.list(orderby="Id", select="Id", count=True)
    page = rows.page(2, size=25)
    assert [row["Id"] for row in page.rows] == list(range(51, 61))
    assert page.total == rows.total == 60


def test_pages_come_as_large_as_the_pbx_allows(pbx: Pbx) -> None:
    assert [len(page.rows) for page in pbx.users.list(top=40).pages()] == [40]


@pytest.mark.parametrize(
    ("limit", "wording", "asked"),
    [
        (100, "limit of '{}' for Top query", [100, 100, 100]),
        (30, "limit of '{}' for Top query", [100, *[30] * 9]),
        (40, "$top is too large", [100, 50, *[25] * 10]),
    ],
    ids=["allowed", "refused with the limit", "refused without it: halved"],
)
def test_a_page_size_that_the_pbx_refuses_is_learned(limit: int, wording: str, asked: list[int]) -> None:
    ids = list(range(245))
    with Nasty(listing(ids, limit=limit, wording=wording)) as server, Pbx(server.url, "id", "key") as pbx:
        assert [row["Id"] for row in pbx.fax.list()] == ids
        assert [int(option(a, "top") or "") for a in server.api_calls] == asked
        before = len(server.api_calls)
        pbx.fax.list().all()
        assert int(option(server.api_calls[before], "top") or "") == min(asked)


def test_another_refusal_is_not_taken_for_the_page_size() -> None:
    refusal = http(400, '{"error":{"code":"","message":"Could not find a property named Nummer."}}')
    with Nasty(lambda asked: refusal) as server, Pbx(server.url, "id", "key") as pbx:
        with pytest.raises(errors.BadRequest, match="Nummer"):
            pbx.fax.list(filter="Nummer eq 1").all()
        assert len(server.api_calls) == 1


def test_a_filter_that_is_quoted_in_a_refusal_does_not_make_pages_smaller() -> None:
    ids = list(range(120))

    def answer(asked: Asked) -> Bytes:
        if option(asked, "filter"):
            return http(400, '{"error":{"code":"","message":"Syntax error in \'Number eq 1 & $top=5\'."}}')
        return listing(ids)(asked)

    with Nasty(answer) as server, Pbx(server.url, "id", "key") as pbx:
        with pytest.raises(errors.BadRequest, match="Syntax error"):
            pbx.fax.list(filter="Number eq 1").all()
        before = len(server.api_calls)
        assert len(pbx.fax.list().all()) == 120
        assert [int(option(each, "top") or "") for each in server.api_calls[before:]] == [100, 100]


def test_a_row_moved_over_the_border_of_a_page_is_given_once() -> None:
    ids = list(range(150))

    def insert_after_the_first_page(asked: Asked) -> Bytes:
        answer: Bytes = listing(list(ids))(asked)
        if len(ids) == 150:
            ids.insert(0, 999)
        return answer

    with Nasty(insert_after_the_first_page) as server, Pbx(server.url, "id", "key") as pbx:
        assert [row["Id"] for row in pbx.fax.list()] == list(range(150))


@pytest.mark.parametrize(
    "link", ["Fax?$skip=1", "/xapi/v1/Fax?$skip=1", "?$skip=1", "//elsewhere.example.com/xapi/v1/Fax?$skip=1"]
)
def test_a_link_may_be_relative_and_leads_to_no_other_host(link: str) -> None:
    first = json.dumps({"value": [{"Id": 1}], "@odata.nextLink": link})

    def answer(asked: Asked) -> Bytes:
        return http(200, '{"value":[{"Id":2}]}' if "skip=1" in asked.target else first)

    with Nasty(answer) as server, Pbx(server.url, "id", "key") as pbx:
        assert [row["Id"] for row in pbx.fax.list()] == [1, 2]
        assert server.api_calls[1].target == "/xapi/v1/Fax?$skip=1"


def test_rows_without_a_key_are_all_given() -> None:
    with Nasty(lambda asked: http(200, '{"value":["a","a"]}')) as server, Pbx(server.url, "id", "key") as pbx:
        assert list(pbx.call_flow_apps.get_files(1)) == ["a", "a"]


def test_top_is_the_total_even_where_a_link_gives_more() -> None:
    page = '{"value":[{"Id":1},{"Id":2},{"Id":3}],"@odata.nextLink":"/xapi/v1/Fax?$skiptoken=x"}'
    with Nasty(lambda asked: http(200, page)) as server, Pbx(server.url, "id", "key") as pbx:
        assert pbx.fax.list(top=2).all() == [{"Id": 1}, {"Id": 2}]
        assert len(server.api_calls) == 1


@pytest.mark.parametrize("link", ["http://[::1", "https://pbx.example.com/elsewhere"])
def test_a_link_that_leads_nowhere_is_no_link(link: str) -> None:
    page = json.dumps({"value": [{"Id": 1}], "@odata.nextLink": link})
    with Nasty(lambda asked: http(200, page)) as server, Pbx(server.url, "id", "key") as pbx:
        with pytest.raises(errors.BrokenAnswer, match="a link to the next page"):
            list(pbx.fax.list())


@pytest.mark.parametrize("rows", [[{"Id": 1}], [{"Id": [1]}], [{"Id": {"a": 1}}], [{"Id": 1.5}]])
def test_a_link_that_is_no_text_and_a_key_that_can_be_none_are_nothing(rows: list[Any]) -> None:
    page = json.dumps({"value": rows, "@odata.nextLink": 5})
    with Nasty(lambda asked: http(200, page)) as server, Pbx(server.url, "id", "key") as pbx:
        assert list(pbx.fax.list()) == rows


def test_the_same_in_an_event_loop(system: System) -> None:
    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            rows = pbx.contacts.list(orderby="Id", select="Id")
            assert await rows.count() == 60
            assert (await rows.first())["Id"] == 1
            assert len((await rows.page(1, size=50)).rows) == 10
            assert [len(page.rows) async for page in rows.pages()] == [60]
            assert [row["Id"] async for row in rows] == [row["Id"] for row in await rows]

    asyncio.run(run())


class Fax(msgspec.Struct):
    Id: int
    Number: str | None = None


class Misread(msgspec.Struct):
    Id: str


@dataclass
class PlainFax:
    Id: int


@pytest.mark.parametrize("kind", [Fax, PlainFax])
def test_rows_come_as_objects_of_a_class_page_by_page(kind: type[Fax] | type[PlainFax]) -> None:
    with Nasty(listing(list(range(250)))) as server, Pbx(server.url, "id", "key") as pbx:
        faxes = pbx.fax.list().typed(kind)
        first = next(faxes)
        assert (type(first), first.Id, len(server.api_calls)) == (kind, 0, 1)
        assert [fax.Id for fax in faxes] == list(range(1, 250))

    async def read(url: str) -> list[int]:
        async with AsyncPbx(url, "id", "key") as pbx:
            return [fax.Id async for fax in pbx.fax.list().typed(kind)]

    with Nasty(listing([1, 2])) as server:
        assert asyncio.run(read(server.url)) == [1, 2]


@pytest.mark.parametrize("kind", [Misread, Pbx])
def test_a_row_that_does_not_fit_its_class_names_action_and_class(kind: type) -> None:
    with (
        Nasty(listing([7])) as server,
        Pbx(server.url, "id", "key") as pbx,
        pytest.raises(errors.InvalidArgument, match=rf"row of fax\.list does not fit {kind.__name__}: ."),
    ):
        list(pbx.fax.list().typed(kind))
