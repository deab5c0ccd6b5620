"""``--dry-run`` and ``--curl``: the request that would be sent, for a person to read or for another program."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import Any

import click
import msgspec

from ..catalog.secret import MASK, masked
from ..connections.targets import Target
from ..redaction import redacted
from ..request import Call, HttpRequest
from ..transport.address import base_url
from ..transport.paging import PAGE_SIZE, first_request
from ..transport.session import API
from .output import json_line, pretty

_LONGEST = 100_000
"""Bytes that a word of a command line may have; Linux takes 131,072."""
TOKEN = "$TRUNKLINE_TOKEN"  # noqa: S105 - the variable that takes the token's place


def preview(target: Target, call: Call, *, curl: bool, show_secrets: bool) -> None:
    """Show the request that would go out, one way or the other. No client is made for it."""
    request = first_request(call)
    if call.action.answer_kind == "list" and "top" in call.action.query and _goes_on(call.options.get("top")):
        click.echo(f"This is the first page; more are asked for with $skip, {PAGE_SIZE} rows at a time.", err=True)
    url, verify = base_url(target.url), target.options["verify"]
    if curl:
        ca_file = verify if isinstance(verify, str) else None
        show_curl(url, request, show_secrets=show_secrets, insecure=verify is False, ca_file=ca_file)
    else:
        show_request(url, request, show_secrets=show_secrets)


def show_request(url: str, request: HttpRequest, *, show_secrets: bool) -> None:
    """Show the request as HTTP writes it, without the token and, unless ``show_secrets``, without the secrets of its
    body.
    """
    shown = (lambda text: text) if show_secrets else redacted
    click.echo(f"{request.method} {url}{API}{shown(request.target)}")
    for name, value in (*request.headers, ("Authorization", "Bearer …")):
        click.echo(f"{name}: {shown(value)}")
    if isinstance(request.body, bytes):
        click.echo(f"\n{pretty(_body(request.body, show_secrets=show_secrets))}")
    elif request.body is not None:
        click.echo(f"\n{request.body.name}: {request.body.filename}")


def show_curl(url: str, request: HttpRequest, *, show_secrets: bool, insecure: bool, ca_file: str | None) -> None:
    """Show a line for a POSIX shell; the token comes from a variable, so that the line can be passed on."""
    words = ["curl"]
    if insecure:
        words.append("--insecure")
    elif ca_file:
        words.append(f"--cacert {shlex.quote(ca_file)}")
    if request.method != "GET":
        words.append(f"-X {request.method}")
    shown = (lambda text: text) if show_secrets else redacted
    address = f"{url}{API}{shown(request.target)}"
    # curl would take brackets and braces for a list of addresses.
    words.append(f"--globoff {shlex.quote(address)}" if set("[]{}") & set(address) else shlex.quote(address))
    words.append(f'-H "Authorization: Bearer {TOKEN}"')
    words += [f"-H {shlex.quote(f'{name}: {shown(value)}')}" for name, value in request.headers]
    if isinstance(request.body, bytes):
        body = json_line(_body(request.body, show_secrets=show_secrets))
        if MASK in body:
            # Without its quotes the mask is not JSON: the PBX refuses the line instead of making it the password.
            body = body.replace(f'"{MASK}"', MASK)
            hidden = f"Secrets of the body are left out as {MASK}, and the PBX refuses the line so; --show-secrets "
            click.echo(f"{hidden}writes them.", err=True)
        if len(body.encode()) > _LONGEST:
            words.append(f"--data-binary @- <<'BODY'\n{body}\nBODY")
        else:
            words.append(f"--data-raw {shlex.quote(body)}")
    elif request.body is not None and isinstance(request.body.source, PurePath):
        words.append(f"-F {shlex.quote(f'{request.body.name}=@{_form_file(str(request.body.source))}')}")
    click.echo(" ".join(words))


def _form_file(path: str) -> str:
    """Return a path as ``curl -F`` reads it: a comma would begin a second file, a semicolon a content type."""
    if not set(',;"') & set(path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _goes_on(top: str | None) -> bool:
    return top is None or int(top) > PAGE_SIZE


def _body(body: bytes, *, show_secrets: bool) -> Any:
    value = msgspec.json.decode(body)
    return value if show_secrets else masked(value)
