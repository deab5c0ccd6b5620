"""Host headers: which are well-formed, and for which the emulator answers."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_emulator import Emulator
from trunkline_emulator.hosts import BadHost, Hosts, is_this_machine, read_host

from .conftest import Line
from .raw import Plug, plugged

LOOPBACK = {
    "localhost": "localhost",
    "LocalHost": "localhost",
    "localhost:5004": "localhost",
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1:65535": "127.0.0.1",
    "127.8.9.1:80": "127.8.9.1",
    "[::1]": "::1",
    "[::1]:5004": "::1",
    "[0:0:0:0:0:0:0:1]:5004": "::1",
    "[::ffff:127.0.0.1]:5004": "::ffff:127.0.0.1",
}
OTHERS = {
    "evil.example": "evil.example",
    "EVIL.example:5004": "evil.example",
    "localhost.evil.example": "localhost.evil.example",
    "127.0.0.1.nip.io": "127.0.0.1.nip.io",
    "my_pbx": "my_pbx",
    "xn--bro-hoa.example": "xn--bro-hoa.example",
    "foo.localhost": "foo.localhost",
    "0.0.0.0": "0.0.0.0",
    "192.0.2.7:80": "192.0.2.7",
    "[2001:DB8::5]": "2001:db8::5",
    "[::ffff:192.0.2.7]": "::ffff:192.0.2.7",
    "[::]": "::",
    "1.2.3.4a": "1.2.3.4a",
}
MALFORMED = (
    "", " ", ":", ":80", "localhost:", "localhost:x", "localhost:99999", "localhost:5004:5004", "localhost:-1",
    "localhost:+80", "localhost:８０", "localhost.", "localhost..", ".localhost", "127.0.0.1.", "127.1", "127.0.1",
    "2130706433", "0x7f000001", "0x7f.0.0.1", "127.0.0.0x1", "0177.0.0.1", "127.0.0.01", "256.0.0.1", "127.0.0.1.1",
    "[::1", "::1", "::1]", "[::1]:80@evil.example", "[::1]evil.example", "[::1].evil.example", "[]", "[127.0.0.1]",
    "[localhost]", "[::1%eth0]", "[::1%25eth0]", "[::1]%", "[[::1]]", "user@localhost", "user:pw@localhost",
    "localhost@evil.example", "localhost/", "localhost/../", "localhost?x", "localhost#", "localhost\\evil",
    "localhost,evil.example", "localhost evil.example", "localhost\tevil", "localhost\x00", "local\u200bhost",
    "ｌocalhost", "lócalhost", "%6cocalhost", "http://localhost", "-localhost", "localhost-", "a" * 64,
    "a." * 130 + "a",     "*", "*.example",
)  # fmt: skip


@pytest.mark.parametrize(("text", "host"), {**LOOPBACK, **OTHERS}.items())
def test_a_host_is_read_without_its_port(text: Any, host: Any) -> None:
    assert read_host(text) == (str(ip_address(host)) if ":" in host else host)
    assert is_this_machine(host) is (text in LOOPBACK)


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_not_a_host_is_refused(text: Any) -> None:
    with pytest.raises(BadHost):
        read_host(text)


@given(
    st.text(max_size=30) | st.text("lochst127.:[]@0x%", max_size=20) | st.from_regex(r"(localhost|127\.0\.0\.1).{1,8}")
)
def test_whatever_is_this_machine_is_spelled_as_one_of_its_names(text: Any) -> None:
    try:
        host = read_host(text)
    except BadHost:
        return
    if is_this_machine(host):
        name = text.rpartition(":")[0] if text[-1:].isdigit() and ":" in text and text[-2:] != "1]" else text
        assert name.lower() == "localhost" or name.startswith(("127.", "["))


# ── the API on a port ────────────────────────────────────────────────────────────────────────────

ANSWERED = ("localhost", "127.0.0.1:5004", "[::1]:1", "192.0.2.7", "[2001:db8::5]:5004", "pbx.test", "PBX.test:443")
REFUSED = ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.1", "pbx.test.", "pbx.test.evil.example",
           "user@pbx.test", "2130706433", "")  # fmt: skip


@pytest.fixture(scope="module")
def plug() -> Iterator[Any]:
    with plugged(allow_hosts=["pbx.test"]) as plug:
        yield plug


@pytest.mark.parametrize("host", ANSWERED)
def test_the_api_answers_addresses_and_allowed_names(plug: Plug, host: Any) -> None:
    assert plug.send("GET", "/xapi/v1/Defs", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", REFUSED)
@pytest.mark.parametrize("target", ["/xapi/v1/Users", "/connect/token", "/xapi/v1/swagger.yaml", "/nothing"])
def test_the_api_answers_no_page_under_a_name_of_its_own(plug: Plug, host: Any, target: str) -> None:
    seen = plug.send("GET", target, headers={"Host": host})
    assert seen.status == 421
    assert "--allow-host" in seen.json["error"]["message"]


def test_a_refused_host_takes_no_effect(plug: Plug) -> None:
    assert plug.send("DELETE", "/xapi/v1/Fax(124)", headers={"Host": "evil.example"}).status == 421
    assert plug.ask("GET", "/Fax(124)").status == 200


def test_in_process_any_host_is_answered(pbx: Line) -> None:
    assert pbx.send("GET", "/xapi/v1/Defs", headers={"authorization": f"Bearer {pbx.token}"}, host="any").status == 200


@pytest.mark.parametrize("host", ["pbx.test", "PBX.Test", "192.0.2.7", "2001:db8::5", "[2001:db8::5]"])
def test_hosts_that_can_be_allowed(host: str) -> None:
    assert Hosts([host]).allows(host.lower().strip("[]"))


@pytest.mark.parametrize("host", ["", "*", "*.example", "http://pbx.test", "pbx.test:80", "pbx.test/", "127.1", "pbx."])
def test_hosts_that_cannot_be_allowed(host: str) -> None:
    with pytest.raises(ValueError, match="can't be an allowed host"):
        Emulator(allow_hosts=[host])


def test_one_text_is_not_a_list_of_hosts() -> None:
    with pytest.raises(ValueError, match="a list of host names"):
        Emulator(allow_hosts="pbx.test")
