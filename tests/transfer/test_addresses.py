"""IP addresses and networks as a blocklist holds them, and those that nobody should block by accident."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument
from trunkline.transfer.addresses import canonical, dangers_of, networks_of


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1/32", ["192.0.2.1"]),
        ("192.0.2.0/24", ["192.0.2.0/24"]),
        ("192.0.2.77/24", ["192.0.2.0/24"]),
        ("192.0.2.0/255.255.255.0", ["192.0.2.0/24"]),
        ("192.0.2.0-192.0.2.255", ["192.0.2.0/24"]),
        ("192.0.2.1 – 192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
        ("192.0.2.5-192.0.2.5", ["192.0.2.5"]),
        ("\u200e192.0.2.1\u00a0", ["192.0.2.1"]),
        ('="192.0.2.1"', ["192.0.2.1"]),
        ("１９２.0.2.1", ["192.0.2.1"]),
        ("2001:DB8:0:0::1", ["2001:db8::1"]),
        ("2001:db8::1/128", ["2001:db8::1"]),
        ("2001:db8::5/32", ["2001:db8::/32"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("2001:db8::-2001:db8::3", ["2001:db8::/126"]),
        ("::ffff:192.0.2.1", ["192.0.2.1"]),
        ("::ffff:192.0.2.0/120", ["192.0.2.0/24"]),
        ("::ffff:192.0.2.0-::ffff:192.0.2.3", ["192.0.2.0/30"]),
    ],
)
def test_what_an_entry_stands_for(text: str, networks: list[str]) -> None:
    assert networks_of(text) == networks


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("010.0.0.1", "begins with 0"),
        ("192.0.2.01/24", "begins with 0"),
        ("192.0.2.256", "it takes"),
        ("192.0.2", "it takes"),
        ("3232235777", "it takes"),
        ("example.com", "it takes"),
        ("192.0.2.1:5060", "it has a port"),
        ("[2001:db8::1]:5061", "it has a port"),
        ("192.0.2.0/33", "its mask is wrong"),
        ("192.0.2.0/255.0.255.0", "its mask is wrong"),
        ("2001:db8::/129", "its mask is wrong"),
        ("fe80::1%eth0", "names a network interface"),
        ("192.0.2.9-192.0.2.1", "from a lower address to a higher one"),
        ("192.0.2.1-2001:db8::1", "from a lower address to a higher one"),
        ("192.0.2.1-20", "'20' is not an address"),
        ("", "it takes"),
    ],
)
def test_what_is_not_an_address_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        networks_of(text)
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("198.51.100.0/28", "198.51.100.0/255.255.255.240"),
        ("2001:db8::BAD", "2001:0db8::bad"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_entries_that_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_what_a_pbx_holds_that_is_not_an_address_is_compared_as_it_is() -> None:
    assert canonical("Somewhere") == "somewhere"
    assert canonical("192.0.2.1-192.0.2.2") == "192.0.2.1-192.0.2.2"


@pytest.mark.parametrize(
    ("network", "dangers"),
    [
        ("192.0.2.1", []),
        ("1.10.16.0/20", []),
        ("203.0.113.0/9", []),
        ("2001:db8::/17", []),
        ("224.0.0.1", []),
        ("127.0.0.1", ["own"]),
        ("127.0.0.0/8", ["own", "wide"]),
        ("0.0.0.0", ["own"]),
        ("0.0.0.0/0", ["own", "private", "wide"]),
        ("::1", ["own"]),
        ("::", ["own"]),
        ("::/0", ["own", "private", "wide"]),
        ("::ffff:0.0.0.0/96", ["own", "private", "wide"]),
        ("::ffff:127.0.0.1", ["own"]),
        ("10.1.2.3", ["private"]),
        ("10.0.0.0/8", ["private"]),
        ("172.16.5.0/24", ["private"]),
        ("192.168.0.0/16", ["private"]),
        ("192.128.0.0/9", ["private"]),
        ("100.64.1.1", ["private"]),
        ("169.254.1.1", ["private"]),
        ("fe80::1", ["private"]),
        ("fd00::/8", ["private"]),
        ("8.0.0.0/6", ["private", "wide"]),
        ("45.0.0.0/8", ["wide"]),
        ("224.0.0.0/3", ["wide"]),
        ("2000::/3", ["wide"]),
        ("2001::/16", ["wide"]),
    ],
)
def test_what_could_lock_people_out(network: str, dangers: list[str]) -> None:
    assert dangers_of({"IPAddrMask": network, "BlockType": "Block"}) == dangers
    assert dangers_of({"IPAddrMask": network}) == dangers


@pytest.mark.parametrize(
    ("network", "dangers"),
    [
        ("192.168.0.0/16", []),
        ("10.0.0.0/8", []),
        ("127.0.0.1", []),
        ("203.0.113.0/24", []),
        ("0.0.0.0/0", ["wide"]),
        ("::/0", ["wide"]),
        ("45.0.0.0/8", ["wide"]),
    ],
)
def test_what_may_be_allowed(network: str, dangers: list[str]) -> None:
    assert dangers_of({"IPAddrMask": network, "BlockType": "Allow"}) == dangers


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_network_is_written_as_it_is_read(address: object, length: int) -> None:
    text = f"{address}/{min(length, 32 if isinstance(address, IPv4Address) else 128)}"
    (network,) = networks_of(text)
    assert networks_of(network) == [network]
    assert canonical(text) == canonical(network)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_a_range_becomes_networks_that_hold_just_its_addresses(one: IPv4Address, other: IPv4Address) -> None:
    first, last = sorted((one, other))
    networks = [ip_network(text) for text in networks_of(f"{first}-{last}")]
    assert all(isinstance(network, IPv4Network) for network in networks)
    assert (networks[0][0], networks[-1][-1]) == (first, last)
    assert sum(network.num_addresses for network in networks) == int(last) - int(first) + 1
