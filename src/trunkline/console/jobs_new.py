"""The page that starts a job: an action, a list, a preview, a question."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from nicegui import ui

from ..catalog import load
from ..errors import InvalidArgument, TrunklineError
from ..jobs import Limits
from ..jobs.preview import CHECKED, Preview
from .frame import confirmed, heading, page, show_error, tag
from .jobs_draft import Draft, action_of, columns_of, count_of, names_of, suggested, template_of
from .jobs_given import Given, given_input
from .jobs_parts import button, table
from .jobs_run import adopt
from .language import _, format_number, ngettext
from .pbxs import pbxs
from .visitor import visitor

_FAULTS = 5  # that are named


@page("/jobs/new", lambda: _("Start a job"), section="jobs")
def new_job(action: str = "") -> None:
    _NewJob().draw(action)


class _NewJob:
    """The form of one tab. What is previewed is kept as a draft, and that draft is what starts."""

    def __init__(self) -> None:
        self.given: Given | None = None
        self.columns: list[str] = []
        self.inputs: dict[str, ui.input] = {}

    def draw(self, action: str) -> None:
        heading(_("1. Action and PBXs"))
        self.action = ui.select(
            [each.id for each in load().actions],
            value=action if action_of(action) else None,
            label=_("Action"),
            with_input=True,
            on_change=self._chosen,
        )
        self.action.props("outlined dense").classes("work-choice")
        self.summary = tag("p").classes("tl-muted")
        names = pbxs().names
        self.names = ui.select(names, multiple=True, value=names if len(names) == 1 else [], label=_("PBXs"))
        self.names.props("outlined dense use-chips").classes("work-wide").on_value_change(self._changed)
        heading(_("2. Items"))
        given_input(self._take, _("Or a pasted list: one key a line, CSV or JSON Lines"))
        heading(_("3. Parameters"))
        tag(
            "p",
            _(
                "A value, or a template such as {template}, which is filled in for each item.",
                template="{{ $json.Id }}",
            ),
        )
        self.parameters = ui.column().classes("work-wide")
        self.more = ui.select([], label=_("Another parameter"), with_input=True, on_change=self._add)
        self.more.props("outlined dense").classes("work-choice")
        heading(_("4. How"))
        self._draw_limits()
        button(_("Preview"), self._preview, main=True)
        self.place = ui.element("div").props('aria-live="polite"')
        self._chosen()

    def _draw_limits(self) -> None:
        name = f"job-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        self.name = ui.input(_("Name of the job"), value=name).props("outlined dense maxlength=64")
        self.concurrency = ui.number(_("Items of one PBX at once"), value=4, min=1, max=64, precision=0)
        self.max_errors = ui.number(_("Stop after this number of failed items; empty: never"), min=1, precision=0)
        for each in (self.concurrency, self.max_errors):
            each.props("outlined dense")
        self.unchanged = ui.checkbox(_("Only what is still as its row says"))
        self.missing_ok = ui.checkbox(_("A delete of something missing counts as done"))
        for field in (self.name, self.concurrency, self.max_errors, self.unchanged, self.missing_ok):
            field.on_value_change(self._changed)

    def _changed(self) -> None:
        """Forget the preview: it is not what would start now."""
        self.place.clear()

    def _chosen(self) -> None:
        self._changed()
        action = action_of(self.action.value or "")
        self.summary.set_text(action.summary if action else "")
        self.missing_ok.set_visibility(action is not None and action.kind == "delete")
        self.parameters.clear()
        self.inputs = {}
        if action is None:
            self.more.set_options([])
            return
        for name, template in suggested(action, self.columns).items():
            self._input(name, template)
        self.more.set_options([name for name in names_of(action) if name not in self.inputs])

    async def _take(self, given: Given) -> None:
        self.given = given
        if not self.action.value:
            raise InvalidArgument("No action is chosen.", hint="Choose it first: it says what a bare key means.")
        try:
            self.columns = columns_of(given, self.action.value)
            number = await asyncio.to_thread(count_of, given, self.action.value)
        except TrunklineError:
            self.given = None
            raise
        tag("p", ngettext("{number} item was taken.", "{number} items were taken.", number))
        tag("p", _("Fields: {names}", names=", ".join(self.columns[:40]) or "–"))
        self._chosen()

    def _add(self) -> None:
        name = self.more.value
        if name and name not in self.inputs:
            self._input(name, "")
            self.more.set_value(None)
            self.more.set_options([each for each in self.more.options if each != name])

    def _input(self, name: str, template: str) -> None:
        with self.parameters:
            made = ui.input(name, value=template, autocomplete=[*map(template_of, self.columns)])
        made.props("outlined dense clearable").classes("work-wide").on_value_change(self._changed)
        self.inputs[name] = made

    def _draft(self) -> Draft:
        if action_of(self.action.value or "") is None:
            raise InvalidArgument("No action is chosen.", hint="Choose one.")
        if self.given is None:
            raise InvalidArgument("There are no items.", hint="Upload a file, or paste a list.")
        limits = Limits(
            concurrency=int(self.concurrency.value or 0),
            max_errors=None if self.max_errors.value is None else int(self.max_errors.value),
            missing_ok=bool(self.missing_ok.visible and self.missing_ok.value),
        )
        return Draft(
            self.name.value or "",
            str(self.action.value),
            tuple(self.names.value),
            self.given,
            {name: field.value for name, field in self.inputs.items() if field.value},
            limits,
            bool(self.unchanged.value),
            visitor().zone,
        )

    async def _preview(self) -> None:
        self.place.clear()
        try:
            draft = self._draft()
            shown = await draft.preview()
        except TrunklineError as error:
            with self.place:
                heading(_("Refused"))
                show_error(error)
            return
        self.place.clear()  # of a double click both previews come
        with self.place:
            _show(draft, shown)
            button(_("Start the job"), lambda: _start(draft, shown), main=True)


def _show(draft: Draft, shown: Preview) -> None:
    heading(_("Preview"))
    items = ngettext("{number} item", "{number} items", shown.size)
    tag("p", _("{items} for each of {pbxs}.", items=items, pbxs=", ".join(draft.names)))
    for fact in shown.facts:
        tag("p", fact)
    rows = [[str(each.n + 1), each.method, each.path, _body(each.body)] for each in shown.requests]
    table(_("The first requests"), [_("Item"), _("Method"), _("Path"), _("Body")], rows)
    if len(shown.requests) < shown.size * len(draft.names):
        number = len(shown.requests)
        text = ngettext("Only the first request is shown.", "Only the first {number} requests are shown.", number)
        tag("p", text).classes("tl-muted")
    if shown.faults:
        number = len(shown.faults)
        checked = format_number(min(shown.size, CHECKED))
        text = ngettext(
            "{number} of the first {checked} items can't be sent, and will fail:",
            "{number} of the first {checked} items can't be sent, and will fail:",
            number,
            checked=checked,
        )
        tag("p", text)
        with ui.element("ul"):
            for n, error in list(shown.faults.items())[:_FAULTS]:
                tag("li", _("Item {number}: {reason}", number=n + 1, reason=error.message))


def _body(body: object) -> str:
    text = "" if body is None else body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return text if len(text) <= 400 else f"{text[:399]}…"


async def _start(draft: Draft, shown: Preview) -> None:
    """Ask, make the job and begin. What a person says yes to is exactly what was previewed."""
    removes = shown.action.kind == "delete"
    items = ngettext("{number} item", "{number} items", shown.size)
    facts = [_("PBXs: {names}", names=", ".join(draft.names)), *shown.facts]
    if removes:
        removals = shown.size * len(draft.names)
        facts.append(ngettext("{number} removal in all, for good.", "{number} removals in all, for good.", removals))
    sentence = _("{action} for {items} on {pbxs}?", action=draft.action, items=items, pbxs=_where(draft.names))
    if not await confirmed(sentence, facts, danger=removes):
        return
    adopt(await draft.create())
    ui.navigate.to(f"/jobs/{quote(draft.name)}")


def _where(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ngettext("{number} PBX", "{number} PBXs", len(names))
