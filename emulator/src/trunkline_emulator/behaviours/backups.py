"""Backups: made, listed, downloaded, restored and deleted.

A backup is complete when its request is answered. It holds the store as it was (archive.py), and restoring brings
that back. The backups that a seed came with hold the seed.
"""

from __future__ import annotations

from urllib.parse import quote

from .. import event_log
from ..answers import Call
from ..archive import pack, pack_seed, unpack
from ..crud import declared
from ..evidence import ASSUMED, refusal, seen
from ..messages import Response
from ..refusals import bad_field
from ..rules.files import BACKUP
from ..sounds import as_bytes, as_text
from ..store import Store
from ..warning_codes import DUPLICATE
from .settings import setting
from .version import version_of

SAME_NAME = refusal("A second backup of the same name answers 400.", seen("creating-and-changing"))
DOWNLOADS = "/api/download/"
FOOTPRINT = 1_000_000_000


def _backup(call: Call) -> Response:
    """Make a backup of the contents asked for, else of those in the settings. Raises Refusal (400): a name in use."""
    store, asked = call.store, call.body().get("description") or {}
    name = asked.get("Name") or f"backup-{store.now():%Y-%m-%d-%H%M%S-%f}"
    name = name if name.lower().endswith(".zip") else f"{name}.zip"
    if name in store.tables["Backups"].rows:
        raise bad_field("Name", DUPLICATE, fact=SAME_NAME)
    contents = asked.get("Contents") or setting(store, "BackupSettings")["Contents"] or {}
    content = pack(store, contents)
    store.keep(BACKUP + name, {"content": as_text(content), "encrypted": bool(contents.get("EncryptBackup"))})
    row = {"FileName": name, "DownloadLink": DOWNLOADS + quote(name, safe=""), "Size": len(content)}
    store.put("Backups", {**row, "CreationTime": event_log.stamp(store.now())})
    event_log.log_event(store, "Info", event_log.BACKUP_DONE, f"The backup {name} was written", params=(name,))
    return Response(204)


def file_of(store: Store, name: str) -> bytes | None:
    """Return the zip of a backup; None if the PBX lacks it."""
    row = store.tables["Backups"].rows.get(name)
    if row is None:
        return None
    kept = store.kept.get(BACKUP + name)
    return as_bytes(kept["content"]) if kept else pack_seed(store, row["Size"])


def _restore(call: Call) -> Response:
    """Bring the PBX back to what it was, whatever the password is. Raises Refusal (404)."""
    store, name = call.store, call.entity()["FileName"]
    unpack(store, file_of(store, name) or b"")
    event_log.log_event(store, "Info", event_log.BACKUP_RESTORED, f"The backup {name} was restored", params=(name,))
    return Response(204)


def _extras(call: Call) -> Response:
    store, row = call.store, call.entity()
    kept = store.kept.get(BACKUP + row["FileName"]) or {}
    extras = {
        "Footprint": FOOTPRINT + row["Size"],
        "IsEncrypted": kept.get("encrypted", False),
        "Version": version_of(store),
    }
    return call.write_entity(store.values.complete("Pbx.BackupExtras", extras))


def _local_size(call: Call) -> Response:
    """Return the size of all backups together, in bytes."""
    return call.write_value(sum(row["Size"] for row in call.store.rows("Backups")))


HANDLERS = declared(seen("creating-and-changing"), {"backups.backup": _backup}) | declared(
    ASSUMED,
    {
        "backups.restore": _restore,
        "backups.get_backup_extras": _extras,
        "backups.get_can_create_backup": lambda call: call.write_value(True),
        "backups.get_local_backup_size": _local_size,
    },
)
