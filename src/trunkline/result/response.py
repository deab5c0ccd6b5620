"""What was asked and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from ..catalog import Action
from ..errors import BrokenAnswer


class HttpResponse(NamedTuple):
    """An answer with its body read; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type alone, lower case: ``application/json``."""
        return _media_type(self.headers.get("content-type", ""))

    @property
    def retry_after(self) -> float | None:
        """The seconds of ``Retry-After``; None without it, or where it is a date, which needs a clock that agrees."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@lru_cache(maxsize=128)
def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


class Asked(NamedTuple):
    """What an answer is about: the action, its keys and parameters, its path, and what the PBX is called."""

    action: Action
    values: Mapping[str, Any]
    path: str
    server: str


def is_json(response: HttpResponse) -> bool:
    return response.content_type in ("application/json", "text/json") or response.content_type.endswith("+json")


def decode(server: str, response: HttpResponse) -> Any:
    """The body as JSON; BrokenAnswer if it is half a document or none."""
    if response.content_type == "text/html":
        raise not_the_api(server, response)
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BrokenAnswer(
            f"{server} answered {response.status} with JSON that ends or breaks early ({problem}).",
            hint="A proxy may have cut it off; try again.",
        ) from None


def not_the_api(server: str, response: HttpResponse) -> BrokenAnswer:
    """The error for an answer that the 3CX API can't have sent."""
    what = "a web page" if response.content_type == "text/html" else "something that is no 3CX answer"
    error = BrokenAnswer(
        f"{server} answered {response.status} with {what} instead of JSON.",
        hint="Check that the address is the 3CX itself (such as https://pbx.example.com:5001), not a proxy or portal.",
    )
    error.status = response.status
    return error
