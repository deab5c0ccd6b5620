"""The fields of a form as widgets. What somebody typed stays, also in fields that are not shown at the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

import msgspec
from nicegui import events, ui

from ..catalog.skeleton import skeleton
from ..printable import printable
from .form import MOST_TEXT, Field, Form, Input
from .frame import empty, heading, tag
from .language import _, format_bytes, ngettext

MOST_FILE = 100 * 1024 * 1024
"""Bytes of a file that is uploaded."""
_MOST_SHOWN = 40  # fields that a filter shows
_PAUSE = 200  # milliseconds after the last key
_FEW = 20  # fields without a box to filter them


_Control = ui.input | ui.select


class FormFields:
    """The widgets of a form. ``inputs`` has what is set, by field; ``on_change`` is called when that changes."""

    def __init__(self, form: Form, inputs: MutableMapping[str, Input], on_change: Callable[[], None]) -> None:
        self.form = form
        self.inputs = inputs
        self._on_change = on_change
        self._controls: dict[str, _Control] = {}
        self._filter = ""

    def draw(self) -> None:
        """Draw all sections here."""
        places = {place: [field for field in self.form.fields if field.place == place] for place in _PLACES}
        if places["parameter"]:
            with _section(_("What it is about") if self.form.action.keys else _("Arguments")):
                self._draw_all(places["parameter"])
        body = [*places["body"], *places["rest"]]
        if body:
            with _section(_("File") if self.form.action.kind == "upload" else _("Fields")):
                self._draw_body(body)
        if places["option"]:
            with _section(_("Rows and fields of the answer")):
                self._draw_all([field for field in places["option"] if field.is_common])
                if rest := [field for field in places["option"] if not field.is_common]:
                    with ui.expansion(_("More")).classes("act-more"):
                        self._draw_all(rest)
        if places["condition"]:
            with _section(_("Only if")):
                self._draw_all(places["condition"])

    def mark(self, name: str, text: str) -> None:
        """Mark the field that is wrong, where it is shown. The focus stays where somebody types."""
        if control := self._controls.get(name):
            control.error = text

    def show_error(self, name: str, text: str) -> None:
        """Mark the field that is wrong, and lead there."""
        self.mark(name, text)
        if control := self._controls.get(name):
            control.run_method("focus")

    def clear_errors(self) -> None:
        """Take back the marks."""
        for control in self._controls.values():
            control.error = None

    def _draw_body(self, body: list[Field]) -> None:
        if self.form.action.kind != "upload":
            text = _("What is ticked is sent, and typing ticks it. “null” sends the field without a value.")
            tag("p", text).classes("tl-muted")
        if len(body) <= _FEW:
            self._draw_all(body)
            return
        more = sum(not field.is_common for field in body)
        label = ngettext("Find {number} more field", "Find {number} more fields", more)
        box = ui.input(label).props(f"outlined dense clearable debounce={_PAUSE}").classes("act-wide")
        place = ui.element("div").classes("act-fields")

        def show() -> None:
            wanted = (box.value or "").strip().casefold()
            fitting = [field for field in body if wanted in f"{field.name} {field.label} {field.help}".casefold()]
            fitting.sort(key=lambda field: wanted not in f"{field.name} {field.label}".casefold())
            fields = fitting[:_MOST_SHOWN] if wanted else [f for f in body if f.is_common or f.name in self.inputs]
            place.clear()
            with place:
                if not fields:
                    empty(_("No field has these words."))
                self._draw_all(fields)

        box.on_value_change(show)
        show()

    def _draw_all(self, fields: Iterable[Field]) -> None:
        for field in fields:
            with ui.element("div").classes("act-field"):
                _Row(self, field).draw()

    def set(self, name: str, given: Input) -> None:
        self.inputs[name] = given
        self._on_change()

    def unset(self, name: str) -> None:
        self.inputs.pop(name, None)
        self._on_change()

    def keep(self, name: str, control: _Control) -> None:
        self._controls[name] = control


_OPTIONS: Mapping[str, Callable[[], str]] = {
    "filter": lambda: _("Filter"),
    "search": lambda: _("Search"),
    "orderby": lambda: _("Sort by"),
    "select": lambda: _("Fields"),
    "expand": lambda: _("Expand"),
    "top": lambda: _("Rows at most"),
    "skip": lambda: _("Rows to skip"),
}
_PLACES = ("parameter", "body", "rest", "option", "condition")


def _section(title: str) -> Any:
    section = ui.element("section").classes("act-panel")
    with section:
        heading(title)
    return section


class _Row:
    """One field: whether it is sent, its widget, and what it means."""

    def __init__(self, fields: FormFields, field: Field) -> None:
        self.fields = fields
        self.field = field
        self.is_optional = field.place in ("body", "rest") and not field.is_required
        self.sent: ui.checkbox | None = None

    def draw(self) -> None:
        field = self.field
        with ui.element("div").classes("act-row"):
            if self.is_optional:
                label = _("Send {field}", field=field.label)
                self.sent = ui.checkbox(value=field.name in self.fields.inputs).props(
                    f"dense aria-label={_attr(label)}"
                )
            if field.kind == "file":
                self._upload()
            else:
                control = self._control().without_auto_validation()  # it would take back the marks of `mark`
                control.props(f"outlined dense aria-describedby={_attr(self._help)}").classes("act-grow")
                if not self.is_optional:
                    control.on_value_change(lambda event: self._given(event.value))
                else:
                    control.on_value_change(lambda event: self._typed(event.value))
                self.fields.keep(field.name, control)
                if self.sent is not None:
                    self.sent.on_value_change(lambda event: self._toggled(control, is_sent=bool(event.value)))
                if field.can_be_null:
                    self._null(control)
        self._explain()

    @property
    def _help(self) -> str:
        return f"help-{self.field.name}"

    def _explain(self) -> None:
        field = self.field
        with (
            ui.element("div")
            .classes(f"act-help{' is-optional' if self.is_optional else ''}")
            .props(f"id={_attr(self._help)}")
        ):
            if field.help:
                tag("span", field.help)
            if field.default:
                tag("span", _("Left out, it means: {meaning}.", meaning=field.default))
            if field.elsewhere:
                version = self.fields.form.catalog.version or ""
                text = _("This PBX runs {version}; the field: {lifetime}.", version=version, lifetime=field.elsewhere)
                tag("span", text).classes("act-warn")

    def _control(self) -> _Control:
        field = self.field
        name = _OPTIONS[field.name]() if field.place == "option" else field.label
        label = _("{field} (required)", field=name) if field.is_required else name
        start = self.fields.inputs.get(field.name)
        match field.kind:
            case "truth":
                return ui.select({"true": _("Yes"), "false": _("No")}, label=label, value=start, clearable=True)
            case "choice" | "choices":
                choices = {name: f"{name} ({note})" if note else name for name, note in field.choices.items()}
                several = field.kind == "choices"
                value = (start or []) if several else start
                return ui.select(choices, label=label, value=value, multiple=several, clearable=True, with_input=True)
            case "list" | "json":
                area = ui.textarea(label, value=start or "").props(f"autogrow debounce={_PAUSE} maxlength={MOST_TEXT}")
                if field.kind == "json":
                    self._example(area)
                return area.classes("act-json")
        is_secret = field.is_secret and field.kind == "text"
        box = ui.input(label, value=start or "", password=is_secret, password_toggle_button=is_secret)
        box.props(f"debounce={_PAUSE} maxlength={MOST_TEXT} autocomplete={'new-password' if is_secret else 'off'}")
        if field.kind == "number":
            box.props('inputmode="numeric"')
        if field.kind == "moment":
            box.props('placeholder="2026-09-12T08:00"')
        return box

    def _example(self, box: ui.textarea) -> None:
        example = skeleton(self.fields.form.action).get(self.field.name)
        if not example or self.field.place != "body":
            return

        def fill() -> None:
            box.set_value(msgspec.json.format(msgspec.json.encode(example), indent=2).decode())

        with box.add_slot("append"):
            ui.button(_("Example"), on_click=fill).props(
                f"flat dense no-caps aria-label={_attr(_('Example for {field}', field=self.field.label))}"
            )

    def _upload(self) -> None:
        async def take(event: events.UploadEventArguments) -> None:
            name, content = event.file.name, await event.file.read()
            self.fields.set(self.field.name, (name, content))
            upload.reset()  # one that holds a file takes no other
            chosen.set_text(printable(_("File: {name}, {size}", name=name, size=format_bytes(len(content)))))

        def refuse() -> None:
            ui.notify(_("A file of at most {size} can be sent.", size=format_bytes(MOST_FILE)), type="negative")

        upload = ui.upload(
            label=_("Choose a file"), on_upload=take, on_rejected=refuse, max_file_size=MOST_FILE, auto_upload=True
        )
        upload.props("max-files=1 flat bordered").classes("act-grow")
        chosen = tag("p").props('role="status"')

    def _null(self, control: _Control) -> None:
        label = _("Set {field} to null", field=self.field.label)
        is_null = self.field.name in self.fields.inputs and self.fields.inputs[self.field.name] is None
        null = ui.checkbox("null", value=is_null).props(f"dense aria-label={_attr(label)}").classes("act-check")
        control.set_enabled(not is_null)

        def toggled(event: events.ValueChangeEventArguments[bool | None]) -> None:
            control.set_enabled(not event.value)
            if event.value:
                self._mark()
                self.fields.set(self.field.name, None)
            elif self.field.name in self.fields.inputs:
                self.fields.set(self.field.name, _text(control.value))

        null.on_value_change(toggled)

    def _mark(self) -> None:
        if self.sent is not None and not self.sent.value:
            self.sent.set_value(True)

    def _given(self, value: Any) -> None:
        """Take an input that counts as not set where it is empty."""
        if value in (None, "", []):
            self.fields.unset(self.field.name)
        else:
            self.fields.set(self.field.name, value)

    def _typed(self, value: Any) -> None:
        if value is None and self.field.kind in ("choice", "truth"):  # cleared
            if self.sent is not None:
                self.sent.set_value(False)
            self.fields.unset(self.field.name)
            return
        self.fields.set(self.field.name, _text(value))
        self._mark()

    def _toggled(self, control: _Control, *, is_sent: bool) -> None:
        if not is_sent:
            self.fields.unset(self.field.name)
        elif self.field.name not in self.fields.inputs:
            self.fields.set(self.field.name, _text(control.value))


def _text(value: Any) -> Input:
    return "" if value is None else value


def _attr(text: str) -> str:
    """Return a text as the value of an attribute, as `Element.props` reads it."""
    return msgspec.json.encode(text).decode()
