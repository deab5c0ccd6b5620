"""The page of configuration: which PBXs differ from a folder, and plans that make them what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

from nicegui import ui

from ..catalog import load as load_catalog
from ..config.difference import Difference
from ..config.drift import MOST_KEPT, Drift, adrift
from ..config.kinds import kinds
from ..config.shown import change_texts, shown_change, value_text
from ..errors import TrunklineError
from ..local.characters import visible
from ..redaction import redacted
from .config_folders import folder_of, remember, remembered, roots
from .config_work import ConfigWork, Wishes, plans
from .frame import empty, heading, page, show_error, tag
from .jobs_parts import button, change_word, table
from .jobs_tasks import Lent
from .language import _, format_number, ngettext
from .pbxs import pbxs


@page("/config", lambda: _("Configuration"), section="config")
def config() -> None:
    _ConfigForm().draw()


class _ConfigForm:
    """The form of one tab."""

    def draw(self) -> None:
        below = ", ".join(map(str, roots()))
        tag("p", _("Folders of configuration below {folders} can be read.", folders=below)).classes("tl-muted")
        known = remembered()
        self.folder = ui.input(_("Folder"), value=known[0] if known else "", autocomplete=known)
        names = pbxs().names
        self.names = ui.select(names, multiple=True, value=names if len(names) == 1 else [], label=_("PBXs"))
        self.each = ui.checkbox(_("Each PBX has a folder of its own name in it"))
        self.kinds = ui.select([*kinds(load_catalog())], multiple=True, value=[], label=_("Only these kinds"))
        for field in (self.folder, self.names, self.kinds):
            field.props("outlined dense").classes("work-wide")
        self.names.props("use-chips")
        self.kinds.props("use-chips")
        button(_("Compare"), self._compare, main=True)
        heading(_("Plan"))
        self.remove = ui.checkbox(_("Also remove what the PBX has and the folder, which manages it, hasn't"))
        self.max_removals = ui.input(_("Remove at most of a kind (a number, or a share)"), value="10%")
        self.max_removals.bind_visibility_from(self.remove, "value")
        self.secrets = ui.input(_("File with the values of secrets"))
        self.resend = ui.checkbox(_("Send the secrets that are given also where the PBX has one"))
        for text in (self.max_removals, self.secrets):
            text.props("outlined dense").classes("work-wide")
        button(_("Make the plan"), self._plan)
        self.place = ui.element("div").props('aria-live="polite"')

    def _wishes(self) -> Wishes:
        folder = folder_of(self.folder.value or "")
        secrets = (self.secrets.value or "").strip()
        wishes = Wishes(
            folder,
            tuple(self.names.value),
            bool(self.each.value),
            tuple(self.kinds.value),
            bool(self.remove.value),
            folder_of(secrets.rpartition("/")[0] or ".") / secrets.rpartition("/")[2] if secrets else None,
            bool(self.resend.value),
            str(self.max_removals.value),
        )
        wishes.check()
        remember(folder)
        return wishes

    async def _compare(self) -> None:
        self.place.clear()
        client = ui.context.client
        with self.place:
            try:
                wishes = self._wishes()
                wanted = await wishes.configurations()
                count = len(wishes.names)
                done = tag("p", "").props('role="status"')
                drifts = adrift([Lent(name) for name in wishes.names], wanted, kinds=wishes.only)
                differing = number = 0
                async with aclosing(drifts) as each:
                    async for drift in each:
                        if client.is_deleted:
                            return
                        number += 1
                        differing += drift.total > 0
                        done.set_text(_("{done} of {total}", done=number, total=count))
                        _draw(drift)
                done.set_text(ngettext("{number} PBX differs.", "{number} PBXs differ.", differing))
            except TrunklineError as error:
                show_error(error)

    async def _plan(self) -> None:
        self.place.clear()
        with self.place:
            try:
                work = await ConfigWork.planned(self._wishes())
            except TrunklineError as error:
                show_error(error)
                return
        ui.navigate.to(f"/config/plan/{plans.add(work)}")


def _draw(drift: Drift) -> None:
    with ui.element("section").classes("work-drift"):
        heading(f"{drift.pbx} {drift.version}".strip())
        if drift.error is not None:
            show_error(drift.error)
            return
        compared = ngettext("{number} entity was compared.", "{number} entities were compared.", drift.compared)
        tag("p", compared).classes("tl-muted")
        for kind, error in drift.unread.items():
            tag("p", redacted(_("Not compared: {kind}. {reason}", kind=kind, reason=error.message)))
        if drift.ungiven:
            tag("p", _("Not compared: {fields}", fields=", ".join(drift.ungiven)))
        for warning in drift.warnings:
            tag("p", redacted(warning))
        if not drift.total:
            empty(_("No difference.") if drift.is_known else _("No difference in what could be compared."))
            return
        headings = [_("Kind"), _("Entity"), _("Difference"), _("Field"), _("File"), _("PBX")]
        label = _("Differences of {pbx}", pbx=drift.pbx)
        table(label, headings, [row for each in drift.differences for row in difference_rows(each)])
        if drift.total > MOST_KEPT:
            more = format_number(drift.total - MOST_KEPT)
            tag("p", _("And {number} more.", number=more))


def difference_rows(difference: Difference) -> Iterator[list[str]]:
    """Yield a row for each field that differs: kind, key, what, field, before, after. Secrets show by their names."""
    id, change, fields = difference
    head = [id.kind, visible(id.key), change_word(change)]
    shown = [shown_change(id, each) for each in fields]
    if change != "changed":
        values = [(each.field, each.new if change == "added" else each.old) for each in shown]
        text = visible(", ".join(f"{name}: {value_text(value)}" for name, value in values))
        yield [*head, "", *(("", text) if change == "added" else (text, ""))]
        return
    for n, each in enumerate(shown):
        old, new = change_texts(each)
        yield [*(head if n == 0 else ["", "", ""]), each.field, visible(old), visible(new)]
