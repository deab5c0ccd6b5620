"""What every answer tells the browser: run only our own scripts, load nothing from elsewhere, keep nothing."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import MutableHeaders

from ..serving.hosts import App, Message, Receive, Scope, Send

_HEADERS: Final = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # "no-referrer" would make the Origin of our own forms null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_KEPT: Final = ("/assets/", "/_nicegui/")  # what browsers may keep: nothing there is of a PBX


def _policy(nonce: str) -> str:
    """Return the content security policy.

    Scripts run from here, or inside a page with its nonce; an attribute such as ``onerror`` never runs. NiceGUI 3
    evaluates what its server sends (``unsafe-eval``), and sets styles inside elements.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class SafeAnswers:
    """Adds the headers to each answer of ``app``, and to the scripts that a page brings the nonce of their answer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        start: Message | None = None  # of a page: held back until its length is known
        page = bytearray()

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, "content-security-policy": _policy(nonce)}.items():
                    headers[name] = value
                if not scope["path"].startswith(_KEPT):
                    headers["cache-control"] = "no-store"
                if headers.get("x-nicegui-content") == "page":
                    start = message
                    return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            page.extend(message.get("body", b""))
            if not message.get("more_body"):
                # Data stands in a page with its "<" escaped, so these are the scripts of NiceGUI's own template.
                body = bytes(page).replace(b"<script", f'<script nonce="{nonce}"'.encode())
                MutableHeaders(scope=start)["content-length"] = str(len(body))
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, sending)
