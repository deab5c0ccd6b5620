"""IP addresses and networks as a blocklist holds them, and those that nobody should block by accident."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import Any

from ..errors import InvalidArgument
from ..local.characters import cleaned
from .cells import unwrapped

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DANGERS = {
    "own": "is this computer or every network, and the PBX would block itself or everybody",
    "private": "is a private network, such as the one that phones and administrators are in",
    "wide": "is a very large network, millions of addresses and more",
}
"""Why a network should not be blocked. What is ``own`` never is; the others can be allowed."""
_WIDEST = {4: 8, 6: 16}
"""Networks with a prefix as short as this are `wide`."""
_OWN = [ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "::/127")]
_PRIVATE = [
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),  # RFC 1918, 6598, 3927
        *("fc00::/7", "fe80::/10"),  # RFC 4193, 4291
    )
]
_MAPPED = ip_network("::ffff:0:0/96")
_RANGE = re.compile(r"([0-9A-Fa-f.:]+)\s*-\s*([0-9A-Fa-f.:]+)")
_LEADING_ZERO = re.compile(r"(?:^|\.)0\d")
_PORT = re.compile(r"\d+(?:\.\d+){3}:\d+|\[.*\]:\d+")


def networks_of(text: str) -> list[str]:
    """Return the networks that an address, a network or a range ``a-b`` stands for, as 3CX writes them.

    One address stands without a mask; bits of a network beyond its mask are dropped, an IPv4 address within an IPv6
    one is the IPv4 address. A range becomes as few networks as hold just its addresses, as a blocklist entry holds
    one. Raises InvalidArgument, whose message ends a sentence.
    """
    return [_written(network) for network in parsed_networks(text)]


def parsed_networks(text: str) -> list[Network]:
    """Return the same as networks."""
    plain = cleaned(unwrapped(cleaned(text)))
    if span := _RANGE.fullmatch(plain):
        return _range(*span.groups())
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    try:
        if "%" in plain:  # Python reads the name of an interface too
            raise ValueError(plain)
        network = ip_network(plain, strict=False)
    except ValueError:
        raise InvalidArgument(_wrong(plain)) from None
    return [_unmapped(network)]


def canonical(text: str) -> str:
    """How an entry is compared: as `networks_of` writes it, or as it is where it is not one network."""
    try:
        networks = networks_of(text)
    except InvalidArgument:
        networks = []
    return networks[0] if len(networks) == 1 else cleaned(text).casefold()


def holds(network: str, other: str) -> bool:
    """Whether a network, as `networks_of` writes it, holds all or part of another one."""
    try:
        pairs = [(one, two) for one in parsed_networks(network) for two in parsed_networks(other)]
    except InvalidArgument:
        return False
    return any(_overlap(one, two) for one, two in pairs)


def dangers_of(row: Mapping[str, Any]) -> list[str]:
    """Return the words of `DANGERS` for a row of a blocklist; none where it is harmless.

    One that allows addresses is dangerous only where it allows very many: nothing would ever be blocked.
    """
    try:
        networks = parsed_networks(str(row.get("IPAddrMask") or ""))
    except InvalidArgument:
        return []  # said when the cell is read
    if row.get("BlockType") == "Allow":
        return ["wide"] if any(map(_is_wide, networks)) else []
    return list(dict.fromkeys(danger for network in networks for danger in _dangers(network)))


def _is_wide(network: Network) -> bool:
    private = any(_overlap(network, other) and network.prefixlen >= other.prefixlen for other in _PRIVATE)
    return network.prefixlen <= _WIDEST[network.version] and not private


def _dangers(network: Network) -> Iterator[str]:
    if any(_overlap(network, own) for own in _OWN):
        yield "own"
    if any(_overlap(network, private) for private in _PRIVATE):
        yield "private"
    if _is_wide(network):
        yield "wide"


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _range(first: str, last: str) -> list[Network]:
    ends: list[Any] = []
    for text in (first, last):
        try:
            address = ip_address(text)
        except ValueError:
            raise InvalidArgument(_wrong(text)) from None
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        ends.append(mapped or address)
    if ends[0].version != ends[1].version or ends[0] > ends[1]:
        raise InvalidArgument(f"the range {first}-{last} must go from a lower address to a higher one of its kind")
    return list(summarize_address_range(*ends))


def _unmapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.prefixlen >= 96 and network.overlaps(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _written(network: Network) -> str:
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _wrong(text: str) -> str:
    if _LEADING_ZERO.search(text.partition("/")[0]):
        why = "a number in it begins with 0, which some programs read as octal"
    elif _PORT.fullmatch(text):
        why = "it has a port; leave it out"
    elif "%" in text:
        why = "it names a network interface; leave that out"
    elif "/" in text and _is_address(text.partition("/")[0]):
        why = "its mask is wrong"
    else:
        why = "it takes 192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9 or the same of IPv6"
    return f"{text[:60]!r} is not an address or a network: {why}"
