"""Keys and function arguments in a path: whatever is in a key stays in the key."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import parse_type
from trunkline.odata import fill, literal

# RFC 3986, 3.3: unreserved, percent-encoded, sub-delims, ":" and "@".
SEGMENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*")
STRING = parse_type("String")


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
