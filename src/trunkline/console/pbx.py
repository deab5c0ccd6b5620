"""The page of one PBX: its state, and a tab each for calls, queues, trunks, extensions and charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from nicegui import ui

from ..errors import UnknownName
from .charts import draw_charts
from .frame import page, set_pbx, set_title
from .language import _
from .live import draw_live
from .pbx_extensions import draw_extensions
from .pbx_head import draw_head
from .pbx_queues import draw_queues
from .pbx_trunks import draw_trunks
from .pbxs import pbxs

_STYLE = '<link rel="stylesheet" href="/assets/pbx.css">'
_TABS: Mapping[str, tuple[Callable[[], str], Callable[..., None]]] = {
    "live": (lambda: _("Live calls"), draw_live),
    "queues": (lambda: _("Queues"), draw_queues),
    "trunks": (lambda: _("Trunks"), draw_trunks),
    "extensions": (lambda: _("Extensions"), draw_extensions),
    "charts": (lambda: _("Charts"), draw_charts),
}


@page("/pbx/{name}", lambda: _("PBX"), section="fleet")
def pbx(name: str) -> None:
    """Show a PBX with its first tab."""
    _draw(name, next(iter(_TABS)))


@page("/pbx/{name}/{tab}", lambda: _("PBX"), section="fleet")
def pbx_tab(name: str, tab: str, days: str = "", until: str = "") -> None:
    """Show a PBX with the tab that the address names; ``days`` and ``until`` are the period of the charts."""
    _draw(name, tab, days, until)


def address(name: str, tab: str = "") -> str:
    """Return the address of the page of a PBX."""
    return f"/pbx/{quote(name, safe='')}{f'/{tab}' if tab else ''}"


def _draw(name: str, tab: str, *period: str) -> None:
    pbxs().target(name)
    set_pbx(name)
    if tab not in _TABS:
        raise UnknownName(_("The page of a PBX has no tab {tab}.", tab=tab))
    ui.add_head_html(_STYLE)
    label, draw = _TABS[tab]
    set_title(f"{name}: {label()}")
    draw_head(name, is_live=tab == "live")
    with ui.element("nav").classes("tl-tabs") as tabs:
        tabs.props["aria-label"] = _("Parts of this PBX")
        for each, (words, _draw_tab) in _TABS.items():
            link = ui.link(words(), address(name, each))
            if each == tab:
                link.props('aria-current="page"')
    draw(name, *period) if tab == "charts" else draw(name)
