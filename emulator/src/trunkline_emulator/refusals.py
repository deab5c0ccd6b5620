"""Refusals: every answer that is an error, as one exception with the body a PBX would send.

The body's shape is in docs/pbx.md, Answers; the wording of query errors is ASP.NET's, on which a PBX is built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from .evidence import OWN, Fact, published, refusal, seen
from .messages import Response

BAD_QUERY = refusal(
    "A query option that OData or ASP.NET doesn't accept answers 400.",
    published("requests"),
)
BAD_BODY = refusal(
    "A body that isn't the JSON that an action takes (an unknown or wrapped property, a value of another type) answers "
    "400 without details.",
    seen("creating-and-changing"),
)
TOO_COSTLY = refusal("A query that would keep the emulator busy for too long answers 400.", OWN)
NO_SUCH_ENTITY = refusal("An entity that doesn't exist answers 404.", published("answers"))
WRONG_METHOD = refusal("A method that a path doesn't have answers 405.", seen("creating-and-changing"))
NO_SUCH_PATH = refusal("A path or a literal that leads nowhere answers 404 without a reason.", seen("requests"))

# What a refusal says at most, however much is wrong; ASP.NET stops at 200 mistakes too.
MOST_DETAILS = 200
MOST_TEXT = 8192
_MOST_REASON = 500
_UNPRINTABLE = re.compile(r"[^ -~]")


class Refusal(Exception):
    """The PBX answers with ``status``; without a message the body stays empty, as on most 401, 403 and 500 answers.

    ``fact`` says how it is known that a PBX refuses this; what is assumed is refused with ``--strict`` only.
    ``details`` maps fields to codes or messages: ``{"EmailAddress": "WARNINGS.XAPI.ALREADY_IN_USE"}``.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        fact: Fact,
        details: Mapping[str, str] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.fact = fact
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


def bad_query(message: str, fact: Fact = BAD_QUERY) -> Refusal:
    """400 for a query option, in ASP.NET's words."""
    return Refusal(400, f"The query specified in the URI is not valid. {message}", fact=fact)


def bad_field(field: str, message: str, *, fact: Fact) -> Refusal:
    """400 for one field of a body: ``message`` is a code of Pbx.Warnings, or what is wrong."""
    return Refusal(400, f"{field}:\n{message}", fact=fact, details={field: message})


def bad_fields(wrong: Mapping[str, str], *, fact: Fact) -> Refusal:
    """400 for several fields at once: ``wrong`` maps each to its code or message."""
    text = "\n".join(f"{field}:\n{message}" for field, message in wrong.items())
    return Refusal(400, text, fact=fact, details=wrong)


class BadBody(Refusal):
    """400 for a body that can't be read: a PBX doesn't say why, the emulator does in ``X-Trunkline-Reason``."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(
            400,
            "The input was not valid.\n\ndelta:\nThe delta field is required.",
            fact=BAD_BODY,
            details={field: reason},
        )

    def response(self) -> Response:
        [(field, reason)] = self.details.items()
        why = _UNPRINTABLE.sub("?", f"{field}: {reason}" if field else reason)[:_MOST_REASON]
        error = {"error": {"code": "", "message": self.message}}
        return Response.json(400, error, {"X-Trunkline-Reason": why})


def not_found() -> Refusal:
    """404 for an entity that isn't there."""
    return Refusal(404, "Not Found", fact=NO_SUCH_ENTITY)


class NoSuchPath(Refusal):
    """404 for a path that leads nowhere, without a hint (docs/pbx.md, Requests)."""

    def __init__(self) -> None:
        super().__init__(404, fact=NO_SUCH_PATH)
