"""Where a page that the PBX cut goes on: the query of its nextLink, and the tokens in it (docs/pbx.md, Pages)."""

from __future__ import annotations

import base64

from ..refusals import bad_query
from .paths import decode


def write_skip_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"row {position}".encode()).decode("ascii").rstrip("=")


def read_skip_token(token: str) -> str:
    """Return the position in a token that was given out. Raises Refusal (400) for any other."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        text = ""
    position = text.removeprefix("row ")
    if not position.isdecimal() or write_skip_token(int(position[:10])) != token:
        raise bad_query("The value of the $skiptoken query option is not one that was given out.")
    return position


def rest_of(raw: bytes, option: str, position: str) -> str:
    """Return a query string as it was sent, that goes on at a position: ``$skip=50``, or a ``$skiptoken``."""
    kept = [part for part in raw.split(b"&") if part and decode(part.partition(b"=")[0]) not in ("$skip", "$skiptoken")]
    return "&".join([*(part.decode("latin-1") for part in kept), f"${option}={position}"])
