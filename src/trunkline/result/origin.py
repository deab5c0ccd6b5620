"""Who answered: the 3CX, or a gateway, proxy or portal between it and us. Pure.

A status proves something only where the PBX sent it. A 3CX names its version in ``X-3CX-Version`` (3CX's published
samples read it there), and its errors have OData's shape (OData JSON Format 4.01, section 21).
"""

from __future__ import annotations

import re
from typing import Any

from ..catalog import Action, load
from .response import HttpResponse, is_json, parsed

_ERROR_FIELDS = {"code", "message", "target", "details", "innererror"}
_OAUTH_FIELDS = {"error", "error_description", "error_uri"}
_PUBLISHED = (200, 201, 204)  # what the OpenAPI files say that writes are answered with


def is_from_pbx(response: HttpResponse) -> bool:
    """Whether an answer is recognisably a 3CX's: it names the version, or its body is an OData error.

    Only such a 404 means that an entity is missing. A web page is never recognised, whatever its headers.
    """
    if response.content_type == "text/html":
        return False
    return names_version(response) or _is_odata_error(response)


def names_version(response: HttpResponse) -> bool:
    """Whether the answer has a header that only a 3CX sends."""
    if response.headers.get("x-3cx-version"):
        return True
    return any(name.startswith("x-3cx-") and value for name, value in response.headers.items())


def may_be_from_pbx(response: HttpResponse) -> bool:
    """Whether a 401 or 403 can be the PBX's own: a 3CX often leaves their body empty, and may not name its version.

    It is not if it is a web page or text, has another JSON shape, or asks for other credentials than a bearer token.
    """
    challenge = response.headers.get("www-authenticate", "")
    if response.status == 401 and challenge:
        return bool(re.search(r"\bbearer\b", challenge, re.I)) or is_from_pbx(response)
    if not response.body:
        return response.content_type != "text/html"
    return is_from_pbx(response) or _is_oauth_error(response)


def is_acknowledged(action: Action, response: HttpResponse) -> bool:
    """Whether an answer with a 2xx status says that the PBX carried out a write, rather than something before it.

    The published answers are 204 without a body, and 200 or 201 with JSON: the entity, or an OData document.
    """
    if response.content_type == "text/html":
        return False
    if response.status == 204 and not response.body:
        return True
    if names_version(response):
        return True
    if response.status not in _PUBLISHED:
        return False
    if not response.body:
        return action.kind in ("action", "upload")
    if response.content_type and not is_json(response):
        return action.kind in ("action", "upload") and "content-disposition" in response.headers
    return action.kind == "upload" or _is_answer_of(action, response)


def _is_answer_of(action: Action, response: HttpResponse) -> bool:
    try:
        document = parsed(response.body)
    except ValueError:
        return True  # half a document; reading it says so
    if not isinstance(document, dict):
        return action.kind == "action"
    if not document:
        return action.kind == "action"
    if "value" in document or any(name.startswith("@odata.") for name in document):
        return True
    spec = action.answer_type
    name = spec.name if spec is not None else action.body if action.kind == "update" else None
    if not isinstance(name, str) or name not in load().types:
        return action.answer_kind != "none"
    return not document.keys().isdisjoint(load().fields(name))


def _is_odata_error(response: HttpResponse) -> bool:
    document = _object(response)
    error = document.get("error")
    return (
        isinstance(error, dict)
        and all(name == "error" or name.startswith("@") for name in document)
        and isinstance(error.get("code"), str)
        and isinstance(error.get("message"), str)
        and all(name in _ERROR_FIELDS or "@" in name for name in error)
    )


def _is_oauth_error(response: HttpResponse) -> bool:
    """RFC 6749, 5.2; an empty object counts too."""
    if not is_json(response):
        return False
    document = _object(response, none={"": ""})
    return document.keys() <= _OAUTH_FIELDS and isinstance(document.get("error", ""), str)


def _object(response: HttpResponse, none: dict[str, Any] | None = None) -> dict[str, Any]:
    nothing = none or {}
    if not is_json(response):
        return nothing
    try:
        document = parsed(response.body)
    except ValueError:
        return nothing
    return document if isinstance(document, dict) else nothing
