"""The SDK's own client, from a test that is not a coroutine: over standard input and output, or HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

COMMAND = [sys.executable, "-m", "trunkline", "mcp"]
TOKEN = "token-of-the-tests-0123456789"
TIMEOUT = 300.0  # seconds; only how long a failure takes, since a busy machine is slow
MODES = ("legacy", "auto")
"""With the handshake of the protocol up to 2025-11-25, and as 2026-07-28 has it."""


class Person:
    """Who sits at a client that can ask. ``answer`` is what is answered next; ``asked`` has the questions."""

    def __init__(self) -> None:
        self.answer = ElicitResult(action="cancel")
        self.asked: list[str] = []

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        return self.answer


class Agent:
    """A connected client. What it calls has to come back within `TIMEOUT`, or the test fails."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self.client = client

    def do(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the client."""

        async def call() -> Any:
            return await getattr(self.client, name)(*args, **kwargs)

        return self._portal.call(call)

    def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        """Call a tool; gives what came, whatever it is."""
        result: CallToolResult = self.do("call_tool", tool, arguments)
        return result

    def answer(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to work; gives the structured answer."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        answer: dict[str, Any] = result.structured_content
        return answer

    def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that has to fail; gives the error."""
        result = self.call(tool, **arguments)
        assert result.is_error, text_of(result)
        assert result.structured_content is None
        error: dict[str, Any] = json.loads(text_of(result).splitlines()[-1])["error"]
        return error


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    return str(content.text)  # type: ignore[union-attr]


@contextmanager
def connected(server: AbstractAsyncContextManager[Client]) -> Iterator[Agent]:
    """Connect a client, in an event loop of its own."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(server) as client:
        yield Agent(portal, client)


@contextmanager
def over_stdio(
    environment: Mapping[str, str], options: Sequence[str] = (), mode: str = "auto", person: Person | None = None
) -> Iterator[Agent]:
    """Start the command as a client does, and talk to it over its standard input and output."""
    parameters = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], *options], env=dict(environment), cwd=environment["HOME"]
    )
    client = Client(stdio_client(parameters), mode=mode, elicitation_callback=person, read_timeout_seconds=TIMEOUT)
    with connected(client) as agent:
        yield agent


class Served(NamedTuple):
    """A server of HTTP in a process of its own."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def served(environment: Mapping[str, str], options: Sequence[str] = ()) -> Iterator[Served]:
    """Start the command with ``--http`` at a free port; SIGTERM ends it, with code 0."""
    command = [*COMMAND, "--http", "--port", "0", *options]
    process = subprocess.Popen(command, env=dict(environment), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Serving MCP at "), line + process.stderr.read()
        yield Served(line.split()[3], process)
    finally:
        process.terminate()
        _, rest = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, rest


@contextmanager
def over_http(url: str, token: str | None = TOKEN, mode: str = "auto", person: Person | None = None) -> Iterator[Agent]:
    """Connect to a server of HTTP."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    @asynccontextmanager
    async def entered() -> AsyncIterator[Client]:
        async with httpx2.AsyncClient(headers=headers, timeout=TIMEOUT) as http:
            transport = streamable_http_client(url, http_client=http)
            async with Client(
                transport, mode=mode, elicitation_callback=person, read_timeout_seconds=TIMEOUT
            ) as client:
                yield client

    with connected(entered()) as agent:
        yield agent


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Read an audit log."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
