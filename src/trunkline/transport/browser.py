"""The second kind of credentials: a person who signs in with a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class BrowserSignIn(NamedTuple):
    """Given in place of a client secret: the first request opens a browser, and a person signs in there.

        with Pbx("https://pbx.example.com", "client-id", BrowserSignIn()) as pbx: ...

    With the scope ``offline_access`` the PBX gives a refresh token, and nobody is asked again until it dies
    (docs/pbx.md, Signing in). ``open_browser`` is called with the address to show; ``timeout`` is how many seconds the
    person has. ``port`` is the one on 127.0.0.1 that the browser comes back to; 0 takes any free one.
    """

    scopes: tuple[str, ...] = ("openid", "offline_access")
    open_browser: Callable[[str], object] | None = None
    timeout: float = 300.0
    port: int = 0
