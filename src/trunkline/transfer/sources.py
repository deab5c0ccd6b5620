"""What an import reads: a path, a file that is open, or rows as dictionaries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict, cast

from ..errors import InvalidArgument
from ..local.contained import reason, spelled
from .kinds import KINDS, Kind
from .sheet import LARGEST, Sheet, sheet_of

if TYPE_CHECKING:
    from ..odata import Filter

Source = str | os.PathLike[str] | IO[bytes] | Iterable[Mapping[str, Any]]
"""A path, a file that is open, or rows as dictionaries."""


class ReadOptions(TypedDict, total=False):
    """The options of `Import.read`."""

    key: str | Sequence[str]
    encoding: str | None
    renamed: Mapping[str, str]
    ignored: Sequence[str]
    clear_empty: bool
    remove_missing: bool
    defaults: Mapping[str, Any]
    dangerous: Sequence[str]
    skip_dangerous: bool
    only: str | Filter | None
    welcome_mail: bool


def kind_of(resource: str) -> Kind:
    """Return what can be imported by the name of its resource; InvalidArgument for another."""
    if resource not in KINDS:
        raise InvalidArgument(f"{resource!r} can't be imported; {', '.join(KINDS)} can.")
    return KINDS[resource]


def sheet_from(source: Source, kind: Kind, encoding: str | None) -> Sheet:
    """Read a source as a sheet. Raises InvalidArgument for what can't be read or has mistakes."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            with path.open("rb") as opened:
                content = opened.read(LARGEST + 1)
        except (OSError, ValueError) as problem:
            raise InvalidArgument(f"{spelled(path)} can't be read: {reason(problem)}.") from None
        return kind.read(content, path.name, encoding)
    if not hasattr(source, "read"):
        if not isinstance(source, Iterable) or isinstance(source, bytes | bytearray | Mapping):
            raise InvalidArgument(f"A path, a file or rows can be imported, not a {type(source).__name__}.")
        rows: Iterable[Any] = source
        return sheet_of(rows)
    file = cast("IO[bytes]", source)
    return kind.read(file.read(LARGEST + 1), Path(str(getattr(file, "name", "file"))).name.strip("<>"), encoding)
