"""What a shard reads from one PBX: its status, a window of its call log, or what changed in its configuration.

Each kind is a module with two functions, `plan` and `carry_out`. No reading changes anything on a PBX, so one that
was interrupted is carried out again from its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, cast, get_args

import msgspec

from ...client import AsyncPbx
from ...errors import InvalidArgument, UnknownName
from ...transfer.period import Window

Kind = Literal["call_log", "drift", "status"]
KINDS: tuple[str, ...] = get_args(Kind)
CONCURRENCY = 4
"""Requests that a reading has under way on its PBX at once (docs/pbx.md, Throttling)."""
MOST = 1_000_000
"""Bytes of JSON that a result has at most."""
_Parameters = TypeVar("_Parameters", bound=msgspec.Struct)


class Reading(NamedTuple):
    """What a shard read: its ``result`` as JSON, of at most `MOST` bytes.

    ``snapshot``: what the next reading of this kind on this PBX receives as ``before``; None leaves what is kept as it
    is. Whoever ends the shard stores both in one statement, so that neither is there without the other.
    """

    result: Any
    snapshot: bytes | None = None


class _Module(Protocol):
    def plan(self, parameters: Mapping[str, Any], now: datetime) -> list[Window | None]: ...

    async def carry_out(
        self, pbx: AsyncPbx, parameters: Mapping[str, Any], window: Window | None, before: bytes | None
    ) -> Reading: ...


def plan(kind: str, parameters: Mapping[str, Any], now: datetime) -> list[Window | None]:
    """Check the parameters of a reading, and return the windows to read on each PBX; [None] for a kind without windows.

    Raises:
        UnknownName: there is no such kind.
        InvalidArgument: a parameter is unknown, or has a value that it can't have.
    """
    return _module(kind).plan(parameters, now)


async def carry_out(
    kind: str, pbx: AsyncPbx, parameters: Mapping[str, Any], window: Window | None, before: bytes | None
) -> Reading:
    """Read one PBX. ``before`` is the snapshot that an earlier reading of this kind left for this PBX, if any did.

    Raises: as `plan`, and the TrunklineError of a PBX that can't be read.
    """
    return await _module(kind).carry_out(pbx, parameters, window, before)


def parameters_of(kind: str, given: Mapping[str, Any], type: type[_Parameters]) -> _Parameters:
    """Return parameters as their type has them. Raises InvalidArgument for one that is unknown or has a wrong type."""
    try:
        return msgspec.convert(dict(given), type)
    except msgspec.ValidationError as problem:
        names = ", ".join(field.name for field in msgspec.structs.fields(type)) or "none"
        raise InvalidArgument(
            f"These parameters of {kind} can't be used: {problem}.", hint=f"It takes {names}."
        ) from None


def _module(kind: str) -> _Module:
    if kind not in KINDS:
        raise UnknownName(f"{kind!r} is not a kind of reading.", hint=f"There are {', '.join(KINDS)}.")
    return cast(_Module, import_module(f"{__name__}.{kind}"))
