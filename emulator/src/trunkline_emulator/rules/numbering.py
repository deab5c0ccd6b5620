"""The plan of numbers: where each kind of DN has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evidence import ASSUMED
from ..warning_codes import refuse

if TYPE_CHECKING:
    from ..store import Store

# Where each kind starts looking, in a plan of three-digit extensions; trunks have a range of their own.
_FIRST = {
    "extension": "100",
    "queue": "800",
    "ring group": "800",
    "receptionist": "800",
    "fax": "888",
    "call flow": "830",
}
_TRUNKS = range(10_000, 100_000)
# Singletons that have a number without being DNs.
_NUMBERED = (("ConferenceSettings", "Extension"), ("VoicemailSettings", "Extension"))


def extension_length(store: Store) -> int:
    """How many digits an extension has: the parameter EXTENSIONLENGTH, else three."""
    found = next((row["Value"] for row in store.rows("Parameters") if row["Name"] == "EXTENSIONLENGTH"), None)
    return int(found) if found and found.isdecimal() and 2 <= int(found) <= 9 else 3


def free_number(store: Store, kind: str) -> str:
    """Return the first number of a kind that nothing has; after the last number the search begins at the first.

    Raises Refusal (400, NO_MORE_NUMBERS_AVAILABLE) where all are taken.
    """
    taken = store.numbers() | {store.singletons[name][field] or "" for name, field in _NUMBERED}
    if kind == "trunk":
        plan, start = _TRUNKS, _TRUNKS.start
    else:
        length = extension_length(store)
        plan = range(10 ** (length - 1), 10**length)
        start = int(_FIRST[kind].ljust(length, "0")[:length])
    for number in (*range(start, plan.stop), *range(plan.start, start)):
        if str(number) not in taken:
            return str(number)
    raise refuse(store, "WARNINGS.NO_MORE_NUMBERS_AVAILABLE", "Number", fact=ASSUMED)
