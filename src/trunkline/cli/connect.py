"""From options to a client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from ..client import AsyncPbx
from ..profiles import connection
from .root import CONNECTION

_NAMES = [spec[0][-1].removeprefix("--").replace("-", "_") for spec in CONNECTION]


def settings(ctx: click.Context, values: dict[str, Any]) -> tuple[tuple[str, str, str], dict[str, Any]]:
    """Take the connection options out of a command's values; those of the root stand in for what is not given."""
    root: Mapping[str, Any] = ctx.find_root().obj or {}
    given = {name: own if (own := values.pop(name, None)) is not None else root.get(name) for name in _NAMES}
    found = connection(
        {k: v for k, v in given.items() if k in ("url", "client_id", "client_secret", "ca_file")}, os.environ
    )
    verify: bool | str = False if given["insecure"] else found.ca_file or True
    options: dict[str, Any] = {"verify": verify}
    if given["timeout"] is not None:
        options["timeout"] = given["timeout"]
    return (found.url, found.client_id, found.client_secret), options


def open_async_pbx(ctx: click.Context, values: dict[str, Any]) -> AsyncPbx:
    """A client for the command's connection options, which are taken out of ``values``."""
    credentials, options = settings(ctx, values)
    return AsyncPbx(*credentials, **options)
