"""Rows that stand for files, and prompts in use: what may not go, and what goes along with a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import event_log
from ..evidence import ASSUMED
from ..sounds import forget_sound
from ..values import Row
from ..warning_codes import refuse
from .rule import Rule

if TYPE_CHECKING:
    from ..store import Store

# Names under which the store keeps what no set shows.
BACKUP = "backup "
ACTIVE_PROMPT_SET = "settings active prompt set"


class Backups(Rule):
    def removed(self, store: Store, row: Row) -> None:
        name = row["FileName"]
        if BACKUP + name in store.kept:
            store.keep(BACKUP + name, None)
        event_log.log_event(store, "Info", event_log.BACKUP_DELETED, f"The backup {name} was deleted", params=(name,))


class PromptSets(Rule):
    def check_removal(self, store: Store, row: Row) -> None:
        if row["Id"] == store.kept.get(ACTIVE_PROMPT_SET, 1):
            raise refuse(store, "WARNINGS.CANNOT_BE_DELETED", fact=ASSUMED)


class CustomPrompts(Rule):
    def check_removal(self, store: Store, row: Row) -> None:
        if not row["CanBeDeleted"]:
            raise refuse(store, "WARNINGS.CANNOT_BE_DELETED", fact=ASSUMED)

    def removed(self, store: Store, row: Row) -> None:
        forget_sound(store, row["Filename"])


RULES: dict[str, Rule] = {
    "Backups": Backups(),
    "CustomPrompts": CustomPrompts(),
    "PromptSets": PromptSets(),
}
