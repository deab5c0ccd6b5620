"""Keys and function arguments in a path: whatever is in a key stays in the key."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import parse_type
from trunkline.odata import fill, literal

# RFC 3986, 3.3: unreserved, percent-encoded, sub-delims, ":" and "@".
SEGMENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*")
STRING = parse_type("String")


@pytest.mark.parametrize(
    ("template", "literals", "path"),
    [
        ("/Fax({Id})", {"Id": "3"}, "/Fax(3)"),
        ("/Fax", {}, "/Fax"),
        ("/WebsiteLinks({Link})", {"Link": "'sales'"}, "/WebsiteLinks('sales')"),
        ("/Users(Number={Number})", {"Number": "'100'"}, "/Users(Number='100')"),
        ("/Set/Pbx.Name(a={a},b={b})", {"a": "1", "b": "'x'"}, "/Set/Pbx.Name(a=1,b='x')"),
        ("/Set/Pbx.Name(a={a})", {"a": "null"}, "/Set/Pbx.Name(a=null)"),
        ("/R(periodFrom={f})", {"f": "2026-09-12T00:00:00Z"}, "/R(periodFrom=2026-09-12T00:00:00Z)"),
        ("/R(timeZone={z})", {"z": "'+08:00'"}, "/R(timeZone='%2B08%3A00')"),
        ("/L({Link})", {"Link": "'a/b'"}, "/L('a%2Fb')"),
        ("/L({Link})", {"Link": "'..'"}, "/L('..')"),
        ("/L({Link})", {"Link": "'100%'"}, "/L('100%25')"),
        ("/L({Link})", {"Link": "'a b+c'"}, "/L('a%20b%2Bc')"),
        ("/L({Link})", {"Link": "'?x#y&z'"}, "/L('%3Fx%23y%26z')"),
        ("/L({Link})", {"Link": "'Zoë'"}, "/L('Zo%C3%AB')"),
        ("/L({Link})", {"Link": "'{Id}'", "Id": "1"}, "/L('%7BId%7D')"),
    ],
)
def test_literals_take_their_places(template: str, literals: dict[str, str], path: str) -> None:
    assert fill(template, literals) == path


def test_a_quote_in_a_key_is_doubled_and_encoded() -> None:
    assert fill("/WebsiteLinks({Link})", {"Link": literal("it's", STRING)}) == "/WebsiteLinks('it%27%27s')"


@given(st.text())
def test_any_text_is_one_segment_of_allowed_characters_and_reads_back(text: str) -> None:
    path = fill("/WebsiteLinks({Link})", {"Link": literal(text, STRING)})
    root, segment = path.split("/", 1)
    assert root == ""
    assert SEGMENT.fullmatch(segment)
    inside = segment.removeprefix("WebsiteLinks('").removesuffix("')")
    assert "'" not in inside
    assert unquote(inside, errors="strict").replace("''", "'") == text


@given(st.text(), st.text())
def test_two_arguments_never_run_into_each_other(first: str, second: str) -> None:
    path = fill("/S/Pbx.F(a={a},b={b})", {"a": literal(first, STRING), "b": literal(second, STRING)})
    match = re.fullmatch(r"/S/Pbx\.F\(a='([^']*)',b='([^']*)'\)", path)
    assert match
    assert [unquote(group).replace("''", "'") for group in match.groups()] == [first, second]
