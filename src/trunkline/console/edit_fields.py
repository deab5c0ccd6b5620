"""The fields of an entity as widgets that are filled in, and what somebody made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from ..catalog.columns import default_columns
from ..catalog.secret import has_mask, masked
from ..client.unchanged import VOLATILE
from ..errors import InvalidArgument
from .form import Field, Form, Input
from .frame import empty, tag
from .language import _, format_number
from .visitor import visitor

_PAUSE = 200  # milliseconds after the last key until fields are looked for
_WIDE = ("json", "list")


class Fields:
    """The fields of a row that an update can change. What somebody typed stays, also in fields that are not shown."""

    def __init__(
        self, form: Form, row: Mapping[str, Any], missing: tuple[str, ...], on_typed: Callable[[bool], None]
    ) -> None:
        """``missing`` are fields that could not be read, and so can't be edited.

        ``on_typed`` is called with whether something is typed that would be lost.
        """
        self.form = form
        self._on_typed = on_typed
        self._typed: dict[str, Input] = {}
        self._widgets: dict[str, ValueElement[Any]] = {}
        self._missing = missing
        self.start(row)

    def start(self, row: Mapping[str, Any]) -> None:
        """Begin from a row as it was read; what was typed stays."""
        self.row = row
        hidden = masked(row)
        self._initial = {name: _as_typed(value) for name, value in self.form.inputs_of(hidden).items()}
        self._secret = {name for name, value in hidden.items() if has_mask(value)}

    def forget(self) -> None:
        """Take back all that was typed."""
        self._typed.clear()
        self._on_typed(False)

    def values(self) -> dict[str, Any]:
        """Return the values of the fields that were changed.

        Raises InvalidArgument, with ``parameter`` the name of the field, for an input that can't be its value.
        """
        zone = ZoneInfo(visitor().zone)
        values: dict[str, Any] = {}
        for name, given in self._typed.items():
            if given == self._initial.get(name, ""):
                continue
            field = self.form[name]
            is_null = given in ("", []) and field.kind != "text" and field.spec.nullable
            values[name] = None if is_null else field.value(given, zone)
        return values

    def draw(self) -> None:
        """Draw a box to find fields, and those that are set or name the entity; all of them at a press."""
        with ui.element("div").classes("tl-tools"):
            find = ui.input(_("Find a field")).props(f'outlined dense type="search" debounce="{_PAUSE}" autofocus')
            every = ui.checkbox(_("Also fields that are not set"))
        place = ui.element("div").classes("tl-fields")

        def refresh() -> None:
            place.clear()
            self._widgets.clear()
            with place:
                self._draw_some((find.value or "").casefold(), is_every=bool(every.value))

        find.on_value_change(refresh)
        every.on_value_change(refresh)
        refresh()

    def show_wrong(self, error: InvalidArgument) -> None:
        """Show at a field what is wrong with it, and lead there."""
        widget = self._widgets.get(error.parameter or "")
        if widget is not None:
            widget.props["error"] = True
            widget.props["error-message"] = error.reason or error.message
            widget.run_method("focus")

    def _editable(self) -> list[Field]:
        return [
            field
            for field in self.form.fields
            if field.place == "body"
            and field.name not in self._missing
            and field.name not in VOLATILE
            and (not field.elsewhere or field.name in self.row)
        ]

    def _draw_some(self, text: str, *, is_every: bool) -> None:
        fields = self._editable()
        body = self.form.action.body
        naming = default_columns(self.form.catalog, body) if isinstance(body, str) else ()
        if text:
            shown = [field for field in fields if text in f"{field.name} {field.label}".casefold()]
        else:
            shown = [field for field in fields if is_every or field.name in naming or self._is_set(field.name)]
        for field in sorted(shown, key=lambda field: (field.name not in naming, field.kind in _WIDE)):
            self._draw(field)
        if not shown:
            empty(_("No field is called so."))
        elif not text and (left := len(fields) - len(shown)):
            tag("p", _("{number} more fields are not set.", number=format_number(left))).classes("tl-muted tl-wide")

    def _is_set(self, name: str) -> bool:
        value = self.row.get(name)
        return name in self._typed or (value is not None and value is not False and value not in ("", [], {}))

    def _draw(self, field: Field) -> None:
        initial = self._initial.get(field.name, "")
        given = self._typed.get(field.name, initial)
        widget = self._widget(field, given)
        widget.props(f'outlined dense data-field="{field.name}"')
        note = _("A secret: leave it empty to keep it.") if field.name in self._secret else ""
        note = " ".join(part for part in (note, field.help) if part)
        if note:
            widget.props["hint"] = note
        if field.kind in _WIDE:
            widget.classes("tl-wide")
        widget.on_value_change(lambda event: self._type(field, widget, event.value))
        self._widgets[field.name] = widget

    def _type(self, field: Field, widget: ValueElement[Any], value: Any) -> None:
        self._typed[field.name] = _as_typed(value)
        self._on_typed(any(given != self._initial.get(name, "") for name, given in self._typed.items()))
        widget.props(remove="error error-message")

    @staticmethod
    def _widget(field: Field, given: Input) -> ValueElement[Any]:
        label = field.name
        match field.kind:
            case "truth":
                return ui.select({"": "–", "true": _("yes"), "false": _("no")}, value=given or "", label=label)
            case "choice":
                choices = {"": "–", **{name: name for name in field.choices}}
                choices.setdefault(str(given), str(given))
                return ui.select(choices, value=str(given), label=label)
            case "choices":
                chosen = list(given) if isinstance(given, list) else []
                return ui.select(
                    list(dict.fromkeys([*field.choices, *chosen])), value=chosen, multiple=True, label=label
                )
            case "json" | "list":
                return ui.textarea(label, value=str(given)).props('autogrow spellcheck="false"')
        widget = ui.input(label, value=str(given), password=field.is_secret)
        return widget.props('autocomplete="off" spellcheck="false"')


def _as_typed(value: Any) -> Input:
    """Return an input as a widget gives it: null is empty."""
    return "" if value is None else value
