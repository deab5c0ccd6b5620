"""The part of the header that is about the person: language, light or dark, and sign-out."""

from __future__ import annotations

import asyncio

from nicegui import Client, background_tasks, ui

from .access_sessions import Session
from .language import _
from .visitor import LANGUAGES, LOOKS, SCOPE, Visitor, visitor

_KEPT = "path=/; samesite=strict; max-age=31536000"
_PAUSE = 0.5  # seconds: the way to the sign-in page must reach all tabs before their connections are closed


def menu() -> None:
    """Draw the menu."""
    current = visitor()
    with ui.element("div").classes("tl-menu"):
        names = {"system": _("Like the system"), "light": _("Light"), "dark": _("Dark")}
        look = next((name for name, dark in LOOKS.items() if dark is current.dark), "system")
        looks = ui.select(names, value=look, on_change=lambda event: _set_look(current, event.value))
        looks.props(f'dense borderless options-dense aria-label="{_("Look")}"')
        spoken = ui.select(LANGUAGES, value=current.language, on_change=lambda event: _set_language(event.value))
        spoken.props(f'dense borderless options-dense aria-label="{_("Language")}"')
        ui.button(_("Sign out"), on_click=lambda: sign_out(current.session)).props("flat no-caps dense")


def sign_out(session: Session | None) -> None:
    """End a session in all of its tabs."""
    from .app import end_session

    if session is None:
        return
    for client in list(Client.instances.values()):
        if client.has_socket_connection and client.request.scope[SCOPE].session is session:
            client.open("/sign-in?ended")

    async def end() -> None:
        await asyncio.sleep(_PAUSE)
        end_session(session)

    background_tasks.create(end(), name="sign out")


def _set_look(current: Visitor, look: str) -> None:
    current.dark = LOOKS.get(look)
    scripted = {None: "null", False: "false", True: "true"}[current.dark]
    ui.run_javascript(f"document.cookie = 'look={look}; {_KEPT}'; setDark({scripted})")


def _set_language(language: str) -> None:
    ui.run_javascript(f"document.cookie = 'language={language}; {_KEPT}'; location.reload()")
