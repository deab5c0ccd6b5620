"""The address of a PBX: taken as users write it, and refused before anything is sent where a library would choke."""

from __future__ import annotations

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

TAKEN = [
    ("https://pbx.example.com", "https://pbx.example.com"),
    ("https://pbx.example.com/", "https://pbx.example.com"),
    ("https://pbx.example.com:5001", "https://pbx.example.com:5001"),
    ("https://pbx.example.com:", "https://pbx.example.com"),
    ("https://pbx.example.com:5001/xapi/v1", "https://pbx.example.com:5001"),
    ("https://pbx.example.com/xapi/v1/", "https://pbx.example.com"),
    ("https://pbx.example.com/xapi", "https://pbx.example.com"),
    ("https://pbx.example.com/xapi/", "https://pbx.example.com"),
    ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ("pbx.example.com", "https://pbx.example.com"),
    ("pbx.example.com.", "https://pbx.example.com."),
    ("pbx.example.com:5001", "https://pbx.example.com:5001"),
    ("pbx", "https://pbx"),
    ("pbx_1.example.com", "https://pbx_1.example.com"),
    ("3cx.example.com", "https://3cx.example.com"),
    ("pbx--1.example.com", "https://pbx--1.example.com"),
    ("  https://pbx.example.com\n", "https://pbx.example.com"),
    ("HTTPS://PBX.Example.COM", "https://pbx.example.com"),
    ("https://[2001:db8::1]:5001", "https://[2001:db8::1]:5001"),
    ("https://[2001:0DB8:0:0::1]", "https://[2001:db8::1]"),
    ("https://[::1]", "https://[::1]"),
    ("192.0.2.7", "https://192.0.2.7"),
    ("bücher.example", "https://xn--bcher-kva.example"),
    ("BÜCHER.Example", "https://xn--bcher-kva.example"),
    ("bu\u0308cher.example", "https://xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
    ("straße.example", "https://xn--strae-oqa.example"),
    ("例え.テスト:5001", "https://xn--r8jz45g.xn--zckzah:5001"),
    ("例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
    ("ｐｂｘ．example.com", "https://pbx.example.com"),
    ("אב.example", "https://xn--4dbc.example"),
    ("a" * 63 + ".example", f"https://{'a' * 63}.example"),
]

REFUSED = {
    "missing": ["", "   ", "\n"],
    "must start with https://": ["ftp://pbx.example.com", "file://pbx/etc/passwd", "ws://pbx", "ħttp://pbx"],
    "no host": ["https://", "https:///xapi", "//pbx", "https://:5001"],
    "without what follows": [
        "https://pbx.example.com/webclient",
        "https://pbx.example.com/xapi/v2",
        "https://pbx.example.com/xapi/v1/../..",
        "https://pbx.example.com?x=1",
        "https://pbx.example.com/xapi/v1?",
        "https://pbx.example.com/#/login",
        "http:/pbx",
    ],
    "port": [
        "pbx:port",
        "pbx:99999",
        "pbx:65536",
        "pbx:0",
        "pbx:-1",
        "pbx:+80",
        "pbx:1e3",
        "pbx:٣",
        "pbx:8.0",
        "[::1]:x",
    ],
    "brackets": ["::1", "2001:db8::1", "2001:db8::1:5001", "[v1.fe80::a]", "[pbx]", "[127.0.0.1]", "[]", "[::1::]"],
    "zone": ["[fe80::1%eth0]", "https://[fe80::1%25eth0]", "[fe80::1%251]:5001"],
    "don't enclose": ["https://[::1", "https://::1]", "[", "]"],
    "can't be decoded": ["xn--0", "xn--99999999"],
    "ends in a number": [
        "192.168.1.300",
        "192.168.1",
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "1.2.3.4.5",
        "1.2.3.04",
        "1.2.3.4.",
        "pbx.1",
        "pbx.0x",
        "１９２．１６８．１．３００",
    ],
    "% in it": ["%00", "pbx%2eexample.com", "pbx%"],
    "can't be seen": [
        "pbx example.com",
        "pbx\texample.com",
        "pbx\nexample.com",
        "pbx\x00",
        "pbx\x7f",
        "pbx\u200b.example",
        "pbx\u00ad",
        "\u202epbx",
        "pbx\ufeff.example",
        "pbx\u00a0x",
        "pbx\ud800",
    ],
    "backslash": ["pbx\\example.com", "https:\\\\pbx", "https://pbx\\/"],
    "no name has": [
        "-pbx.example",
        "pbx-.example",
        "*.example.com",
        "pbx,example",
        "pbx;1",
        "pbx!",
        "pbx'",
        "pbx(1)",
        "pbx&x=1",
        "pbx~1",
        "<pbx>",
        "pbx|x",
        "pbx^",
        "pbx`",
        "{pbx}",
        "$HOST",
        "xn--",
        "xn--a-",
        "xn--pbx-",
    ],
    "between two dots": ["pbx..example", ".pbx", "."],
    "international": [
        "xn--a",
        "XN--A.example",
        "☃.example",
        "😀.example",
        "xn--n3h.example",
        "\u0301a",
        "ꭰ.example",
        "Ꭰ.example",
        "xn--kz9a.example",
        "ᾀ.example",
        "a\u0345",
    ],
    "beside an international one": [
        "_.ø.example",
        "pbx_1.bücher.example",
        "bücher.a_b.example",
        "pbx_1.xn--bcher-kva.example",
        "ab--c.ø.example",
        "_axn--b.example",
    ],
    "directions": ["0a.אב", "אב1a", "aא"],
    "more than 63": ["a" * 64 + ".example", "ü" * 60 + ".example"],
    "more than 253": [".".join(["a" * 49] * 6)],
    "user name or password": ["https://admin:hunter2@pbx.example.com", "admin:hunter2@pbx.example.com", "@pbx"],
}


@pytest.mark.parametrize(("given", "expected"), TAKEN)
def test_an_address_is_taken_as_users_write_it(given: str, expected: str) -> None:
    assert base_url(given) == expected
    assert base_url(base_url(given)) == expected


@pytest.mark.parametrize(("reason", "given"), [(reason, given) for reason, each in REFUSED.items() for given in each])
def test_what_cannot_be_an_address_is_refused_with_the_reason_and_an_example(reason: str, given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert reason in raised.value.message
    assert raised.value.hint
    assert raised.value.exit_code == 3
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    "given",
    [
        "https://admin:hunter2@pbx.example.com",
        "admin:hunter2@pbx.example.com",
        "https://pbx.example.com/?key=hunter2",
        "https://pbx.example.com/hunter2",
        "https://pbx.example.com#hunter2",
        "https:///hunter2",
    ],
)
def test_what_may_be_a_secret_in_an_address_is_not_repeated(given: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_url(given)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("given", [given for each in REFUSED.values() for given in each])
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
