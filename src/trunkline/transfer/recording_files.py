"""A folder of recordings: each a file with a ``.json`` beside it that says whose it is and how long the file is.

A file is fetched under a hidden name, its ``.json`` is written, and it gets its name last. So whatever ends a run, a
file that has its name is complete, and the ``.json`` tells a later run that it has that recording.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ..errors import BrokenAnswer, ConfigurationError, InvalidArgument
from ..local.atomic import replace_file
from ..local.contained import open_regular, reason, resolved, spelled
from ..local.lock import LockTaken, acquire_lock
from ..local.timestamps import format_timestamp
from ..transport.address import comparable_url
from .file_names import folded_name, numbered
from .parts import saying_why

_LOCK = ".trunkline.lock"
_LONGEST = 2**26  # bytes of a .json; a transcription may be long
_RIFF_HEAD = 8  # bytes of a WAV file that its own length doesn't count
_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF, 0x7FFFFFFF)
"""What programs write as the length of a WAV file that they stream."""


class Sidecar(msgspec.Struct, frozen=True):
    """What ``NAME.json`` says: which recording of which PBX, how many bytes, and the PBX's own row of it.

    ``declared_size`` is the length that the WAV file itself names, None where it names none.
    """

    pbx: str
    id: int
    size: int
    declared_size: int | None
    fetched_at: str
    recording: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        """Whether the file has all that it says it has."""
        return self.declared_size is None or self.size >= self.declared_size


_SIDECARS = msgspec.json.Decoder(Sidecar)


class Target(NamedTuple):
    """A recording and its place: ``name`` within the folder. ``sidecar``: that of a file that is there already."""

    row: Mapping[str, Any]
    name: str
    sidecar: Sidecar | None = None

    @property
    def id(self) -> int:
        number: int = self.row["Id"]
        return number


class RecordingFolder:
    """The folder that recordings of a PBX go into. Use it inside `held`, which keeps other processes out."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self._url = folder, comparable_url(url)
        self._taken: dict[str, int] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for this process while a block runs, and make it if there is none.

        Raises:
            ConfigurationError: another process is writing into it.
            InvalidArgument: it can't be written.
        """
        try:
            lock = acquire_lock(self.folder / _LOCK)
        except LockTaken:
            raise ConfigurationError(
                f"Another process is writing recordings into {self.folder}.", hint="Wait for it, or name another one."
            ) from None
        except (OSError, ValueError) as problem:
            raise InvalidArgument(f"{spelled(self.folder)} can't be written ({reason(problem)}).") from None
        try:
            yield
        finally:
            lock.release()

    def place(self, row: Mapping[str, Any], name: str) -> Target:
        """Return where a recording goes: the name, or one with its Id where the name is taken by something else."""
        number = row["Id"]
        for tried in (name, numbered(name, number), *(f"{number}/{n}-{name.rpartition('/')[2]}" for n in range(1, 10))):
            if self._taken.get(folded_name(tried), number) != number:
                continue
            path = self._path(tried)
            sidecar = self.sidecar(tried)
            is_own = sidecar is not None and (sidecar.id, sidecar.pbx) == (number, self._url)
            if not is_own and (os.path.lexists(path) or os.path.lexists(_beside(path))):
                continue
            self._taken[folded_name(tried)] = number
            is_there = is_own and sidecar is not None and _size(path) == sidecar.size
            return Target(row, tried, sidecar if is_there else None)
        raise InvalidArgument(
            f"{spelled(self.folder / name)} and its like are taken by other files.", hint="Name another folder."
        )

    def _path(self, name: str) -> Path:
        """Return the path of a name. InvalidArgument where a link leads out of the folder."""
        return resolved(self.folder, name)

    def sidecar(self, name: str) -> Sidecar | None:
        """Return what the ``.json`` of a file says; None where there is none, or Trunkline did not write it."""
        try:
            with open_regular(_beside(self._path(name))) as file:
                return _SIDECARS.decode(file.read(_LONGEST))
        except (OSError, ValueError, RecursionError):  # all that msgspec raises are ValueErrors
            return None

    def hidden(self, target: Target) -> Path:
        """Return where a recording is fetched to before it gets its name; its folder is made."""
        path = self._path(target.name)
        with saying_why(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.with_name(f".{target.id}.fetched")

    def keep(self, target: Target, row: Mapping[str, Any]) -> Sidecar:
        """Write the ``.json`` of a file that was fetched, and give the file its name.

        Raises:
            BrokenAnswer: it is empty.
            TrunklineError: it can't be written.
        """
        path = self._path(target.name)
        hidden = path.with_name(f".{target.id}.fetched")
        with saying_why(path):
            size = hidden.stat().st_size
            if not size:
                hidden.unlink()
                raise BrokenAnswer(f"The PBX sent an empty file as recording {target.id}.")
            sidecar = Sidecar(
                self._url, target.id, size, _declared(hidden), format_timestamp(datetime.now(UTC)), dict(row)
            )
            with replace_file(_beside(path)) as file:
                file.write(msgspec.json.format(msgspec.json.encode(sidecar), indent=2) + b"\n")
            hidden.replace(path)
        return sidecar

    def is_safe(self, name: str, number: int) -> bool:
        """Whether a recording is on the disk as a whole: as long as its ``.json`` and its own first bytes say."""
        sidecar = self.sidecar(name)
        if sidecar is None or (sidecar.id, sidecar.pbx) != (number, self._url):
            return False
        return sidecar.is_whole and _size(self._path(name)) == sidecar.size


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _size(path: Path) -> int:
    """Return the length of a file, -1 where there is none."""
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:
        return -1


def _declared(path: Path) -> int | None:
    """Return the length that a WAV file names, None where it names none or is not one."""
    with open_regular(path) as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    length = int.from_bytes(head[4:8], "little")
    return None if length in _UNKNOWN_LENGTHS else length + _RIFF_HEAD
