"""What was asked and what came back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from ..catalog import Action
from ..errors import BrokenAnswer
from ..printable import printable


class HttpResponse(NamedTuple):
    """An answer with its body read; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Status, type and size alone: headers and body may carry secrets."""
        return f"<{self.status} {self.content_type or 'no type'}, {len(self.body)} bytes>"

    @property
    def content_type(self) -> str:
        """The media type alone, lower case: ``application/json``."""
        return _media_type(self.headers.get("content-type", ""))

    @property
    def retry_after(self) -> float | None:
        """The seconds of ``Retry-After``; None without it. A date counts from the ``Date`` of the same answer, as only
        that is surely of the same clock; without one it is None."""
        text = self.headers.get("retry-after", "")
        if text.isascii() and text.isdigit():
            return float(text) if len(text) < 10 else None
        until, sent = _moment(text), _moment(self.headers.get("date", ""))
        return max(0.0, until - sent) if until is not None and sent is not None else None


@lru_cache(maxsize=128)
def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _moment(text: str) -> float | None:
    """Return a date of HTTP as seconds since 1970; None if it is none."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # rarely needed, and it brings half the email package

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


class Asked(NamedTuple):
    """What an answer is about: the action, its keys and parameters, its path, and what the PBX is called."""

    action: Action
    values: Mapping[str, Any]
    path: str
    server: str


def is_json(response: HttpResponse) -> bool:
    """Whether the answer says that it is JSON."""
    return response.content_type in ("application/json", "text/json") or response.content_type.endswith("+json")


def parsed(body: bytes) -> Any:
    """Return a body as JSON, a byte order mark before it read over (RFC 8259, 8.1); ValueError if it is none."""
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise ValueError(str(problem)) from None


def decode(server: str, response: HttpResponse) -> Any:
    """Return the body as JSON; BrokenAnswer if it is half a document or none."""
    if response.content_type == "text/html":
        raise not_the_api(server, response)
    try:
        return parsed(response.body)
    except ValueError as problem:
        if not response.content_type:
            raise not_the_api(server, response) from None
        raise BrokenAnswer(
            f"{server} answered {response.status} with JSON that ends or breaks early ({problem}).",
            hint="A proxy may have cut it off; try again.",
        ) from None


def _redirect(response: HttpResponse) -> str:
    """Where an answer redirects to, without what may hold secrets there; "" if it doesn't."""
    location = response.headers.get("location", "") if 300 <= response.status < 400 else ""
    return printable(re.sub(r"(?<=//)[^/?#]*@|\?[^#]*", "", location))


def not_the_api(server: str, response: HttpResponse) -> BrokenAnswer:
    """Return the error for an answer that the 3CX API can't have sent."""
    there = _redirect(response)
    if there:
        return BrokenAnswer(
            f"{server} redirects to {there} ({response.status}), which is not followed.",
            hint="Use the address that the 3CX itself answers at; plain http is often redirected to https.",
            status=response.status,
        )
    what = "a web page" if response.content_type == "text/html" else "something that is no 3CX answer"
    return BrokenAnswer(
        f"{server} answered {response.status} with {what} instead of JSON.",
        hint="Check that the address is the 3CX itself (such as https://pbx.example.com:5001), not a proxy or portal.",
        status=response.status,
    )
