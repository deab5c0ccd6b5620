"""A request in one line, as dry runs over many items show it."""

from __future__ import annotations

import msgspec

from ..catalog.secret import masked
from ..printable import printable
from ..redaction import redacted
from . import HttpRequest, Part


def in_a_line(request: HttpRequest, *, show_secrets: bool = False) -> str:
    """``PATCH /Users(3) {"FirstName":"Ada"}``: method, path, If-Match and body; secrets of the body are masked.

    What others wrote in it drives no terminal; a body says the same with its control characters escaped.
    """
    said = [f"{request.method} {request.target}"]
    said += [f"{name}: {value}" for name, value in request.headers if name == "If-Match"]
    if isinstance(request.body, Part):
        said.append(f"{request.body.name}: {request.body.filename}")
    elif request.body is not None:
        body = msgspec.json.decode(request.body)
        said.append(msgspec.json.encode(body if show_secrets else masked(body)).decode())
    line = printable(" ".join(said))
    return line if show_secrets else redacted(line)
