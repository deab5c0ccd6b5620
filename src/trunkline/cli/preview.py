"""``--dry-run`` and ``--curl``: the request that would be sent, for a person to read or for another program."""

from __future__ import annotations

import click

from ..catalog.secret import MASK
from ..connections.targets import Target
from ..request import Call, HttpRequest
from ..request.curl import curl_line
from ..request.shown import as_http
from ..transport.address import base_url
from ..transport.paging import PAGE_SIZE, first_request
from ..transport.session import API


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
    click.echo(as_http(f"{url}{API}", request, show_secrets=show_secrets))


def show_curl(url: str, request: HttpRequest, *, show_secrets: bool, insecure: bool, ca_file: str | None) -> None:
    """Show a line for a POSIX shell; the token comes from a variable, so that the line can be passed on."""
    line = curl_line(f"{url}{API}", request, show_secrets=show_secrets, insecure=insecure, ca_file=ca_file)
    if line.is_incomplete:
        hidden = f"Secrets of the body are left out as {MASK}, and the PBX refuses the line so; --show-secrets "
        click.echo(f"{hidden}writes them.", err=True)
    click.echo(line.text)


def _goes_on(top: str | None) -> bool:
    return top is None or int(top) > PAGE_SIZE
