"""What stands above the tabs of a PBX: whether it answers, its version, and what needs attention."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from ..errors import TrunklineError
from ..local.timestamps import parse_timestamp
from ..monitor.concerns import Concern
from ..monitor.status import Status
from .errors import concern_text, spelled
from .fleet_readings import readings as fleet_readings
from .frame import later, tag
from .language import _, format_number
from .live_watch import Look, call_watch
from .pbx_shared import readings
from .pbxs import pbxs

_MAX_AGE = 30.0  # seconds


def draw_head(name: str, *, is_live: bool = False) -> None:
    """Draw the state of a PBX once it is known. ``is_live``: the tab watches the calls, and their number follows."""

    async def body() -> None:
        try:
            status = await read_status(name)
        except TrunklineError:  # the tab says why: it asks the same PBX
            with ui.element("section").classes("tl-pbx-head") as section:
                section.props["aria-label"] = _("State")
                tag("p", _("The state of this PBX can't be read.")).classes("tl-bad")
            return
        _draw(name, status, is_live=is_live)

    later(body)


async def read_status(name: str) -> Status:
    """Return the status of a PBX that the fleet has read a moment ago, else read it, once for all tabs.

    Raises as `Status.aread` does.
    """
    client, known = pbxs().client(name), fleet_readings().status(name)
    read_at = parse_timestamp(known.time) if known is not None else None
    is_fresh = read_at is not None and (datetime.now(UTC) - read_at).total_seconds() < _MAX_AGE
    if known is not None and known.error is None and is_fresh:
        return known
    return await readings.get(("status", name), lambda: Status.aread(client), _MAX_AGE)


def _draw(name: str, status: Status, *, is_live: bool) -> None:
    with ui.element("section").classes("tl-pbx-head") as section:
        section.props["aria-label"] = _("State")
        facts = [
            (_("Address"), status.url),
            (_("Version"), status.version or ""),
            (_("Calls"), _of(status.calls.active, status.calls.licensed)),
            (_("Extensions"), _of(status.extensions.registered, status.extensions.total)),
            (_("Trunks"), _of(status.trunks.registered, status.trunks.total)),
        ]
        with ui.element("dl"):
            for label, value in facts:
                with ui.element("div"):
                    tag("dt", label)
                    shown = tag("dd", value or "–")
                if is_live and label == _("Calls"):
                    _follow_calls(name, shown, status.calls.licensed)
        if not status.concerns:
            tag("p", _("Nothing needs attention.")).classes("tl-good")
            return
        tag("h2", _("Needs attention"))
        with ui.element("ul").classes("tl-concerns"):
            for concern in status.concerns:
                with ui.element("li"):
                    _draw_concern(name, concern)


def _follow_calls(name: str, shown: TextElement, licensed: int | None) -> None:
    def show(look: Look) -> None:
        if look.calls is not None:
            with shown:
                shown.set_text(_of(len(look.calls), licensed))

    watch = call_watch(name)
    if watch.look is not None:
        show(watch.look)
    ui.context.client.on_delete(watch.listen(show))


def _draw_concern(name: str, concern: Concern) -> None:
    tag("span", concern_text(concern))
    advice, action = spelled(concern.hint.as_hint())
    if advice:
        tag("span", advice)
    if action:
        ui.link(_("Open action {action}", action=action), action_address(name, action))


def action_address(name: str, action: str, **arguments: object) -> str:
    """Return the address of an action's form for a PBX, with arguments filled in."""
    return f"/actions/{action}?{urlencode({'pbx': name, **arguments})}"


def rows_address(name: str, resource: str, filter: str = "") -> str:
    """Return the address of a list of a PBX as a grid, narrowed by an OData filter."""
    return f"/rows/{resource}?{urlencode({'pbx': name, **({'filter': filter} if filter else {})})}"


def _of(number: int | None, total: int | None) -> str:
    if number is None:
        return ""
    return _("{number} of {total}", number=format_number(number), total=format_number(total)) if total else str(number)
