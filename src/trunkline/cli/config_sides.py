"""The two sides of a comparison as people name them: a folder, a saved PBX, an address, a folder in a commit of git."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InvalidArgument
from ..printable import printable
from .connection_options import ConnectionOptions

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.folder.revision import Revision
    from ..config.model import Configuration

PROFILE = "profile:"
"""What comes before the name of a saved PBX, so that it is not taken for a folder."""


class Side(NamedTuple):
    """What a text names: one of the four is set."""

    text: str
    folder: Path | None = None
    profile: str = ""
    url: str = ""
    revision: Revision | None = None

    @property
    def is_pbx(self) -> bool:
        """Whether it is read from a PBX."""
        return bool(self.profile or self.url)

    def __str__(self) -> str:
        if self.profile:
            return printable(f"profile {self.profile}")
        return printable(f"folder {self.text}" if self.folder is not None else self.text)


def side_of(text: str) -> Side:
    """Find out what a text names: a folder that is there, else a saved PBX, an address, or REV:DIR.

    Raises InvalidArgument for a text that names none of them.
    """
    from ..config.folder.revision import Revision
    from ..connections.profiles import saved_tables

    if not text:
        raise InvalidArgument("A side is an empty text.", hint="The current folder is a dot.")
    saved = saved_tables(os.environ)
    if Path(text).is_dir():
        return Side(text, Path(text))
    if text.startswith(PROFILE):
        return Side(text, profile=text.removeprefix(PROFILE))
    if "://" in text:
        return Side(text, url=text)
    if text in saved:
        return Side(text, profile=text)
    if (revision := Revision.parsed(text)) is not None:
        return Side(text, revision=revision)
    if Path(text).is_file():
        raise InvalidArgument(f"{text} is a file, and a configuration is a folder.", hint="Give the folder.")
    known = f" Saved PBXs: {', '.join(saved)}." if saved else ""
    raise InvalidArgument(
        f"There is no folder {text!r}, and no saved PBX of that name.{known}",
        hint="A side is a folder, profile:NAME, an address such as https://pbx.example.com, or REV:DIR in git.",
    )


def configurations(
    sides: Sequence[Side], connection: ConnectionOptions, only: Sequence[str] | None
) -> list[Configuration]:
    """Load the sides: folders first, then PBXs at once, of which only what is compared is read.

    Raises TrunklineError: a folder can't be loaded, or a PBX can't be read.
    """
    from ..config.sources import needed

    loaded = {n: _loaded(side) for n, side in enumerate(sides) if not side.is_pbx}
    kinds = sorted({name for each in loaded.values() for name in needed(each, only)}) if loaded else only
    read = asyncio.run(_read([side for side in sides if side.is_pbx], connection, kinds))
    return [loaded[n] if n in loaded else read.pop(0) for n in range(len(sides))]


def _loaded(side: Side) -> Configuration:
    from ..config.folder.loading import load
    from ..config.folder.revision import extracted

    if side.revision is None:
        return load(side.folder or Path())
    with extracted(side.revision) as folder:
        configuration = load(folder)
    configuration.name = str(side.revision)
    return configuration


async def _read(
    sides: Sequence[Side], connection: ConnectionOptions, kinds: Sequence[str] | None
) -> list[Configuration]:
    from ..config.reading import aread

    async def read(side: Side) -> Configuration:
        async with connected(side, connection) as pbx:
            return (await aread(pbx, kinds)).configuration

    return list(await asyncio.gather(*map(read, sides)))


def connection_of(side: Side, connection: ConnectionOptions) -> ConnectionOptions:
    """Return the options that lead to a side that is a PBX."""
    if side.profile:  # its own address and key, whatever was given for an address on the other side
        return connection._replace(url=None, client_id=None, client_secret=None, profiles=(side.profile,))
    return connection._replace(url=side.url, profiles=(), all_profiles=None)


def connected(side: Side, connection: ConnectionOptions) -> AsyncPbx:
    """Return a client of a side that is a PBX. Raises ConfigurationError where it can't be made."""
    return connection_of(side, connection).client()
