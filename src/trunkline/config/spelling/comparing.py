"""Whether two values in file form are one."""

from __future__ import annotations

from typing import Any

import msgspec

from ...odata.equality import equal
from ..model import Secret
from ..tables import tables
from .times import as_clock


def compared(old: Any, new: Any, field: str = "") -> bool:
    """Whether two values are one: null, missing and an empty text, ``09:00`` and ``PT9H``, 1 and "1".

    3CX leaves out what is null, and gives empty texts as ``""`` (docs/pbx.md, Answers). Whether it keeps an empty text
    that a new entity is sent with is not known, and to a person both say that there is none. So an empty text clears
    a text, as null does, and is nothing to send where there is none.

    ``field`` is the name of the field that they stand in, for lists whose order means nothing. Two secrets are one:
    what they are stands in no file.
    """
    if old is new:
        return True
    if isinstance(old, str) and isinstance(new, str):
        return old == new or equal(as_clock(old), as_clock(new))
    if isinstance(old, Secret) or isinstance(new, Secret):
        return isinstance(old, Secret) and isinstance(new, Secret)
    if old is None or new is None:
        return bool((new if old is None else old) == "")
    if isinstance(old, dict) and isinstance(new, dict):
        names = {*old, *new}
        return all(compared(old.get(name), new.get(name), name) for name in names)
    if isinstance(old, list) and isinstance(new, list):
        if field in tables().sets:
            old, new = sorted(old, key=_sortable), sorted(new, key=_sortable)
        return len(old) == len(new) and all(map(compared, old, new))
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return False
    return equal(old, new)


def _sortable(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
