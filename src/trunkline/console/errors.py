"""Errors and concerns as the console shows them: what happened, to which PBX, and what to do next in its words."""

from __future__ import annotations

from typing import NamedTuple

from ..catalog import load
from ..errors import COMMANDS, Hint, TrunklineError, Unexpected
from ..monitor.concerns import TEXTS, Concern
from .language import _, translated


class Shown(NamedTuple):
    """An error in words. ``action`` is the id of an action that helps, "" where none does."""

    message: str
    advice: str
    action: str


def shown(error: BaseException) -> Shown:
    """Return an error in the console's words. An exception that is not ours is a defect, and its text stays here."""
    ours = error if isinstance(error, TrunklineError) else Unexpected.of(error)
    advice, action = spelled(ours.hint)
    return Shown(ours.message, advice, action)


def spelled(hint: Hint) -> tuple[str, str]:
    """Return what a hint advises, and the action of the catalog that does it, if one does."""
    if hint.action in {action.id for action in load().actions}:
        return hint.text, hint.action
    if hint.action in COMMANDS:
        command = f"trunkline {hint.action.replace('.', ' ')}"
        command = _("On the command line: {command}.", command=command)
        return f"{hint.text} {command}".strip(), ""
    return hint.text, ""


def concern_text(concern: Concern) -> str:
    """Return what needs attention in the language of the browser."""
    return translated(TEXTS[concern.kind], concern.values)
