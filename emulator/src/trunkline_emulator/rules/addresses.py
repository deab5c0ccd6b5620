"""What makes a mail address, a host, an address or a port, as settings ask for it."""

from __future__ import annotations

import ipaddress
import re

_MAIL = re.compile(
    r"[^@\s,;<>\"]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SEPARATORS = re.compile(r"[;,]")


def is_mail_address(text: str) -> bool:
    return len(text) <= 254 and _MAIL.fullmatch(text) is not None


def are_mail_addresses(text: str) -> bool:
    """One or more, with commas or semicolons between them."""
    return all(is_mail_address(part.strip()) for part in _SEPARATORS.split(text.strip(" ;,")))


def is_address(text: str) -> bool:
    """Return an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_network(text: str) -> bool:
    """Return an address, or a network such as ``192.0.2.0/24``."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Tell whether it is a host name or an address, with a port or without."""
    name, _, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        return False
    return is_address(name) or (len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split(".")))
