"""Rows that stand for files, and prompts in use: what may not go, and what goes along with a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import event_log
from ..memory import remembered
from ..sounds import forget_sound, playlist_sound
from ..values import Row
from ..warning_codes import refuse
from .rule import Rule

if TYPE_CHECKING:
    from ..store import Store

# Names under which the store keeps what no set shows.
BACKUP = "backup "
ACTIVE_PROMPT_SET = "settings active prompt set"
ORIGINALS = "settings email template originals"
# Where a playlist can be in use: sets and singletons with fields such as OnHoldFile and MusicOnHold.
_PLAYED = ("Queues", "CallParkingSettings", "ConferenceSettings", "MusicOnHoldSettings")


class Backups(Rule):
    def removed(self, store: Store, row: Row) -> None:
        name = row["FileName"]
        if BACKUP + name in store.kept:
            store.keep(BACKUP + name, None)
        event_log.log_event(store, "Info", event_log.BACKUP_DELETED, f"The backup {name} was deleted", params=(name,))


class PromptSets(Rule):
    def check_removal(self, store: Store, row: Row) -> None:
        if row["Id"] == remembered(store, ACTIVE_PROMPT_SET, 1):
            raise refuse(store, "WARNINGS.CANNOT_BE_DELETED")


class CustomPrompts(Rule):
    def check_removal(self, store: Store, row: Row) -> None:
        if not row["CanBeDeleted"]:
            raise refuse(store, "WARNINGS.CANNOT_BE_DELETED")

    def removed(self, store: Store, row: Row) -> None:
        forget_sound(store, row["Filename"])


class Playlists(Rule):
    """A playlist needs something to play: files, or a folder that has them."""

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        volume = row["MaxVolumePercent"]
        if volume is not None and not 0 <= volume <= 100:
            raise refuse(store, "WARNINGS.XAPI.OUT_OF_THE_RANGE", "MaxVolumePercent")
        if (
            not row["Files"]
            and not row["RepositoryPath"]
            and (old is None or given.keys() & {"Files", "RepositoryPath"})
        ):
            raise refuse(store, "WARNINGS.XAPI.PLAYLIST_NO_SOURCE", "Files")

    def check_removal(self, store: Store, row: Row) -> None:
        names = {row["Name"], row["PromptName"]} - {None, ""}
        players = [other for name in _PLAYED if name in store.tables for other in store.rows(name)]
        players += [store.singletons[name] for name in _PLAYED if name in store.singletons]
        if any(value in names for other in players for field, value in other.items() if "OnHold" in field):
            raise refuse(store, "WARNINGS.XAPI.PLAYLIST_IN_USE")

    def removed(self, store: Store, row: Row) -> None:
        for name in row["Files"] or []:
            forget_sound(store, playlist_sound(row["Name"], name))


class EmailTemplates(Rule):
    """A changed template remembers how it was, so that it can be made the default again."""

    def prepare(self, store: Store, given: Row, old: Row | None) -> Row:
        return {**given, "IsDefault": False} if old and "IsDefault" in old else given

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        originals = remembered(store, ORIGINALS, {})
        if old and row["TemplatePath"] not in originals:
            kept = {name: old[name] for name in ("Subject", "Body", "From") if name in old}
            store.keep(ORIGINALS, {**originals, row["TemplatePath"]: kept})


RULES: dict[str, Rule] = {
    "Backups": Backups(),
    "CustomPrompts": CustomPrompts(),
    "EmailTemplate": EmailTemplates(),
    "Playlists": Playlists(),
    "PromptSets": PromptSets(),
}
