"""A configuration as it is kept between two readings: MessagePack, compressed, with secrets masked."""

from __future__ import annotations

import zlib

import msgspec

from ...errors import ConfigurationError

FORMAT = 1


class Snapshot(msgspec.Struct, frozen=True):
    """The configuration that later readings are compared with: rows by set and key, each as MessagePack.

    ``taken`` is ISO 8601 in UTC; a set that could not be read then is of the reading before.
    """

    taken: str
    version: str | None
    rows: dict[str, dict[str, bytes]]
    format: int = FORMAT


_DECODER = msgspec.msgpack.Decoder(Snapshot)


def packed(snapshot: Snapshot) -> bytes:
    """Return a snapshot as it is kept."""
    return zlib.compress(msgspec.msgpack.encode(snapshot))


def unpacked(content: bytes, pbx: str) -> Snapshot:
    """Return what `packed` made. Raises ConfigurationError if it is damaged, or of a newer version of Trunkline."""
    try:
        snapshot = _DECODER.decode(zlib.decompress(content))
    except (zlib.error, msgspec.DecodeError) as problem:
        raise ConfigurationError(
            f"The snapshot of {pbx} is damaged ({type(problem).__name__}).",
            hint="Delete its row from the table snapshot; the next reading is then a first one.",
        ) from None
    if snapshot.format > FORMAT:
        raise ConfigurationError(
            f"The snapshot of {pbx} was written by a newer Trunkline.", hint="Update Trunkline on this machine."
        )
    return snapshot
