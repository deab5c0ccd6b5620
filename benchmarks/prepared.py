"""A server of prepared answers in a process of its own, so that it is a client that is measured, not a PBX.

It gives users as a 3CX does, 100 a page, and the same ones one by one; deletes whatever it is told to; and asks for
no token, but gives one. Users are the emulator's demo users over and over, with other ids and numbers. A page that
was asked for without ``$top`` links to the next one, which a client that follows links needs.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from itertools import cycle, islice
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import uvicorn

from trunkline import Pbx
from trunkline.catalog import TypeSpec, load
from trunkline_emulator import Emulator, running

from .server import API_KEY, CLIENT_ID, FIRST_USER

PAGE_SIZE = 100
TOKEN = "prepared"

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_HEADERS = [(b"content-type", b"application/json; odata.metadata=minimal"), (b"x-3cx-version", b"20.0.10.0")]
_CONTEXT = b'{"@odata.context":"https://localhost/xapi/v1/$metadata#Users'
_STAND_INS: dict[str, object] = {
    "Boolean": False,
    "Int32": 0,
    "Int64": 0,
    "Double": 0.0,
    "String": "",
    "DateTimeOffset": "2026-01-01T00:00:00Z",
    "Duration": "PT0S",
}


class Users:
    """An ASGI app."""

    def __init__(self, count: int, url: str) -> None:
        demo = _demo_users()
        self._url = url.encode()
        self._rows = [
            msgspec.json.encode({**row, "Id": FIRST_USER + place, "Number": f"{10_000 + place}"})
            for place, row in enumerate(islice(cycle(demo), count))
        ]
        self.page = lru_cache(maxsize=None)(self._page)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        path: str = scope["path"]
        if scope["method"] == "DELETE":
            await _answer(send, 204, b"")
        elif path.startswith("/xapi/v1/Users("):
            row = self._rows[int(path[15:-1]) - FIRST_USER]
            await _answer(send, 200, _CONTEXT + b'/$entity",' + row[1:])
        elif path == "/xapi/v1/Users":
            await _answer(send, 200, self.page(scope["query_string"]))
        else:
            token = {"token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN}
            await _answer(send, 200, msgspec.json.encode(token))

    def _page(self, query: bytes) -> bytes:
        asked = dict(parse_qsl(query.decode()))
        start = int(asked.get("$skip", "0"))
        end = start + min(int(asked.get("$top", PAGE_SIZE)), PAGE_SIZE)
        count = b',"@odata.count":%d' % len(self._rows) if asked.get("$count") == "true" else b""
        linked = "$top" not in asked and end < len(self._rows)
        link = b',"@odata.nextLink":"%s/xapi/v1/Users?$skip=%d"' % (self._url, end) if linked else b""
        return _CONTEXT + b'"' + count + b',"value":[' + b",".join(self._rows[start:end]) + b"]" + link + b"}"


def _demo_users() -> list[dict[str, Any]]:
    """The emulator's users, with something in each field that is empty there: a PBX has few empty ones."""
    with (
        running(Emulator(client_id=CLIENT_ID, api_key=API_KEY)) as url,
        Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx,
    ):
        rows: list[dict[str, Any]] = pbx.call("users.list").all()
    fields = load().fields("Pbx.User")
    return [{name: _stand_in(fields[name]) if old is None else old for name, old in row.items()} for row in rows]


def _stand_in(spec: TypeSpec) -> object:
    catalog = load()
    if spec.collection:
        return []
    if spec.name in catalog.enums:
        return catalog.enum_values(spec.name)[0]
    if spec.name in catalog.types:
        own = catalog.fields(spec.name)
        return {name: _stand_in(inner) for name, inner in own.items() if not inner.navigation}
    return _STAND_INS.get(spec.name)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [*_HEADERS, (b"content-length", b"%d" % len(body))] if body else _HEADERS[1:]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _listen_to_stdin(server: uvicorn.Server) -> None:
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
    server.should_exit = True


def main(count: int) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(Users(count, url), access_log=False, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        print(url, flush=True)  # the system takes connections already
        threading.Thread(target=_listen_to_stdin, args=(server,), daemon=True).start()
        server.run([listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
