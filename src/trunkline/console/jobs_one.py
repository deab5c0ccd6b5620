"""The page of one job: how far it is, its items by state, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from nicegui import ui

from ..catalog.secret import masked
from ..errors import TrunklineError
from ..jobs import Job, State, Summary
from ..jobs.given import reason_of, rest_csv
from ..jobs.summary import JobRecord, TargetSummary
from ..redaction import redacted
from .csv_files import download
from .frame import confirmed, empty, heading, page, set_title, show_error, tag
from .jobs_parts import ON_A_PAGE, button, pager, progress_bar, state_word, table
from .jobs_run import Seen, opened, pause, remove, resume, seen
from .language import _, format_number, format_time, ngettext

_EVERY = 1.0  # seconds between two looks
_REST = (State.FAILED, State.UNKNOWN)


@page("/jobs/{name}", lambda: _("Job"), section="jobs")
async def job(name: str) -> None:
    set_title(_("Job {name}", name=name))
    await _JobPage(name).draw()


class _JobPage:
    """One tab that looks at a job. It is drawn again only where something changed, so that the focus stays."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.states: list[State] = list(State)
        self.skip = 0
        self.shown: list[Any] = [None, None, None, None]

    async def draw(self) -> None:
        found = await self._look()  # a job that isn't there is the page's error
        ui.link(_("All jobs"), "/jobs")
        self.progress = ui.element("div").props('role="status"')
        self.buttons = ui.row().classes("items-center")
        heading(_("Items"))
        choices = {"": _("all"), **{state.label: state_word(state.label) for state in State if state is not State.SENT}}
        ui.select(choices, value="", label=_("State"), on_change=self._choose).props("outlined dense").classes(
            "work-choice"
        )
        self.items = ui.element("div")
        self.pages = ui.element("div")
        self._show(found)
        ui.timer(_EVERY, self._refresh)

    async def _look(self) -> Seen:
        return await seen(self.name, self.states, self.skip, ON_A_PAGE)

    async def _refresh(self) -> None:
        try:
            found = await self._look()
        except TrunklineError as error:
            if self.shown[0] != str(error):
                self.shown[0] = str(error)
                self.progress.clear()
                self.buttons.clear()
                with self.progress:
                    show_error(error)
            return
        self._show(found)

    def _show(self, found: Seen) -> None:
        summary = found.summary
        parts: tuple[tuple[ui.element, object, Callable[[], None]], ...] = (
            (self.progress, (summary, str(found.error)), lambda: _progress(found)),
            (self.buttons, (summary.status, summary.finished, found.is_here, _left(summary)), lambda: self._act(found)),
            (self.items, found.records, lambda: self._items(found)),
            (self.pages, (self.skip, found.size), lambda: pager(self.skip, found.size, self._go)),
        )
        for n, (place, what, draw) in enumerate(parts):
            if self.shown[n] != what:
                self.shown[n] = what
                place.clear()
                with place:
                    draw()

    def _act(self, found: Seen) -> None:
        summary, counts = found.summary, found.summary.counts
        if summary.status == "running" and found.is_here:
            button(_("Pause"), self._pause, main=True)
        if summary.status == "running" and not found.is_here:
            tag("p", _("Another process runs this job.")).classes("tl-muted")
        if summary.status == "paused":
            button(_("Go on"), self._doing(lambda: resume(self.name)), main=True)
        if summary.status in ("paused", "running"):
            button(_("Cancel for good"), self._cancel, danger=True)
        if summary.status in ("paused", "finished") and counts["failed"]:
            button(_("Retry what failed"), self._retry)
        if counts["failed"] or counts["unknown"]:
            button(_("Failed ones as CSV"), self._save)
        if summary.status != "running":
            button(_("Remove the job"), self._remove, danger=True)

    def _items(self, found: Seen) -> None:
        if not found.records:
            empty(_("No item is in this state."))
            return
        headings = [_("PBX"), _("Item"), _("Key"), _("State"), _("Sent"), _("Reason"), _("What to do")]
        table(_("Items"), headings, map(_row, found.records))

    async def _go(self, skip: int) -> None:
        self.skip = skip
        await self._refresh()

    async def _choose(self, event: Any) -> None:
        self.states = [state for state in State if event.value in ("", state.label)]
        await self._go(0)

    def _doing(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await work()
            await self._refresh()

        return do

    async def _pause(self) -> None:
        if not await pause(self.name):
            with self.progress:  # the button may be gone
                ui.notify(_("The job does not run any more."))
        await self._refresh()

    async def _cancel(self) -> None:
        facts = [_("Requests in progress are finished. What is left is never sent by this job.")]
        if await confirmed(_("Cancel the job {name} for good?", name=self.name), facts, danger=True):
            await opened(self.name, Job.cancel)
            await self._refresh()

    async def _retry(self) -> None:
        summary = (await self._look()).summary
        facts = _facts(summary)
        if await confirmed(_("Send what failed again?"), facts, danger=_deletes(summary)):
            await opened(self.name, Job.retry_failed)
            await resume(self.name)
            await self._refresh()

    async def _remove(self) -> None:
        facts = [_("Its items and their outcomes are forgotten. Nothing is sent.")]
        if await confirmed(_("Remove the job {name}?", name=self.name), facts, danger=True):
            await remove(self.name)
            ui.navigate.to("/jobs")

    async def _save(self) -> None:
        text = await opened(self.name, lambda job: "".join(rest_csv(job.records(_REST))))
        download(text, f"{self.name}-failed")


def _left(summary: Summary) -> tuple[bool, bool]:
    return bool(summary.counts["failed"]), bool(summary.counts["unknown"])


def _deletes(summary: Summary) -> bool:
    from ..catalog import load

    return load().action(summary.action).kind == "delete"


def _facts(summary: Summary) -> list[str]:
    failed = ngettext("{number} item failed.", "{number} items failed.", summary.counts["failed"])
    where = ", ".join(target.name or target.url for target in summary.targets if target.counts["failed"])
    return [f"{summary.action}: {failed}", _("PBXs: {names}", names=where)]


def _progress(found: Seen) -> None:
    summary = found.summary
    settled = sum(summary.counts[state] for state in ("done", "failed", "unknown"))
    tag("p", f"{summary.action}: {state_word(summary.status)}").classes("work-state")
    progress_bar(settled, sum(summary.counts.values()))
    headings = [_("PBX"), *(state_word(state.label) for state in State), _("Stopped because")]
    table(_("PBXs of the job"), headings, map(_target_row, summary.targets))
    for target in summary.targets:
        if target.error and target.error["hint"]["text"]:
            tag("p", redacted(f"{target.name or target.url}: {target.error['hint']['text']}")).classes("tl-muted")
    created = _created(found.facts.get("created"))
    tag("p", _("Started: {time}", time=created)).classes("tl-muted")
    if found.error is not None:
        show_error(found.error)


def _created(stamp: object) -> str:
    from datetime import UTC, datetime

    return format_time(datetime.fromtimestamp(float(stamp), UTC)) if isinstance(stamp, int | float) else ""


def _target_row(target: TargetSummary) -> list[str]:
    return [target.name or target.url, *(format_number(target.counts[state.label]) for state in State), target.halt]


def _row(record: JobRecord) -> list[str]:
    error = record.get("error")
    key = record["key"] or {}
    return [
        record["pbx"],
        str((record["item"] or 0) + 1),
        ", ".join(f"{name} {value}" for name, value in key.items()) or _short(record["input"]["json"]),
        state_word(record["state"]),
        format_number(record["attempts"]),
        reason_of(record),
        error["hint"]["text"] if error else "",
    ]


def _short(row: Any) -> str:
    text = msgspec.json.encode(masked(row)).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
