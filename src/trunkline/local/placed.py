"""A file for each of several things: a path in which ``{pbx}`` stands for the name of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InvalidArgument
from .contained import objection

PLACE = "{pbx}"


def paths_for(template: str | Path, names: Sequence[str]) -> list[Path]:
    """Return the path for each name, and make the folders that they are in.

    A name is one part of a path: it leads into no other folder, and two of them are never the same file, also on a
    disk that takes ``A`` and ``a`` for one.

    Raises:
        InvalidArgument: the path has no ``{pbx}`` and there are several names, a name can't be a part of a path, or a
            folder can't be made. Then no folder was made for any.
    """
    text = str(template)
    if PLACE not in text and len(names) > 1:
        raise InvalidArgument(
            f"{text} would be the file of {len(names):,} PBXs, each of which replaces the one before.",
            hint=f"Put {PLACE} into the path, such as exports/{PLACE}/june.csv. Nothing was sent.",
        )
    seen: dict[str, str] = {}
    for name in names:
        why = "it has a separator" if "/" in name or "\\" in name else objection(name)
        if why or name in (".", ".."):
            raise InvalidArgument(f"The PBX {name!r} can't be a part of a path{': ' * bool(why)}{why}.")
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise InvalidArgument(f"The files of the PBXs {other!r} and {name!r} would be the same on some disks.")
    paths = [Path(text.replace(PLACE, name)) for name in names]
    for path in paths if PLACE in text else ():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise InvalidArgument(f"The folder {path.parent} can't be made: {problem.strerror}.") from None
    return paths
