"""The one body that is not JSON: a file as a multipart part (docs/pbx.md, Files). It is opened where it is sent."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple

from ..errors import InvalidArgument


@dataclass(frozen=True)
class ContainedFile:
    """A file that must lie in a folder still when it is opened: ``path`` is real, without links."""

    folder: PurePath
    path: PurePath

    @property
    def name(self) -> str:
        return self.path.name


Source = bytes | PurePath | ContainedFile | BinaryIO


class Part(NamedTuple):
    """A form with one file. ``start`` is where an open file stood when it was given: sent again, it starts there."""

    name: str
    filename: str
    source: Source
    start: int = 0

    def envelope(self, boundary: str) -> tuple[bytes, bytes]:
        """Return what stands before and after the content.

        The name is written as browsers write it (WHATWG, multipart/form-data), since the Admin console is one: UTF-8,
        with only quotes and line breaks escaped.
        """
        filename = self.filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{self.name}"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return head.encode(errors="replace"), f"\r\n--{boundary}--\r\n".encode()


def part(name: str, value: Any) -> Part:
    """Return the form of an upload's one field: bytes, a path or a binary file object, or (file name, one of these)."""
    filename, source = value if isinstance(value, tuple) and len(value) == 2 else (None, value)
    if filename is None:
        filename = PurePath(source).name if isinstance(source, PurePath) else getattr(source, "name", None)
        filename = PurePath(filename).name if isinstance(filename, str) and filename else name
    if not isinstance(filename, str) or not filename:
        raise InvalidArgument(f"The file name of {name} must be text that is not empty, not {filename!r}.")
    if isinstance(source, bytes | PurePath | ContainedFile):
        return Part(name, filename, source)
    if isinstance(source, io.TextIOBase) or not hasattr(source, "read"):
        raise InvalidArgument(
            f"{name} must be a pathlib.Path, a file opened in binary mode, or bytes; not {type(source).__name__}.",
            hint="With a name of its own: (name, content). Nothing was sent.",
        )
    if not hasattr(source, "seekable") or not source.seekable():
        raise InvalidArgument(
            f"{name} is a stream without a known size.", hint="Read it into bytes or into a file first."
        )
    return Part(name, filename, source, source.tell())
