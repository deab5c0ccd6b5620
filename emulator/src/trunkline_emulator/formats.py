"""Which form of JSON a client wants: how much metadata, as the Accept header or ``$format`` say."""

from __future__ import annotations

import re
from functools import lru_cache

from .evidence import published, refusal
from .refusals import Refusal

MINIMAL = "minimal"
_LEVEL = re.compile(r"(?:odata\.)?metadata=(none|minimal|full)", re.IGNORECASE)
NO_FORMAT = refusal("A `$format` other than JSON answers 406.", published("requests"))


def metadata_level(accept: str, asked: str) -> str:
    """``none``, ``minimal`` or ``full``; ``$format`` goes before Accept. Raises Refusal (406).

    An Accept header that wants something else than JSON gets JSON all the same, as ASP.NET does unless told otherwise.
    """
    return _of_format(asked) if asked else _of_accept(accept)


@lru_cache(maxsize=256)
def _of_accept(accept: str) -> str:
    for media_type in accept.split(","):
        name, *parameters = media_type.split(";")
        if name.strip().lower() != "application/json":
            continue
        for parameter in parameters:
            if match := _LEVEL.fullmatch(parameter.strip()):
                return match[1].lower()
        return MINIMAL
    return MINIMAL


def _of_format(asked: str) -> str:
    name, *_ = asked.split(";")
    if name.strip().lower() not in ("json", "application/json"):
        raise Refusal(406, fact=NO_FORMAT)
    return _of_accept(asked)
