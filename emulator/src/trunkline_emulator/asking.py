"""Asking an emulator in process: through the ASGI door, without a socket or a client."""

from __future__ import annotations

import asyncio
import json as json_module
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .messages import Message, Scope

HOST = "pbx.example.com"
CLIENT = "in-process"


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded; ValueError if it is not JSON."""
        return json_module.loads(self.body)


def ask(app: Any, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send one request through an ASGI application and wait for its answer. Spaces in ``path`` become ``%20``."""
    coming = _ask(app, method, path, body, headers)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coming)
    with ThreadPoolExecutor(1) as aside:  # an event loop can't wait for another in its own thread
        return aside.submit(asyncio.run, coming).result()


async def _ask(app: Any, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    target, _, query = path.partition("?")
    raw = quote(target, safe="/%()'=,:;@!$&*+-._~")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": raw,
        "raw_path": raw.encode("ascii"),
        "query_string": quote(query, safe="/%()'=,:;@!$&*+-._~?").encode("ascii"),
        "scheme": "https",
        "headers": [(name.lower().encode(), value.encode()) for name, value in {"host": HOST, **headers}.items()],
        "server": (HOST, 443),
        "client": ("127.0.0.1", 0),
    }
    sent: list[Message] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        raise ConnectionError("The emulator broke off without an answer.")
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


class Asker:
    """A client in the same process with an id and a key of its own, so that it kills nobody's token."""

    def __init__(self, app: Any, add_client: Callable[[str, str], None], as_owner: Mapping[str, str]) -> None:
        """``as_owner`` are the headers without which the controls refuse a request."""
        self._app = app
        self._as_owner = as_owner
        self._add_client = add_client
        self._key = ""
        self._token = ""

    def ask(self, method: str, path: str, json: object, headers: Mapping[str, str]) -> Answer:
        """Send a request with a living token; it is asked for anew where it has died."""
        target = path if path.startswith(("/xapi/", "/connect/", "/_emulator")) else f"/xapi/v1{path}"
        body = b"" if json is None else json_module.dumps(json).encode()
        given = {"content-type": "application/json", **headers} if body else dict(headers)
        if target.startswith("/_emulator"):
            given = {**self._as_owner, **given}
        answer = ask(self._app, method, target, body, {**self._signed(), **given})
        if answer.status in (401, 403) and "authorization" not in {name.lower() for name in headers}:
            self._token = ""
            answer = ask(self._app, method, target, body, {**self._signed(), **given})
        return answer

    def _signed(self) -> dict[str, str]:
        if not self._key:
            self._key = secrets.token_urlsafe()
            self._add_client(CLIENT, self._key)
        if not self._token:
            form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": self._key}
            kind = {"content-type": "application/x-www-form-urlencoded"}
            answer = ask(self._app, "POST", "/connect/token", urlencode(form).encode(), kind)
            if answer.status != 200:
                raise PermissionError(f"The emulator did not let its own client in: {answer.status}.")
            self._token = answer.json()["access_token"]
        return {"authorization": f"Bearer {self._token}"}
