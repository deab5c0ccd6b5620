"""A backup of a PBX: made, waited for until it is listed, downloaded, and checked."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypedDict
from urllib.parse import urlsplit

from ..catalog import load
from ..errors import Hint, InvalidArgument, NotFound, TrunklineError
from ..local.contained import reason, spelled
from ..local.placed import PLACE, paths_for
from ..local.timestamps import format_age, parse_timestamp
from ..request import bind
from ..result.files import harmless
from ..transport.threads import in_thread
from ..work.drivers import AsyncSystem, System, adrive, drive
from ..work.fleet import Fleet
from ..work.outcome import Outcome
from ..work.step import Ask, Asks, Wait


class Downloads(System, Protocol):
    """A client that saves the files which rows link to: a `Pbx`."""

    def download(self, link: str, to: Path, /) -> Any: ...


class AsyncDownloads(AsyncSystem, Protocol):
    """As `Downloads`, with an answer to await: an `AsyncPbx`."""

    def download(self, link: str, to: Path, /) -> Awaitable[Any]: ...


PREFIX = "trunkline-"
"""How the names of backups begin that nobody named."""
LONGEST_WAIT = 1800.0
_PAUSE = 3.0  # seconds between two looks at the list
# The clocks of both machines differ, and a PBX may write its own time as if it were UTC
# (docs/pbx.md, Creating and changing).
_SKEW = timedelta(days=1)


class BackupRecord(TypedDict):
    """A backup in JSON. ``file``: where it was downloaded to. ``removed``: older local files that went."""

    name: str
    pbx: str
    size: int
    created: str | None
    file: str | None
    removed: list[str]


class BackupFailed(TrunklineError):
    """A backup did not appear, or its file is not what the PBX says it is."""

    code = "backup_failed"


@dataclass(frozen=True)
class Backup:
    """A backup to be made, with the contents that the PBX's own settings say.

        Backup(folder=Path("backups"), keep=14).run(pbx)

    `run` takes a `Pbx`, `arun` an `AsyncPbx`, each for one PBX. ``name``: else one with the time. It is waited for up
    to ``longest_wait`` seconds, and must not be more than a day older than the request for it. With ``folder`` it goes
    there as ``HOST-NAME.zip`` and is checked; ``keep`` is how many local files of this PBX stay, of those that
    Trunkline named itself.
    """

    name: str = ""
    folder: Path | None = None
    keep: int | None = None
    longest_wait: float = LONGEST_WAIT

    def _checked(self) -> str:
        if self.keep is not None and (self.folder is None or self.name or self.keep < 1):
            raise InvalidArgument("keep is 1 or more, and goes with a folder and without a name.")
        if any(sign in self.name for sign in "/\\:") or self.name.startswith(".") or not self.name.isprintable():
            raise InvalidArgument(
                f"A backup can't be named {self.name!r}.", hint="Use letters, digits, spaces, dots and dashes."
            )
        if self.folder is not None:
            _make(self.folder)
        name = self.name or f"{PREFIX}{datetime.now(UTC):%Y%m%d-%H%M%S}"
        return name if name.lower().endswith(".zip") else f"{name}.zip"

    def run(self, pbx: Downloads) -> BackupRecord:
        """Make it, wait, download, check, and remove older local files.

        Raises:
            InvalidArgument: an argument that can't be, or a folder that can't be written; nothing was sent.
            BackupFailed: it was not listed in time, is an older one, or its file is damaged; then no local file was
                removed.
            BadRequest: there is one with the name. Other errors of a client as well.
        """
        name = self._checked()
        row = drive(self._made(name), pbx)
        if self.folder is None:
            return _record(row, pbx.url)
        return self._kept(download(pbx, row, self.folder))

    async def arun(self, pbx: AsyncDownloads) -> BackupRecord:
        """As `run`, in the current event loop."""
        name = self._checked()
        row = await adrive(self._made(name), pbx)
        if self.folder is None:
            return _record(row, pbx.url)
        return await in_thread(self._kept, await adownload(pbx, row, self.folder))

    def _made(self, name: str) -> Asks[dict[str, Any]]:
        """Make it; give its row once that has the same size twice."""
        making = bind(load(), load().action("backups.backup"), (), {"description": {"Name": name}})
        asked = datetime.now(UTC)
        yield Ask(making)
        size, waited = -1, 0.0
        while True:
            row = yield from _find(name)
            if row is not None and row.get("Size") and row["Size"] == size:
                _check_new(row, asked)
                return row
            size = (row or {}).get("Size") or -1
            if waited >= self.longest_wait:
                raise BackupFailed(
                    f"The PBX accepted the backup {name}, but it is not in the list after {waited:,.0f} seconds.",
                    hint="Look at the PBX's own event log.",
                )
            yield Wait(_PAUSE)  # type: ignore[misc]
            waited += _PAUSE

    def _kept(self, record: BackupRecord) -> BackupRecord:
        """Remove what is older than the newest ``keep`` files of this PBX. Only files that this names are looked at."""
        if self.keep is None or self.folder is None:
            return record
        own = sorted(self.folder.glob(f"{_host(record['pbx'])}-{PREFIX}????????-??????.zip"))
        old = own[: -self.keep]
        for path in old:
            try:
                path.unlink()
            except OSError as problem:
                raise TrunklineError(f"{spelled(path)} can't be removed ({reason(problem)}).") from None
        return {**record, "removed": [path.name for path in old]}


def back_up_each(fleet: Fleet, backup: Backup) -> Iterator[tuple[str, Outcome]]:
    """Make a backup of each PBX, a few of them at a time; one that fails leaves the others alone.

    ``{pbx}`` in the folder stands for the name of the PBX; one folder for all is fine too, for its files are called by
    the host. ``answer`` of an outcome is its `BackupRecord`. Nobody is asked, for a backup changes no setting.

    Raises InvalidArgument for a folder that can't be, ConfigurationError for two names of one PBX.
    """
    backups = _placed(fleet, backup)
    return fleet.each(lambda pbx: backups[pbx.label].run(pbx))


async def aback_up_each(fleet: Fleet, backup: Backup) -> AsyncGenerator[tuple[str, Outcome], None]:
    """As `back_up_each`, in the current event loop."""
    backups = _placed(fleet, backup)
    async with aclosing(fleet.aeach(lambda pbx: backups[pbx.label].arun(pbx))) as each:
        async for name, outcome in each:
            yield name, outcome


def _placed(fleet: Fleet, backup: Backup) -> dict[str, Backup]:
    fleet.check("backups.backup", True)
    if backup.folder is None or PLACE not in str(backup.folder):
        return dict.fromkeys(fleet.names, backup)
    folders = paths_for(backup.folder, fleet.names)
    return {name: replace(backup, folder=folder) for name, folder in zip(fleet.names, folders, strict=True)}


def _check_new(row: Mapping[str, Any], asked: datetime) -> None:
    """Refuse a backup that was made well before it was asked for. One that doesn't say when is taken."""
    created = parse_timestamp(row.get("CreationTime"))
    if created is not None and asked - created > _SKEW:
        raise BackupFailed(
            f"The PBX lists {row['FileName']} as made at {row['CreationTime']}, {format_age(asked - created)} before "
            "it was asked for: it is an older backup.",
            hint="Look at the PBX's own event log.",
        )


def _find(name: str) -> Asks[dict[str, Any] | None]:
    rows = yield Ask(bind(load(), load().action("backups.list"), (), {}))
    return next((row for row in rows if row.get("FileName") == name), None)


def find(name: str) -> Asks[dict[str, Any]]:
    """Return the row of a backup by its name, with or without ``.zip``. Raises NotFound."""
    row = (yield from _find(name)) or (yield from _find(f"{name}.zip"))
    if row is None:
        raise NotFound(f"The PBX has no backup {name!r}.", status=404, hint=Hint("See what exists.", "backups.list"))
    return row


def download(pbx: Downloads, row: Mapping[str, Any], folder: Path) -> BackupRecord:
    """Save the file of a backup's row in a folder, and check it.

    Raises:
        BackupFailed: it is not as long as the PBX says, or not a whole zip file; it is called ``….damaged`` then.
    """
    _make(folder)
    path = _path(pbx.url, row, folder)
    pbx.download(_link(row), path)
    return _verified(pbx.url, row, path)


async def adownload(pbx: AsyncDownloads, row: Mapping[str, Any], folder: Path) -> BackupRecord:
    """As `download`, in the current event loop."""
    _make(folder)
    path = _path(pbx.url, row, folder)
    await pbx.download(_link(row), path)
    return await in_thread(_verified, pbx.url, row, path)


def _link(row: Mapping[str, Any]) -> str:
    link = row.get("DownloadLink")
    if not isinstance(link, str) or not link:
        raise BackupFailed(f"The PBX names no link for the backup {row.get('FileName')!r}.")
    return link


def _verified(url: str, row: Mapping[str, Any], path: Path) -> BackupRecord:
    size, expected = path.stat().st_size, row.get("Size")
    why = ""
    if isinstance(expected, int) and size != expected:
        why = f"it has {size:,} bytes, and the PBX lists {expected:,}"
    elif not zipfile.is_zipfile(path):
        why = "it is not a whole zip file"
    if why:
        damaged = path.with_name(f"{path.name}.damaged")
        path.replace(damaged)
        raise BackupFailed(f"The backup {row['FileName']} was downloaded, but {why}: {spelled(damaged)}.")
    return {**_record(row, url), "size": size, "file": str(path)}


def _record(row: Mapping[str, Any], url: str) -> BackupRecord:
    return {
        "name": row["FileName"],
        "pbx": url,
        "size": row.get("Size") or 0,
        "created": row.get("CreationTime"),
        "file": None,
        "removed": [],
    }


def _host(url: str) -> str:
    parts = urlsplit(url)
    return harmless(f"{parts.hostname}{f'_{parts.port}' if parts.port else ''}".replace("[", ""), "pbx")


def _path(url: str, row: Mapping[str, Any], folder: Path) -> Path:
    return folder / harmless(f"{_host(url)}-{row['FileName']}", "backup.zip")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(folder)} can't be written ({reason(problem)}).") from None
