"""The files of a folder: which there are, in an order that is always the same, and their text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import InvalidArgument
from ...local.contained import open_named, reason, resolved
from ..model import Place
from .faults import Faults

ENDINGS = (".yaml", ".yml")
MOST = 50_000
LARGEST = 8 * 2**20
"""Bytes of a file."""
_USUAL = 2**16  # room for the largest would be made for each file
_SHARED = (
    "Put the file itself there; what several folders share goes into a folder that each names in its trunkline.yaml, "
    "under `extends`."
)
_DIGITS = re.compile(r"(\d+)")


class File(NamedTuple):
    """A file of an entity: the folder that it is in, and its name without an ending."""

    kind: str
    stem: str
    path: str


def files(root: Path, shown: str, faults: Faults) -> Iterator[File]:
    """Yield the YAML files in the folders of a folder, folder by folder, in natural order: ``x2`` before ``x10``.

    What can't be read goes to ``faults``, and so does a folder within one of a kind: it would be read by nobody.
    """
    found = 0
    for kind in _names(root, "", shown, faults):
        if not (root / kind).is_dir() or kind.startswith("."):
            continue
        for name in sorted(_names(root, kind, shown, faults), key=natural):
            path = f"{kind}/{name}"
            stem, ending = os.path.splitext(name)  # noqa: PTH122 (a name, not a path)
            if stem.startswith(".") or ending.lower() not in ENDINGS:
                if ending.lower() not in ENDINGS and not name.startswith(".") and (root / path).is_dir():
                    faults.add(_place(shown, path), "folders within a folder of a kind are not read; move its files up")
                continue
            found += 1
            if found > MOST:
                faults.add(
                    _place(shown, path), f"a folder has at most {MOST:,} files, and those after this one are not read"
                )
                return
            yield File(kind, stem, path)


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what sorts names as people do: without their ending, numbers in them by their value."""
    stem = name.rpartition(".")[0] or name
    return tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in _DIGITS.split(stem))


def read_text(root: Path, path: str) -> str:
    """Return the text of a file in a folder.

    Raises:
        FileNotFoundError: there is none.
        OSError: it can't be read.
        InvalidArgument: a link leads out of the folder, it is too large, or it is not UTF-8.
    """
    try:
        file = open_named(root, path)
    except InvalidArgument as refusal:
        raise _advised(refusal) from None
    with file:
        data = file.read(_USUAL)
        if len(data) == _USUAL:
            data += file.read(LARGEST + 1 - _USUAL)
    if len(data) > LARGEST:
        raise InvalidArgument(f"it is larger than {LARGEST:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise InvalidArgument(f"it is not UTF-8 from line {line} on; save it as UTF-8", line=line) from None


def place_in(root: Path, path: str) -> Path:
    """Return the real path of a file in a folder. Raises InvalidArgument where a link leads out of the folder."""
    try:
        return resolved(root, path)
    except InvalidArgument as refusal:
        raise _advised(refusal) from None


def _advised(refusal: InvalidArgument) -> InvalidArgument:
    """Return the refusal of a link with what to do in a folder of configuration."""
    return refusal.replace(hint=_SHARED) if refusal.hint else refusal


def _names(root: Path, folder: str, shown: str, faults: Faults) -> list[str]:
    try:
        return sorted(os.listdir(root / folder))  # noqa: PTH208 (names are enough)
    except OSError as problem:
        faults.add(_place(shown, folder or "."), f"the folder can't be read: {reason(problem)}")
        return []


def _place(shown: str, path: str) -> Place:
    return Place(f"{shown}/{path}" if shown else path, 1)
