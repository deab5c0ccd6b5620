"""What every call may be given besides the action's own arguments."""

from __future__ import annotations

from typing import TypedDict

from ..transport.retries import Retries


class CallOptions(TypedDict, total=False):
    """``timeout``: seconds for the whole call. ``retries``: other than the client's own."""

    timeout: float
    retries: Retries
