"""Backups: made, listed, downloaded, restored and deleted.

A backup is complete when its request is answered. It holds the store as it was (archive.py), and restoring brings
that back. The backups that a seed came with hold the seed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote, urlsplit

from .. import event_log
from ..answers import Call
from ..archive import pack, pack_seed, unpack
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import Refusal, bad_field
from ..rules.files import BACKUP
from ..sounds import as_bytes, as_text
from ..store import Store
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, REQUIRED, refuse
from .kept_settings import setting
from .version import version_of

DOWNLOADS = "/api/download/"
# A PBX has a limit (WARNINGS.TOO_MANY_BACKUPS); how high it is nobody has said.
MOST = 20
FOOTPRINT = 1_000_000_000
_NAME = re.compile(r"[^\\/:*?\"<>|\x00-\x1f]{1,100}")


def _backup(call: Call) -> Response:
    """Make a backup of the contents asked for, else of those in the settings.

    Raises Refusal (400): a name that no file may have or that is taken, too many backups, or no password.
    """
    store = call.store
    asked = call.body()["description"]
    name = _file_name(store, asked.get("Name", ""))
    contents = asked.get("Contents") or setting(store, "BackupSettings")["Contents"] or {}
    password = (contents.get("EncryptBackupPassword") or {}).get("Value") or ""
    if contents.get("EncryptBackup") and not password:
        raise bad_field("EncryptBackupPassword", REQUIRED, fact=ASSUMED)
    if name in store.tables["Backups"].rows:
        raise bad_field("Name", ALREADY_IN_USE, fact=ASSUMED)
    if not _can_create(store):
        raise refuse(store, "WARNINGS.TOO_MANY_BACKUPS", fact=ASSUMED)
    content = pack(store, contents)
    store.keep(
        BACKUP + name, {"content": as_text(content), "password": password if contents.get("EncryptBackup") else ""}
    )
    store.put(
        "Backups",
        {
            "FileName": name,
            "CreationTime": event_log.stamp(store.now()),
            "DownloadLink": DOWNLOADS + quote(name),
            "Size": len(content),
        },
    )
    event_log.log_event(store, "Info", event_log.BACKUP_DONE, f"The backup {name} was written", params=(name,))
    return Response(204)


def _file_name(store: Store, name: str) -> str:
    if not name:
        raise bad_field("Name", REQUIRED, fact=ASSUMED)
    if not _NAME.fullmatch(name) or name.startswith(".") or name != name.strip():
        raise refuse(store, "WARNINGS.XAPI.INVALID_FILE_NAME", "Name", fact=ASSUMED)
    return name if name.lower().endswith(".zip") else f"{name}.zip"


def _can_create(store: Store) -> bool:
    return len(store.rows("Backups")) < MOST


def file_of(store: Store, name: str) -> bytes | None:
    """Return the zip of a backup; None if there is no such backup."""
    row = store.tables["Backups"].rows.get(name)
    if row is None:
        return None
    kept = store.kept.get(BACKUP + name)
    return as_bytes(kept["content"]) if kept else pack_seed(store, row["Size"])


def _password(store: Store, name: str) -> str:
    return str((store.kept.get(BACKUP + name) or {}).get("password", ""))


def _found(call: Call) -> Row:
    """Return the backup of a call. Raises Refusal (400) as restoring does for a file that isn't there."""
    try:
        return call.entity()
    except Refusal:
        raise refuse(call.store, "WARNINGS.BACKUP_NOT_FOUND_OR_INVALID", fact=ASSUMED) from None


def _restore(call: Call) -> Response:
    """Bring the PBX back to what it was. Raises Refusal (400): no such backup, or the wrong password."""
    store, name = call.store, _found(call)["FileName"]
    password = _password(store, name)
    if password and call.body()["password"] != password:
        raise refuse(store, "WARNINGS.INVALID_PASSWORD", "password", fact=ASSUMED)
    unpack(store, file_of(store, name) or b"")
    event_log.log_event(store, "Info", event_log.BACKUP_RESTORED, f"The backup {name} was restored", params=(name,))
    return Response(204)


def _purge(call: Call) -> Response:
    call.store.clear("Backups")
    return Response(204)


def _extras(call: Call) -> Response:
    store, name = call.store, call.entity()["FileName"]
    extras = {
        "Footprint": FOOTPRINT + call.entity()["Size"],
        "IsEncrypted": bool(_password(store, name)),
        "Version": version_of(store),
    }
    return call.write_entity(store.values.complete("Pbx.BackupExtras", extras))


def _local_size(call: Call) -> Response:
    """In bytes, all backups together."""
    return call.write_value(sum(row["Size"] for row in call.store.rows("Backups")))


def _host_key(call: Call) -> Response:
    """Return a fingerprint as OpenSSH writes it, the same each time for one host.

    Raises Refusal (400) for no SFTP path.
    """
    path = call.body()["sftpPath"]
    try:
        host = urlsplit(path if "://" in path else f"sftp://{path}").hostname
    except ValueError:
        host = None
    if not host or " " in path:
        raise refuse(call.store, "WARNINGS.XAPI.CANNOT_CONNECT_SFTP", "sftpPath", fact=ASSUMED)
    digest = base64.b64encode(hashlib.sha256(host.encode()).digest()).rstrip(b"=").decode("ascii")
    return call.write_value(f"SHA256:{digest}")


def _scripts(call: Call) -> Response:
    """Return the scripts that failover can run: nobody has put any there, save those that its settings name."""
    settings = setting(call.store, "BackupFailoverSettings")
    names = {settings["PreStartScript"], settings["PostStartScript"]} - {None, ""}
    return call.write_list([{"Filename": name} for name in sorted(names)])


HANDLERS = declared(
    ASSUMED,
    {
        "backups.backup": _backup,
        "backups.restore": _restore,
        "backups.get_backup_extras": _extras,
        "backups.get_can_create_backup": lambda call: call.write_value(_can_create(call.store)),
        "backups.get_local_backup_size": _local_size,
        "backups.get_sftp_host_key": _host_key,
        "backups.get_failover_scripts": _scripts,
        "backups.purge_local_backups": _purge,
        "purge_settings.purge_local_backups": _purge,
    },
)
