"""Whose browser is served now: its language, its time zone and its look, which it keeps in cookies."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import unquote
from zoneinfo import available_timezones

from starlette.datastructures import Headers

from .access_sessions import Session

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
LOOKS: Final = {"light": False, "dark": True}
SCOPE: Final = "console.visitor"
"""The key of the visitor in the scope of a request."""


@dataclass
class Visitor:
    """A browser. ``dark`` is None where it follows the system; ``session`` is None before it signed in.

    ``language`` is ``en`` or ``de``; ``zone`` a name of the IANA time zone database.
    """

    language: str = "en"
    zone: str = "UTC"
    dark: bool | None = None
    session: Session | None = None

    @classmethod
    def of(cls, headers: Headers, session: Session | None) -> Visitor:
        """Read what a request says of its browser; what makes no sense counts as nothing."""
        kept = cookies(headers)
        language, zone = kept.get("language", ""), unquote(kept.get("zone", ""))
        if language not in LANGUAGES:
            language = language_of(headers.get("accept-language", ""))
        return cls(language, zone if zone in _zones() else "UTC", LOOKS.get(kept.get("look", "")), session)


_current: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def enter(visitor: Visitor) -> None:
    """Serve a visitor in the current task, and in the tasks that it starts."""
    _current.set(visitor)


def visitor() -> Visitor:
    """Return whom this serves: the browser of the page that is being drawn, else that of the request.

    A task that serves several browsers, such as one that reads for all tabs, enters a page first (``with element:``).
    """
    from nicegui.slot import Slot

    if stack := Slot.get_stack():
        drawn: Visitor | None = stack[-1].parent.client.request.scope.get(SCOPE)
        if drawn is not None:
            return drawn
    Slot.prune_stack()
    return _current.get() or Visitor()


def cookies(headers: Headers) -> dict[str, str]:
    """Read the cookies of a request; none where the header is not one."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def language_of(header: str) -> str:
    """Return the language that a browser likes best, by its Accept-Language header; English where it names neither."""
    liked: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _semicolon, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        liked.append((-weight, name.partition("-")[0].casefold()))
    return next(
        (name for weight, name in sorted(liked, key=lambda each: each[0]) if name in LANGUAGES and weight), "en"
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
