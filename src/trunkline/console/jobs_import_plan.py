"""The page of an import: what differs row by row, the question, and the outcome of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from nicegui import ui

from ..catalog.secret import masked
from ..config.difference import FieldChange
from ..config.shown import change_texts, value_text
from ..local.characters import visible
from ..transfer import ImportStep
from ..work.outcome import Outcome
from ..work.state import State
from .frame import confirmed, empty, heading, page, set_title, show_error, tag
from .jobs_import_work import ImportWork, imports, why
from .jobs_parts import ON_A_PAGE, button, change_word, pager, progress_bar, state_word, states_text, table
from .language import _, format_number

_EVERY = 1.0  # seconds between two looks


@page("/jobs/import/{id}", lambda: _("Import"), section="jobs")
def import_plan(id: str) -> None:
    work = imports[id]
    set_title(_("Import into {pbx}", pbx=work.name))
    _ImportPage(work).draw()


class _ImportPage:
    """One tab that looks at an import."""

    def __init__(self, work: ImportWork) -> None:
        self.work = work
        self.skip = 0
        self.shown: object = None

    def draw(self) -> None:
        plan = self.work.plan
        ui.link(_("Another import"), "/jobs/import")
        there = _(
            "{there} on {pbx}, matched by {key}",
            there=plan.kind.some(plan.present),
            pbx=plan.url,
            key=", ".join(plan.key),
        )
        tag("p", there).classes("tl-muted")
        for note in (*self.work.imported.notes, *plan.notes):
            tag("p", note)
        self.top = ui.element("div").props('role="status"')
        heading(_("Rows"))
        self.rows = ui.element("div")
        self._refresh()
        ui.timer(_EVERY, self._refresh)

    def _refresh(self) -> None:
        work = self.work
        outcomes = work.outcomes
        now = (Counter(outcome.state for outcome in outcomes), work.is_running, str(work.error), self.skip)
        if now == self.shown:
            return
        self.shown = now
        self.top.clear()
        with self.top:
            self._draw_top(outcomes)
        self.rows.clear()
        with self.rows:
            self._draw_rows(outcomes)

    def _draw_top(self, outcomes: list[Outcome]) -> None:
        work, plan = self.work, self.work.plan
        if not plan.steps:
            empty(_("Nothing to do: {alike} as in the file.", alike=plan.kind.some(plan.alike)))
            return
        tag("p", _counted(work)).classes("work-state")
        if work.run is None:
            if work.refusal is not None:
                show_error(work.refusal)
            else:
                button(_("Carry it out"), self._apply, main=True, danger=plan.count("remove") > 0)
            return
        progress_bar(work.settled, len(plan.steps))
        counts = Counter(outcome.state for outcome in outcomes)
        tag("p", states_text(counts))
        if work.error is not None:
            show_error(work.error)
        if work.is_running:
            button(_("Stop"), work.run.stop)
        elif counts[State.DONE] < len(outcomes):
            tag("p", _("The same import, made again, does what is left."))
            button(_("Failed ones as CSV"), self._save)

    def _draw_rows(self, outcomes: list[Outcome]) -> None:
        steps = self.work.plan.steps[self.skip : self.skip + ON_A_PAGE]
        headings = [_("Change"), _("Line"), _("Which"), _("Field"), _("Now"), _("Then"), _("State"), _("Reason")]
        rows = [
            row
            for step, outcome in zip(steps, outcomes[self.skip : self.skip + ON_A_PAGE], strict=True)
            for row in _rows(step, outcome)
        ]
        if rows:
            table(_("Rows"), headings, rows)
        pager(self.skip, len(self.work.plan.steps), self._go)

    def _go(self, skip: int) -> None:
        self.skip = skip
        self._refresh()

    async def _apply(self) -> None:
        plan = self.work.plan
        removals = plan.count("remove")
        facts = [_counted(self.work), _("PBXs: {names}", names=f"{self.work.name} ({plan.url})")]
        if removals:
            facts.append(
                _("REMOVES {number} of {there}, for good.", number=removals, there=plan.kind.some(plan.present))
            )
        sentence = _("Import {kind} into {pbx}?", kind=plan.kind.plural, pbx=self.work.name)
        if await confirmed(sentence, facts, danger=removals > 0):
            self.work.apply()
            self._refresh()

    def _save(self) -> None:
        sheet = self.work.imported.sheet
        content = self.work.rest().encode(sheet.encoding, "replace")  # as the file came
        ui.download.content(content, f"{self.work.wishes.resource}-failed.csv", "text/csv")


def _counted(work: ImportWork) -> str:
    plan = work.plan
    add, change, remove = (format_number(plan.count(each)) for each in ("add", "change", "remove"))
    alike = format_number(plan.alike)
    return _(
        "{add} to add, {change} to change, {remove} to remove, {alike} as they are",
        add=add,
        change=change,
        remove=remove,
        alike=alike,
    )


def _rows(step: ImportStep, outcome: Outcome) -> Iterator[list[str]]:
    """Yield a row for each field that changes; the first has what the step is, and its outcome."""
    which = visible(" ".join(filter(None, (step.key, step.name))))
    head = [change_word(step.change), "" if step.line is None else str(step.line), which]
    end = [state_word(outcome.state.label), why(outcome)]
    old, new = masked(step.old), masked(step.new)
    if step.change != "change":
        yield [*head, "", *(("", _fields(new)) if step.change == "add" else (_fields(old), "")), *end]
        return
    for n, (name, value) in enumerate(new.items()):
        was, then = change_texts(FieldChange(name, old.get(name), value))
        yield [*(head if n == 0 else ["", "", ""]), name, visible(was), visible(then), *(end if n == 0 else ["", ""])]


def _fields(row: Mapping[str, Any]) -> str:
    return visible(", ".join(f"{name}: {value_text(value)}" for name, value in row.items()))
