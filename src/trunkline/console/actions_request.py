"""The request that a form makes, and the same call for other programs: shown as it is typed, copied by a button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from ..catalog import Catalog
from ..connections.targets import Target
from ..redaction import redacted
from ..request import Call
from ..request.curl import curl_line
from ..request.shown import as_http
from ..transport.address import base_url
from ..transport.paging import first_request
from ..transport.session import API
from .frame import heading, tag
from .language import _
from .spelled_as_command import as_command
from .spelled_as_n8n import as_n8n
from .spelled_as_python import as_python

_TABS = ("request", "command", "python", "n8n", "curl")


class RequestPanel:
    """The request and its spellings."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = dict.fromkeys(_TABS, "")
        self._shown: dict[str, TextElement] = {}
        self._copy: dict[str, ui.button] = {}

    def draw(self) -> None:
        """Draw here."""
        titles = {
            "request": _("Request"),
            "command": _("As command"),
            "python": _("As Python"),
            "n8n": _("As n8n node"),
            "curl": _("As curl"),
        }
        with ui.element("section").classes("act-panel").props(f'aria-label="{_("Request")}"'):
            heading(_("What it sends"))
            self._status = tag("p").classes("tl-muted").props('role="status"')
            with ui.tabs().props("no-caps dense align=left outside-arrows mobile-arrows") as tabs:
                for name, title in titles.items():
                    ui.tab(name, title)
            with ui.tab_panels(tabs, value="request", animated=False).classes("act-spelled"):
                for name in titles:
                    with ui.tab_panel(name):
                        self._draw_tab(name)

    def _draw_tab(self, name: str) -> None:
        self._shown[name] = tag("pre", self._texts[name]).classes("act-code").props('tabindex="0"')
        self._shown[name].props(f"data-spelled={name}")
        self._copy[name] = ui.button(_("Copy"), on_click=lambda: self._copied(name)).props("outline no-caps dense")

    def _copied(self, name: str) -> None:
        ui.clipboard.write(self._texts[name])
        ui.notify(_("Copied."))

    def show(self, catalog: Catalog, call: Call, arguments: Mapping[str, Any], target: Target, notes: str = "") -> None:
        """Show a call to a PBX. ``notes``: what is worth knowing of it."""
        url, verify = base_url(target.url), target.options["verify"]
        request, profile = first_request(call), target.profile
        curl = curl_line(
            f"{url}{API}", request, insecure=verify is False, ca_file=verify if isinstance(verify, str) else None
        )
        self._set(
            {
                "request": as_http(f"{url}{API}", request),
                "command": as_command(catalog, call.action, arguments, profile),
                "python": as_python(call.action, arguments, url, profile),
                "n8n": as_n8n(call.action, arguments),
                "curl": curl.text,
            }
        )
        secrets = _("Secrets are left out; fill them in.") if curl.is_incomplete else ""
        self._status.set_text(f"{notes} {secrets}".strip())

    def show_incomplete(self, reason: str) -> None:
        """Say why there is no request yet."""
        self._set(dict.fromkeys(_TABS, ""))
        self._status.set_text(reason)

    def _set(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            self._texts[name] = redacted(text)
            self._shown[name].set_text(self._texts[name])
            self._copy[name].set_enabled(bool(text))
