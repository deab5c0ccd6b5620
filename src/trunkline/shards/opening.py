"""The PBXs that this machine knows, with tokens that all machines share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ..client import AsyncPbx
from ..connections.targets import find_target
from .lease import UNACKNOWLEDGED
from .ledger import PostgresLedger
from .tokens import TokenRows

OpenPbx = Callable[[str], AsyncPbx]
"""Gives the client for the name of a PBX. Raises ConfigurationError."""


def open_saved(ledger: PostgresLedger, environ: Mapping[str, str] = os.environ) -> OpenPbx:
    """Return what opens a saved profile by its name (`trunkline.connections.profiles`)."""
    tokens = TokenRows(ledger)
    options: dict[str, Any] = {"token_store": tokens, "unacknowledged": UNACKNOWLEDGED}

    def open_pbx(name: str) -> AsyncPbx:
        target = find_target({"profile": name}, environ)
        target.key()
        return target.client(label=name, **options)

    return open_pbx
