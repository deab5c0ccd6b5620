"""Which folders of configuration the console reads, and the last ones that somebody chose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from ..errors import ConfigurationError, InvalidArgument
from ..local.atomic import replace_file
from ..local.folders import expanded, own_folder

MOST = 8
"""Folders that are remembered."""
_LONGEST = 4096  # characters of a path

_roots: list[Path] = []


def use(folders: Sequence[Path]) -> None:
    """Say below which folders a folder may be: what a person who is signed in can see of this machine.

    Without any it is the home of the user whose process this is. Raises ConfigurationError for one that isn't there.
    """
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder.", hint="Name the folder that has configurations.")
    _roots[:] = [Path(os.path.realpath(folder)) for folder in folders]


def roots() -> list[Path]:
    """Return the folders below which a folder may be."""
    return _roots or [Path(os.path.realpath(Path.home()))]


def folder_of(text: str) -> Path:
    """Return the real path of a folder that somebody typed. Raises InvalidArgument for one that may not be read."""
    text = text.strip()
    if not text:
        raise InvalidArgument("No folder is given.", hint="Type the path of a folder with a configuration.")
    if len(text) > _LONGEST:
        raise InvalidArgument("The path is too long.")
    below = " or ".join(map(str, roots()))
    try:
        typed = expanded(text)
        path = Path(os.path.realpath(typed if typed.is_absolute() else roots()[0] / typed))
        is_within = any(path.is_relative_to(root) for root in roots())
        is_folder = is_within and path.is_dir()
    except (OSError, ValueError):
        path, is_within, is_folder = Path(), False, False
    if not is_within:  # whether it is there is nothing that this answer should show
        raise InvalidArgument(
            f"{text} is not below {below}.",
            hint="Start the console with --config-folder for each other folder that has configurations.",
        )
    if not is_folder:
        raise InvalidArgument(f"{path} is not a folder.", hint=f"It has to be below {below}.")
    return path


def remembered() -> list[str]:
    """Return the folders that were chosen last, the newest first, as far as they may still be read."""
    found: list[str] = []
    with suppress(OSError, msgspec.MsgspecError):
        if (file := _file()) is not None:
            found = msgspec.json.decode(file.read_bytes(), type=list[str])
    known: list[str] = []
    for text in found[:MOST]:
        with suppress(InvalidArgument):
            known.append(str(folder_of(text)))
    return list(dict.fromkeys(known))


def remember(folder: Path) -> None:
    """Remember a folder. One that can't be kept is forgotten: nothing depends on it."""
    names = [str(folder), *(name for name in remembered() if name != str(folder))][:MOST]
    with suppress(OSError):
        if (file := _file()) is not None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replace_file(file, file.with_name(f".{file.name}.part")) as part:
                part.write(msgspec.json.encode(names))


def _file() -> Path | None:
    own = own_folder("state")
    return None if own is None else own / "console" / "config-folders.json"
