"""The frame of all pages: header, navigation, title, and the place where errors show."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import Client, background_tasks, ui
from nicegui.element import Element

from .errors import shown
from .errors_log import log_problem
from .frame_menu import menu
from .frame_parts import empty, heading, loading, pbx_picker, tag
from .frame_question import confirmed
from .language import _
from .visitor import visitor

__all__ = [
    "confirmed",
    "empty",
    "heading",
    "later",
    "loading",
    "page",
    "pbx_picker",
    "set_pbx",
    "set_title",
    "show_error",
    "tag",
]

Text = str | Callable[[], str]
"""A text, or what gives it in the language of the browser: ``lambda: _("Fleet")``."""
Body = Callable[..., Any]

_SECTIONS: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "fleet": ("/", lambda: _("Fleet")),
    "actions": ("/actions", lambda: _("Actions")),
    "rows": ("/rows", lambda: _("Rows")),
    "jobs": ("/jobs", lambda: _("Jobs")),
    "config": ("/config", lambda: _("Config")),
}
_TITLE, _PBX = "console.title", "console.pbx"


class _Page(ui.page):
    """A page of NiceGUI in the language and the look of the browser."""

    def resolve_dark(self) -> bool | None:
        return visitor().dark

    def resolve_language(self) -> Any:
        return {"en": "en-US"}.get(visitor().language, visitor().language)


def page(path: str, title: Text, *, section: str = "") -> Callable[[Body], Body]:
    """Register a page. Its body runs inside the frame, and may be async; a TrunklineError becomes a panel there.

    ``section`` (fleet, actions, rows, jobs or config) is the part of the navigation that is marked. The title is the
    first heading of the page. The response goes out when the body has returned: what a PBX has to answer belongs into
    `later`.
    """

    def decorate(body: Body) -> Body:
        @wraps(body)
        async def build(*args: Any, **values: Any) -> None:
            with _frame(title() if callable(title) else title, section):
                try:
                    drawn = body(*args, **values)
                    if inspect.isawaitable(drawn):
                        await drawn
                except Exception as problem:
                    log_problem(problem)
                    show_error(problem)

        vars(build)["__signature__"] = inspect.signature(body, eval_str=True)
        _Page(path)(build)
        return body

    return decorate


def set_title(text: str) -> None:
    """Set the title of the page that is being drawn, where it is known only there."""
    client = ui.context.client
    ui.page_title(f"{text} – Trunkline")
    client.storage[_TITLE].set_text(text)


def set_pbx(name: str) -> None:
    """Set the PBX that the page that is being drawn is about: an action that helps with an error opens for it."""
    ui.context.client.storage[_PBX] = name


def show_error(error: BaseException) -> None:
    """Show an error as a panel here: what happened, and what to do next. A defect shows where it was raised."""
    message, advice, action = shown(error)
    with ui.column().classes("tl-error").props('role="alert"'):
        tag("p", message).classes("tl-error-message")
        if advice:
            tag("p", advice)
        if action:
            pbx = ui.context.client.storage.get(_PBX)
            query = f"?{urlencode({'pbx': pbx})}" if pbx else ""
            ui.link(_("Open action {action}", action=action), f"/actions/{quote(action)}{query}")


def later(body: Callable[[], Awaitable[None]]) -> Element:
    """Draw here what takes time, once it is there: the page goes out at once, and shows that something is loading.

    ``body`` runs once the browser is connected, and draws into the element that this returns. Its errors show there.
    It is cancelled when the browser leaves.
    """
    place = ui.element("div").classes("tl-later")
    client = ui.context.client
    with place:
        loading()

    async def fill() -> None:
        await client.connected()
        if client.is_deleted:
            return
        with place:
            drawn = ui.element("div").classes("tl-later")
            drawn.visible = False
        with drawn:
            try:
                await body()
            except Exception as problem:
                log_problem(problem)
                show_error(problem)
        for child in list(place):
            if child is not drawn:
                child.delete()
        drawn.visible = True

    task = background_tasks.create(fill(), name="later")
    client.on_delete(task.cancel)
    return place


@contextmanager
def _frame(title: str, section: str) -> Iterator[None]:
    client = ui.context.client
    client.on_exception(_show_late_error)
    with ui.header(fixed=False, wrap=False).classes("tl-header"):
        ui.link(_("Skip to content"), "#content").classes("tl-skip")
        ui.link("Trunkline", "/").classes("tl-brand")
        with ui.element("nav").props(f'aria-label="{_("Main")}"').classes("tl-nav"):
            for name, (path, label) in _SECTIONS.items():
                link = ui.link(label(), path)
                if name == section:
                    link.props('aria-current="page"')
        menu()
    with ui.element("div").props('id="content" tabindex="-1"').classes("tl-content"):
        client.storage[_TITLE] = tag("h1", title)
        set_title(title)
        with ui.element("div").classes("tl-body"):
            yield


def _show_late_error(problem: Exception) -> None:
    """Show an error of a handler, where the page is in the browser already: above all, where it is read out."""
    client: Client = ui.context.client
    with client.content:
        panel = ui.element("div").classes("tl-late-error")
        panel.move(target_index=0)
        with panel:
            show_error(problem)
            ui.button(_("Close"), on_click=panel.delete).props("flat no-caps")
