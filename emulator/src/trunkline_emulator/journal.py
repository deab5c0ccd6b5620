"""The journal: what this PBX was asked, in the order in which it took effect."""

from __future__ import annotations

import re
from collections import deque
from copy import copy
from datetime import UTC, datetime
from typing import Any

import msgspec

LENGTH = 100_000
# Characters of all paths together; a path alone may have 8,192.
MOST_TEXT = 50_000_000

# What may stand in a path or query and is nobody's business: the values of parameters with such names.
_SECRET = re.compile(
    r"([?&(,](?!\$|%24)[^=&?(,]*"
    r"(?:password|passwd|pin|secret|token|api[-_]?key|verifier|code|state|nonce)=)"
    r"(?:'(?:[^']|'')*'|%27(?:(?!%27).|%27%27)*%27|[^&,)])*",
    re.IGNORECASE,
)
# Fields that a filter may compare with something, and what it compares them with.
_SECRET_FIELD = re.compile(r"password|passwd|pin\b|secret|token|api_?key|authid", re.IGNORECASE)
_TEXT = re.compile(r"(?:'|%27)(?:(?!'|%27).|''|%27%27)*(?:'|%27)")


class Entry(msgspec.Struct, gc=False):
    """One request.

    ``path`` is as sent with the query, secrets cut out; ``status`` that of the answer, 0 where none was sent;
    ``client_id`` who asked, "" if nobody signed in; ``operation`` that of the action; ``evidence`` that of the answer;
    ``fault`` the one that hit, or "". ``effect`` says whether something was changed: the request wasn't a GET, and
    nothing refused it,
    whatever became of the answer. ``at`` is seconds since 1970 by the machine's clock; ``seconds`` how long it took,
    None while it lasts.
    """

    method: str
    path: str
    at: float
    id: int = 0
    status: int = 0
    client_id: str = ""
    operation: str = ""
    evidence: str = ""
    fault: str = ""
    effect: bool = False
    seconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {**msgspec.structs.asdict(self), "at": moment}


class Journal:
    """The latest 100,000 entries, fewer where paths are long. Ids count all requests and are never given twice."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._text = 0
        self._last = 0

    def add(self, entry: Entry) -> None:
        self._last += 1
        entry.id = self._last
        self._entries.append(entry)
        self._text += len(entry.path)
        while len(self._entries) > LENGTH or self._text > MOST_TEXT:
            self._text -= len(self._entries.popleft().path)

    def entries(self, *, since: int = 0, operation: str = "", limit: int | None = None) -> list[Entry]:
        """Return copies of the entries with an id above ``since``, oldest first, at most ``limit``."""
        found = [
            copy(entry)
            for entry in self._entries.copy()
            if entry.id > since and (not operation or entry.operation == operation)
        ]
        return found if limit is None else found[:limit]

    def clear(self) -> None:
        self._entries.clear()
        self._text = 0


def redacted(target: str) -> str:
    """Return a path with its query, without the values of parameters that are secrets by their name.

    Where a filter looks at a secret field, none of its texts is shown.
    """
    if "=" not in target:
        return target
    path, mark, query = _SECRET.sub(r"\1…", target).partition("?")
    if _SECRET_FIELD.search(query):
        query = _TEXT.sub("'…'", query)
    return path + mark + query
