"""Rows that are deleted: what goes, the question, and the outcome of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nicegui import ui

from ..catalog import Action, Catalog
from ..catalog.names import phrase
from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import TrunklineError
from ..local.csv_text import csv_line
from ..node import Node
from ..references import aquestion_before
from ..work.outcome import Outcome
from ..work.state import State
from .csv_files import download
from .frame import confirmed, tag
from .language import _, format_number, ngettext

_NAMING = ("Number", "Name", "DisplayName", "FirstName", "LastName", "CompanyName", "FileName", "Filename", "Link")
_SHOWN = 20
"""Rows that the question names, and failures that are shown one by one."""
_LOOKED_UP = 3
"""Rows for which the PBX is searched for what refers to them: each takes a reading of several lists."""
_PATIENCE = 20.0
"""Seconds for each of those rows: a large PBX has to be read by the hundred (docs/pbx.md, Pages)."""
_TYPED = 10
"""Rows from which on the number has to be typed."""


def deleter(catalog: Catalog, listing: Action) -> Action | None:
    """Return the action that deletes one row of a list by its key; None where there is none."""
    action = catalog.resources.get(listing.resource, {}).get("delete") if listing.verb == "list" else None
    return action if action is not None and action.keys else None


def row_name(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return what people call a row, else its key."""
    hidden = masked(row)
    words = [str(hidden[name]) for name in _NAMING if hidden.get(name)]
    return " ".join(dict.fromkeys(words)) or " ".join(f"{key} {hidden.get(key)}" for key in keys)


class _Asked(NamedTuple):
    """The question before rows are deleted, which `confirmed` puts to the person."""

    sentence: str
    facts: Sequence[str]
    notes: Sequence[str]
    word: str

    async def confirmed(self) -> bool:
        return await confirmed(self.sentence, self.facts, danger=True, word=self.word, notes=self.notes)


class Deletion:
    """Rows as they were shown, of one PBX, which are deleted where they still are so."""

    def __init__(self, pbx_name: str, pbx: AsyncPbx, listing: Action, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take rows of a list that has a `deleter`."""
        action = deleter(pbx.catalog, listing)
        assert action is not None  # noqa: S101 - the button is there only where it is
        self.action, self.rows = action, rows
        self._name, self._pbx = pbx_name, pbx
        self._compares = pbx.catalog.reader(action) is not None and all(
            any("@odata." not in field and field not in action.keys for field in row) for row in rows
        )
        self._outcomes: Sequence[Outcome] = ()

    def key(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row.get(name)) for name in self.action.keys)

    @property
    def failed_keys(self) -> set[tuple[str, ...]]:
        """The keys of the rows that were not deleted."""
        return {self.key(self.rows[each.n]) for each in self._failed}

    async def question(self) -> _Asked:
        """Return the question, with what goes and who refers to it, which is read from the PBX."""
        names = [row_name(row, self.action.keys) for row in self.rows]
        facts: list[str] = []
        notes: list[str] = []
        sentence = ""
        if len(self.rows) <= _LOOKED_UP:
            for row, name in zip(self.rows, names, strict=True):
                arguments = {key: row.get(key) for key in self.action.keys}
                try:
                    async with asyncio.timeout(_PATIENCE):
                        question = await aquestion_before(self._pbx, self.action, arguments)
                except TimeoutError:
                    facts += [name, _("What refers to it could not be read in time.")]
                    continue
                except TrunklineError as error:
                    facts.append(f"{name}: {error.message}")
                    continue
                sentence = question.sentence(self._name)
                facts += [name if len(self.rows) > 1 else "", *question.facts]
        else:
            facts += names[:_SHOWN]
            if more := len(names) - _SHOWN:
                facts += [_("and {number} more", number=format_number(more))] if more > 0 else []
            notes.append(_("What refers to them was not looked up."))
        if self._compares:
            notes.append(_("What somebody else changed since it was read is not deleted."))
        number = len(self.rows)
        if number > 1 or not sentence:
            what = phrase(self.action.resource)
            sentence = ngettext(
                "Delete {number} row of {what} on {pbx}?",
                "Delete {number} rows of {what} on {pbx}?",
                number,
                what=what,
                pbx=self._name,
            )
        word = str(number) if number >= _TYPED else ""
        return _Asked(sentence, [fact for fact in facts if fact], notes, word)

    async def run(self) -> None:
        """Delete the rows. Raises InvalidArgument for rows that the guards refuse, and nothing is sent."""
        parameters = {key: f"{{{{ $json.{key} }}}}" for key in self.action.keys}
        node = Node(self.action.id, parameters, on_error="continue", unchanged=self._compares)
        run = node.over([dict(row) for row in self.rows], confirm=lambda _question: True)
        await run.aon(self._pbx)
        self._outcomes = run.outcomes

    @property
    def _failed(self) -> list[Outcome]:
        return [each for each in self._outcomes if each.state is not State.DONE]

    def show(self) -> None:
        """Show the outcome of each row here."""
        failed = self._failed
        done = len(self._outcomes) - len(failed)
        with ui.element("div").classes("tl-outcome").props('role="status"'):
            tag("p", ngettext("{number} row was deleted.", "{number} rows were deleted.", done))
        if not failed:
            return
        text = ngettext("{number} row was not deleted.", "{number} rows were not deleted.", len(failed))
        with ui.element("section").classes("tl-outcome tl-outcome-failed").props(f'aria-label="{text}"'):
            tag("p", text)
            with ui.element("ul"):
                for outcome in failed[:_SHOWN]:
                    tag("li", f"{row_name(self.rows[outcome.n], self.action.keys)}: {_reason(outcome)}")
            ui.button(_("Failed rows as CSV"), on_click=self._download).props("flat no-caps dense")

    def _download(self) -> None:
        download(self.failed_csv(), f"{self.action.resource}-failed")

    def failed_csv(self) -> str:
        """Return the rows that were not deleted as a CSV, with the reason of each; secrets masked."""
        rows = [(masked(self.rows[each.n]), each) for each in self._failed]
        names = list(dict.fromkeys(name for row, _each in rows for name in row if "@odata." not in name))
        lines = [csv_line([*names, "state", "error"])]
        lines += [csv_line([*(row.get(name) for name in names), each.state.label, _reason(each)]) for row, each in rows]
        return "".join(lines)


def _reason(outcome: Outcome) -> str:
    error = outcome.error
    if isinstance(error, TrunklineError):
        return f"{error.message} {error.hint.text}".strip()
    return outcome.state.label
