"""The status of a PBX, with what needs attention, as `trunkline.Status` has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ...client import AsyncPbx
from ...monitor.concerns import BACKUP_DAYS, LICENCE_DAYS, Limits
from ...monitor.status import Status
from ...transfer.period import Window
from . import Reading, parameters_of


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a backup is old, and a licence about to end; both in days."""

    backup_days: float = BACKUP_DAYS
    licence_days: int = LICENCE_DAYS


msgspec.json.Decoder(Parameters)  # made ready before several threads convert one (CONTRIBUTING.md)


def plan(parameters: Mapping[str, Any], now: datetime) -> list[Window | None]:
    """Check the parameters; there is one reading for each PBX. Raises InvalidArgument."""
    parameters_of("status", parameters, Parameters)
    return [None]


async def carry_out(
    pbx: AsyncPbx, parameters: Mapping[str, Any], window: Window | None, before: bytes | None
) -> Reading:
    """Read the status; a part that can't be read is in its ``unavailable``.

    Raises: the error of a PBX that can't be reached or signed in to, and of one that answers nothing at all.
    """
    wanted = parameters_of("status", parameters, Parameters)
    status = await Status.aread(pbx, Limits(wanted.backup_days, wanted.licence_days))
    return Reading(msgspec.to_builtins(status))
