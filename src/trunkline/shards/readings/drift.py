"""What changed in the configuration of a PBX since the last reading that was accepted.

Secrets are masked before anything is kept or compared, so a changed password is not seen; one that was set or removed
is. Other long texts are compared by a digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from ...client import AsyncPbx
from ...local.timestamps import format_timestamp
from ...monitor.records import ErrorRecord
from ...odata.equality import unchanged
from ...redaction import redacted
from ...references.fields import NAMING
from ...transfer.period import Window
from ...transport.threads import in_thread
from . import MOST, Reading, parameters_of
from .configuration import Configuration, check_sets, read_configuration
from .snapshot import Snapshot, packed, unpacked

_LONGEST_VALUE = 2_000
_LONGEST_ERROR = 1_000
_LONGEST_NAME = 200
_MARGIN = 1_000  # bytes for the names of the lists
Change = Literal["added", "removed", "changed"]
CHANGES: tuple[Change, ...] = ("changed", "removed", "added")
"""In the order in which they are listed: of too many the first ones matter more."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``accept``: whether later readings are compared with this one. ``leave_out``: sets that are not read."""

    accept: bool = True
    leave_out: tuple[str, ...] = ()


msgspec.json.Decoder(Parameters)  # made ready before several threads convert one (CONTRIBUTING.md)


class Values(msgspec.Struct, frozen=True):
    """A field before and now, null where it was missing. Of objects and lists only what differs."""

    before: Any
    now: Any


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entity: its set, its key ({} for settings, which are one), and what a person calls it.

    ``fields`` are those that changed. ``row`` is what was added or removed, but for a set that is read for the first
    time.
    """

    set: str
    key: dict[str, Any]
    name: str
    fields: dict[str, Values] = {}
    row: dict[str, Any] | None = None


msgspec.json.Decoder(Entry)


class Drift(msgspec.Struct, frozen=True):
    """What changed on one PBX. ``since`` is when what it is compared with was read, None for a first reading.

    ``counts`` and ``sets`` (by set) are exact; of the entries some may be missing (``is_limited``). All of a set that
    is read for the first time (``first_read``) counts as added. ``unread``: sets that this PBX did not give; they are
    compared again with what was read before. ``unexpanded``: fields that it did not give. ``version_fields``: fields
    that no entity of a set had before an update of 3CX, or that none has after it; that is not a change of each.
    """

    pbx: str
    url: str
    version: str | None
    time: str
    since: str | None
    note: str
    is_accepted: bool
    entities: int
    counts: dict[Change, int]
    sets: dict[str, dict[Change, int]]
    first_read: list[str]
    unread: dict[str, ErrorRecord]
    unexpanded: dict[str, tuple[str, ...]]
    version_fields: dict[str, list[str]]
    is_limited: bool = False
    changed: list[Entry] = []
    removed: list[Entry] = []
    added: list[Entry] = []


def plan(parameters: Mapping[str, Any], now: datetime) -> list[Window | None]:
    """Check the parameters; there is one reading for each PBX. Raises InvalidArgument, or UnknownName for a set."""
    check_sets(parameters_of("drift", parameters, Parameters).leave_out)
    return [None]


async def carry_out(
    pbx: AsyncPbx, parameters: Mapping[str, Any], window: Window | None, before: bytes | None
) -> Reading:
    """Read the configuration and compare it with the snapshot ``before``; the result is a `Drift`.

    Raises:
        ConfigurationError: the snapshot is damaged, or of a newer version of Trunkline.
        TrunklineError: the PBX can't be reached, signed in to, or gives none of its configuration.
    """
    wanted = parameters_of("drift", parameters, Parameters)
    check_sets(wanted.leave_out)
    basis = await in_thread(unpacked, before, pbx.url) if before is not None else None
    time = format_timestamp(datetime.now(UTC))
    read = await read_configuration(pbx, wanted.leave_out)
    drift = await in_thread(_compared, pbx, basis, read, time, wanted.accept)
    kept = None
    if wanted.accept:
        earlier = basis.rows if basis is not None else {}
        kept = await in_thread(packed, Snapshot(time, pbx.version, {**earlier, **read.rows}))
    return Reading(msgspec.to_builtins(drift), kept)


def _compared(pbx: AsyncPbx, basis: Snapshot | None, read: Configuration, time: str, accept: bool) -> Drift:
    earlier: Mapping[str, Mapping[str, bytes]] = basis.rows if basis is not None else {}
    found: dict[Change, list[_Difference]] = {change: [] for change in CHANGES}
    sets: dict[str, dict[Change, int]] = {}
    is_update = basis is not None and basis.version != pbx.version
    version_fields = {
        name: fields
        for name, rows in read.rows.items()
        if is_update and (fields := sorted(_fields(earlier.get(name, {})) ^ _fields(rows) if earlier.get(name) else ()))
    }
    for name, rows in read.rows.items():
        ignored = (*read.unexpanded.get(name, ()), *version_fields.get(name, ()))
        for difference in _differences(name, earlier.get(name), rows, ignored):
            found[difference.change].append(difference)
            counts = sets.setdefault(name, dict.fromkeys(CHANGES, 0))
            counts[difference.change] += 1
    drift = Drift(
        pbx=pbx.label,
        url=pbx.url,
        version=pbx.version,
        time=time,
        since=basis.taken if basis is not None else None,
        note="First reading: everything is new." if basis is None else "",
        is_accepted=accept,
        entities=sum(map(len, read.rows.values())),
        counts={change: len(found[change]) for change in CHANGES},
        sets=sets,
        first_read=[name for name in read.rows if name not in earlier],
        unread={name: _short(ErrorRecord.of(error)) for name, error in read.unread.items()},
        unexpanded=read.unexpanded,
        version_fields=version_fields,
    )
    return _with_entries(drift, found)


class _Difference(NamedTuple):
    """An entity that differs: its rows before and now, None where there is none, and fields that are not compared."""

    change: Change
    set: str
    key: str
    before: bytes | None
    now: bytes | None
    ignored: Sequence[str] = ()
    is_first: bool = False

    def fields(self) -> dict[str, Values]:
        before, now = (msgspec.msgpack.decode(row) if row else {} for row in (self.before, self.now))
        names = [name for name in dict.fromkeys((*before, *now)) if name not in self.ignored]
        return {
            name: Values(*map(_bounded, _only_differing(before.get(name), now.get(name))))
            for name in names
            if not unchanged(before.get(name), now.get(name))
        }

    def entry(self) -> Entry:
        row = msgspec.msgpack.decode(self.now or self.before or b"\x80")
        is_change = self.change == "changed"
        return Entry(
            set=self.set,
            key=msgspec.json.decode(self.key),
            name=_name(row),
            fields=self.fields() if is_change else {},
            row=None if is_change or self.is_first else {name: _bounded(value) for name, value in row.items()},
        )


def _fields(rows: Mapping[str, bytes]) -> set[str]:
    """Return every field that some row has."""
    return {name for row in rows.values() for name in msgspec.msgpack.decode(row)}


def _differences(
    name: str, before: Mapping[str, bytes] | None, now: Mapping[str, bytes], ignored: Sequence[str]
) -> Iterator[_Difference]:
    old = before if before is not None else {}
    for key, row in now.items():
        if key not in old:
            yield _Difference("added", name, key, None, row, is_first=before is None)
        elif old[key] != row:
            difference = _Difference("changed", name, key, old[key], row, ignored)
            if difference.fields():
                yield difference
    for key, row in old.items():
        if key not in now:
            yield _Difference("removed", name, key, row, None)


def _with_entries(drift: Drift, found: Mapping[Change, list[_Difference]]) -> Drift:
    """Return the drift with as many entries as fit into a result."""
    left = MOST - len(msgspec.json.encode(drift)) - _MARGIN
    entries: dict[str, list[Entry]] = {change: [] for change in CHANGES}
    for change in CHANGES:
        for difference in found[change]:
            entry = msgspec.convert(_redacted(msgspec.to_builtins(difference.entry())), Entry)
            left -= len(msgspec.json.encode(entry)) + 1
            if left < 0:
                return msgspec.structs.replace(drift, **entries, is_limited=True)
            entries[change].append(entry)
    return msgspec.structs.replace(drift, **entries)


def _redacted(value: Any) -> Any:
    """Return a value without the secrets that this process knows; those in secret fields are masked already."""
    if isinstance(value, Mapping):
        return {name: _redacted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner) for inner in value]
    return redacted(value) if isinstance(value, str) else value


def _only_differing(before: Any, now: Any) -> tuple[Any, Any]:
    """Return both values without what they have in common, at any depth; two lists whose order differs stay whole."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names = [name for name in dict.fromkeys((*before, *now)) if not unchanged(before.get(name), now.get(name))]
        pairs = {name: _only_differing(before.get(name), now.get(name)) for name in names}
        return {name: one for name, (one, _) in pairs.items()}, {name: other for name, (_, other) in pairs.items()}
    if isinstance(before, list) and isinstance(now, list):
        old, new = ({msgspec.json.encode(entry): entry for entry in entries} for entries in (before, now))
        only_old = [entry for text, entry in old.items() if text not in new]
        only_new = [entry for text, entry in new.items() if text not in old]
        return (only_old, only_new) if only_old or only_new else (before, now)
    return before, now


def _bounded(value: Any) -> Any:
    """Return a value, or the beginning of its JSON where that is long."""
    text = msgspec.json.encode(value).decode()
    return value if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _name(row: Mapping[str, Any]) -> str:
    """Name an entity as a person does: ``100 Ada Lovelace``."""
    gateway = row.get("Gateway")
    texts = [row.get(name) for name in NAMING] + [gateway.get("Name") if isinstance(gateway, Mapping) else None]
    return " ".join(dict.fromkeys(text for text in texts if isinstance(text, str) and text))[:_LONGEST_NAME]


def _short(error: ErrorRecord) -> ErrorRecord:
    """Return an error whose text leaves room for those of all other sets."""
    return msgspec.structs.replace(error, message=error.message[:_LONGEST_ERROR])
