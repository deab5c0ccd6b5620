"""A request as a line of curl for a POSIX shell; the token comes from a variable, so that the line can be passed on."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from ..catalog.secret import MASK, masked
from ..redaction import redacted
from . import HttpRequest

TOKEN = "$TRUNKLINE_TOKEN"  # noqa: S105 - the variable that takes the token's place
_LONGEST = 100_000
"""Bytes that a word of a command line may have; Linux takes 131,072."""


class CurlLine(NamedTuple):
    """The line. ``is_incomplete``: secrets of its body are masked, and the PBX refuses the line as it is."""

    text: str
    is_incomplete: bool = False


def curl_line(
    root: str, request: HttpRequest, *, show_secrets: bool = False, insecure: bool = False, ca_file: str | None = None
) -> CurlLine:
    """Write a request as a line of curl. ``root``: the address that the request's target is below.

    Of a file that is uploaded the line names the path; one without a path is named as it is called.
    """
    words = ["curl"]
    if insecure:
        words.append("--insecure")
    elif ca_file:
        words.append(f"--cacert {shlex.quote(ca_file)}")
    if request.method != "GET":
        words.append(f"-X {request.method}")
    shown = (lambda text: text) if show_secrets else redacted
    address = f"{root}{shown(request.target)}"
    # curl would take brackets and braces for a list of addresses.
    words.append(f"--globoff {shlex.quote(address)}" if set("[]{}") & set(address) else shlex.quote(address))
    words.append(f'-H "Authorization: Bearer {TOKEN}"')
    words += [f"-H {shlex.quote(f'{name}: {shown(value)}')}" for name, value in request.headers]
    is_incomplete = False
    if isinstance(request.body, bytes):
        body = _body(request.body, show_secrets=show_secrets)
        is_incomplete = MASK in body
        # Without its quotes the mask is not JSON: the PBX refuses the line instead of making it the password.
        body = body.replace(f'"{MASK}"', MASK)
        if len(body.encode()) > _LONGEST:
            words.append(f"--data-binary @- <<'BODY'\n{body}\nBODY")
        else:
            words.append(f"--data-raw {shlex.quote(body)}")
    elif request.body is not None:
        source = request.body.source
        path = str(source) if isinstance(source, PurePath) else request.body.filename
        words.append(f"-F {shlex.quote(f'{request.body.name}=@{_form_file(path)}')}")
    return CurlLine(" ".join(words), is_incomplete)


def _form_file(path: str) -> str:
    """Return a path as ``curl -F`` reads it: a comma would begin a second file, a semicolon a content type."""
    if not set(',;"') & set(path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _body(body: bytes, *, show_secrets: bool) -> str:
    value = msgspec.json.decode(body)
    return msgspec.json.encode(value if show_secrets else masked(value)).decode()
