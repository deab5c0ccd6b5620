"""The address of a PBX: taken as users write it, and refused before anything is sent where a library would choke."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyreqwest.http import Url

from asking import QUICK, Ask
from nasty import Nasty, http
from trunkline import errors
from trunkline.errors import ConfigurationError
from trunkline.transport.address import base_url, is_loopback

CASES = json.loads((Path(__file__).parents[1] / "cases" / "addresses.json").read_text())
OWN = {
    "can't be decoded": ["xn--0", "xn--99999999"],
    "international": ["xn--n3h.example", "ꭰ.example", "Ꭰ.example", "xn--kz9a.example", "ᾀ.example", "a\u0345"],
    "beside an international one": [
        "_.ø.example",
        "pbx_1.bücher.example",
        "bücher.a_b.example",
        "pbx_1.xn--bcher-kva.example",
        "ab--c.ø.example",
        "_axn--b.example",
    ],
    "directions": ["0a.אב", "אב1a", "aא"],
}
"""Refused here because HTTP libraries of Python disagree about them."""


@pytest.mark.parametrize(("reason", "given"), [(reason, given) for reason, each in OWN.items() for given in each])
def test_what_libraries_read_differently_is_refused_with_the_reason(reason: str, given: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        base_url(given)


@pytest.mark.parametrize("given", [given for each in (*OWN.values(), *CASES["refused"].values()) for given in each])
def test_nothing_is_sent_to_an_address_that_is_refused(ask: Ask, given: str) -> None:
    with pytest.raises(ConfigurationError):
        ask(given, "fax.get", 4)


LABELS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs"]), min_size=1, max_size=6)
HOSTS = st.lists(
    st.one_of(
        LABELS,
        LABELS.map(lambda text: "xn--" + text.encode("punycode").decode("ascii")),
        st.text("abcxn-019._%[]:@/\\x", min_size=1, max_size=12),
        st.text(max_size=8),
    ),
    min_size=1,
    max_size=4,
).map(".".join)


@settings(max_examples=1500)
@given(st.one_of(HOSTS, HOSTS.map("http://{}".format), st.text()))
@example("[::ffff:1.2.3.4]")
@example("faß.example")
def test_what_is_taken_is_read_alike_by_every_library(text: str) -> None:
    try:
        url = base_url(text)
    except ConfigurationError:
        return
    assert base_url(url) == url
    assert url.isascii()
    host = httpx2.URL(url).raw_host.decode()
    host.encode("idna")  # what Python's own sockets do with a name
    assert (Url(url).host_str or "").strip("[]") == host.strip("[]")


@settings(max_examples=40)
@given(HOSTS.map("http://{}.invalid:9".format))
def test_what_is_taken_can_be_tried_with_every_library(text: str) -> None:
    from asking import WAYS

    try:
        url = base_url(text)
    except ConfigurationError:
        return
    for ask in WAYS.values():
        with pytest.warns(UserWarning, match="plain HTTP"), pytest.raises(errors.Unreachable):
            ask(url, "fax.get", 4, settings={"retries": QUICK._replace(attempts=1)})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]"])
def test_every_spelling_of_this_machine_is_reached(ask: Ask, host: str) -> None:
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        port = server.url.rpartition(":")[2]
        if host == "[::1]":
            with pytest.raises(errors.Unreachable):  # the server listens on IPv4 alone
                ask(f"http://{host}:{port}", "fax.get", 4)
        else:
            assert ask(f"http://{host}:{port}", "fax.get", 4) == {"Id": 4}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("Localhost.", True),
        ("pbx.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::ffff:0.0.0.0", True),
        ("0.0.0.1", False),
        ("pbx.example.com", False),
        ("localhost.example.com", False),
        ("128.0.0.1", False),
        ("::2", False),
        ("::ffff:192.0.2.1", False),
        ("", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
