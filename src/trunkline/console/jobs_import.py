"""The page that imports a file: contacts, users, blocked addresses and numbers. A plan before anything is sent."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from ..errors import InvalidArgument, TrunklineError
from ..transfer import Import
from ..transfer.expiry import expiry
from ..work.guards import MostRemovals
from .csv_files import download
from .frame import heading, page, show_error, tag
from .jobs_given import Given, given_input
from .jobs_import_work import ImportWork, Wishes, imports
from .jobs_parts import button
from .language import _
from .pbxs import pbxs

_CONTACTS, _USERS, _BLOCKLIST, _NUMBERS = "contacts", "users", "blocklist", "black_list_numbers"


@page("/jobs/import", lambda: _("Import a file"), section="jobs")
def import_file() -> None:
    _ImportForm().draw()


class _ImportForm:
    """The form of one tab."""

    def __init__(self) -> None:
        self.given: Given | None = None

    def draw(self) -> None:
        tag(
            "p", _("The file is compared with the PBX, and you see what would change before anything is sent.")
        ).classes("tl-muted")
        kinds = {
            _USERS: _("Users"),
            _CONTACTS: _("Contacts"),
            _BLOCKLIST: _("Blocked addresses"),
            _NUMBERS: _("Blocked numbers"),
        }
        self.kind = ui.select(kinds, value=_USERS, label=_("What"), on_change=self._chosen)
        names = pbxs().names
        self.pbx = ui.select(names, value=names[0] if len(names) == 1 else None, label=_("PBX"), with_input=True)
        for field in (self.kind, self.pbx):
            field.props("outlined dense").classes("work-choice")
        button(_("File to begin with"), self._template)
        given_input(self._take, _("Or paste the rows, the first line with the names of the columns"))
        heading(_("Rules"))
        self.clear_empty = ui.checkbox(_("An empty cell empties the field"))
        self.stop_on_error = ui.checkbox(_("Start nothing more after a failure"))
        self.remove_missing = ui.checkbox(_("Remove what the PBX has and the file doesn't"))
        self.max_removals = self._text(_("Remove at most (a number, or a share)"), "50%")
        self.max_removals.bind_visibility_from(self.remove_missing, "value")
        self.welcome_mail = ui.checkbox(_("3CX sends its welcome mail to users who are added"))
        self.key = self._text(_("Fields by which rows are matched, such as Number"))
        self.encoding = self._text(_("Encoding, such as cp1252; UTF-8 without it"))
        self.description = self._text(_("Description of new entries that have none"))
        self.expires = self._text(_("New entries end: 30d, 12h, 2w or a day"))
        self.skip_dangerous = ui.checkbox(_("Leave out what could lock people out, instead of refusing the file"))
        self.allow_private = ui.checkbox(_("Block private networks too"))
        self.allow_wide = ui.checkbox(_("Block very large networks too"))
        button(_("Make the plan"), self._plan, main=True)
        self.place = ui.element("div").props('aria-live="polite"')
        self._chosen()

    def _text(self, label: str, value: str = "") -> ui.input:
        return ui.input(label, value=value).props("outlined dense").classes("work-choice")

    def _chosen(self) -> None:
        kind = self.kind.value
        self.welcome_mail.set_visibility(kind == _USERS)
        self.description.set_visibility(kind in (_BLOCKLIST, _NUMBERS))
        for field in (self.expires, self.skip_dangerous, self.allow_private, self.allow_wide):
            field.set_visibility(kind == _BLOCKLIST)

    def _template(self) -> None:
        kind = str(self.kind.value)
        download(Import.template(kind), kind)

    async def _take(self, given: Given) -> None:
        self.given = given

    def _wishes(self) -> Wishes:
        kind = str(self.kind.value)
        MostRemovals.parse(self.max_removals.value or "")
        defaults = {}
        if self.description.visible and self.description.value:
            defaults["Description"] = self.description.value
        if self.expires.visible and self.expires.value:
            defaults["ExpiresAt"] = expiry(self.expires.value)
        is_list = kind == _BLOCKLIST
        reading: dict[str, Any] = {
            "key": [name.strip() for name in (self.key.value or "").split(",") if name.strip()],
            "encoding": self.encoding.value or None,
            "clear_empty": bool(self.clear_empty.value),
            "remove_missing": bool(self.remove_missing.value),
            "defaults": defaults,
            "dangerous": ["private"] * bool(is_list and self.allow_private.value)
            + ["wide"] * bool(is_list and self.allow_wide.value),
            "skip_dangerous": bool(is_list and self.skip_dangerous.value),
            "welcome_mail": bool(kind == _USERS and self.welcome_mail.value),
        }
        return Wishes(kind, reading, str(self.max_removals.value), bool(self.stop_on_error.value))

    async def _plan(self) -> None:
        self.place.clear()
        try:
            if self.given is None:
                raise InvalidArgument("There is no file.", hint="Upload one, or paste its rows.")
            if not self.pbx.value:
                raise InvalidArgument("No PBX is chosen.", hint="Choose one.")
            work = await ImportWork.planned(str(self.pbx.value), self.given, self._wishes())
        except TrunklineError as error:
            with self.place:
                heading(_("Refused"))
                show_error(error)
            return
        ui.navigate.to(f"/jobs/import/{imports.add(work)}")
