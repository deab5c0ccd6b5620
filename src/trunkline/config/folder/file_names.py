"""Names of files from natural keys: fit for every system, and no two the same on a disk that ignores case."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from ...local.contained import objection

_UNFIT = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]'
)
_LONGEST = 120  # bytes; with its folder it must fit into 260 characters on Windows
_EMPTY = "_"


def file_name(key: str) -> str:
    """Return the name of an entity's file, without an ending."""
    name = _UNFIT.sub("_", unicodedata.normalize("NFC", key)).strip(" ").rstrip(".")
    if name.startswith(".") or objection(name):
        name = f"{_EMPTY}{name}"
    if len(name.encode()) <= _LONGEST:
        return name
    kept = name.encode()[: _LONGEST - 9].decode(errors="ignore").rstrip(" .")
    return f"{kept}~{sha256(key.encode(errors='surrogatepass')).hexdigest()[:8]}"


class FileNames:
    """The names of one folder. Two are the same if a disk could take them for the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> None:
        """Reserve a name that is there."""
        self._taken.add(_folded(name))

    def free(self, key: str) -> str:
        """Return a name for a key that nothing else has, and reserve it: ``Sales``, else ``Sales~2``."""
        wanted = name = file_name(key)
        number = 1
        while _folded(name) in self._taken:
            number += 1
            name = f"{wanted}~{number}"
        self.take(name)
        return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
