"""Who gets in: everything but the sign-in page and its style needs a session, WebSockets and downloads too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ..serving.hosts import App, Message, Receive, Scope, Send
from .access_links import OneTimeLinks
from .access_page import local_path, sign_in_page, signed_in_page
from .access_password import Password
from .access_sessions import Session, Sessions
from .language import _
from .visitor import SCOPE, Visitor, cookies, enter, visitor

_PUBLIC = ("/sign-in", "/new-link", "/assets/")
_USED = '42["event"'  # how a WebSocket message of socket.io begins that a person caused; pings and answers don't
_LARGEST_FORM = 4096  # bytes: a password and an address


class Access:
    """The sessions, and how one begins: with a password where there is one, else with a link that ``show_link`` prints.

    ``is_secure``: browsers reach the console by https, so that the cookie must not go out without it.
    """

    def __init__(self, show_link: Callable[[str], None], password: Password | None = None, *, is_secure: bool) -> None:
        self.sessions = Sessions()
        self._links = OneTimeLinks()
        self._password = password
        self._show_link = show_link
        self._is_secure = is_secure
        self._base = ""
        self._cookie = "trunkline"

    def start(self, url: str) -> None:
        """Begin to let people in at a base address. Consoles of other ports have other cookies."""
        self._base = url
        self._cookie = f"{'__Host-' if self._is_secure else ''}trunkline-{url.rpartition(':')[2]}"
        if self._password is None:
            self._print_link()

    def _print_link(self) -> bool:
        token = self._links.make()
        if token is not None:
            self._show_link(f"{self._base}/sign-in/{token}")
        return token is not None

    def session_of(self, headers: Headers) -> Session | None:
        """Return the session of a request; None where it has none."""
        secret = cookies(headers).get(self._cookie)
        return self.sessions.find(secret) if secret else None

    def routes(self) -> Iterator[Route]:
        """Give the paths that lead in."""
        yield Route("/sign-in", self._show_sign_in, methods=["GET"])
        yield Route("/sign-in", self._sign_in, methods=["POST"])
        yield Route("/sign-in/{token}", self._take_link, methods=["GET"])
        yield Route("/new-link", self._new_link, methods=["POST"])

    async def _show_sign_in(self, request: Request) -> Response:
        ended = _("The session has ended. Sign in again.") if "ended" in request.query_params else ""
        return self._page(message=ended, then=local_path(request.query_params.get("then", "/")))

    async def _take_link(self, request: Request) -> Response:
        if self._password is None and self._links.take(request.path_params["token"]):
            return self._begin("/")
        return self._page(403, message=_("This link was used already, or is too old."))

    async def _new_link(self, request: Request) -> Response:
        if self._password is not None:
            return self._page(403)
        self._print_link()  # a second one within ten seconds is not needed: the first is still there
        return self._page(is_printed=True)

    async def _sign_in(self, request: Request) -> Response:
        form = await _form(request)
        then, address = local_path(form.get("then", "/")), request.client.host if request.client else ""
        if self._password is None:
            return self._page(403)
        if wait := self._password.wait(address):
            message = _("Too many wrong passwords. Wait {seconds} seconds.", seconds=round(wait) + 1)
            return self._page(429, message=message, then=then)
        if await self._password.check(form.get("password", ""), address):
            return self._begin(then)
        return self._page(403, message=_("That is not the password."), then=then)

    def _begin(self, then: str) -> Response:
        response = HTMLResponse(signed_in_page(visitor().language, then))
        response.set_cookie(
            self._cookie,
            self.sessions.begin(),
            httponly=True,
            samesite="strict",
            secure=self._is_secure,
            path="/",
        )
        return response

    def _page(self, status: int = 200, *, message: str = "", then: str = "/", is_printed: bool = False) -> Response:
        has_password = self._password is not None
        page = sign_in_page(
            visitor().language, has_password=has_password, message=message, then=then, is_printed=is_printed
        )
        return HTMLResponse(page, status)


async def _form(request: Request) -> dict[str, str]:
    """Read a form's body, up to a limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            return {}
    pairs = (part.partition("=") for part in body.decode("ascii", "replace").split("&"))
    return {unquote(name): unquote(value.replace("+", " ")) for name, _equals, value in pairs}


class Gate:
    """Passes a request on where it has a session, or is for a public path."""

    def __init__(self, app: App, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # What a proxy claims about its path would be written into pages; this console stands at the root.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"x-forwarded-prefix"]
        headers = Headers(scope=scope)
        session = self._access.session_of(headers)
        scope[SCOPE] = Visitor.of(headers, session)
        enter(scope[SCOPE])
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, session)
            return
        if session is None and not scope["path"].startswith(_PUBLIC):
            await _refused(scope, headers)(scope, receive, send)
            return
        if session is not None and not scope["path"].startswith("/_nicegui_ws/"):
            self._access.sessions.use(session)
        await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, session: Session | None) -> None:
        if session is None:
            await receive()  # a handshake is answered after it was received
            await send({"type": "websocket.close", "code": 1008, "reason": "There is no session."})
            return
        ended = asyncio.ensure_future(session.ended.wait())

        async def receive_until_ended() -> Message:
            message = asyncio.ensure_future(receive())
            try:
                await asyncio.wait((message, ended), return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    await send({"type": "websocket.close", "code": 1008, "reason": "The session has ended."})
                    return {"type": "websocket.disconnect", "code": 1008}
            finally:
                if not message.done():
                    message.cancel()
            if (message.result().get("text") or "").startswith(_USED):
                self._access.sessions.use(session)
            return message.result()

        try:
            await self._app(scope, receive_until_ended, send)
        finally:
            ended.cancel()


def _refused(scope: Scope, headers: Headers) -> Response:
    """Return the way to the sign-in page for who wants a page, 401 for a program."""
    if scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
        wanted = scope["path"] + (f"?{query}" if (query := scope["query_string"].decode("latin-1")) else "")
        return RedirectResponse("/sign-in" if wanted == "/" else f"/sign-in?then={quote(wanted)}", 303)
    return PlainTextResponse("Sign in first.\n", 401)
