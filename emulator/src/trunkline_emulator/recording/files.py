"""Recordings as files: JSON that only its owner can read, checked before it is used."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from trunkline.errors import ConfigurationError
from trunkline.local.atomic import replace_file

from .recorder import Recording

LARGEST = 16 * 2**20
"""Bytes of a recording that is read."""
_LEAF = re.compile(r'\{\n *"kinds": \{[^{}]*\}[^{}]*\}')
_DECODER = msgspec.json.Decoder(Recording)


def as_text(recording: Recording) -> str:
    """Return a recording as it is kept, with each property that has no others on a line of its own."""
    text = msgspec.json.format(msgspec.json.encode(recording), indent=1).decode()
    return _LEAF.sub(lambda leaf: re.sub(r"\n *", " ", leaf[0]), text) + "\n"


def write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing. Raises: ConfigurationError if it can't be."""
    try:
        with replace_file(path) as file:
            file.write(text.encode())
    except OSError as problem:
        raise ConfigurationError(f"{path} can't be written ({problem.strerror or problem}).") from None


def read(path: Path) -> Recording:
    """Return the recording in a file. Raises: ConfigurationError if it can't be read, or is not a recording."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as problem:
        raise ConfigurationError(f"{path} can't be read ({problem.strerror or problem}).") from None
    if len(content) > LARGEST:
        raise ConfigurationError(f"{path} is not a recording (it has more than {LARGEST // 2**20} MB).")
    try:
        return _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigurationError(
            f"{path} is not a recording ({problem}).", hint="`trunkline-emulator record` makes one of a PBX."
        ) from None
