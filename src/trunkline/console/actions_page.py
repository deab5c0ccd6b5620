"""The page of one action: its form, the request that it makes, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from nicegui import background_tasks, ui

from ..catalog import Action, load
from ..catalog.facts import action_facts
from ..catalog.names import display_words
from ..client import AsyncPbx
from ..client.rows import AsyncRows
from ..errors import TrunklineError, UsageError, VersionMismatch
from ..redaction import redacted
from ..request import Call
from .actions import STYLE
from .actions_answer import Folder, RowsAnswer, clean, failed, file_answer, json_text, value_answer
from .actions_request import RequestPanel
from .actions_run import bound, is_dangerous, is_done, question_before, send
from .form import Form, Input
from .form_fields import FormFields
from .frame import confirmed, empty, heading, loading, page, pbx_picker, set_pbx, set_title, show_error, tag
from .language import _
from .pbxs import pbxs
from .visitor import visitor

_LONGEST = 1_000  # characters that an address may fill a field in with


@page("/actions/{name}", lambda: _("Action"), section="actions")
def action_page(request: Request, name: str, pbx: str = "") -> None:
    action = load().action(name)
    ui.add_head_html(STYLE)
    set_title(display_words(action.operation_id))
    with ui.element("nav").props(f'aria-label="{_("Where this is")}"'):
        ui.link(_("All actions"), f"/actions{_query(pbx=pbx)}")
    known = pbxs().names
    chosen = pbx if pbx in known else (known[0] if len(known) == 1 else "")
    _about(action)
    pbx_picker(chosen or None, lambda picked: ui.navigate.to(_address(action, picked)))
    if not chosen:
        empty(_("Choose a PBX.") if known else _("No connection is saved."))
        return
    set_pbx(chosen)
    ActionPage(action, chosen, request.query_params).draw()


def _address(action: Action, pbx: str) -> str:
    return f"/actions/{quote(action.id, safe='.')}{_query(pbx=pbx)}"


def _query(**values: str) -> str:
    given = {name: value for name, value in values.items() if value}
    return f"?{urlencode(given)}" if given else ""


def _about(action: Action) -> None:
    tag("p", action.description)
    with ui.element("p").classes("tl-muted act-path"):
        tag("code", f"{action.method} {action.path}")
        tag("span", f" {' '.join(action_facts(load(), action))}")


class ActionPage:
    """The form of an action for one PBX. ``given``: what the address fills fields in with."""

    def __init__(self, action: Action, pbx: str, given: Mapping[str, str]) -> None:
        self.action = action
        self.name = pbx
        self.pbx: AsyncPbx = pbxs().client(pbx)
        self.inputs: dict[str, Input] = {}
        self._given = given
        self._read: Mapping[str, Any] | None = None
        self._zone = ZoneInfo(visitor().zone)
        self._folder: Folder | None = None
        self._is_running = False

    def draw(self) -> None:
        """Draw the form, the request and the place of the answer."""
        with ui.element("div").classes("act-columns"):
            self._place = ui.element("div").classes("act-form")
            with ui.element("div").classes("act-request"):
                self.panel = RequestPanel()
                self.panel.draw()
        self.answer = ui.element("section").classes("tl-body").props(f'aria-label="{_("Answer")}"')
        if self.pbx.version is None:
            self.panel.show_incomplete("")
            with self._place:
                loading()
            self._learn_version()
        else:
            self._draw_form()

    def _draw_form(self) -> None:
        catalog = self.pbx.catalog
        self._place.clear()
        try:
            action = self.pbx.action(self.action.id)
        except VersionMismatch as error:
            with self._place:
                show_error(error)
            return
        self.form = Form(catalog, action)
        for field in self.form.fields:
            text = self._given.get(field.name, "")
            if text and len(text) <= _LONGEST and field.place in ("parameter", "option") and field.name != "pbx":
                self.inputs.setdefault(field.name, text)
        with self._place:
            self.fields = FormFields(self.form, self.inputs, self._changed)
            self.fields.draw()
            if not self.form.fields:
                empty(_("It takes nothing."))
            self._unchanged()
            with ui.row().classes("act-buttons"):
                label = _("Run") if action.method == "GET" else _("Run …")
                button = ui.button(label, on_click=self._run).props("unelevated no-caps")
                if action.asks:
                    button.classes("tl-danger")
        self._changed()

    def _learn_version(self) -> None:
        """Ask the PBX which version it runs, and draw the form in its terms; of a dead PBX the error shows as well.

        The form is drawn once: one that is drawn again takes away what somebody is typing.
        """
        client = ui.context.client

        async def learn() -> None:
            await client.connected()
            try:
                await send(self.pbx, bound(load(), "defs.get", {"select": "Id"})[0], timeout=15)
            except TrunklineError as error:
                with self.answer:
                    show_error(error)
            if not client.is_deleted:
                self._draw_form()

        task = background_tasks.create(learn(), name="version")
        client.on_delete(task.cancel)

    def _unchanged(self) -> None:
        """Offer to look at the entity first, and to act only on it as it is then."""
        if self.form.catalog.reader(self.form.action) is None:
            return
        with ui.element("section").classes("act-panel"):
            heading(_("Only if unchanged"))
            text = _("Read it now, and run the action only if nobody has changed it since.")
            tag("p", text).classes("tl-muted")
            with ui.row().classes("act-buttons"):
                read = ui.button(_("Read it now")).props("outline no-caps dense")
                forget = ui.button(_("Forget")).props("flat no-caps dense")
            place = ui.element("div").classes("act-scroll")
            read.on_click(lambda: self._read_now(place))
            forget.on_click(lambda: self._forget(place))

    async def _read_now(self, place: ui.element) -> None:
        self._forget(place)
        with place:
            try:
                reader = self.form.catalog.reader(self.form.action)
                keys = {name: self.inputs.get(name, "") for name in self.form.action.keys}
                call, _notes = bound(self.form.catalog, reader.id if reader else "", keys)
                self._read = await send(self.pbx, call)
            except TrunklineError as error:
                show_error(error)
            else:
                json_text(clean(self._read))

    def _forget(self, place: ui.element) -> None:
        self._read = None
        place.clear()

    def _call(self) -> tuple[Call, dict[str, Any], list[str]]:
        arguments = self.form.arguments(self.inputs, self._zone)
        call, notes = bound(self.form.catalog, self.form.action.id, arguments)
        return call, arguments, notes

    def _changed(self) -> None:
        self.fields.clear_errors()
        try:
            call, arguments, notes = self._call()
        except UsageError as error:
            self.panel.show_incomplete(error.message)
            if self._wrong(error) in self.inputs:
                self.fields.mark(self._wrong(error), error.reason or error.message)
            return
        self.panel.show(self.form.catalog, call, arguments, pbxs().target(self.name), " ".join(notes))

    def _wrong(self, error: UsageError) -> str:
        """Return the field that an error is about: ``Agents[0].Number`` is within Agents."""
        return error.parameter.partition(".")[0].partition("[")[0]

    async def _run(self) -> None:
        if self._is_running:  # the button stays enabled: one that is disabled loses the focus
            return
        self.answer.clear()
        with self.answer:
            try:
                call, _arguments, _notes = self._call()
            except UsageError as error:
                failed(error, is_done=False)
                self.fields.show_error(self._wrong(error), error.reason or error.message)
                return
            self._is_running = True
            try:
                await self._ask_and_send(call)
            finally:
                self._is_running = False

    async def _ask_and_send(self, call: Call) -> None:
        with ui.element("div") as waiting:
            loading()
        try:
            question = await question_before(self.pbx, call)
            if question is not None:
                facts = [redacted(fact) for fact in question.facts]
                sentence = redacted(question.sentence(self.name))
                if not await confirmed(sentence, facts, danger=is_dangerous(question)):
                    waiting.delete()
                    tag("p", _("Nothing was sent.")).props('role="status"')
                    return
            answer = await self._sent(call)
        except TrunklineError as error:
            waiting.delete()
            failed(error, is_done=is_done(error, call))
        else:
            waiting.delete()
            await self._show(call, answer)

    async def _sent(self, call: Call) -> Any:
        options: dict[str, Any] = {} if self._read is None else {"if_unchanged": self._read}
        if call.action.answer_kind == "file":
            self._folder = self._folder or Folder()
            return await send(self.pbx, call, to=self._folder.path, **options)
        answer = send(self.pbx, call, **options)
        return answer if isinstance(answer, AsyncRows) else await answer

    async def _show(self, call: Call, answer: Any) -> None:
        heading(_("Answer"))
        if isinstance(answer, AsyncRows):
            try:
                await RowsAnswer(call.action, answer).draw()
            except TrunklineError as error:
                failed(error, is_done=is_done(error, call))
        elif call.action.answer_kind == "file":
            file_answer(answer)
        else:
            value_answer(answer)
