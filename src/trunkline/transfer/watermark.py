"""How far exports of a PBX have come: the moment up to which legs were delivered, and which ones shortly before it.

A leg appears in the call log when it ends, dated by when it began. So a later export looks back over an overlap that is
longer than calls are, and leaves out what it finds there that was delivered.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from ..errors import ConfigurationError, Hint
from ..local.atomic import replace_file
from ..local.contained import open_regular, reason, spelled
from ..local.folders import own_folder
from ..local.lock import LockTaken, acquire_lock
from .call_log import Leg
from .period import FIRST

OVERLAP = timedelta(hours=24)
"""How long a call may last and still be found once it is over."""


_Aware = Annotated[datetime, msgspec.Meta(tz=True)]
_LONGEST = 2**28  # bytes; the ids of some million legs


class Mark(msgspec.Struct, frozen=True):
    """Everything up to ``until`` was delivered; of what began from ``known_from`` on, these legs by their ids."""

    pbx: str
    client_id: str
    until: _Aware
    known_from: _Aware
    delivered: frozenset[str] = frozenset()


class _Kept(Mark, frozen=True):
    """A mark as it is in its file, with a checksum; an older version wrote none."""

    sha256: str = ""


_DECODER = msgspec.json.Decoder(_Kept)


class Watermark:
    """The mark of one PBX and client, in a file: ``path``, else one in the user's state folder.

    ``overlap`` is how far an export looks back. Use it inside `held`, which keeps other processes out.
    """

    def __init__(self, pbx: str, client_id: str, path: Path | None = None, overlap: timedelta = OVERLAP) -> None:
        self.pbx, self.client_id, self.overlap = str(pbx), client_id, overlap
        self.path = path or _default(pbx, client_id)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the mark for this process while a block runs. ConfigurationError if another one has it."""
        try:
            os.fsencode(self.path)
            lock = acquire_lock(self.path.with_name(f"{self.path.name}.lock"))
        except LockTaken:
            raise ConfigurationError(
                f"Another process is exporting what is new on {self.pbx}.",
                hint=Hint(
                    "Wait for it. Exports for different readers each need a watermark of their own.",
                    arguments={"watermark": "FILE"},
                ),
            ) from None
        except (OSError, ValueError) as problem:
            raise self._failing("written", problem) from None
        try:
            yield
        finally:
            lock.release()

    def read(self) -> Mark | None:
        """Return the mark, or None if there was no export yet.

        ConfigurationError if it is another PBX's, or unreadable.
        """
        try:
            with open_regular(self.path) as file:
                mark = _DECODER.decode(file.read(_LONGEST))
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise self._failing("read", problem) from None
        except (ValueError, RecursionError):  # all that msgspec raises are ValueErrors
            raise ConfigurationError(
                f"{self.path} is not a watermark, or is damaged.",
                hint=Hint("Remove it, and name the time where to begin.", arguments={"start": "TIME"}),
            ) from None
        if (mark.sha256 and mark.sha256 != _digest(mark)) or min(mark.until, mark.known_from) < FIRST:
            raise ConfigurationError(
                f"The watermark {self.path} is damaged: it is not as it was written.",
                hint=Hint(
                    "What was exported since comes again: remove it, and name the time where to begin.",
                    arguments={"start": "TIME"},
                ),
            )
        if (mark.pbx, mark.client_id) != (self.pbx, self.client_id):
            raise ConfigurationError(
                f"{self.path} is the watermark of {mark.pbx} with client {mark.client_id!r}.",
                hint=f"Name another file for {self.pbx}, or none.",
            )
        return mark

    def start(self, mark: Mark) -> datetime:
        """Where the next export begins to read: an overlap back, but no further than ids are known."""
        return max(mark.until - self.overlap, mark.known_from)

    def write(self, mark: Mark) -> None:
        """Move the mark. What it says must be safe by now. ConfigurationError if it can't be written."""
        try:
            with replace_file(self.path, self.path.with_name(f"{self.path.name}.new")) as file:
                file.write(msgspec.json.encode(_Kept(**msgspec.structs.asdict(mark), sha256=_digest(mark))))
        except (OSError, ValueError) as problem:
            raise self._failing("written", problem) from None

    def _failing(self, what: str, problem: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"The watermark {spelled(self.path)} can't be {what} ({reason(problem)}).",
            hint=Hint("What the last export gave will come again. Name another file.", arguments={"watermark": "FILE"}),
        )


class Delivery:
    """One export's part in a watermark: leaves out what was delivered, and notes what the next one has to know."""

    def __init__(self, watermark: Watermark, mark: Mark | None, start: datetime, end: datetime) -> None:
        self.overlap = watermark.overlap
        self._watermark = watermark
        self._before = mark.delivered if mark else frozenset()
        self._known_from = max(start, end - watermark.overlap)
        self._end = end
        self._seen: set[str] = set()

    def new(self, leg: Leg) -> bool:
        """Whether a leg was not delivered yet; it counts as delivered from now on."""
        if leg.started is None or leg.started >= self._known_from:
            self._seen.add(leg.id)
        return leg.id not in self._before

    def mark(self) -> Mark:
        """Return what to write once everything is safe."""
        own = self._watermark
        return Mark(own.pbx, own.client_id, self._end, self._known_from, frozenset(self._seen))


def _digest(mark: Mark) -> str:
    about = [mark.pbx, mark.client_id, mark.until, mark.known_from, sorted(mark.delivered)]
    return hashlib.sha256(msgspec.json.encode(about)).hexdigest()


def _default(pbx: str, client_id: str) -> Path:
    name = hashlib.sha256(f"{pbx}\n{client_id}".encode()).hexdigest()[:32]
    own = own_folder("state")
    if own is None:
        raise ConfigurationError(
            "This user has no folder for watermarks.", hint=Hint("Name a file.", arguments={"watermark": "FILE"})
        )
    return own / "watermarks" / f"{name}.json"
