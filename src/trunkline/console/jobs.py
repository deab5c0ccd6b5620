"""The page of all jobs of this user, those of the command line among them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from nicegui import ui

from ..errors import TrunklineError
from ..jobs import Summary
from .frame import empty, page, tag
from .jobs_parts import Cell, Link, state_word, table
from .jobs_run import listed
from .language import _, format_number

_EVERY = 2.0  # seconds between two looks


@page("/jobs", lambda: _("Jobs"), section="jobs")
async def jobs() -> None:
    with ui.row().classes("items-center"):
        ui.link(_("Start a job"), "/jobs/new").classes("work-link")
        ui.link(_("Import a file"), "/jobs/import").classes("work-link")
    tag("p", _("A job runs an action for each item of a list, and loses none of them.")).classes("tl-muted")
    place = ui.element("div")
    shown: list[tuple[str, Summary | TrunklineError]] | None = None

    async def refresh() -> None:
        nonlocal shown
        found = await listed()
        if _texts(found) == _texts(shown):
            return
        shown = found
        place.clear()
        with place:
            _draw(found)

    await refresh()
    ui.timer(_EVERY, refresh)


def _texts(found: Sequence[tuple[str, Summary | TrunklineError]] | None) -> list[str] | None:
    return None if found is None else [f"{name} {each}" for name, each in found]


def _draw(found: Sequence[tuple[str, Summary | TrunklineError]]) -> None:
    if not found:
        empty(_("There is no job. One that the command line starts shows here too."))
        return
    headings = [_("Job"), _("Action"), _("State"), _("Done"), _("Failed"), _("Unknown"), _("Left"), _("PBXs")]
    table(_("Jobs"), headings, [_row(name, each) for name, each in found])


def _row(name: str, found: Summary | TrunklineError) -> list[Cell]:
    link = Link(name, f"/jobs/{quote(name)}")
    if isinstance(found, TrunklineError):
        return [link, found.message, *[""] * 6]
    counts = found.counts
    numbers = (counts["done"], counts["failed"], counts["unknown"], counts["not_started"] + counts["sent"])
    pbxs = ", ".join(target.name or target.url for target in found.targets[:3])
    more = f" +{len(found.targets) - 3}" if len(found.targets) > 3 else ""
    return [link, found.action, state_word(found.status), *map(format_number, numbers), f"{pbxs}{more}"]
