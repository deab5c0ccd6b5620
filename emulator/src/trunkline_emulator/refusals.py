"""Refusals: every answer that is an error, as one exception with the body a PBX would send.

The body's shape is in docs/pbx.md, Answers; the wording of query errors is ASP.NET's, on which a PBX is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from .messages import Response

# What a refusal says at most, however much is wrong; ASP.NET stops at 200 mistakes too.
MOST_DETAILS = 200
MOST_TEXT = 8192


class Refusal(Exception):
    """The PBX answers with ``status``; without a message the body stays empty, as on most 401, 403 and 500 answers.

    ``details`` maps fields to codes or messages: ``{"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}``.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        details: Mapping[str, str] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.details = dict(details)
        self.headers = dict(headers)

    def response(self) -> Response:
        if not self.message:
            return Response(self.status, headers=self.headers)
        error: dict[str, object] = {"code": "", "message": _short(self.message)}
        if self.details:
            details = islice(self.details.items(), MOST_DETAILS)
            error["details"] = [
                {"code": "", "message": _short(text), "target": _short(field)} for field, text in details
            ]
        return Response.json(self.status, {"error": error}, self.headers)


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def bad_query(message: str) -> Refusal:
    """400 for a query option, in ASP.NET's words."""
    return Refusal(400, f"The query specified in the URI is not valid. {message}")


def bad_field(field: str, message: str) -> Refusal:
    """400 for one field of a body: ``message`` is a code of Pbx.Warnings, or what is wrong."""
    return Refusal(400, f"{field}:\n{message}", details={field: message})


def bad_fields(wrong: Mapping[str, str]) -> Refusal:
    """400 for several fields at once: ``wrong`` maps each to its code or message."""
    return Refusal(400, "\n".join(f"{field}:\n{message}" for field, message in wrong.items()), details=wrong)


def not_found() -> Refusal:
    """404 for an entity that isn't there."""
    return Refusal(404, "Not Found")


class NoSuchPath(Refusal):
    """404 for a path that leads nowhere, without a hint (docs/pbx.md, Requests)."""

    def __init__(self) -> None:
        super().__init__(404)
