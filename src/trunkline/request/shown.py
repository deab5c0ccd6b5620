"""A request as text: in one line, as dry runs over many items show it, or whole, as HTTP writes it."""

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


def as_http(root: str, request: HttpRequest, *, show_secrets: bool = False) -> str:
    """Return a request as HTTP writes it, without the token; secrets are masked. ``root``: what its target is below.

    A body of JSON is laid out over lines; of a file that is uploaded only the name stands there.
    """
    shown = (lambda text: text) if show_secrets else redacted
    lines = [f"{request.method} {root}{shown(request.target)}"]
    lines += [f"{name}: {shown(value)}" for name, value in (*request.headers, ("Authorization", "Bearer …"))]
    if isinstance(request.body, Part):
        lines += ["", f"{request.body.name}: {request.body.filename}"]
    elif request.body is not None:
        body = msgspec.json.decode(request.body)
        laid_out = msgspec.json.format(msgspec.json.encode(body if show_secrets else masked(body)), indent=2)
        lines += ["", laid_out.decode()]
    return "\n".join(lines)
