"""``trunkline mcp``: tools for agents, over standard input and output or HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from .connection_options import ConnectionOptions, fleet_options
from .options import parsed_into
from .serving_options import ServingOptions, serving_options

if TYPE_CHECKING:
    from ..mcp.service import Service

_FILE = click.Path(path_type=Path, dir_okay=False)


class McpOptions(NamedTuple):
    """What agents may do, on which PBXs, and how they reach the server."""

    allow: tuple[str, ...]
    http: bool
    token_file: Path | None
    audit_log: Path | None
    flows: Path | None
    serving: ServingOptions
    connection: ConnectionOptions


@click.command()
@click.option(
    "--allow",
    multiple=True,
    metavar="WHAT",
    help="Allow changes: write, delete (which also destroys and cuts off), or actions such as 'contacts.*'.",
)
@click.option("--http", is_flag=True, help="Serve streamable HTTP at /mcp, instead of standard input and output.")
@click.option(
    "--token-file", type=_FILE, metavar="FILE", help="The bearer token of HTTP (mode 600); else TRUNKLINE_MCP_TOKEN."
)
@click.option(
    "--audit-log",
    type=_FILE,
    metavar="FILE",
    help="Where each call is noted, as JSON Lines; else mcp-audit.jsonl in the folder of state.",
)
@click.option(
    "--flows",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Offer the flows of this folder as resources.",
)
@serving_options(8733)
@fleet_options
@parsed_into(McpOptions)
def mcp(options: McpOptions) -> None:
    """Let agents find actions, read PBXs and, if you allow it, change them, by the Model Context Protocol.

    \b
    trunkline mcp --profile acme
    trunkline mcp --profile acme --allow write --allow fax.delete
    trunkline mcp --all-profiles --http --token-file token

    It is read only unless --allow is given. Even then an agent has to plan a change first, and apply the plan in
    a second step; the client asks you in between if it can. Secrets are masked in all answers. Only the chosen PBXs
    can be reached.
    """
    import asyncio

    service = _service(options)
    if not options.http:
        from ..mcp.stdio import serve_stdio

        asyncio.run(serve_stdio(service))
        return
    from ..mcp.http import read_token, serve_http

    token, listening = read_token(options.token_file, os.environ), options.serving.listening()

    def say(url: str) -> None:
        click.echo(f"Serving MCP at {url} for {', '.join(service.pbxs.names)}. Ctrl-C ends it.", err=True)
        if not (listening.is_loopback or listening.is_encrypted):
            click.echo("Others on the network can read the token: use --tls-cert, or a proxy with TLS.", err=True)

    asyncio.run(serve_http(service, listening, token, say))


def _service(options: McpOptions) -> Service:
    """Make what the tools share. ConfigurationError where the extra is missing."""
    from importlib.util import find_spec

    from ..errors import ConfigurationError

    if find_spec("mcp") is None:
        raise ConfigurationError("The package mcp is not installed.", hint="pip install 'trunkline[mcp]'")
    from ..mcp.audit_log import AuditLog
    from ..mcp.pbxs import Pbxs
    from ..mcp.plans import Plans
    from ..mcp.service import Service
    from ..work.permission import Permission

    permission = Permission.parse(options.allow)
    connection = options.connection
    targets = connection.several() if connection.is_several else [connection.target()]
    log = AuditLog(options.audit_log or AuditLog.default_path())
    return Service(Pbxs(targets), permission, log, Plans(), options.flows)
