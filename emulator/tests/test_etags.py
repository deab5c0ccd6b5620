"""ETags, for the PBX that sends them and for the one that doesn't (docs/pbx.md, Answers)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Dial, Line


@pytest.fixture
def tagging(dial: Dial) -> Any:
    return dial(etags=True)


def test_entities_and_rows_carry_the_same_tag(tagging: Any) -> None:
    answer = tagging.get("/Fax(121)")
    tag = answer.headers["etag"]
    assert tag.startswith('W/"')
    assert answer.json["@odata.etag"] == tag
    assert tagging.get("/Fax?$top=1").rows[0]["@odata.etag"] == tag
    assert tagging.get("/Fax(121)?$select=Id").headers["etag"] == tag
    assert tagging.ask("POST", "/Fax", {"Number": "1"}).headers["etag"]


def test_values_and_complex_answers_have_none(tagging: Any) -> None:
    assert "etag" not in tagging.get("/Defs/Pbx.HasSystemOwner()").headers
    assert "etag" not in tagging.get("/Users/Pbx.GetFirstAvailableExtensionNumber()").headers


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        (None, 204),
        ("*", 204),
        ("{tag}", 204),
        ("{strong}", 204),
        ('"other", {tag}', 204),
        ('W/"other",{tag} , "more"', 204),
        ('W/"other"', 412),
        ('"other", "another"', 412),
        ("bare", 412),
        ("", 412),
    ],
)
def test_if_match(tagging: Any, method: str, if_match: str | None, status: int) -> None:
    tag = tagging.get("/Fax(121)").headers["etag"]
    headers = {} if if_match is None else {"if-match": if_match.format(tag=tag, strong=tag.removeprefix("W/"))}
    answer = tagging.ask(method, "/Fax(121)", {"OutboundCallerId": "x"} if method == "PATCH" else None, headers)
    assert answer.status == status
    if status == 412:
        assert answer.json["error"]["message"].startswith("The precondition failed")
        assert tagging.get("/Fax(121)").headers["etag"] == tag


def test_a_change_makes_the_tag_stale(tagging: Any) -> None:
    tag = tagging.get("/Fax(121)").headers["etag"]
    assert tagging.ask("PATCH", "/Fax(121)", {"OutboundCallerId": "x"}, {"if-match": tag}).status == 204
    assert tagging.get("/Fax(121)").headers["etag"] != tag
    assert tagging.ask("DELETE", "/Fax(121)", headers={"if-match": tag}).status == 412


def test_what_is_gone_is_404_whatever_the_tag(tagging: Any) -> None:
    assert tagging.ask("DELETE", "/Fax(1)", headers={"if-match": '"x"'}).status == 404


def test_without_etags_nothing_is_tagged_and_if_match_is_ignored(pbx: Line) -> None:
    answer = pbx.get("/Fax(121)")
    assert "etag" not in answer.headers
    assert "@odata.etag" not in answer.json
    assert "@odata.etag" not in pbx.get("/Fax").rows[0]
    assert pbx.ask("DELETE", "/Fax(121)", headers={"if-match": '"stale"'}).status == 204
