"""The page of plans of configuration: what each PBX would be sent, the question, and the outcome of each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nicegui import ui

from ..config.applying.removals import removed_in_words
from ..config.planning.plan import Plan, Step
from ..config.planning.shown import step_difference
from ..errors import TrunklineError
from ..redaction import redacted
from ..work.outcome import Outcome
from ..work.state import State
from .config import difference_rows
from .config_work import ConfigWork, PbxWork, plans
from .frame import confirmed, empty, heading, page, set_title, show_error, tag
from .jobs_import_work import why
from .jobs_parts import ON_A_PAGE, button, change_word, pager, progress_bar, state_word, table
from .language import _, format_number, ngettext

_EVERY = 1.0  # seconds between two looks


@page("/config/plan/{id}", lambda: _("Plan"), section="config")
def config_plan(id: str) -> None:
    work = plans[id]
    set_title(_("Plan of {folder}", folder=work.wishes.folder.name))
    _PlanPage(work).draw()


class _PlanPage:
    """One tab that looks at plans."""

    def __init__(self, work: ConfigWork) -> None:
        self.work = work
        self.skipped: dict[str, int] = {}
        self.shown: object = None

    def draw(self) -> None:
        ui.link(_("Configuration"), "/config")
        tag("p", str(self.work.wishes.folder)).classes("tl-muted")
        self.top = ui.element("div").props('role="status"')
        self.parts = ui.element("div")
        self._refresh()
        ui.timer(_EVERY, self._refresh)

    def _refresh(self) -> None:
        outcomes = {each.name: each.outcomes for each in self.work.pbxs}
        states = {name: Counter(outcome.state for outcome in each) for name, each in outcomes.items()}
        errors = [str(each.error) for each in self.work.pbxs]
        now = (states, errors, self.work.is_running, dict(self.skipped))
        if now == self.shown:
            return
        self.shown = now
        self.top.clear()
        with self.top:
            self._draw_top(sum(states.values(), Counter()))
        self.parts.clear()
        with self.parts:
            for each in self.work.pbxs:
                self._draw_pbx(each, outcomes[each.name])

    def _draw_top(self, counts: Counter[State]) -> None:
        work = self.work
        if not work.to_do:
            empty(_("Nothing to do."))
            return
        if work.task is None:
            try:
                work.check()
            except TrunklineError as refusal:
                show_error(refusal)
                return
            button(_("Apply"), self._apply, main=True, danger=bool(self._removals()))
            return
        settled = sum(count for state, count in counts.items() if state not in (State.NOT_STARTED, State.SENT))
        progress_bar(settled, sum(counts.values()))
        tag(
            "p", ", ".join(f"{format_number(count)} {state_word(each.label)}" for each, count in sorted(counts.items()))
        )
        if work.is_running:
            button(_("Stop"), work.stop)
        elif counts[State.DONE] < sum(counts.values()):
            tag("p", _("A new plan has what is left."))

    def _draw_pbx(self, each: PbxWork, outcomes: list[Outcome]) -> None:
        heading(each.name)
        if each.error is not None:
            show_error(each.error)
        plan = each.plan
        if plan is None:
            return
        tag("p", f"{_counted(plan)} {plan.url}").classes("tl-muted")
        for note in plan.notes:
            tag("p", redacted(note.text))
        if not plan.steps:
            return
        skip = self.skipped.get(each.name, 0)
        steps, known = plan.steps[skip : skip + ON_A_PAGE], outcomes[skip : skip + ON_A_PAGE]
        headings = [
            _("Wave"),
            _("Kind"),
            _("Entity"),
            _("Change"),
            _("Field"),
            _("Now"),
            _("Then"),
            _("State"),
            _("Reason"),
        ]
        rows = [row for step, outcome in zip(steps, known, strict=True) for row in _rows(step, outcome)]
        table(_("Steps on {pbx}", pbx=each.name), headings, rows)

        def go(skip: int) -> None:
            self.skipped[each.name] = skip
            self._refresh()

        pager(skip, len(plan.steps), go)

    def _removals(self) -> list[str]:
        """Return what is removed, a sentence for each PBX."""
        removing = [(each.name, each.plan) for each in self.work.to_do if each.plan is not None and each.plan.removed]
        return [_("{pbx}: REMOVES {what}", pbx=name, what=removed_in_words(plan)) for name, plan in removing]

    async def _apply(self) -> None:
        to_do = [(each.name, each.plan) for each in self.work.to_do if each.plan is not None]
        steps = ngettext("{number} step", "{number} steps", sum(len(plan.steps) for _name, plan in to_do))
        removals = self._removals()
        facts = [*(f"{name} ({plan.url}): {_counted(plan)}" for name, plan in to_do), *removals]
        names = ", ".join(name for name, _plan in to_do)
        if await confirmed(_("Apply {steps} to {pbxs}?", steps=steps, pbxs=names), facts, danger=bool(removals)):
            self.work.apply()
            self._refresh()


def _counted(plan: Plan) -> str:
    adds, removals = plan.count("add"), plan.count("remove")
    changes = len(plan.steps) - adds - removals
    numbers = {"add": format_number(adds), "change": format_number(changes), "remove": format_number(removals)}
    return _("{add} to add, {change} to change, {remove} to remove.", **numbers)


def _rows(step: Step, outcome: Outcome) -> Iterator[list[str]]:
    """Yield a row for each field of a step; the first has what the step is, and its outcome."""
    rows = list(difference_rows(step_difference(step)))
    if not rows:
        rows = [[step.id.kind, step.id.key, "", "", "", ""]]
    for n, (kind, key, _change, *cells) in enumerate(rows):
        is_first = n == 0
        head = [str(step.wave + 1), kind, key, change_word(step.change)] if is_first else ["", "", "", ""]
        yield [*head, *cells, *([state_word(outcome.state.label), why(outcome)] if is_first else ["", ""])]
