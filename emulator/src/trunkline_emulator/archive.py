"""Backups as files: a zip with a JSON file for each set, made from the store and read back into it.

What a backup leaves out when asked to is told by its contents (``Pbx.BackupContents``). What happened is in none:
calls, chats, recordings, logs; nor what is going on now, and the backups themselves. An "encrypted" backup asks for
its password on restoring, but its zip is a plain one.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import msgspec

from .store import Store
from .values import Row

_NEVER = frozenset({
    "ActiveCalls", "ActivityLog", "Backups", "CallHistoryView", "ChatHistoryView", "ChatMessagesHistoryView",
    "EventLogs", "Firewall", "LastCdrAndChatMessageTimestamp", "MyGroup", "MyTokens", "MyUser", "Recordings",
    "ReportCallLogData", "SecurityTokens", "Services", "SystemStatus",
})  # fmt: skip
PARTS = {
    "Prompts": frozenset({"CustomPrompts", "Playlists", "PromptSets"}),
    "PhoneProvisioning": frozenset({"DeviceInfos", "Firmwares", "PhoneLogos", "PhoneTemplates", "SipDevices"}),
    "License": frozenset({"LicenseStatus"}),
    "FQDN": frozenset({"NetworkSettings"}),
}
KEPT = "settings "
# The prefix of each name in `store.kept`, and the part of a backup that holds it; "" is in every backup.
_KEPT_PARTS = {
    KEPT: "",
    "sound ": "Prompts",
    "client secrets": "",
    "properties of DNs": "",
}
_PADDING = "padding.bin"
# What a stored member adds to a zip beside its content: its header, its line in the directory, its name twice.
_MEMBER = 30 + 46 + 2 * len(_PADDING)


def pack(store: Store, contents: Mapping[str, Any]) -> bytes:
    """Return the store as a zip; of ``contents`` what is False is left out."""
    left_out = {part for part in PARTS if contents.get(part) is False}
    without = _NEVER.union(*(PARTS[part] for part in left_out))
    dump = {name: list(table.rows.values()) for name, table in store.tables.items() if name not in without}
    singles = {name: row for name, row in store.singletons.items() if name not in without}
    kept = {name: value for name, value in store.kept.items() if _goes_along(name, left_out)}
    memory = {"left out": sorted(left_out), "kept": kept}
    files = {"memory.json": memory, **{f"sets/{name}.json": value for name, value in {**dump, **singles}.items()}}
    return _zipped({name: msgspec.json.encode(value) for name, value in files.items()})


def pack_seed(store: Store, size: int) -> bytes:
    """Return what the backups of a seed hold: the store on its first day, filled up to their size in bytes."""
    return pad(pack(Store(store.catalog, store.seed, store.now), {}), size)


def pad(content: bytes, size: int) -> bytes:
    """Return a zip grown to ``size`` bytes by one more member; one that is too large for that stays as it is."""
    missing = size - len(content) - _MEMBER
    if missing < 0:
        return content
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(_PADDING), bytes(missing))
    return out.getvalue()


def _goes_along(name: str, left_out: set[str]) -> bool:
    part = next((part for prefix, part in _KEPT_PARTS.items() if name.startswith(prefix)), None)
    return part is not None and part not in left_out


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(store: Store, content: bytes) -> None:
    """Bring the store back to what a zip of ``pack`` holds; sets that it lacks stay as they are."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".json")}
    memory = msgspec.json.decode(files.pop("memory.json"))
    kept = memory["kept"]
    since = [name for name in store.kept if name not in kept and _goes_along(name, set(memory["left out"]))]
    for name, value in {**kept, **dict.fromkeys(since)}.items():
        store.keep(name, value)
    for path, encoded in files.items():
        name = path.removeprefix("sets/").removesuffix(".json")
        if name in store.singletons:
            store.change(name, store.singletons[name], **msgspec.json.decode(encoded))
        else:
            _refill(store, name, msgspec.json.decode(encoded))


def _refill(store: Store, name: str, wanted: list[Row]) -> None:
    """Rows that are in both stay the same objects, as a singleton such as MyUser is one of them."""
    table = store.tables[name]
    if table.key is None:
        store.clear(name)
        for row in wanted:
            store.put(name, row)
        return
    keep = {row[table.key] for row in wanted}
    for key in [key for key in table.rows if key not in keep]:
        store.forget(name, table.rows[key])
    for row in wanted:
        if row[table.key] in table.rows:
            store.change(name, table.rows[row[table.key]], **row)
        else:
            store.put(name, row)
