"""System query options in the query string of a request."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from trunkline.odata import OPTIONS, query_string

# RFC 3986, 3.4: pchar, "/" and "?".
QUERY = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")


def decoded(query: str) -> dict[str, str]:
    """A reader that follows RFC 3986 alone: a plus is a plus, only percent signs are special."""

    def plain(text: str) -> str:
        pieces = re.split(r"((?:%[0-9A-Fa-f]{2})+)", text)
        return "".join(bytes.fromhex(p.replace("%", "")).decode() if p.startswith("%") else p for p in pieces)

    pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
    assert len({name for name, _ in pairs}) == len(pairs)
    return {plain(name): plain(value) for name, value in pairs}


@given(st.dictionaries(st.sampled_from(OPTIONS), st.text(), max_size=len(OPTIONS)))
def test_any_options_survive_the_way_there(options: dict[str, str]) -> None:
    query = query_string(options)
    assert QUERY.fullmatch(query)
    assert "+" not in query
    assert decoded(query) == {f"${name}": value for name, value in options.items()}


@given(st.permutations(OPTIONS))
def test_the_order_does_not_depend_on_the_caller(names: list[str]) -> None:
    assert query_string(dict.fromkeys(names, "1")) == query_string(dict.fromkeys(OPTIONS, "1"))
