"""From an HTTP answer to a value, or to the error that explains it. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..catalog import load
from ..errors import BrokenAnswer
from .failures import UNKNOWN, broken_answer, explain
from .files import File, Saved, is_file, safe_name, sent_name
from .origin import is_acknowledged, is_from_pbx, names_version
from .response import Asked, HttpResponse, decode, is_json, parsed

__all__ = [
    "Asked",
    "File",
    "HttpResponse",
    "Page",
    "Saved",
    "is_file",
    "is_from_pbx",
    "page",
    "safe_name",
    "sent_name",
    "value",
]


class Page(NamedTuple):
    """One page of a list: its rows, the total that ``count=True`` asked for, and the link to the next, where given."""

    rows: list[Any]
    total: int | None
    next_link: str | None

    def __repr__(self) -> str:
        """How many rows there are: the rows themselves may carry secrets."""
        return f"<page of {len(self.rows)} rows, total {self.total}>"


def value(asked: Asked, response: HttpResponse) -> Any:
    """Return what an action answers: an entity as a dict with 3CX's names, a plain value, a File, or None.

    An ETag header goes into the entity as ``@odata.etag``. Raises a PbxError for an error status, BrokenAnswer
    for what the API can't have sent.
    """
    if not 200 <= response.status < 300:
        raise explain(asked, response)
    if asked.action.method != "GET" and not is_acknowledged(asked.action, response):
        raise broken_answer(asked, response)
    must_give = asked.action.kind == "get" and asked.action.answer_kind == "entity"
    if not response.body:
        if must_give:
            raise broken_answer(asked, response)
        return None
    is_plain = response.content_type == "application/json" and asked.action.answer_kind != "file"
    if not is_plain and not _is_json_as_text(asked, response):
        if is_file(asked, response):
            return File(sent_name(response), response.content_type, response.body)
        if response.content_type and not is_json(response):
            raise broken_answer(asked, response)
    document = _decoded(asked, response)
    if not isinstance(document, dict):
        if must_give:
            raise broken_answer(asked, response)
        return document
    if asked.action.answer_kind == "value" and "value" in document:
        return document["value"]
    if asked.action.answer_kind == "none" and not document.keys() - {"@odata.context"}:
        return None
    if "etag" in response.headers:
        document.setdefault("@odata.etag", response.headers["etag"])
    return document


def _is_json_as_text(asked: Asked, response: HttpResponse) -> bool:
    """Whether the JSON that is due came as plain text: taken for a file, its secrets would not be recognised."""
    if asked.action.answer_kind not in ("entity", "list", "value") or response.content_type != "text/plain":
        return False
    try:
        return isinstance(parsed(response.body), dict | list)
    except ValueError:
        return False


def page(asked: Asked, response: HttpResponse) -> Page:
    """One page of a list action; raises as `value` does."""
    if not 200 <= response.status < 300:
        raise explain(asked, response)
    if response.status == 204 and (asked.action.method != "GET" or names_version(response)):
        return Page([], None, None)
    document = _decoded(asked, response)
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise broken_answer(asked, response)
    if _of_objects(asked) and not all(isinstance(row, dict) for row in document["value"]):
        raise broken_answer(asked, response)
    count, link = document.get("@odata.count"), document.get("@odata.nextLink")
    return Page(document["value"], _count(count), link if isinstance(link, str) and link else None)


def _decoded(asked: Asked, response: HttpResponse) -> Any:
    try:
        return decode(asked.server, response)
    except BrokenAnswer as error:
        if asked.action.method != "GET":
            raise error.replace(hint=error.hint.after(UNKNOWN)) from None
        raise


def _of_objects(asked: Asked) -> bool:
    spec = asked.action.answer_type
    return spec is not None and spec.name in load().types


def _count(value: Any) -> int | None:
    """Return a count, which OData may write as a text, too (IEEE754Compatible); None if it is none."""
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return count if count >= 0 else None
