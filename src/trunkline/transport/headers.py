"""Header values, which may hold any bytes: file names in UTF-8 or Latin-1, the names of proxies on the way."""

from __future__ import annotations

from collections.abc import Iterable

from .._version import __version__
from ..errors import BrokenAnswer, InvalidArgument
from ..request import HttpRequest

USER_AGENT = f"trunkline/{__version__}"

_LONGEST_TARGET = 65_000  # characters; HTTP libraries refuse more, each with an error of its own


def decode_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their name in lower case; the last one where a name comes twice.

    Each value is read as UTF-8, else as Latin-1, which RFC 9110 (5.5) knows of old and which reads any byte.
    """
    return {name.decode("latin-1").lower(): decode_value(value) for name, value in raw}


def decode_value(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def check_request(request: HttpRequest) -> None:
    """Refuse a request that an HTTP library would choke on. Nothing was sent; no value is shown, as it may be secret.

    Raises InvalidArgument, or BrokenAnswer where the token that the PBX gave is at fault.
    """
    for name, value in request.headers:
        if value.isascii() and value.isprintable():
            continue
        if name == "Authorization":
            raise BrokenAnswer(
                "The PBX gave an access token with characters in it that no request can carry.",
                hint="Check that the address is the 3CX itself, not a proxy or portal.",
                processed=False,
            )
        raise InvalidArgument(
            f"{name} has a character in it that a header can't carry.", hint="Only ASCII can; nothing was sent."
        )
    if len(request.target) > _LONGEST_TARGET:
        raise InvalidArgument(
            f"The address of this request has {len(request.target):,} characters.",
            hint=f"More than {_LONGEST_TARGET:,} can't be sent: shorten the filter, or ask in several parts. "
            "Nothing was sent.",
        )
