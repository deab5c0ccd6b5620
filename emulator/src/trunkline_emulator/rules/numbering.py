"""The plan of numbers: where each kind of DN has its own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count
from typing import TYPE_CHECKING

from ..values import Row

if TYPE_CHECKING:
    from ..store import Store

# Where each set starts looking, in a plan of three-digit extensions; trunks have a range of their own.
_FIRST = {
    "Users": "100",
    "Queues": "800",
    "RingGroups": "800",
    "Receptionists": "800",
    "Fax": "888",
    "CallFlowApps": "830",
}
_NAMED = {"Groups": "GRP{:04}", "Parkings": "SP{}", "ServicePrincipals": "client{}"}
_TRUNKS = range(10_000, 100_000)
# Singletons that have a number without being DNs.
_NUMBERED = (("ConferenceSettings", "Extension"), ("VoicemailSettings", "Extension"))


def extension_length(store: Store) -> int:
    """How many digits an extension has: the parameter EXTENSIONLENGTH, else three."""
    found = next((row["Value"] for row in store.rows("Parameters") if row["Name"] == "EXTENSIONLENGTH"), None)
    return int(found) if found and found.isdecimal() and 2 <= int(found) <= 9 else 3


def free_number(store: Store, set_name: str) -> str:
    """Return the first number for a new row of a set that nothing has.

    After the last number of the plan the search begins at its first one, and then goes on with longer numbers.
    """
    taken = store.numbers() | {store.singletons[name][field] or "" for name, field in _NUMBERED}
    if set_name in _NAMED:
        return next(number for number in map(_NAMED[set_name].format, count()) if number not in taken)
    if set_name == "Trunks":
        plan, start = _TRUNKS, _TRUNKS.start
    else:
        length = extension_length(store)
        plan = range(10 ** (length - 1), 10**length)
        start = int(_FIRST.get(set_name, "100").ljust(length, "0")[:length])
    numbers = chain(range(start, plan.stop), range(plan.start, start), count(plan.stop))
    return next(str(number) for number in numbers if str(number) not in taken)


def numbered(items: Iterable[Row], before: Iterable[Row] = ()) -> list[Row]:
    """Give the items of a list that have no Id one, which follows the highest that the list had before."""
    last = max((item["Id"] for item in before), default=0)
    found = []
    for item in items:
        last += not item.get("Id")
        found.append({**item, "Id": item.get("Id") or last})
    return found
