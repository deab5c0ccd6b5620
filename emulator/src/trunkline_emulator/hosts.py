"""For which host names this PBX answers, so that no web page can reach it by a name of its own (DNS rebinding).

A browser lets a page talk to the host that the page came from. Whoever owns ``evil.example`` can let that name lead to
127.0.0.1 a minute later, and the page then talks to whatever listens there; only the Host header still names
``evil.example``. An address in figures can't be made to lead elsewhere, so only names are in question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from .guard import is_loopback
from .messages import Request

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# A name that ends in a number is an address in disguise to a browser: 127.1, 2130706433, 0x7f.0.0.1.
_NAME = re.compile(rf"(?:{_LABEL}\.)*(?!(?:[0-9]+|0x[0-9a-f]*)$){_LABEL}", re.ASCII)
_PORT = re.compile(r"(.*):([0-9]{1,5})", re.ASCII | re.DOTALL)


class BadHost(ValueError):
    """The text is neither a host name nor an address."""


def read_host(text: str) -> str:
    """Return the host of a Host header in lower case, without its port, an IPv6 address without its brackets.

    Raises BadHost for anything that isn't exactly ``NAME``, ``ADDRESS`` or ``[IPV6]``, with a port or without: no user,
    no path, no zone, no address in another notation, no dot at the end.
    """
    host = text
    if match := _PORT.fullmatch(text):
        host, port = match.groups()
        if int(port) > 65535:
            raise BadHost(f"{text!r} has no valid port.")
    if host.startswith("[") and host.endswith("]"):
        return str(_address(host[1:-1], IPv6Address))
    if re.fullmatch(r"[0-9.]+", host, re.ASCII):
        return str(_address(host, IPv4Address))
    lowered = host.lower()
    if len(lowered) > 253 or not host.isascii() or not _NAME.fullmatch(lowered):
        raise BadHost(f"{text!r} is not a host name.")
    return lowered


def _address(text: str, kind: type[IPv4Address] | type[IPv6Address]) -> IPv4Address | IPv6Address:
    if "%" in text:
        raise BadHost(f"{text!r} has a zone.")
    try:
        return kind(text)
    except ValueError:
        raise BadHost(f"{text!r} is not an address.") from None


def is_address(host: str) -> bool:
    """Whether a host, as ``read_host`` gives it, is an address in figures."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Whether a host, as ``read_host`` gives it, is ``localhost`` or a loopback address."""
    return host == "localhost" or is_loopback(host)


def sent_host(request: Request) -> str:
    """Return the host that a request names in its one Host header. Raises BadHost, also for none and for two."""
    named = request.headers.all("host")
    if len(named) != 1:
        raise BadHost(f"{len(named)} Host headers instead of one.")
    return read_host(named[0])


class Hosts:
    """The names that the owner of this emulator allows beside this machine's own. ValueError for what is not a host."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        if isinstance(allowed, str):
            raise ValueError("allow_hosts is a list of host names, not one text.")
        self._allowed = frozenset(map(_allowed, allowed))
        self._is_answered = lru_cache(maxsize=1024)(self._judge)  # nearly all requests name the same host

    def allows(self, host: str, listens: str = "") -> bool:
        """Whether a host is this machine, was allowed, or is the address on which this emulator listens."""
        return is_this_machine(host) or host in self._allowed or host == listens.lower()

    def answers(self, request: Request) -> bool:
        """Whether the API answers a request that came in by a port: to any address, and to the names allowed.

        HTTP/1.0 needs no Host header, and no browser leaves it out.
        """
        host = request.headers.get("host")  # two of them are refused before (connection.py)
        return host is None or self._is_answered(host, request.listens)

    def _judge(self, sent: str, listens: str) -> bool:
        try:
            host = read_host(sent)
        except BadHost:
            return False
        return is_address(host) or self.allows(host, listens)


def _allowed(text: str) -> str:
    try:
        bare = text.removeprefix("[").removesuffix("]")
        return str(ip_address(bare)) if is_address(bare) and "%" not in bare else _without_port(text)
    except BadHost:
        raise ValueError(
            f"{text!r} can't be an allowed host: give a name or an address, without scheme, port or wildcard."
        ) from None


def _without_port(text: str) -> str:
    if _PORT.fullmatch(text):
        raise BadHost(text)
    return read_host(text)
