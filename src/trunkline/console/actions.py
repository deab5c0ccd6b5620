"""The page on which actions are found: by words, as on the command line, or by what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import quote, urlencode

from nicegui import ui

from ..catalog import Action, Catalog, load
from ..catalog.names import display_words
from ..catalog.search import lacking, partly, search
from .frame import empty, heading, page, tag
from .language import _, ngettext

STYLE = '<link rel="stylesheet" href="/assets/actions.css">'
_MOST = 60  # actions that one answer to a search shows
_LONGEST = 200  # characters of a query
_PAUSE = 200  # milliseconds after the last key until it is searched


@page("/actions", lambda: _("Actions"), section="actions")
def actions(q: str = "", resource: str = "", pbx: str = "") -> None:
    ui.add_head_html(STYLE)
    catalog = load(load().editions[-1].version)
    box = ui.input(_("Search actions"), value=q[:_LONGEST], placeholder=_("such as: add a user, block an address"))
    box.props(f'outlined dense clearable debounce={_PAUSE} maxlength={_LONGEST} type="search" data-search').classes(
        "act-wide"
    )
    status = tag("p").classes("tl-muted").props('role="status"')
    place = ui.element("div").classes("tl-body")
    shown: list[Action] = []

    def show() -> None:
        query = (box.value or "").strip()
        shown[:] = _found(catalog, query) if query else list(catalog.resources.get(resource, {}).values())
        status.set_text(_count(catalog, query, shown))
        place.clear()
        with place:
            if shown:
                _groups(shown if query else sorted(shown, key=lambda action: action.id), pbx)
            elif query:
                empty(_("No action has these words."))
            else:
                _resources(catalog, pbx)

    def searched() -> None:
        show()
        ui.navigate.history.replace(_address("/actions", q=(box.value or "").strip(), pbx=pbx))

    box.on_value_change(searched)
    box.on("keydown.enter", lambda: ui.navigate.to(action_address(shown[0].id, pbx)) if shown else None)
    show()


def action_address(name: str, pbx: str = "") -> str:
    """Return the address of an action's form."""
    return _address(f"/actions/{quote(name, safe='.')}", pbx=pbx)


def _address(path: str, **values: str) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


def _found(catalog: Catalog, query: str) -> list[Action]:
    return search(catalog, query) or partly(catalog, query)


def _count(catalog: Catalog, query: str, shown: Sequence[Action]) -> str:
    if not shown and not query:
        number = catalog.counts.live
        return ngettext(
            "{number} action in {version}", "{number} actions in {version}", number, version=catalog.version
        )
    more = _("The best {number} are shown.", number=_MOST) if len(shown) > _MOST else ""
    return f"{lacking(query)} {ngettext('{number} action', '{number} actions', len(shown))} {more}".strip()


def _groups(found: Sequence[Action], pbx: str) -> None:
    """Show actions by resource, the resource of the best one first."""
    best = found[:_MOST]
    order = {name: place for place, name in reversed(list(enumerate(action.resource for action in best)))}
    for name, group in groupby(sorted(best, key=lambda action: order[action.resource]), lambda action: action.resource):
        _group(name, group, pbx)


def _group(resource: str, actions: Iterable[Action], pbx: str) -> None:
    own = list(actions)
    with ui.element("section").classes("act-panel").props(f'aria-label="{display_words(own[0].tag)}"'):
        heading(display_words(own[0].tag))
        with ui.element("ul").classes("act-list"):
            for action in own:
                with ui.element("li"):
                    ui.link(display_words(action.operation_id), action_address(action.id, pbx))
                    tag("code", action.id)
                    if action.asks:
                        tag("span", _("disrupts") if action.disruptive else _("can't be undone")).classes("act-badge")
                    tag("p", action.summary).classes("tl-muted")


def _resources(catalog: Catalog, pbx: str) -> None:
    with ui.element("ul").classes("act-resources"):
        for name, verbs in catalog.resources.items():
            action = next(iter(verbs.values()))
            with ui.element("li"):
                ui.link(display_words(action.tag), _address("/actions", resource=name, pbx=pbx))
                tag("span", ngettext("{number} action", "{number} actions", len(verbs))).classes("tl-muted")
