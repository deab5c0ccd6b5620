"""The address of a PBX as users write it: checked before anything is sent, and spelled as every HTTP library reads it.

HTTP libraries disagree on odd hosts: ``0x7f.1`` is an IPv4 address to one and a name to another, and what one refuses
another looks up. So only hosts that all of them read alike pass, names in their ASCII form (RFC 5890, A-labels).
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address

from ..errors import ConfigurationError

_EXAMPLES = "It should look like https://pbx.example.com or https://pbx.example.com:5001."
_ASCII_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_AUTHORITY_END = re.compile(r"[/?#\\]")
_PAGE = re.compile(r"/?(xapi(/v1)?/?|(webclient/?)?(#/[A-Za-z0-9_/-]*)?)")  # of the API or a console, as people copy it
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LETTERS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})  # near enough to what RFC 5892 calls PVALID
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_LABEL, _NAME = 63, 253  # the longest label and name of DNS (RFC 1035)


def base_url(url: str) -> str:
    """Return an address as ``https://host[:port]``; a name in its ASCII form.

    A ``/xapi/v1`` behind it is taken off, and a page of a console, such as ``/#/login``.

    Raises ConfigurationError for anything that an HTTP library could not connect to, before anything is sent. The
    message repeats scheme, host and port only: whatever else stands in an address may be a secret.
    """
    text = url.strip() if isinstance(url, str) else ""
    if not text:
        raise ConfigurationError("The address of the PBX is missing.", hint="Set TRUNKLINE_URL or give url.")
    has_scheme = "://" in text
    if not has_scheme:
        text = f"https://{text}"
    if "@" in text:
        raise ConfigurationError("The address of the PBX has a user name or password in it.", hint=_EXAMPLES)
    head, _, after = text.partition("://")
    authority = re.split(_AUTHORITY_END, after)[0]
    typed = f"{head}://{authority}" if has_scheme else authority
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in typed[:100]) or "What was given"
    try:
        scheme, host, port, rest = split_address(text)
    except ValueError as problem:
        raise ConfigurationError(f"{shown} is not an address of a PBX: {problem}.", hint=_EXAMPLES) from None
    if scheme not in ("http", "https"):
        raise ConfigurationError(f"{shown} is not an address of a PBX: it must start with https://.", hint=_EXAMPLES)
    if not _PAGE.fullmatch(rest):
        raise ConfigurationError(
            f"{shown} is the address of a PBX only without what follows the host and port.", hint=_EXAMPLES
        )
    return f"{scheme}://{bracketed(host)}" + (f":{port}" if port is not None else "")


def comparable_url(url: str) -> str:
    """Return an address in the one form that all its spellings share, for comparing; an odd one as it is."""
    try:
        scheme, host, port, _ = split_address(base_url(url))
    except ConfigurationError:
        return url.rstrip("/")
    return f"{scheme}://{bracketed(host.rstrip('.'))}:{port or (443 if scheme == 'https' else 80)}"


def split_address(text: str) -> tuple[str, str, int | None, str]:
    """Scheme, checked host (IPv6 without brackets), port and what follows; ValueError says what is wrong.

    User name and password before the host are passed over.
    """
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp") for char in text):
        raise ValueError("it has a space or a character that can't be seen in it")
    if "\\" in text:
        raise ValueError("it has a backslash in it")
    scheme, _, after = text.partition("://")
    authority = re.split(_AUTHORITY_END, after)[0]
    name, port = _split_port(authority.rpartition("@")[2])
    return scheme.lower(), _checked_host(name), port, after[len(authority) :]


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether a host (IPv6 without brackets) is this machine itself; ``0.0.0.0`` and ``::`` lead there, too."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    address = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    return address.is_loopback or address.is_unspecified


def _split_port(place: str) -> tuple[str, int | None]:
    name, colon, digits = place, "", ""
    if not place.endswith("]"):
        name, colon, digits = place.rpartition(":")
        if not colon:
            name, digits = place, ""
    if not digits:
        return name, None
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65535:
        if ":" in name and not name.startswith("["):
            raise ValueError("an IPv6 address needs brackets, as in https://[2001:db8::1]:5001")
        raise ValueError("its port is not a number from 1 to 65535")
    return name, int(digits)


def _checked_host(host: str) -> str:
    if not host:
        raise ValueError("it has no host")
    if host.startswith("[") and host.endswith("]"):
        return _ipv6(host[1:-1])
    if "[" in host or "]" in host:
        raise ValueError("its brackets don't enclose an IPv6 address")
    if ":" in host:
        raise ValueError("an IPv6 address needs brackets, as in https://[2001:db8::1]:5001")
    if "%" in host:
        raise ValueError("its host has a % in it")
    if host.isascii():
        name = host.lower()
    else:  # what Unicode holds for the same: full-width letters and dots, capitals, composed characters
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", host.lower()).lower()).replace("。", ".")
    labels = name.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(name)
    spelled = [_decoded(label) for label in labels]
    if any(_is_right_to_left(label) for label in spelled) and not all(_keeps_direction(label) for label in spelled):
        raise ValueError("its host mixes directions of writing")
    ascii_name = ".".join(map(_encoded, spelled))
    if "xn--" in ascii_name and any(label.isascii() and ("_" in label or label[2:4] == "--") for label in spelled):
        raise ValueError("no part of a host beside an international one may have a _, or -- as 3rd and 4th character")
    if len(ascii_name) > _NAME:
        raise ValueError(f"its host has more than {_NAME} characters")
    return ascii_name + ("." if name.endswith(".") else "")


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise ValueError("its host ends in a number, but is not four numbers from 0 to 255") from None


def _ipv6(text: str) -> str:
    if "%" in text:
        raise ValueError(
            "HTTP libraries don't agree on IPv6 addresses with a zone (%eth0); use the PBX's name or another address"
        )
    try:
        return IPv6Address(text).compressed
    except ValueError:
        raise ValueError("what stands in its brackets is not an IPv6 address") from None


def _decoded(label: str) -> str:
    """Return a label in Unicode, checked; ValueError."""
    if not label:
        raise ValueError("its host has nothing between two dots")
    spelled = label
    if label.isascii():
        if len(label) > _LABEL:
            raise ValueError(f"a part of its host has more than {_LABEL} characters")
        if not _ASCII_LABEL.fullmatch(label):
            raise ValueError("its host has a character in it that no name has")
        if not label.startswith("xn--"):
            return label
        try:
            spelled = label[4:].encode().decode("punycode")
        except (UnicodeError, ValueError):
            raise ValueError("a part of its host that starts with xn-- can't be decoded") from None
    if not _is_international(spelled) or (spelled is not label and _encoded(spelled) != label):
        raise ValueError("a part of its host can't be an international name (RFC 5891)")
    return spelled


def _is_international(label: str) -> bool:
    return (
        not label.isascii()
        and unicodedata.normalize("NFKC", label.lower()) == label
        and all(char == "-" or unicodedata.category(char) in _LETTERS for char in label)
        and all(char in "ßς" or char.casefold() == char for char in label)  # the others are unstable (RFC 5892, 2.2)
        and not _IGNORABLE.search(label)
        and not label.startswith("-")
        and not label.endswith("-")
        and label[2:4] != "--"
        and not unicodedata.category(label[0]).startswith("M")
    )


def _encoded(label: str) -> str:
    if label.isascii():
        return label
    encoded = "xn--" + label.encode("punycode").decode()
    if len(encoded) > _LABEL:
        raise ValueError(f"a part of its host has more than {_LABEL} characters in its ASCII form")
    return encoded


def _is_right_to_left(label: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in label)


def _keeps_direction(label: str) -> bool:
    """Return the rule for labels beside one that is written from right to left (RFC 5893, section 2)."""
    kinds = [unicodedata.bidirectional(char) for char in label]
    ends = [kind for kind in kinds if kind != "NSM"][-1:]
    if kinds[0] in ("R", "AL"):
        allowed = {"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
        return set(kinds) <= allowed and ends[0] in ("R", "AL", "EN", "AN") and not {"EN", "AN"} <= set(kinds)
    allowed = {"L", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
    return kinds[0] == "L" and set(kinds) <= allowed and ends[0] in ("L", "EN")
