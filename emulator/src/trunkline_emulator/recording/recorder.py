"""From questions and answers to a recording; another module asks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from trunkline import catalog
from trunkline._version import __version__
from trunkline.errors import BrokenAnswer

from .questions import PROBES, Question, questions
from .shapes import Shape, Shaper, bucket

_VERSION = re.compile(r"\d{1,4}(\.\d{1,9}){2,3}", re.ASCII)
# What is kept of each header: a text that is the same on every PBX, else only that it was there.
_HEADERS = {
    "content-type": re.compile(
        r"(application/(problem\+)?(json|xml|zip|octet-stream)|text/(html|plain|csv|xml)|audio/(x-)?wav)"
        r"(; ?(charset=utf-8|odata\.metadata=(none|minimal|full)|(odata\.)?streaming=(true|false)))*",
        re.IGNORECASE,
    ),
    "content-disposition": re.compile(r"attachment|inline"),
    "etag": re.compile(r"W/"),
    "odata-version": re.compile(r"4\.01?$"),
    "retry-after": re.compile(r"$"),
    "www-authenticate": re.compile(r"Bearer"),
    "x-3cx-version": re.compile(r"$"),
}


class Heard(NamedTuple):
    """What came back, with header names in lower case; ``problem`` is what went wrong where nothing did."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    problem: str = ""


class Recorded(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The answer to one question; ``content`` describes a body that has no shape."""

    status: int
    problem: str = ""
    headers: dict[str, str] = {}
    content: str = ""
    body: Shape | None = None


class Recording(msgspec.Struct, forbid_unknown_fields=True):
    """How one PBX answered. ``version`` is the 3CX version, "" where no answer named it."""

    format: Literal["trunkline-recording-1"]
    tool: str
    date: str
    version: str
    answers: dict[str, Recorded]


def recording(version: str | None = None) -> Generator[Question, Heard, Recording]:
    """Yield questions, receive what was heard, and return the recording. ``version`` stands in for the PBX's own.

    Raises:
        BrokenAnswer: the PBX gives no answers that are worth recording.
    """
    heard = yield Question(PROBES[0], PROBES[0])
    named = heard.headers.get("x-3cx-version", "")
    version = version or (named if _VERSION.fullmatch(named) else "")
    published = catalog.load(version or None)
    answers: dict[str, Recorded] = {}
    failures = 0
    asked = questions(published)
    question = next(asked)  # the same again
    try:
        while True:
            failures = failures + 1 if heard.problem else 0
            parsed = _parsed(heard)
            is_api = bool(answers) or (heard.status == 200 and parsed is not None)
            if heard.status == 401 or failures == 3 or not is_api:
                answered = heard.problem or (heard.status if heard.status != 200 else "something other than JSON")
                raise BrokenAnswer(
                    f"{question.name} was answered with {answered}: there is nothing to record.",
                    hint="Nothing was kept. Check the address, and which rights the client has (docs/pbx.md, Rights).",
                )
            answers[question.name] = _recorded(question, heard, parsed, Shaper(published, says=heard.status >= 400))
            question = asked.send(parsed)
            heard = yield question
    except StopIteration:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        return Recording("trunkline-recording-1", __version__, today, version, answers)


def _parsed(heard: Heard) -> Any:
    try:
        return msgspec.json.decode(heard.body) if "json" in heard.headers.get("content-type", "") else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _recorded(question: Question, heard: Heard, parsed: Any, shaper: Shaper) -> Recorded:
    recorded = Recorded(heard.status, heard.problem, {} if heard.problem else dict(_headers(heard.headers)))
    if parsed is None:
        recorded.content = "" if heard.problem else f"{bucket(len(heard.body))} bytes"
        return recorded
    spec = question.answer_type if heard.status < 400 else None
    try:
        recorded.body = shaper.shape(parsed, spec, is_entity=question.is_entity)
    except RecursionError:
        recorded.content = "JSON that is nested too deeply"
    return recorded


def _headers(headers: Mapping[str, str]) -> Generator[tuple[str, str]]:
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    yield "framing", "chunked" if chunked else "length" if "content-length" in headers else "neither"
    for name, known in _HEADERS.items():
        if name in headers:
            match = known.match(headers[name])
            yield name, (match[0] if match else "") or "present"
